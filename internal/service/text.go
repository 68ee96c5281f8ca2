package service

import (
	"net/netip"
	"strings"
)

// A Text is one of the texts with which Key Vault refuses a request.
type Text uint8

// The texts, by when the service uses them.
const (
	TextFirewall           Text = iota // address or subnet not listed, bypass AzureServices
	TextFirewallNoBypass               // the same, bypass None
	TextFirewallPerimeter              // the same in newer words, whether there is a perimeter or not
	TextConnection                     // public network access is off, bypass AzureServices
	TextConnectionNoBypass             // the same, bypass None
	TextPerimeter                      // a network security perimeter denies
	TextTCP                            // a private endpoint of another vault, or a wrong Host header
	TextPolicy                         // no access policy allows it
	TextRBAC                           // no role assignment allows it
	TextOBO                            // a compound identity is required
	TextNoToken                        // no token was presented
	TextIssuer                         // the token is another tenant's
	TextSignature                      // nobody known signed the token
	TextNoVault                        // no such vault
	TextNoSecret                       // no such secret: the request was admitted
)

// A text is how the service writes a refusal, and what an answer is known by.
type text struct {
	status  int
	denial  Denial
	code    string
	inner   string
	message string   // field names in braces stand for values of Fields
	phrases []string // any of them tells; in lower case, see says
	whole   string   // a whole message that tells, in lower case
}

// texts holds the rows in the order in which their phrases are looked for. Each
// message is as it stands in the public report named; the lines of a message
// are joined by CR LF.
var texts = [...]text{
	TextFirewall: { // hashicorp/terraform-provider-azurerm issue 20742; old and short forms: the pages on Key Vault's error codes
		403, DeniedFirewall, "Forbidden", "ForbiddenByFirewall",
		"Client address is not authorized and caller is not a trusted service.\r\n" +
			"Client address: {client}\r\nCaller: {caller}\r\nVault: {vault}",
		[]string{"client address…authorized", "client ip address is not authorized", "from unknown subnet"},
		"",
	},
	TextFirewallNoBypass: { // Azure/terraform-azurerm-avm-res-keyvault-vault issue 198
		403, DeniedFirewall, "Forbidden", "ForbiddenByFirewall",
		"Client address is not authorized and caller was ignored because bypass is set to None\r\n" +
			"Client address: {client}\r\nCaller: {caller}\r\nVault: {vault}",
		nil, "",
	},
	TextFirewallPerimeter: { // Azure DevOps' documentation of pipelines that read a private key vault
		403, DeniedFirewall, "Forbidden", "ForbiddenByFirewall",
		"Request was not allowed by NSP rules and the client address is not authorized and " +
			"caller was ignored because bypass is set to None\r\n" +
			"Client address: {client}\r\nCaller: {caller}\r\nVault: {vault}",
		nil, "",
	},
	TextConnection: { // microsoft/multimodal-ai issue 171
		403, DeniedConnection, "Forbidden", "ForbiddenByConnection",
		"Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n" +
			"Caller: {caller}\r\nVault: {vault}",
		[]string{"public network access is disabled", "public access is disabled"},
		"",
	},
	TextConnectionNoBypass: { // Azure/azure-cli issue 31406
		403, DeniedConnection, "Forbidden", "ForbiddenByConnection",
		"Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' " +
			"and PublicNetworkAccess is set to 'Disabled'.\r\nCaller: {caller}\r\nVault: {vault}",
		[]string{"not an approved private link", "publicnetworkaccess is set to 'disabled'"},
		"",
	},
	TextPerimeter: { // seen of a deployment into a perimeter; of a request, not
		403, DeniedPerimeter, "Forbidden", "ForbiddenByNsp",
		"The request was forbidden by NSP policy.\r\nCaller: {caller}\r\nVault: {vault}",
		[]string{"forbidden by nsp", "not allowed by nsp", "network security perimeter"},
		"",
	},
	TextTCP: { // stackoverflow.com question 66341460, which does not show the inner code
		403, DeniedTCP, "Forbidden", "ForbiddenByConnection",
		"This TCP connection does not allow access to {host}.",
		[]string{"this tcp connection does not allow access to"},
		"",
	},
	TextPolicy: { // turbot/steampipe-plugin-azure issue 127
		403, DeniedPolicy, "Forbidden", "AccessDenied",
		"The user, group or application '{caller}' does not have {permission} permission on key vault '{vault}'. " +
			"For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
		[]string{"does not have…permission on key vault"},
		"access denied",
	},
	TextRBAC: { // piyushsachdeva/Terraform_AKS issue 2
		403, DeniedRBAC, "Forbidden", "ForbiddenByRbac",
		"Caller is not authorized to perform action on resource.\r\n" +
			"If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n" +
			"Caller: {caller}\r\nAction: '{action}'\r\nResource: '{resource}'\r\nAssignment: (not found)\r\n" +
			"DenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: {vault}\r\n",
		[]string{"caller is not authorized to perform action on resource"},
		"",
	},
	TextOBO: { // SparebankenVest/azure-key-vault-to-kubernetes issue 232
		403, DeniedOBO, "Forbidden", "ForbiddenByPolicy",
		"The policy requires the caller '{caller}' to use on-behalf-of (OBO) flow. " +
			"For more information on OBO, please see https://go.microsoft.com/fwlink/?linkid=2152310",
		[]string{"to use on-behalf-of (obo) flow"},
		"",
	},
	TextNoToken: { // the recordings of Azure/azure-sdk-for-js; before 2022 without the AKV code
		401, DeniedNoToken, "Unauthorized", "",
		"AKV10000: Request is missing a Bearer or PoP token.",
		[]string{"akv10000", "request is missing a bearer"},
		"",
	},
	TextIssuer: { // the tests of ChallengeBasedAuthenticationPolicy in Azure/azure-sdk-for-net
		401, DeniedToken, "Unauthorized", "",
		"AKV10032: Invalid issuer. Expected one of {issuer}, found {found}.",
		[]string{"akv10032"},
		"",
	},
	TextSignature: { // Azure-Samples/azuresandbox issue 188
		401, DeniedToken, "Unauthorized", "",
		"AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '{header}'",
		[]string{"akv10"},
		"",
	},
	TextNoVault: { // not seen in public; the code is the one that az prints when the name does not resolve
		404, DeniedNoVault, "VaultNotFound", "",
		"The vault {vault} was not found.",
		nil, "",
	},
	TextNoSecret: { // reports on Azure Container Apps' references to secrets
		404, NotDenied, "SecretNotFound", "",
		"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be " +
			"able to recover it using the correct recovery command. For help resolving this issue, please see " +
			"https://go.microsoft.com/fwlink/?linkid=2125182",
		nil, "",
	},
}

// Fields are the values that stand in texts. Each text has some of them.
type Fields struct {
	Client     netip.Addr
	NoSubnet   bool // the client came through a service endpoint of a subnet that is not listed
	Caller     Caller
	Vault      string // its name
	Location   string // its region: "westeurope"
	Host       string // the Host header
	Action     string // "Microsoft.KeyVault/vaults/secrets/getSecret/action"
	Resource   string // the id in lower case, down to the secret
	Permission string // "secrets get"
	Issuer     string // of the vault's tenant
	JWTHeader  string // of the token, encoded
	Name       string // of a secret
}

// A Caller is what a token says of who presents it.
type Caller struct {
	App    string // appid
	Object string // oid
	Issuer string // iss
}

// String returns the caller as the texts name it.
func (c Caller) String() string { return "appid=" + c.App + ";oid=" + c.Object + ";iss=" + c.Issuer }

// Issuer is the issuer of a tenant's tokens for Key Vault.
func Issuer(tenant string) string { return "https://sts.windows.net/" + tenant + "/" }

// Status is the HTTP status of the response.
func (t Text) Status() int { return texts[t].status }

// Denial is the reason that the text gives.
func (t Text) Denial() Denial { return texts[t].denial }

// Body returns the error body with the values filled in.
func (t Text) Body(f Fields) ErrorBody {
	client := f.Client.String()
	if f.NoSubnet { // the form that reports of service endpoints quote
		client += " from unknown subnet"
	}
	message := strings.NewReplacer(
		"{client}", client,
		"{caller}", f.Caller.String(),
		"{vault}", f.Vault+";location="+f.Location,
		"{host}", f.Host,
		"{action}", f.Action,
		"{resource}", f.Resource,
		"{permission}", f.Permission,
		"{issuer}", f.Issuer,
		"{found}", f.Caller.Issuer,
		"{header}", f.JWTHeader,
		"{name}", f.Name,
	).Replace(texts[t].message)
	return ErrorBody{Code: texts[t].code, Message: message, Inner: texts[t].inner}
}

// Messages returns what the service writes into error bodies, field names in
// braces standing for values: the codes too.
func Messages() []string {
	var all []string
	for _, t := range texts {
		all = append(all, t.message, t.code, t.inner)
	}
	return all
}
