package service

import "net/netip"

// A ConnType is the way a request came to Key Vault, as the service itself
// names it in the conn_type field of x-ms-keyvault-network-info.
type ConnType string

// The values of conn_type seen in public transcripts. Older versions of the
// service leave the field out.
const (
	ConnUnsaid      ConnType = ""
	ConnPrivateLink ConnType = "PrivateLink"
	ConnSubnet      ConnType = "Subnet" // a service endpoint
	ConnIPv4        ConnType = "Ipv4"
	ConnIPv6        ConnType = "Ipv6"
)

// NetworkInfo is what the header x-ms-keyvault-network-info says: how the
// service saw the request arrive.
type NetworkInfo struct {
	Conn     ConnType
	Endpoint string     // private_endpoint: the ARM id of the endpoint used
	Subnet   string     // subnet: of a service endpoint
	Addr     netip.Addr // addr: the client's address as the service saw it
	Family   string     // act_addr_fam: InterNetwork or InterNetworkV6
}

// A Denial is the reason why Key Vault refused a request.
type Denial string

// The reasons. Network ones come first; see IsNetwork.
const (
	NotDenied        Denial = ""
	DeniedFirewall   Denial = "firewall"          // ForbiddenByFirewall: address or subnet not listed
	DeniedConnection Denial = "public-access"     // ForbiddenByConnection: public network access is off
	DeniedPerimeter  Denial = "perimeter"         // a network security perimeter denies
	DeniedTCP        Denial = "tcp-connection"    // "This TCP connection does not allow access to …"
	DeniedRBAC       Denial = "rbac"              // ForbiddenByRbac
	DeniedPolicy     Denial = "access-policy"     // AccessDenied: no access policy allows it
	DeniedOBO        Denial = "on-behalf-of"      // ForbiddenByPolicy: a compound identity is required
	DeniedNoToken    Denial = "no-token"          // 401, the challenge
	DeniedToken      Denial = "token-not-valid"   // 401 although a token was presented
	DeniedUnknown    Denial = "forbidden-unknown" // a 403 that this program cannot read
)

// IsNetwork tells whether the place that the request came from is the reason.
func (d Denial) IsNetwork() bool {
	switch d {
	case DeniedFirewall, DeniedConnection, DeniedPerimeter, DeniedTCP:
		return true
	}
	return false
}
