// Package route says where a packet goes: World × flow → accepted, dropped,
// reset or unreachable, by whose decision, and which source address the far
// side sees.
package route

import (
	"net/netip"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// An Origin is where a packet starts: a host, or a machine of Azure's own such
// as a firewall or a Private Resolver's endpoint.
type Origin struct {
	Machine world.ID // the host, firewall or resolver
	Network world.ID // a VNet, site, gateway (its address pool), or world.Internet
	Subnet  world.ID // of a VNet; "" where it has none of its own
	Addr    netip.Addr
	Public  netip.Addr // what the internet sees
}

// A Protocol is a transport.
type Protocol string

// Transports, and what ping sends, which has no ports: a flow of it goes to
// port 0.
const (
	TCP  Protocol = "tcp"
	UDP  Protocol = "udp"
	ICMP Protocol = "icmp"
)

// A Flow is what is asked about.
type Flow struct {
	From  Origin
	To    netip.AddrPort
	Proto Protocol
	SNI   string // of a TLS connection, for firewalls that look at it; may be ""
}

// A TargetKind says what sits at the far end.
type TargetKind string

// What can sit at the far end of a flow.
const (
	Nothing     TargetKind = ""
	AtEndpoint  TargetKind = "private-endpoint"
	AtHost      TargetKind = "host"
	AtAzureDNS  TargetKind = "azure-dns"
	AtResolver  TargetKind = "resolver-inbound"
	AtFirewall  TargetKind = "firewall"
	AtFrontEnd  TargetKind = "vault-front-end" // the public side of Key Vault
	AtPublicDNS TargetKind = "public-dns"

	AtManagement TargetKind = "resource-manager" // the public side of Azure Resource Manager
	AtAuthority  TargetKind = "authority"        // that of Microsoft Entra ID
	AtMetadata   TargetKind = "instance-metadata"
)

// planes are the public machines of Azure's that every World has.
var planes = map[netip.Addr]TargetKind{world.ManagementAddress: AtManagement, world.AuthorityAddress: AtAuthority}

const (
	httpPort = 80
)

// A Target is what sits at the far end.
type Target struct {
	Kind    TargetKind
	ID      world.ID
	Network world.ID // where it is
}

// A Decision is what becomes of a flow.
type Decision struct {
	Outcome fact.Outcome // OK, Timeout (dropped), Refused (reset), Unreachable, Stalled
	Reason  fact.Reason  // why, unless OK
	By      world.ID     // what decided: an NSG, route table, peering, firewall, endpoint
	Source  netip.Addr   // what the far side sees
	Via     []world.ID   // firewalls and appliances on the way
	Target  Target
	// ServiceSubnet is the subnet whose service endpoint carried the flow to
	// Key Vault's public side; the source is then private.
	ServiceSubnet world.ID
	// Resigner is the host or firewall on the way that re-signs TLS, if any.
	Resigner world.ID
}
