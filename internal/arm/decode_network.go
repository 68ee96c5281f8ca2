package arm

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

func (d *decoder) vnet(it *item) {
	d.put(it, &world.VNet{
		Meta:       it.Meta,
		Location:   it.root.get("location").str(),
		Prefixes:   it.props.get("addressSpace", "addressPrefixes").prefixes(),
		DNSServers: it.props.get("dhcpOptions", "dnsServers").addrs(),
	})
	d.nested(it, "subnets", "subnets", (*decoder).subnet)
	d.nested(it, "virtualNetworkPeerings", "virtualNetworkPeerings", (*decoder).peering)
}

// A subnet is one whose NAT gateway is not looked up yet.
type subnet struct {
	world.Subnet
	nat world.ID
}

func (d *decoder) subnet(it *item) {
	p := it.props
	s := world.Subnet{
		Meta:             it.Meta,
		Prefixes:         p.get("addressPrefixes").prefixes(),
		ServiceEndpoints: each(p.get("serviceEndpoints"), func(n node) string { return n.get("service").str() }),
		EndpointPolicies: policies(p.get("privateEndpointNetworkPolicies")),
		NSG:              p.get("networkSecurityGroup", "id").ref(typeNSG).ID,
		RouteTable:       p.get("routeTable", "id").ref(typeTable).ID,
		Delegations: each(p.get("delegations"), func(n node) string {
			return n.get("properties", "serviceName").str()
		}),
	}
	if one := p.get("addressPrefix"); !one.absent() && len(s.Prefixes) == 0 {
		s.Prefixes = valid([]netip.Prefix{one.prefix()})
	}
	d.subnets.add(it.ID.Parent(), it.Meta, subnet{s, p.get("natGateway", "id").ref(typeNAT).ID})
}

// policies reads privateEndpointNetworkPolicies; absent means Disabled.
func policies(n node) world.Policies {
	switch n.oneOf("Disabled", "Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled") {
	case "Enabled":
		return world.Policies{NSG: true, Routes: true}
	case "NetworkSecurityGroupEnabled":
		return world.Policies{NSG: true}
	case "RouteTableEnabled":
		return world.Policies{Routes: true}
	}
	return world.Policies{}
}

func (d *decoder) peering(it *item) {
	p := it.props
	d.peerings.add(it.ID.Parent(), it.Meta, world.Peering{
		Meta:   it.Meta,
		Remote: p.get("remoteVirtualNetwork", "id").required().loose(typeVNet).ID,
		State: world.PeeringState(p.get("peeringState").oneOf(string(world.PeeringConnected),
			string(world.PeeringInitiated), string(world.PeeringConnected), string(world.PeeringDisconnected))),
		AllowAccess:       p.get("allowVirtualNetworkAccess").boolean(true),
		AllowForwarded:    p.get("allowForwardedTraffic").boolean(false),
		AllowGateway:      p.get("allowGatewayTransit").boolean(false),
		UseRemoteGateways: p.get("useRemoteGateways").boolean(false),
	})
}

func (d *decoder) finishVNet(v *world.VNet) {
	for _, s := range d.subnets.of(v.ID) {
		s.NATAddress = d.publicIPs[d.nats[s.nat]]
		v.Subnets = append(v.Subnets, s.Subnet)
	}
	v.Peerings = d.peerings.of(v.ID)
}

func (d *decoder) natGateway(it *item) {
	if addresses := ids(it.props.get("publicIpAddresses"), typePublicIP); len(addresses) > 0 {
		d.nats[it.ID] = addresses[0]
	}
}

func (d *decoder) publicIP(it *item) { d.publicIPs[it.ID] = it.props.get("ipAddress").addr() }

func (d *decoder) nsg(it *item) {
	d.put(it, &world.NSG{Meta: it.Meta})
	d.nested(it, "securityRules", "securityRules", (*decoder).securityRule)
}

func (d *decoder) securityRule(it *item) {
	p := it.props
	d.nsgRules.add(it.ID.Parent(), it.Meta, world.NSGRule{
		Name:             it.Name(),
		Priority:         int(p.get("priority").number(0, 65500)),
		Inbound:          p.get("direction").oneOf("", "Inbound", "Outbound") == "Inbound",
		Allow:            p.get("access").oneOf("", "Allow", "Deny") == "Allow",
		Protocol:         p.get("protocol").str(),
		Sources:          slices.Concat(merged(p.get("sourceAddressPrefix"), p.get("sourceAddressPrefixes")), groupPaths(p.get("sourceApplicationSecurityGroups"))),
		Destinations:     slices.Concat(merged(p.get("destinationAddressPrefix"), p.get("destinationAddressPrefixes")), groupPaths(p.get("destinationApplicationSecurityGroups"))),
		DestinationPorts: merged(p.get("destinationPortRange"), p.get("destinationPortRanges")),
	})
}

// groupPaths keeps application security groups by their ids: who is in them is
// not known, so that a rule about them matches no address.
func groupPaths(n node) []string {
	return each(n, func(e node) string { return e.get("id").str() })
}

func (d *decoder) routeTable(it *item) {
	d.put(it, &world.RouteTable{Meta: it.Meta, DisableBGP: it.props.get("disableBgpRoutePropagation").boolean(false)})
	d.nested(it, "routes", "routes", (*decoder).route)
}

func (d *decoder) route(it *item) {
	p := it.props
	r := world.Route{
		Name: it.Name(),
		Hop: world.NextHop(p.get("nextHopType").oneOf(string(world.HopNone), string(world.HopVNet), string(world.HopGateway),
			string(world.HopInternet), string(world.HopAppliance), string(world.HopNone))),
		Address: p.get("nextHopIpAddress").addr(),
	}
	switch to := p.get("addressPrefix"); {
	case to.absent():
		to.fail("is missing")
	case isTag(to.str()):
		r.Tag = to.str()
	default:
		r.Prefix = to.prefix()
	}
	d.routes.add(it.ID.Parent(), it.Meta, r)
}

// isTag tells a service tag, such as "AzureKeyVault.EastUS", from a prefix: a
// tag starts with a letter and has no colon.
func isTag(s string) bool {
	return s != "" && 'a' <= s[0]|0x20 && s[0]|0x20 <= 'z' && !strings.Contains(s, ":")
}

func (d *decoder) gateway(it *item) {
	p := it.props
	d.put(it, &world.Gateway{
		Meta:       it.Meta,
		VNet:       p.get("ipConfigurations").first().get("properties", "subnet", "id").required().ref(typeSubnet).ID.Parent(),
		Pool:       p.get("vpnClientConfiguration", "vpnClientAddressPool", "addressPrefixes").prefixes(),
		Kind:       p.get("gatewayType").oneOf("Vpn", "Vpn", "ExpressRoute", "LocalGateway"),
		DNSServers: p.get("customDnsServers").addrs(), // the key of p2sVpnGateways
	})
}

func (d *decoder) hub(it *item) {
	h := &world.Hub{Meta: it.Meta}
	if prefix := it.props.get("addressPrefix"); !prefix.absent() {
		h.Prefix = prefix.prefix()
	}
	d.put(it, h)
	d.nested(it, "virtualNetworkConnections", "hubVirtualNetworkConnections", (*decoder).hubConnection)
	d.nested(it, "hubVirtualNetworkConnections", "hubVirtualNetworkConnections", (*decoder).hubConnection)
	d.nested(it, "routingIntent", "routingIntent", (*decoder).routingIntent)
}

func (d *decoder) hubConnection(it *item) {
	d.hubVNets.add(it.ID.Parent(), it.Meta, it.props.get("remoteVirtualNetwork", "id").required().ref(typeVNet).ID)
}

// An intent is what a routing intent sends to a firewall.
type intent struct{ private, internet world.ID }

func (d *decoder) routingIntent(it *item) {
	var to intent
	for _, policy := range it.props.get("routingPolicies").list() {
		hop, destinations := policy.get("nextHop").required().loose(typeFirewall).ID, policy.get("destinations").strs()
		if slices.Contains(destinations, "PrivateTraffic") {
			to.private = hop
		}
		if slices.Contains(destinations, "Internet") {
			to.internet = hop
		}
	}
	d.intents.add(it.ID.Parent(), it.Meta, to)
}

func (d *decoder) finishHub(h *world.Hub) {
	h.Connections = d.hubVNets.of(h.ID)
	for _, to := range d.intents.of(h.ID) {
		h.PrivateHop, h.InternetHop = to.private, to.internet
	}
}

func (d *decoder) appGateway(it *item) {
	d.put(it, &world.AppGateway{
		Meta:   it.Meta,
		Subnet: it.props.get("gatewayIPConfigurations").first().get("properties", "subnet", "id").ref(typeSubnet).ID,
	})
}

// webApp reads an App Service or Functions app. The routing of all traffic has
// moved over the years: from siteConfig to the site, then to its own object.
func (d *decoder) webApp(it *item) {
	p := it.props
	d.put(it, &world.WebApp{
		Meta:   it.Meta,
		Subnet: p.get("virtualNetworkSubnetId").ref(typeSubnet).ID,
		RouteAll: p.get("vnetRouteAllEnabled").boolean(false) || p.get("siteConfig", "vnetRouteAllEnabled").boolean(false) ||
			p.get("outboundVnetRouting", "allTraffic").boolean(false) ||
			p.get("outboundVnetRouting", "applicationTraffic").boolean(false),
		Outbound: p.get("outboundIpAddresses").addrsInText(),
	})
}
