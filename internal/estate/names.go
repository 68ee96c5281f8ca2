package estate

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// A style is how machines of a region resolve names.
type style int

const (
	azureDNS        style = iota // Azure DNS: the zone is linked to every VNet
	ownServers                   // DNS servers in the hub, which forward to Azure DNS
	privateResolver              // a Private Resolver's inbound endpoint in the hub
	firewallProxy                // the DNS proxy of the hub's firewall
	styles
)

// nameService makes Key Vault's zones and the servers that ask for them.
func (b *builder) nameService() {
	for _, r := range b.links.regions {
		if r.zone = b.sharedZone(); r.zone == nil {
			r.zone = b.zone(r.hub, b.service.Zone)
		}
		b.resolver(r)
		b.link(r.zone, r.hub)
		for _, n := range r.spokes {
			if r.style == azureDNS {
				b.link(r.zone, n)
				continue
			}
			n.vnet.DNSServers = []netip.Addr{r.resolver}
		}
		if r.gateway && !r.entry.IsValid() {
			r.entry = b.server(r, "forwarder")
		}
		b.outside(r)
	}
}

// sharedZone is the zone of the first region where all share one.
func (b *builder) sharedZone() *world.Zone {
	if !b.shared || len(b.zones) == 0 {
		return nil
	}
	return b.zones[0]
}

func (b *builder) zone(n *network, domain dnsname.Name) *world.Zone {
	z := &world.Zone{Meta: n.meta("Microsoft.Network/privateDnsZones", domain.Host()), Domain: domain}
	b.zones = append(b.zones, z)
	return z
}

func (b *builder) link(z *world.Zone, n *network) {
	z.Links = append(z.Links, world.Link{
		Meta: world.At(z.Path + "/virtualNetworkLinks/to-" + n.vnet.Name()), VNet: n.vnet.ID, VNetPath: n.vnet.Path, Redirect: b.falls,
	})
}

// resolver makes what answers the questions of a region's machines.
func (b *builder) resolver(r *region) {
	switch r.style {
	case azureDNS, styles:
	case ownServers:
		r.resolver = b.server(r, "dc-a")
		r.hub.vnet.DNSServers = []netip.Addr{r.resolver}
		if b.percent(50) {
			r.hub.vnet.DNSServers = append(r.hub.vnet.DNSServers, b.server(r, "dc-b"))
		}
	case privateResolver:
		r.resolver = b.privateResolver(r)
	case firewallProxy:
		r.resolver = r.firewall
		r.hub.vnet.DNSServers = []netip.Addr{r.resolver}
	}
	r.entry = r.resolver
}

// server is a DNS server in the hub that forwards to Azure DNS.
func (b *builder) server(r *region, name string) netip.Addr {
	h := b.host(r.hub, "servers", fmt.Sprintf("%s-%d", name, r.index+1))
	h.DNS = forwardAll(world.AzureDNS)
	return h.Address
}

func forwardAll(to netip.Addr) *world.DNSRole {
	return &world.DNSRole{Forward: []world.Forward{{Domain: dnsname.Root, To: []netip.Addr{to}}}}
}

// privateResolver makes a Private Resolver; one with sites sends the domain of
// theirs to them by a forwarding ruleset.
func (b *builder) privateResolver(r *region) netip.Addr {
	in := r.hub.address("resolver-in")
	p := &world.Resolver{
		Meta: r.hub.meta("Microsoft.Network/dnsResolvers", fmt.Sprintf("resolver-%d", r.index+1)), VNet: r.hub.vnet.ID, Inbound: []netip.Addr{in},
	}
	b.put(p)
	if len(r.sites) == 0 {
		return in
	}
	r.hub.subnet("resolver-out")
	out := world.MakeID(p.Path + "/outboundEndpoints/out")
	p.Outbound = []world.ID{out}
	rules := &world.Ruleset{
		Meta:     r.hub.meta("Microsoft.Network/dnsForwardingRulesets", fmt.Sprintf("rules-%d", r.index+1)),
		Outbound: []world.ID{out}, VNets: []world.ID{r.hub.vnet.ID},
	}
	rules.Rules = []world.ForwardingRule{{
		Meta: world.At(rules.Path + "/forwardingRules/corp"), Domain: dnsname.MustParse("corp.example"), Enabled: true,
		Targets: []netip.AddrPort{netip.AddrPortFrom(r.sites[0].Nameservers[0], 53)},
	}}
	b.put(rules)
	return in
}

// outside tells those outside Azure whom to ask.
func (b *builder) outside(r *region) {
	for _, site := range r.sites {
		role := &world.DNSRole{}
		for _, d := range b.service.ForwardZones {
			role.Forward = append(role.Forward, world.Forward{Domain: d, To: []netip.Addr{r.entry}})
		}
		slices.SortFunc(role.Forward, func(a, b world.Forward) int { return len(b.Domain.String()) - len(a.Domain.String()) })
		b.put(settled(&world.Host{Meta: machine("dns-" + site.Name()), Network: site.ID, Address: site.Nameservers[0], DNS: role}))
	}
	if r.clients != nil {
		r.clients.DNSServers = []netip.Addr{r.entry}
	}
}

// others are zones of other services, which do not matter to a vault.
var others = []string{
	"privatelink.blob.core.windows.net", "privatelink.database.windows.net", "privatelink.azurewebsites.net",
	"privatelink.servicebus.windows.net", "privatelink.azurecr.io", "corp.example",
}

// otherZones are linked beside those of Key Vault: to the hub, and to VNets that
// ask Azure DNS.
func (b *builder) otherZones() {
	for i := 0; len(b.zones) < b.size.Zones; i++ {
		r := b.links.regions[i%len(b.links.regions)]
		kind := i / len(b.links.regions)
		if kind == len(others) {
			return
		}
		z := b.zone(r.hub, dnsname.MustParse(others[kind]))
		b.link(z, r.hub)
		label := fmt.Sprintf("st%04d", b.number())
		z.Records = append(z.Records, world.Record{
			Meta: world.At(z.Path + "/A/" + label), Label: label, Type: world.TypeA, TTL: 3600, Addrs: []netip.Addr{r.hub.address("servers")},
		})
	}
}
