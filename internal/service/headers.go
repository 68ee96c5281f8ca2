package service

// Names of the response headers that Key Vault sets, as it writes them.
const (
	HeaderNetworkInfo     = "x-ms-keyvault-network-info" // see NetworkInfo
	HeaderRegion          = "x-ms-keyvault-region"
	HeaderRequestID       = "x-ms-request-id"
	HeaderServiceVersion  = "x-ms-keyvault-service-version"
	HeaderWWWAuthenticate = "WWW-Authenticate" // see Challenge
)

// HealthPath is the path that every vault answers without a token, whatever
// the Host header says: "Query the /healthstatus endpoint of the key vault" in
// learn.microsoft.com/azure/key-vault/general/private-link-diagnostics.
const HealthPath = "/healthstatus"
