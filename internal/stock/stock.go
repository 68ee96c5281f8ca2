// Package stock holds healthy worlds of the shapes that people run most, each
// with one client and one vault. Breaking them says what a fault looks like
// from a client when no configuration can be read; tests break them too.
package stock

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// A Shape is a healthy world with a client and a vault.
type Shape struct {
	Name   string
	World  *world.World
	Client world.ID
	Vault  string // its name
}

// vaultName is the vault of every shape.
const vaultName, neighbour = "stockvault", "stockneighbour"

// Shapes returns all of them, in a fixed order, in a cloud. They are made anew
// at each call.
func Shapes(cloud string) []Shape {
	builders := []struct {
		name  string
		build func(*builder)
	}{
		{"single-vnet", singleVNet},
		{"hub-and-spoke", hubAndSpoke},
		{"custom-dns-in-hub", customDNS},
		{"on-premises", onPremises},
		{"pod-with-search-domains", pod},
		{"proxy-with-private-path", proxied},
		{"firewall-with-snat", firewalled},
		{"point-to-site", pointToSite},
		{"no-way-to-the-internet", closed},
		{"internet-behind-a-firewall", inspected},
		{"two-dns-servers", twoServers},
		{"split-dns", splitDNS},
		{"firewall-as-dns-proxy", dnsProxy},
		{"shared-address-space", sharedSpace},
	}
	var shapes []Shape
	for _, s := range builders {
		b := newBuilder(cloud)
		s.build(b)
		shapes = append(shapes, Shape{s.name, b.world(), world.HostID("client"), vaultName})
	}
	return shapes
}

func singleVNet(b *builder) {
	b.vnet("main", "10.1.0.0/16", "apps=10.1.1.0/24", "endpoints=10.1.2.0/24")
	b.vault("main/endpoints", "10.1.2.4", "main")
	b.client("main", "10.1.1.4")
}

// sharedSpace is a VNet in the range of RFC 6598, which App Service does not take
// for private, of a team whose vaults are in a subscription of their own.
func sharedSpace(b *builder) {
	b.abroad = true
	b.vnet("main", "100.64.0.0/16", "apps=100.64.1.0/24", "endpoints=100.64.2.0/24")
	b.vault("main/endpoints", "100.64.2.4", "main")
	b.client("main", "100.64.1.4")
}

func hubAndSpoke(b *builder) {
	b.hub("hub", "spoke")
	b.client("spoke", "10.2.0.4")
}

func customDNS(b *builder) {
	b.hub("hub")
	b.host(&world.Host{Meta: named("dc1"), Network: b.id("hub"), Address: addr("10.1.0.5"), DNS: forwardAll(world.AzureDNS)})
	b.vnets["hub"].DNSServers = []netip.Addr{addr("10.1.0.5")}
	b.vnets["spoke"].DNSServers = []netip.Addr{addr("10.1.0.5")}
	b.client("spoke", "10.2.0.4")
}

func onPremises(b *builder) {
	b.hub("hub", "spoke")
	b.host(&world.Host{Meta: named("forwarder"), Network: b.id("hub"), Address: addr("10.1.0.5"), DNS: forwardAll(world.AzureDNS)})
	b.site("office", "192.168.0.0/16", "hub", "192.168.0.10")
	b.host(&world.Host{
		Meta: named("officedns"), Network: world.SiteID("office"), Address: addr("192.168.0.10"),
		DNS: b.forwardService(addr("10.1.0.5")),
	})
	b.client("office", "192.168.7.7")
}

func pod(b *builder) {
	b.hub("hub", "spoke")
	b.host(&world.Host{Meta: named("node1"), Network: b.id("spoke"), Address: addr("10.2.0.8")})
	b.host(&world.Host{
		Meta: named("coredns"), Network: b.id("spoke"), Address: addr("10.2.0.53"), DNS: forwardAll(world.AzureDNS),
	})
	b.host(&world.Host{
		Meta: named("client"), Behind: world.HostID("node1"), Address: addr("10.244.0.7"), Runs: world.OnAKS,
		Nameservers: []netip.Addr{addr("10.2.0.53")}, Ndots: 5,
		Search: []string{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"},
	})
}

func proxied(b *builder) {
	b.hub("hub", "spoke")
	b.host(&world.Host{
		Meta: named("squid"), Network: b.id("hub"), Address: addr("10.1.0.9"), Proxy: &world.ProxyRole{Port: 3128, Answers: 200},
	})
	b.client("spoke", "10.2.0.4")
	b.last.Environ = map[string]string{"HTTPS_PROXY": "http://10.1.0.9:3128"}
}

func firewalled(b *builder) {
	b.hub("hub", "spoke")
	b.put(&world.Firewall{
		Meta: b.meta("azureFirewalls", "fw"), VNet: b.id("hub"), Address: addr("10.1.3.4"), AllowAll: true, KeepSource: world.AlwaysTranslate(),
		Public: addr("198.51.100.77"), Policy: world.Policy{Meta: b.meta("firewallPolicies", "fw-policy")},
	})
	table := &world.RouteTable{Meta: b.meta("routeTables", "to-firewall"), Routes: []world.Route{
		{Name: "endpoints", Prefix: netip.MustParsePrefix("10.1.2.0/24"), Hop: world.HopAppliance, Address: addr("10.1.3.4")},
		{Name: "default", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: addr("10.1.3.4")},
	}}
	b.put(table)
	b.subnet("spoke", "default").RouteTable = table.ID
	b.client("spoke", "10.2.0.4")
}

func pointToSite(b *builder) {
	b.hub("hub", "spoke")
	b.host(&world.Host{Meta: named("forwarder"), Network: b.id("hub"), Address: addr("10.1.0.5"), DNS: forwardAll(world.AzureDNS)})
	gateway := &world.Gateway{
		Meta: b.meta("virtualNetworkGateways", "gw"), VNet: b.id("hub"), Kind: "Vpn",
		Pool: []netip.Prefix{netip.MustParsePrefix("172.20.0.0/24")}, DNSServers: []netip.Addr{addr("10.1.0.5")},
	}
	b.put(gateway)
	b.host(&world.Host{Meta: named("client"), Network: gateway.ID, Address: addr("172.20.0.7"), Runs: world.OnVM})
}

// closed is a spoke whose requests do not get to the internet: the clients that
// need private link most.
func closed(b *builder) {
	b.hub("hub", "spoke")
	nsg := &world.NSG{Meta: b.meta("networkSecurityGroups", "no-internet"), Rules: []world.NSGRule{{
		Name: "no-internet", Priority: 4000, Protocol: "Tcp", Sources: []string{"*"}, Destinations: []string{"Internet"}, DestinationPorts: []string{"443"},
	}}}
	b.put(nsg)
	b.subnet("spoke", "default").NSG = nsg.ID
	b.client("spoke", "10.2.0.4")
}

// inspected is a spoke whose way to the internet is a firewall that lets nobody
// through to a vault; a private endpoint's own route passes it by.
func inspected(b *builder) {
	b.hub("hub", "spoke")
	b.subnet("hub", "endpoints").EndpointPolicies.Routes = false
	b.put(&world.Firewall{
		Meta: b.meta("azureFirewalls", "fw"), VNet: b.id("hub"), Address: addr("10.1.3.4"), Public: addr("198.51.100.77"),
		Policy: world.Policy{Meta: b.meta("firewallPolicies", "fw-policy"), Groups: []int{200}},
		Allow: []world.FirewallRule{{
			Name: "updates", Allow: true, Sources: []string{"*"}, FQDNs: []string{"*.ubuntu.com"}, Protocols: []string{"Https"}, Ports: []string{"443"},
		}},
	})
	table := &world.RouteTable{Meta: b.meta("routeTables", "to-firewall"), Routes: []world.Route{
		{Name: "default", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: addr("10.1.3.4")},
	}}
	b.put(table)
	b.subnet("spoke", "default").RouteTable = table.ID
	b.client("spoke", "10.2.0.4")
}

// splitDNS is a laptop at home whose VPN client sends Key Vault's names, and no
// others, to a DNS server in the hub.
func splitDNS(b *builder) {
	pointToSite(b)
	b.last.Nameservers = []netip.Addr{addr("8.8.8.8")}
	for _, d := range b.service.ForwardZones {
		b.last.Split = append(b.last.Split, world.Forward{Domain: d, To: []netip.Addr{addr("10.1.0.5")}})
	}
	slices.SortFunc(b.last.Split, func(a, b world.Forward) int { return len(b.Domain.String()) - len(a.Domain.String()) })
}

// dnsProxy is a spoke that asks the hub's firewall for names too; its requests go
// through it, and none to a vault's public side.
func dnsProxy(b *builder) {
	b.hub("hub")
	b.put(&world.Firewall{
		Meta: b.meta("azureFirewalls", "fw"), VNet: b.id("hub"), Address: addr("10.1.3.4"), Public: addr("198.51.100.77"), DNSProxy: true, KeepSource: world.AlwaysTranslate(),
		Policy: world.Policy{Meta: b.meta("firewallPolicies", "fw-policy"), Groups: []int{200}},
		Allow: []world.FirewallRule{{
			Name: "endpoints", Allow: true, Sources: []string{"*"}, Destinations: []string{"10.1.2.0/24"}, Protocols: []string{"TCP"}, Ports: []string{"443"},
		}},
	})
	table := &world.RouteTable{Meta: b.meta("routeTables", "to-firewall"), Routes: []world.Route{
		{Name: "endpoints", Prefix: netip.MustParsePrefix("10.1.2.0/24"), Hop: world.HopAppliance, Address: addr("10.1.3.4")},
		{Name: "default", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: addr("10.1.3.4")},
	}}
	b.put(table)
	b.subnet("spoke", "default").RouteTable = table.ID
	b.vnets["spoke"].DNSServers = []netip.Addr{addr("10.1.3.4")}
	b.client("spoke", "10.2.0.4")
}

// twoServers is a hub with a pair of DNS servers, as domain controllers come, and
// a client beside them.
func twoServers(b *builder) {
	b.hub("hub")
	servers := []netip.Addr{addr("10.1.0.5"), addr("10.1.0.6")}
	for i, name := range []string{"dc1", "dc2"} {
		b.host(&world.Host{Meta: named(name), Network: b.id("hub"), Address: servers[i], DNS: forwardAll(world.AzureDNS)})
	}
	b.vnets["hub"].DNSServers, b.vnets["spoke"].DNSServers = servers, servers
	b.client("hub", "10.1.0.20")
}

// forwardAll is a DNS server that forwards all questions.
func forwardAll(to netip.Addr) *world.DNSRole {
	return &world.DNSRole{Forward: []world.Forward{{Domain: dnsname.Root, To: []netip.Addr{to}}}}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func named(host string) world.Meta { return world.Meta{ID: world.HostID(host), Path: host} }

// must is for worlds that this program writes itself.
func must(w *world.World, err error) *world.World {
	if err != nil {
		panic(fmt.Sprintf("stock world: %v", err))
	}
	return w
}
