package world

import (
	"net/netip"
	"slices"
	"strings"
)

// A VNet is a Microsoft.Network/virtualNetworks.
type VNet struct {
	Meta
	Location   string
	Prefixes   []netip.Prefix
	DNSServers []netip.Addr // dhcpOptions; empty: Azure-provided DNS
	Subnets    []Subnet
	Peerings   []Peering
}

// A Subnet is a part of a VNet.
type Subnet struct {
	Meta
	Prefixes         []netip.Prefix
	ServiceEndpoints []string // the services, such as "Microsoft.KeyVault"
	EndpointPolicies Policies // privateEndpointNetworkPolicies
	NSG              ID
	RouteTable       ID
	NATAddress       netip.Addr // of a NAT gateway's public address, if one is known
	Delegations      []string   // services that the subnet is delegated to
}

// reserved are the subnets that Azure keeps for services of its own
// (learn.microsoft.com/azure/virtual-network/virtual-networks-faq).
var reserved = []string{
	"GatewaySubnet", "AzureFirewallSubnet", "AzureFirewallManagementSubnet", "AzureBastionSubnet", "RouteServerSubnet",
}

// HoldsMachines tells whether machines can stand in a subnet: it is none that
// Azure keeps for its services, and not delegated to resolvers.
func (s *Subnet) HoldsMachines() bool {
	kept := slices.ContainsFunc(reserved, func(name string) bool { return strings.EqualFold(name, s.Name()) })
	return !kept && !slices.ContainsFunc(s.Delegations, func(d string) bool { return strings.EqualFold(d, "Microsoft.Network/dnsResolvers") })
}

// Policies is the value of privateEndpointNetworkPolicies: which network
// policies hold for the private endpoints in a subnet.
type Policies struct{ NSG, Routes bool }

// PeeringState is the value of peeringState.
type PeeringState string

// The states of a peering; traffic flows only when both sides are Connected.
const (
	PeeringInitiated    PeeringState = "Initiated"
	PeeringConnected    PeeringState = "Connected"
	PeeringDisconnected PeeringState = "Disconnected"
)

// A Peering is one side of a peering: it belongs to a VNet and names the other.
type Peering struct {
	Meta
	Remote            ID
	State             PeeringState
	AllowAccess       bool // allowVirtualNetworkAccess; absent means true
	AllowForwarded    bool // allowForwardedTraffic
	AllowGateway      bool // allowGatewayTransit
	UseRemoteGateways bool
}

// An NSG is a Microsoft.Network/networkSecurityGroups. The default rules are
// not listed: the engines know them.
type NSG struct {
	Meta
	Rules []NSGRule // ordered by priority
}

// An NSGRule is one rule, or one default rule.
type NSGRule struct {
	Name             string
	Priority         int
	Inbound          bool
	Allow            bool
	Protocol         string   // "*", "Tcp", "Udp", "Icmp", in the case that was written
	Sources          []string // prefixes, "*", or service tags
	Destinations     []string
	DestinationPorts []string // "443", "400-500", "*"
}

// NextHop is the value of nextHopType.
type NextHop string

// Types of next hops.
const (
	HopVNet      NextHop = "VnetLocal"
	HopGateway   NextHop = "VirtualNetworkGateway"
	HopInternet  NextHop = "Internet"
	HopAppliance NextHop = "VirtualAppliance"
	HopNone      NextHop = "None"
)

// A RouteTable is a Microsoft.Network/routeTables.
type RouteTable struct {
	Meta
	Routes     []Route
	DisableBGP bool
}

// A Route is a user-defined route. A service tag as prefix is kept as Tag.
type Route struct {
	Name    string
	Prefix  netip.Prefix
	Tag     string
	Hop     NextHop
	Address netip.Addr // of a VirtualAppliance
}

// A Gateway is a Microsoft.Network/virtualNetworkGateways.
type Gateway struct {
	Meta
	VNet       ID
	Pool       []netip.Prefix // of point-to-site clients
	Kind       string         // Vpn, ExpressRoute
	DNSServers []netip.Addr   // handed to point-to-site clients
}

// A Hub is a Microsoft.Network/virtualHubs of a Virtual WAN.
type Hub struct {
	Meta
	Prefix      netip.Prefix
	Connections []ID // VNets
	// PrivateHop is the routing intent for private traffic: a firewall's id.
	PrivateHop  ID
	InternetHop ID
}

// A Site is a network outside Azure.
type Site struct {
	Meta
	Prefixes      []netip.Prefix
	ConnectedTo   []ID // VNets with a gateway, or hubs
	Nameservers   []netip.Addr
	PublicAddress netip.Addr
}
