package arm

import (
	"net/netip"
	"strings"

	"pldoctor/internal/world"
)

func (e *encoder) vnet(v *world.VNet) {
	e.put(v.Meta, v.Location, object{
		"addressSpace":           object{"addressPrefixes": list(v.Prefixes, prefix)},
		"dhcpOptions":            object{"dnsServers": list(v.DNSServers, address)},
		"subnets":                list(v.Subnets, e.subnet),
		"virtualNetworkPeerings": list(v.Peerings, peering),
	})
}

func prefix(p netip.Prefix) any { return p.String() }

func (e *encoder) subnet(s world.Subnet) any {
	var nat any
	if s.NATAddress.IsValid() {
		nat = object{"id": e.natGateway(s)}
	}
	return inside(pathOf(s.Meta), "", object{
		"addressPrefixes":                list(s.Prefixes, prefix),
		"serviceEndpoints":               list(s.ServiceEndpoints, func(service string) any { return object{"service": service} }),
		"privateEndpointNetworkPolicies": policyName(s.EndpointPolicies),
		"networkSecurityGroup":           ref(s.NSG),
		"routeTable":                     ref(s.RouteTable),
		"natGateway":                     nat,
		"delegations": list(s.Delegations, func(service string) any {
			return object{"name": service, "properties": object{"serviceName": service}}
		}),
	})
}

func policyName(p world.Policies) string {
	switch p {
	case world.Policies{NSG: true, Routes: true}:
		return "Enabled"
	case world.Policies{NSG: true}:
		return "NetworkSecurityGroupEnabled"
	case world.Policies{Routes: true}:
		return "RouteTableEnabled"
	}
	return "Disabled"
}

// group returns the id of a resource that a World holds no name of, in the
// resource group of another.
func group(path, resourceType, name string) string {
	before := path
	if at := strings.Index(strings.ToLower(path), "/providers/"); at >= 0 {
		before = path[:at]
	}
	return before + "/providers/" + resourceType + "/" + name
}

// natGateway puts a NAT gateway and its public address.
func (e *encoder) natGateway(s world.Subnet) string {
	path, name := pathOf(s.Meta), s.ID.Parent().Name()+"-"+s.ID.Name()+"-nat"
	gateway, public := group(path, typeNAT, name), group(path, typePublicIP, name)
	e.put(world.At(gateway), "", object{"publicIpAddresses": []any{object{"id": public}}})
	e.put(world.At(public), "", object{"ipAddress": s.NATAddress.String(), "natGateway": object{"id": gateway}})
	return gateway
}

func peering(p world.Peering) any {
	return inside(pathOf(p.Meta), "", object{
		"remoteVirtualNetwork":      ref(p.Remote),
		"peeringState":              string(p.State),
		"allowVirtualNetworkAccess": p.AllowAccess,
		"allowForwardedTraffic":     p.AllowForwarded,
		"allowGatewayTransit":       p.AllowGateway,
		"useRemoteGateways":         p.UseRemoteGateways,
	})
}

func securityRule(nsg string, r world.NSGRule) any {
	return inside(nsg+"/securityRules/"+r.Name, "", object{
		"priority":                   r.Priority,
		"direction":                  choice(r.Inbound, "Inbound", "Outbound"),
		"access":                     choice(r.Allow, "Allow", "Deny"),
		"protocol":                   r.Protocol,
		"sourceAddressPrefixes":      list(r.Sources, same),
		"destinationAddressPrefixes": list(r.Destinations, same),
		"destinationPortRanges":      list(r.DestinationPorts, same),
	})
}

func tableRoute(table string, r world.Route) any {
	to := r.Tag
	if r.Prefix.IsValid() {
		to = r.Prefix.String()
	}
	return inside(table+"/routes/"+r.Name, "", object{
		"addressPrefix": to, "nextHopType": string(r.Hop), "nextHopIpAddress": address(r.Address),
	})
}

// subnetOf is a reference to the subnet that a kind of resource has to be in.
func subnetOf(vnet world.ID, name string) any {
	if vnet == "" {
		return nil
	}
	return object{"id": string(vnet) + "/subnets/" + name}
}

func (e *encoder) gateway(g *world.Gateway) {
	e.put(g.Meta, "", object{
		"gatewayType": g.Kind,
		"ipConfigurations": []any{object{"name": "default", "properties": object{
			"subnet": subnetOf(g.VNet, "gatewaysubnet"),
		}}},
		"vpnClientConfiguration": object{"vpnClientAddressPool": object{"addressPrefixes": list(g.Pool, prefix)}},
		"customDnsServers":       list(g.DNSServers, address),
	})
}

// site puts what Azure knows of a network behind a VPN gateway: its address
// space, and the connection. What ExpressRoute leads to, BGP alone tells.
// A site that two gateways connect gets one for each, which decoding puts
// together again.
func (e *encoder) site(s *world.Site) {
	for _, vnet := range s.ConnectedTo {
		for g := range e.w.GatewaysIn(vnet) {
			if !strings.EqualFold(g.Kind, "Vpn") {
				continue
			}
			path := pathOf(g.Meta)
			local := group(path, "Microsoft.Network/localNetworkGateways", g.Name()+"-"+s.Name())
			e.put(world.At(local), "", object{
				"localNetworkAddressSpace": object{"addressPrefixes": list(s.Prefixes, prefix)}, "gatewayIpAddress": address(s.PublicAddress),
			})
			e.put(world.At(group(path, "Microsoft.Network/connections", g.Name()+"-"+s.Name())), "", object{
				"connectionType": "IPsec", "connectionStatus": "Connected",
				"virtualNetworkGateway1": object{"id": path}, "localNetworkGateway2": object{"id": local},
			})
		}
	}
}

func (e *encoder) hub(h *world.Hub) {
	var space any
	if h.Prefix.IsValid() {
		space = h.Prefix.String()
	}
	e.put(h.Meta, "", object{"addressPrefix": space})
	for _, id := range h.Connections {
		path := pathOf(h.Meta) + "/hubVirtualNetworkConnections/" + childName(id)
		e.put(world.At(path), "", object{"remoteVirtualNetwork": ref(id)})
	}
	var routing []any
	for _, to := range []struct {
		traffic string
		hop     world.ID
	}{{"PrivateTraffic", h.PrivateHop}, {"Internet", h.InternetHop}} {
		if to.hop != "" {
			routing = append(routing, object{"name": to.traffic, "destinations": []string{to.traffic}, "nextHop": string(to.hop)})
		}
	}
	if routing != nil {
		e.put(world.At(pathOf(h.Meta)+"/routingIntent/default"), "", object{"routingPolicies": routing})
	}
}

// childName names a child after the VNet that it is about. VNets of two groups
// may have one name.
func childName(vnet world.ID) string {
	return vnet.Segment("resourcegroups") + "-" + vnet.Name()
}
