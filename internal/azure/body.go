package azure

// properties are the parts of resources of all types that lead on to others,
// by their names in Azure's references (learn.microsoft.com/azure/templates).
type properties struct {
	// of a key vault
	Connections []nested[struct {
		Endpoint reference `json:"privateEndpoint"`
	}] `json:"privateEndpointConnections"`
	// of a private endpoint
	NetworkInterfaces []reference           `json:"networkInterfaces"`
	Links             []nested[linkService] `json:"privateLinkServiceConnections"`
	ManualLinks       []nested[linkService] `json:"manualPrivateLinkServiceConnections"`
	Subnet            reference             `json:"subnet"`
	// of its zone group
	ZoneConfigs []nested[struct {
		Zone string `json:"privateDnsZoneId"`
	}] `json:"privateDnsZoneConfigs"`
	// of a network interface, and of a load balancer
	Plugs           []nested[plug] `json:"ipConfigurations"`
	Frontends       []nested[plug] `json:"frontendIPConfigurations"`
	PrivateEndpoint reference      `json:"privateEndpoint"`
	// of a record set, in Resource Graph and in Azure Resource Manager
	Records  []address `json:"records"`
	ARecords []address `json:"aRecords"`
	// of a private DNS zone
	LinkCount int64 `json:"numberOfVirtualNetworkLinks"`
	// of a virtual network link, a ruleset's link and a resolver
	VirtualNetwork reference `json:"virtualNetwork"`
	// of a VNet
	Space struct {
		Prefixes []string `json:"addressPrefixes"`
	} `json:"addressSpace"`
	DHCP struct {
		Servers []string `json:"dnsServers"`
	} `json:"dhcpOptions"`
	Peerings []nested[struct {
		Remote reference `json:"remoteVirtualNetwork"`
	}] `json:"virtualNetworkPeerings"`
	Subnets []nested[struct {
		NSG    reference `json:"networkSecurityGroup"`
		Routes reference `json:"routeTable"`
	}] `json:"subnets"`
	// of a route table
	Routes []nested[struct {
		Address string `json:"nextHopIpAddress"`
	}] `json:"routes"`
	// of a firewall
	Policy reference `json:"firewallPolicy"`
}

// nested is what stands in the properties of a child.
type nested[T any] struct {
	Name       string `json:"name"`
	Properties T      `json:"properties"`
}

type reference struct {
	ID string `json:"id"`
}

type linkService struct {
	To string `json:"privateLinkServiceId"`
}

type address struct {
	V4 string `json:"ipv4Address"`
	V6 string `json:"ipv6Address"`
}

type plug struct {
	Address string `json:"privateIPAddress"`
}
