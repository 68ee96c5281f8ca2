package estate

import (
	"cmp"
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// A client is a machine that asks for vaults.
type client struct {
	id      world.ID
	region  *region
	network *network // whose VNet its connections start in; nil outside Azure
	routed  bool     // by the region's firewall, to what its VNet has no peering for
	any     bool     // wants any path
}

// links is who reaches whom.
type links struct {
	regions []*region
	meshed  bool // hubs are peered with one another
}

// serves tells whether a client is meant to reach a vault over private link: its
// zone has the address of an endpoint that it gets to.
func (l links) serves(c client, v vault) bool {
	for _, door := range v.doors {
		if door.region.zone == c.region.zone && l.reaches(c, door) {
			return true
		}
	}
	return false
}

func (l links) reaches(c client, to *network) bool {
	if c.network == nil { // by the hub's gateway
		return to.region == c.region
	}
	return l.peered(c.network, to) || c.routed && l.peered(c.region.hub, to)
}

// peered tells whether packets get from one VNet to another by themselves.
func (l links) peered(from, to *network) bool {
	if from == to || from.region == to.region && (from.isHub() || to.isHub()) {
		return true
	}
	return l.meshed && from.isHub() && to.isHub()
}

// kinds of clients are as many as make the frequent ones frequent.
func (b *builder) clients() {
	kinds := []func(*builder, *region, string) client{
		(*builder).inSpoke, (*builder).inSpoke, (*builder).inSpoke, (*builder).inSpoke, (*builder).inHub, (*builder).pod, (*builder).app,
		(*builder).proxied, (*builder).atSite, (*builder).atSite, (*builder).laptop, (*builder).tolerant,
	}
	for i := range b.size.Clients {
		r := b.links.regions[i%len(b.links.regions)]
		kind := kinds[b.below(len(kinds))]
		b.people = append(b.people, kind(b, r, fmt.Sprintf("client-%d", i+1)))
	}
}

// settled gives a host what a scenario file would.
func settled(h *world.Host) *world.Host {
	h.Runs, h.Wants, h.Identity = cmp.Or(h.Runs, world.OnVM), cmp.Or(h.Wants, world.WantPrivate), cmp.Or(h.Identity, world.Reader)
	return h
}

// host puts a machine into a subnet.
func (b *builder) host(n *network, subnet, name string) *world.Host {
	h := settled(&world.Host{Meta: machine(name), Network: n.vnet.ID, Subnet: n.subnet(subnet).ID, Address: n.address(subnet)})
	b.put(h)
	return h
}

// home is a VNet for an application: a spoke, or the hub where there is none.
func (b *builder) home(r *region) *network {
	if len(r.spokes) == 0 {
		return r.hub
	}
	return pick(b.dice, r.spokes...)
}

func inVNet(id world.ID, n *network) client {
	return client{id: id, region: n.region, network: n, routed: n.region.routed && !n.isHub()}
}

func (b *builder) inSpoke(r *region, name string) client {
	n := b.home(r)
	h := b.host(n, "apps", name)
	h.Runs = pick(b.dice, world.OnVM, world.OnVM, world.OnContainer)
	return inVNet(h.ID, n)
}

func (b *builder) inHub(r *region, name string) client {
	return inVNet(b.host(r.hub, "servers", name).ID, r.hub)
}

// tolerant is a client whose owner minds no path: of a half-done migration.
func (b *builder) tolerant(r *region, name string) client {
	n := b.home(r)
	subnet := "apps"
	if n.closed {
		n, subnet = r.hub, "servers"
	}
	h := b.host(n, subnet, name)
	h.Wants = world.WantAny
	c := inVNet(h.ID, n)
	c.any = true
	return c
}

// pod is one of a cluster of its own: a node, CoreDNS, which asks what the node
// would, and the pod behind the node.
func (b *builder) pod(r *region, name string) client {
	n := b.home(r)
	node, dns := b.host(n, "apps", name+"-node"), b.host(n, "apps", name+"-coredns")
	dns.DNS = forwardAll(world.AzureDNS)
	if servers := n.vnet.DNSServers; len(servers) > 0 {
		dns.DNS = forwardAll(servers[0])
	}
	pod := settled(&world.Host{
		Meta: machine(name), Network: n.vnet.ID, Behind: node.ID, Address: netip.AddrFrom4([4]byte{10, 244, 0, 7}), Runs: world.OnAKS,
		Nameservers: []netip.Addr{dns.Address}, Ndots: 5, Search: []string{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"},
	})
	b.put(pod)
	return inVNet(pod.ID, n)
}

// app is an App Service or Functions app with VNet integration.
func (b *builder) app(r *region, name string) client {
	n := b.home(r)
	n.subnet("integration").Delegations = []string{"Microsoft.Web/serverFarms"}
	h := b.host(n, "integration", name)
	h.Runs, h.Integrated = pick(b.dice, world.OnAppService, world.OnFunction), world.Yes
	h.RouteAll = !b.base.Addr().IsPrivate() || b.percent(50) // RFC 1918 alone goes through the VNet without
	b.put(&world.WebApp{Meta: n.meta("Microsoft.Web/sites", name), Subnet: h.Subnet, RouteAll: h.RouteAll})
	c := inVNet(h.ID, n)
	c.routed = false // the route table is that of another subnet
	return c
}

// proxied is a client whose proxy in the hub has a private path.
func (b *builder) proxied(r *region, name string) client {
	proxy := b.host(r.hub, "servers", name+"-proxy")
	proxy.Proxy = &world.ProxyRole{Port: 3128, Answers: 200}
	h := b.host(b.home(r), "apps", name)
	h.Environ = map[string]string{"HTTPS_PROXY": fmt.Sprintf("http://%s:3128", proxy.Address)}
	return inVNet(h.ID, r.hub)
}

// atSite is a machine in an office; where the region has none, in a spoke.
func (b *builder) atSite(r *region, name string) client {
	if len(r.sites) == 0 {
		return b.inSpoke(r, name)
	}
	site := pick(b.dice, r.sites...)
	return b.beyond(r, name, site.ID, site.Prefixes[0])
}

// laptop is connected point to site; where the region has no such, in a spoke.
func (b *builder) laptop(r *region, name string) client {
	if r.clients == nil {
		return b.inSpoke(r, name)
	}
	return b.beyond(r, name, r.clients.ID, r.clients.Pool[0])
}

// beyond puts a client outside Azure.
func (b *builder) beyond(r *region, name string, network world.ID, space netip.Prefix) client {
	h := settled(&world.Host{Meta: machine(name), Network: network, Address: after(space.Addr(), 20+r.outside)})
	r.outside++
	b.put(h)
	return client{id: h.ID, region: r}
}
