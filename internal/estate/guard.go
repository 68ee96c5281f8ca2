package estate

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// inspect puts a firewall into a region's hub, and sends what the spokes'
// machines have no peering for through it, where the region is routed.
func (b *builder) inspect(r *region) {
	r.hub.subnet("AzureFirewallSubnet")
	r.firewall = r.hub.address("AzureFirewallSubnet")
	b.put(&world.Firewall{
		Meta: r.hub.meta("Microsoft.Network/azureFirewalls", fmt.Sprintf("fw-%d", r.index+1)), VNet: r.hub.vnet.ID, Address: r.firewall,
		Public: netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + r.index%90)}), DNSProxy: r.style == firewallProxy,
	})
	f := b.parts[len(b.parts)-1].(*world.Firewall) //nolint:forcetypeassert // put right above
	if r.routed {
		f.KeepSource = world.AlwaysTranslate()
	}
	if f.AllowAll = b.percent(50); !f.AllowAll {
		f.Allow = b.firewallRules()
	}
	if !r.routed || len(r.spokes) == 0 {
		return
	}
	table := &world.RouteTable{
		Meta:   r.hub.meta("Microsoft.Network/routeTables", fmt.Sprintf("to-firewall-%d", r.index+1)),
		Routes: []world.Route{{Name: "all-of-ours", Prefix: b.base, Hop: world.HopAppliance, Address: r.firewall}},
	}
	if b.percent(60) {
		table.Routes = append(table.Routes, world.Route{Name: "default", Prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Hop: world.HopAppliance, Address: r.firewall})
	}
	if doors := r.hub.subnet("endpoints"); b.percent(40) {
		doors.EndpointPolicies.Routes = true
		table.Routes = append(table.Routes, world.Route{Name: "endpoints", Prefix: doors.Prefixes[0], Hop: world.HopAppliance, Address: r.firewall})
	}
	b.put(table)
	for _, n := range r.spokes {
		n.subnet("apps").RouteTable = table.ID
	}
}

// firewallRules let machines of ours reach private endpoints, DNS, and Key
// Vault's public side.
func (b *builder) firewallRules() []world.FirewallRule {
	ours := []string{b.base.String(), "192.168.0.0/16"}
	return []world.FirewallRule{
		{Name: "private-endpoints", Allow: true, Sources: ours, Destinations: []string{b.base.String()}, Ports: []string{"443"}, Protocols: []string{"TCP"}},
		{Name: "dns", Allow: true, Sources: ours, Destinations: []string{"*"}, Ports: []string{"53"}, Protocols: []string{"UDP", "TCP"}},
		{Name: "key-vault", Allow: true, Sources: ours, FQDNs: []string{"*." + b.service.Suffix.Host()}, Ports: []string{"443"}, Protocols: []string{"Https"}},
	}
}

// guard gives a spoke security groups that hurt nobody, and some a service
// endpoint.
func (b *builder) guard(n *network) {
	switch b.below(5) {
	case 0:
		n.closed = true
		n.subnet("apps").NSG = b.group(n, "no-internet", world.NSGRule{
			Name: "no-internet", Priority: 4000, Protocol: "Tcp", Sources: []string{"*"}, Destinations: []string{"Internet"}, DestinationPorts: []string{"443"},
		})
	case 1:
		n.closed = true
		n.subnet("apps").NSG = b.group(n, "ours-only", b.allowOurs(100, false, "443"), b.allowOurs(110, false, "53"), b.allowOurs(120, false, "3128"), world.NSGRule{
			Name: "nothing-else", Priority: 4096, Protocol: "*", Sources: []string{"*"}, Destinations: []string{"*"}, DestinationPorts: []string{"*"},
		})
	case 2:
		n.subnet("apps").NSG = b.group(n, "quiet", world.NSGRule{
			Name: "no-rdp", Priority: 200, Inbound: true, Protocol: "Tcp", Sources: []string{"Internet"}, Destinations: []string{"*"}, DestinationPorts: []string{"22", "3389"},
		})
	}
	if b.percent(30) {
		doors := n.subnet("endpoints")
		doors.EndpointPolicies.NSG = true
		doors.NSG = b.group(n, "endpoints", b.allowOurs(100, true, "443"), world.NSGRule{
			Name: "nothing-else", Priority: 4096, Inbound: true, Protocol: "*", Sources: []string{"*"}, Destinations: []string{"*"}, DestinationPorts: []string{"*"},
		})
	}
	if b.percent(25) {
		n.serves = true
		n.subnet("apps").ServiceEndpoints = []string{"Microsoft.KeyVault"}
	}
}

// allowOurs lets machines of ours through to a port.
func (b *builder) allowOurs(priority int, inbound bool, port string) world.NSGRule {
	ours := []string{b.base.String(), "192.168.0.0/16"}
	return world.NSGRule{
		Name: "ours-" + port, Priority: priority, Inbound: inbound, Allow: true, Protocol: "*",
		Sources: ours, Destinations: ours, DestinationPorts: []string{port},
	}
}

func (b *builder) group(n *network, name string, rules ...world.NSGRule) world.ID {
	g := &world.NSG{Meta: n.meta("Microsoft.Network/networkSecurityGroups", name+"-"+n.vnet.Name()), Rules: rules}
	b.put(g)
	return g.ID
}
