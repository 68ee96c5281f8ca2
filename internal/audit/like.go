package audit

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A likeness finds VNets that are the same but for their names and addresses, and
// that nothing in the world tells apart, such as the spokes of a hub. To exchange
// two of them leaves the world as it is, but for what is in them: so from both,
// the same becomes of requests to every vault that has nothing in either.
type likeness struct {
	world   *world.World
	atlas   *atlas             // of all that is written of addresses, but for the spaces of networks
	single  map[world.ID]bool  // VNets in which there is something of its own
	users   map[world.ID][]int // of security groups and route tables: the VNets, by number
	spaces  []space            // of all networks, by first address
	pieces  *atlas             // cut at the spaces' ends,
	holders [][]world.ID       // and whose each piece is
	never   bool               // where a name may lead anywhere
	tenancy bool               // whether subscriptions tell VNets apart
	vaults  map[string][]namesake
}

// A space is one prefix of a network.
type space struct {
	first, last netip.Addr
	of          world.ID
}

func newLikeness(w *world.World, s *sorter) *likeness {
	l := &likeness{
		world: w, atlas: &atlas{}, single: make(map[world.ID]bool), users: make(map[world.ID][]int), tenancy: s.tenancy, vaults: s.names.held,
	}
	resources := w.Resources()
	for i, r := range resources {
		l.survey(i, r)
	}
	l.atlas.close()
	slices.SortFunc(l.spaces, func(a, b space) int { return a.first.Compare(b.first) })
	l.settle()
	for _, r := range resources {
		if z, ok := r.(*world.Zone); ok {
			l.records(z)
		}
	}
	for a := range claims(w) {
		l.singleOut(a)
	}
	for subnet := range listedSubnets(w) {
		l.single[subnet.Parent()] = true
	}
	return l
}

// survey takes note of a resource.
func (l *likeness) survey(number int, r world.Resource) {
	l.atlas.rules(r)
	switch r := r.(type) {
	case *world.VNet:
		l.space(r.ID, r.Prefixes)
		for i := range r.Subnets {
			for _, by := range []world.ID{r.Subnets[i].NSG, r.Subnets[i].RouteTable} {
				l.users[by] = append(l.users[by], number)
			}
		}
	case *world.Site:
		l.space(r.ID, r.Prefixes)
		for _, id := range r.ConnectedTo {
			l.single[id] = true
		}
	case *world.Gateway:
		l.space(r.ID, r.Pool)
		l.single[r.VNet] = true
	case *world.Hub:
		l.space(r.ID, []netip.Prefix{r.Prefix})
	case *world.Host:
		l.never = l.never || r.DNS != nil && len(r.DNS.Records) > 0
		l.single[r.Network], l.single[l.world.Node(r).Network] = true, true
	case *world.Resolver:
		l.single[r.VNet] = true
	case *world.Firewall:
		l.single[r.VNet] = true
	default:
		l.atlas.spaces(r)
	}
}

func (l *likeness) space(of world.ID, prefixes []netip.Prefix) {
	for _, p := range prefixes {
		if p.IsValid() {
			l.spaces = append(l.spaces, space{p.Masked().Addr(), last(p), of})
		}
	}
}

// settle finds for each piece of the space of addresses whose it is.
func (l *likeness) settle() {
	l.pieces = &atlas{}
	for _, s := range l.spaces {
		l.pieces.span(s.first, s.last)
	}
	l.pieces.close()
	l.holders = make([][]world.ID, len(l.pieces.cuts)+1)
	for _, s := range l.spaces {
		for i := l.pieces.of(s.first); i <= l.pieces.of(s.last); i++ {
			l.holders[i] = append(l.holders[i], s.of)
		}
	}
}

// at are the networks in which an address may be.
func (l *likeness) at(a netip.Addr) []world.ID { return l.holders[l.pieces.of(a)] }

// around yields the spaces that have something in common with a range.
func (l *likeness) around(from, to netip.Addr, yield func(space)) {
	for _, s := range l.spaces {
		if to.Less(s.first) {
			return
		}
		if !s.last.Less(from) {
			yield(s)
		}
	}
}

// singleOut marks the VNets that an address may be in.
func (l *likeness) singleOut(a netip.Addr) {
	for _, id := range l.at(a) {
		l.single[id] = true
	}
}

// records looks for addresses that are not those of one vault alone.
func (l *likeness) records(z *world.Zone) {
	svc := l.world.Service()
	concerns := func(own dnsname.Name) bool { return own.Under(z.Domain) || z.Domain.Under(own) }
	if !concerns(svc.Suffix) && !concerns(svc.Core) {
		return
	}
	for i := range z.Records {
		r := &z.Records[i]
		l.never = l.never || !r.Alias.IsZero()
		if _, ours := l.vaults[strings.ToLower(r.Label)]; ours {
			continue
		}
		for _, a := range r.Addrs {
			l.singleOut(a)
		}
	}
}

// of is what tells a network from others; equal ones are alike.
func (l *likeness) of(n *Network) string {
	v, ok := l.world.VNet(n.ID)
	if !ok || l.never || l.single[v.ID] {
		return string(n.ID)
	}
	var b strings.Builder
	for _, p := range v.Prefixes {
		if !l.even(&b, v, p) {
			return string(n.ID)
		}
	}
	fmt.Fprint(&b, v.DNSServers)
	l.links(&b, v)
	for i := range v.Subnets {
		l.subnet(&b, v, i)
	}
	for _, who := range []int{rule.ForEndpoints, rule.ForMachines} {
		id, _ := (&rule.Case{World: l.world}).Room(v, who)
		fmt.Fprint(&b, " ", place(v, id))
	}
	for _, h := range n.clients {
		fmt.Fprint(&b, " ", place(v, h.Subnet))
	}
	if l.tenancy {
		b.WriteString(v.Subscription())
	}
	for _, h := range n.clients {
		fmt.Fprint(&b, " ", around(l.world.With(world.Put(h)), nil, h))
	}
	return b.String()
}

// even writes where a prefix is, and tells whether all of it is there.
func (l *likeness) even(b *strings.Builder, v *world.VNet, p netip.Prefix) bool {
	first, end := p.Masked().Addr(), last(p)
	even := l.atlas.of(first) == l.atlas.of(end)
	fmt.Fprint(b, l.atlas.of(first), fact.Classify(first))
	l.around(first, end, func(s space) {
		even = even && (s.of == v.ID || !first.Less(s.first) && !s.last.Less(end))
		if s.of != v.ID {
			fmt.Fprint(b, s.of, s.first)
		}
	})
	return even
}

// links writes what a VNet is linked to.
func (l *likeness) links(b *strings.Builder, v *world.VNet) {
	side := func(p *world.Peering, stands bool) string {
		if !stands {
			return "\nno side"
		}
		return fmt.Sprint("\n", p.State, p.AllowAccess, p.AllowForwarded, p.AllowGateway, p.UseRemoteGateways)
	}
	for i := range v.Peerings {
		fmt.Fprint(b, v.Peerings[i].Remote, side(&v.Peerings[i], true))
	}
	for _, far := range l.world.PeeredVNets(v) {
		fmt.Fprint(b, far.ID, side(far.PeeringTo(v.ID)))
	}
	for z := range l.world.ZonesLinked(v.ID) {
		if link, ok := z.LinkTo(v.ID); ok {
			fmt.Fprint(b, "\n", z.ID, link.Registration, link.Redirect, link.InProgress)
		}
	}
	for rs := range l.world.RulesetsLinked(v.ID) {
		fmt.Fprint(b, "\n", rs.ID)
	}
	if hub, ok := l.world.HubOf(v.ID); ok {
		fmt.Fprint(b, "\n", hub.ID)
	}
}

func (l *likeness) subnet(b *strings.Builder, v *world.VNet, i int) {
	s := &v.Subnets[i]
	fmt.Fprint(b, "\n", s.ServiceEndpoints, s.EndpointPolicies, s.NATAddress, s.Delegations, takesClients(s), s.HoldsMachines(), len(s.Prefixes))
	for _, id := range []world.ID{s.NSG, s.RouteTable} {
		b.WriteString(l.guard(v, id))
	}
}

// guard is a security group or a route table: one that other VNets have, too, is
// itself, since to change it changes more.
func (l *likeness) guard(v *world.VNet, id world.ID) string {
	users := l.users[id]
	if len(users) > 0 && slices.Min(users) != slices.Max(users) {
		return string(id)
	}
	among := slices.IndexFunc(v.Subnets, func(s world.Subnet) bool { return s.NSG == id || s.RouteTable == id })
	if g, ok := l.world.NSG(id); ok {
		rules := slices.Clone(g.Rules)
		for i := range rules {
			rules[i].Name = ""
		}
		return fmt.Sprint(" ", among, rules)
	}
	if t, ok := l.world.RouteTable(id); ok {
		routes := slices.Clone(t.Routes)
		for i := range routes {
			routes[i].Name = ""
		}
		return fmt.Sprint(" ", among, t.DisableBGP, routes)
	}
	return string(id)
}

// place is the place of a subnet among those of its VNet.
func place(v *world.VNet, subnet world.ID) int {
	return slices.IndexFunc(v.Subnets, func(s world.Subnet) bool { return s.ID == subnet })
}

// touched are the VNets in which something of a class is, be it an address that a
// record has for it.
func (l *likeness) touched(c *class) map[world.ID]bool {
	touched := make(map[world.ID]bool)
	note := func(addrs []netip.Addr) {
		for _, a := range addrs {
			for _, id := range l.at(a) {
				touched[id] = true
			}
		}
	}
	note(c.doors)
	for e := range l.world.EndpointsOf(c.vault.ID) {
		touched[e.VNet()] = true
	}
	for _, n := range l.vaults[strings.ToLower(c.vault.Name())] {
		if n.record != nil {
			note(n.record.Addrs)
		}
	}
	return touched
}
