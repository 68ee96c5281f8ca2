package world

import "net/netip"

// A Vault is a Microsoft.KeyVault/vaults.
type Vault struct {
	Meta
	Location     string
	Tenant       string
	RBAC         bool     // enableRbacAuthorization; false: access policies
	Reads        []string // object ids with permission to get secrets, where known
	PublicAccess PublicAccess
	ACL          NetworkACL
	Connections  []Connection
	Provisioning string

	// What ARM does not tell; see Facts of a scenario.
	PublicAddresses []netip.Addr // of the front ends that serve it; see DefaultFrontEnd
	Region          string       // short name, such as "eus"
	Alias           Tri          // overrides what follows from the connections
	Deleted         bool         // soft-deleted
	Foreign         bool         // of another tenant: only its public side is known
}

// A Tri is a boolean that may be unknown.
type Tri uint8

// Values of a Tri.
const (
	Unknown Tri = iota
	Yes
	No
)

// PublicAccess is the value of publicNetworkAccess. Absent means Enabled.
type PublicAccess string

// Values of publicNetworkAccess.
const (
	AccessEnabled   PublicAccess = "Enabled"
	AccessDisabled  PublicAccess = "Disabled"
	AccessPerimeter PublicAccess = "SecuredByPerimeter"
)

// A NetworkACL is the vault's firewall. Absent means that all is allowed.
type NetworkACL struct {
	Deny    bool // defaultAction Deny
	Bypass  bool // AzureServices; absent means true
	IPs     []netip.Prefix
	Subnets []ID
}

// A ConnectionStatus is the value of privateLinkServiceConnectionState.status.
type ConnectionStatus string

// Values of a connection's status.
const (
	Pending      ConnectionStatus = "Pending"
	Approved     ConnectionStatus = "Approved"
	Rejected     ConnectionStatus = "Rejected"
	Disconnected ConnectionStatus = "Disconnected"
)

// Succeeded is the provisioning state of what is in order.
const Succeeded = "Succeeded"

// A Connection is a private endpoint connection, as the vault sees it.
type Connection struct {
	Meta
	Endpoint     ID // joined by the endpoint's id, never by names
	EndpointPath string
	Status       ConnectionStatus
	Provisioning string
	Description  string
}

// Effective tells whether the connection carries traffic as far as the vault
// is concerned: approved and succeeded.
func (c Connection) Effective() bool { return c.Status == Approved && c.Provisioning == Succeeded }

// An Endpoint is a Microsoft.Network/privateEndpoints together with its NIC.
type Endpoint struct {
	Meta
	Location     string
	GUID         string // resourceGuid; records that the endpoint writes carry it
	Subnet       ID
	Provisioning string
	Target       ID // the vault
	TargetPath   string
	Manual       bool             // asked for approval by hand
	Status       ConnectionStatus // the connection as the endpoint sees it
	GroupID      string
	Addresses    []netip.Addr // of its NIC; else of customDnsConfigs
	NICs         []ID
	Zones        []ID // of its DNS zone group, as configured, whether they exist or not
	ZoneGroup    string
	// ZoneGroupState is the provisioningState of the group, where it is not
	// Succeeded.
	ZoneGroupState string
}

// Registering tells whether the endpoint's DNS zone group is still at work.
func (e *Endpoint) Registering() bool { return e.ZoneGroupState != "" && e.ZoneGroupState != "Failed" }

// A Perimeter is a Microsoft.Network/networkSecurityPerimeters.
type Perimeter struct {
	Meta
	Resources []ID // associated in enforced mode
	Learning  []ID // associated in transition (learning) mode
	Inbound   []netip.Prefix
	Inside    []string // subscriptions allowed in
}
