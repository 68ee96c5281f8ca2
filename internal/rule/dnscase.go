package rule

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// Resource types whose gaps keep rules about DNS from judging.
const (
	zoneType     = "microsoft.network/privatednszones"
	endpointType = "microsoft.network/privateendpoints"
	vnetType     = "microsoft.network/virtualnetworks"
)

// source is where the hops of the journey come from.
func (c *Case) source() string {
	if c.Seen != nil {
		return "probe"
	}
	return "configuration"
}

// A serverViews is what several servers say.
type serverViews []fact.ServerView

// of returns the view of a server.
func (list serverViews) of(server netip.Addr) (fact.ServerView, bool) {
	for i := range list {
		if list[i].Server == server {
			return list[i], true
		}
	}
	return fact.ServerView{}, false
}

// views are what DNS servers say: as seen, else as predicted.
func (c *Case) views() serverViews {
	if c.Seen != nil {
		return c.Seen.Servers
	}
	if c.Predicted != nil {
		return c.Predicted.Servers
	}
	return nil
}

// configured are the views of the servers that the client is configured to ask.
// They come first, and so are a part of all views: not to be changed.
func (c *Case) configured() serverViews {
	views, end := c.views(), 0
	for end < len(views) && views[end].Role == fact.RoleConfigured {
		end++
	}
	for i := end; i < len(views); i++ {
		if views[i].Role == fact.RoleConfigured {
			return slices.DeleteFunc(slices.Clone(views), func(v fact.ServerView) bool { return v.Role != fact.RoleConfigured })
		}
	}
	return views[:end:end]
}

// view is what the server in use says.
func (c *Case) view() (fact.ServerView, bool) { return c.views().of(c.Journey.Resolver.Server) }

// servedElsewhere tells whether another configured server than the one in use
// gives a private address, so that the servers disagree (PL504).
func (c *Case) servedElsewhere() bool {
	return slices.ContainsFunc(c.configured(), func(v fact.ServerView) bool {
		return v.Server != c.Journey.Resolver.Server && c.private(v.Host)
	})
}

// says is a server's answer in words.
func says(name string, a fact.AnswerHop) string {
	through := ""
	if a.Alias {
		through = ", after the alias into the private zone"
	}
	switch a.Outcome {
	case fact.OK:
		return "answers " + name + " with " + a.Addr.String() + through
	case fact.NXDomain:
		return "says that " + name + " does not exist (NXDOMAIN)" + through
	case fact.NoData:
		return "has no address for " + name + " (NOERROR without data)" + through
	case fact.ServFail:
		return fmt.Sprintf("fails on %s (SERVFAIL)", name)
	case fact.DNSRefuse:
		return fmt.Sprintf("refuses to answer %s (REFUSED)", name)
	case fact.Truncated:
		return fmt.Sprintf("truncates its answer to %s, and TCP port 53 fails", name)
	case fact.Unseen:
		return "was not heard on " + name
	}
	return fmt.Sprintf("answers %s with what cannot be used (%s)", name, a.Outcome)
}

// said is the answer in use as evidence.
func (c *Case) said() []Evidence {
	where := c.Journey.Resolver.Server
	if !where.IsValid() || c.Journey.Answer.Outcome == fact.Unseen {
		return nil
	}
	return []Evidence{{c.source(), where.String(), says(c.answering().Host(), c.Journey.Answer)}}
}

// answering is the name that was answered: the vault's, or the one that the
// search list made of it.
func (c *Case) answering() dnsname.Name { return cmp.Or(c.Journey.Resolver.Name, c.Host) }

// heard is what a view says of the vault's hostname, as evidence.
func (c *Case) heard(v fact.ServerView) Evidence {
	what := says(c.Host.Host(), v.Host)
	if v.Reached != fact.OK && v.Reached != fact.Unseen {
		what = fmt.Sprintf("does not answer (%s)", v.Reached)
	}
	return Evidence{c.source(), v.Server.String(), what}
}

// asked is the VNet whose Azure DNS is asked in the end: the one that answered,
// else the one that the client's servers lead to.
func (c *Case) asked() world.ID {
	if id := c.ZoneVNet(); id != "" || c.World == nil || c.Client == nil {
		return id
	}
	id, _ := Site{World: c.World, Client: c.Client, Vault: c.Resource}.Answerer()
	return id
}

// linked returns the zone of the required name that is linked to a VNet.
func (c *Case) linked(vnet world.ID) (*world.Zone, bool) {
	if c.World == nil || vnet == "" {
		return nil, false
	}
	for z := range c.World.ZonesLinkedAs(c.Service.Zone, vnet) {
		return z, true
	}
	return nil, false
}

// deciding returns the private zone that decided the answer to the vault's name.
func (c *Case) deciding() (*world.Zone, bool) {
	if c.World == nil || c.Journey.Resolver.Via == fact.ViaSearch {
		return nil, false
	}
	return c.World.Zone(world.ID(c.Journey.Answer.By))
}

// record returns the address record of the vault in a zone: under its name,
// or at the top of a zone that has the vault's whole name.
func (c *Case) record(z *world.Zone) (*world.Record, bool) {
	for _, name := range c.names() {
		label, in := name.RelativeTo(z.Domain)
		if !in {
			continue
		}
		for _, t := range [...]world.RecordType{world.TypeA, world.TypeAAAA} {
			if r, ok := z.Record(label, t); ok {
				return r, true
			}
		}
	}
	return nil, false
}

// names are the names of the vault that a private zone can hold.
func (c *Case) names() []dnsname.Name {
	names := []dnsname.Name{c.Host}
	if alias, err := c.Service.Alias(c.Vault); err == nil {
		names = append(names, alias)
	}
	return names
}

// couldUse returns the endpoint that the client should use: one that serves it,
// else an effective one to which some path exists, if something stands in it.
func (c *Case) couldUse() (Door, bool) {
	for _, d := range c.Doors() {
		if d.Effective && d.Connect.Reason != fact.NoPath {
			return d, true
		}
	}
	return Door{}, false
}

// rightAddress tells whether the client is well served with an address: it is
// that of a private endpoint of the vault, and no other serves it better.
func (c *Case) rightAddress(a netip.Addr) bool {
	doors := c.Doors()
	i := slices.IndexFunc(doors, func(d Door) bool { return slices.Contains(d.Endpoint.Addresses, a) })
	if i < 0 {
		return false
	}
	_, better := c.Usable()
	lost := !doors[i].Effective || doors[i].Connect.Reason == fact.NoPath
	return !lost || !better
}

// culprit is the DNS server at which the question left the private way: the one
// that decided, else the last one known of those that pass it on.
func (c *Case) culprit() (*world.Host, bool) {
	if c.World == nil {
		return nil, false
	}
	if h, ok := c.World.Host(world.ID(c.Journey.Answer.By)); ok && h.DNS != nil {
		return h, true
	}
	chain := c.forwarders()
	if len(chain) == 0 {
		return nil, false
	}
	return chain[len(chain)-1], true
}

// forwarders are the DNS servers of one's own that the client's question goes
// through, as far as they are known; one that comes a second time ends them.
func (c *Case) forwarders() []*world.Host {
	if c.World == nil {
		return nil
	}
	var chain []*world.Host
	h, ok := Site{World: c.World}.Server(c.Journey.Resolver.Server)
	for ok && (h.DNS != nil || h.DNSUnread) && !slices.Contains(chain, h) {
		chain = append(chain, h)
		if h.DNS == nil {
			break
		}
		to, forwards := target(c.World, *h.DNS)
		if !forwards {
			break
		}
		h, ok = Site{World: c.World}.Server(to)
	}
	return chain
}

// serverName is how people know a DNS server.
func (c *Case) serverName(a netip.Addr) string {
	if c.World != nil {
		if h, ok := (Site{World: c.World}).Server(a); ok && h.Name() != a.String() {
			return fmt.Sprintf("%s (%s)", h.Name(), a)
		}
	}
	return a.String()
}

// upstream is the server to which a DNS server of one's own should forward the
// service's names: Azure DNS from inside a VNet, else something in a VNet that
// sees the zone and answers others.
func (c *Case) upstream(server *world.Host) (netip.Addr, bool) {
	if c.World == nil || server == nil {
		return netip.Addr{}, false
	}
	if v, inside := c.World.VNet(c.World.Node(server).Network); inside {
		if len(v.DNSServers) > 0 && !slices.Contains(v.DNSServers, server.Address) && !slices.Contains(world.PublicDNS, v.DNSServers[0]) {
			return v.DNSServers[0], true // whom everybody asks there
		}
		return world.AzureDNS, true
	}
	var found netip.Addr
	best := -1
	for r := range c.World.MayAnswer() {
		addr, network := answering(r)
		if !addr.IsValid() || world.MetaOf(r).ID == server.ID {
			continue
		}
		if fit, ok := c.upstreamFit(r, network, server); ok && fit > best {
			found, best = addr, fit
		}
	}
	return found, found.IsValid()
}

// upstreamFit says how well what answers in a network would do as the upstream of
// a server outside Azure: one that sees the zone comes first, then one that the
// site is connected to. False for one in no network of Azure.
func (c *Case) upstreamFit(r world.Resource, network world.ID, server *world.Host) (fit int, ok bool) {
	vnet := network // whose links count
	if f, proxy := r.(*world.Firewall); proxy && len(f.DNSServers) > 0 {
		vnet, _ = Site{World: c.World}.vnetHolding(f.DNSServers[0], 1)
	}
	if _, sees := c.linked(vnet); sees {
		fit += 2
	}
	if s, ok := c.World.Site(server.Network); ok && slices.Contains(s.ConnectedTo, network) {
		return fit + 1, true
	}
	return fit, c.isVNet(network)
}

// answering returns the address at which a resource answers DNS for others, and
// the VNet that it is in.
func answering(r world.Resource) (a netip.Addr, vnet world.ID) {
	switch r := r.(type) {
	case *world.Resolver:
		if len(r.Inbound) > 0 {
			return r.Inbound[0], r.VNet
		}
	case *world.Firewall:
		if r.DNSProxy {
			return r.Address, r.VNet
		}
	case *world.Host:
		if r.DNS != nil || r.DNSUnread {
			return r.Address, r.Network
		}
	}
	return netip.Addr{}, ""
}

// noDNS is the Result of a rule about DNS answers where the client's address
// does not come from DNS, or nobody looked.
func (c *Case) noDNS() (Result, bool) {
	switch hop := c.Journey.Resolver; {
	case hop.Reason == fact.ServerNotRead:
		return Unknown("what the DNS server " + c.Name(world.ID(hop.By)) + " does is not known"), true
	case c.proxied():
		return NotApplicable("the proxy resolves the name, not this client"), true
	case hop.Via == fact.ViaHostsFile:
		return NotApplicable("the address comes from the hosts file, not from a DNS server"), true
	case c.cached():
		return NotApplicable("the address comes from a cache, not from a DNS server"), true
	case hop.Outcome == fact.Unseen && c.Journey.Answer.Outcome == fact.Unseen:
		return Unknown("nobody looked how the name is resolved"), true
	}
	return Result{}, false
}

// cached tells whether the program still gets an old answer, as far as the
// configuration knows: a client cannot see its own cache.
func (c *Case) cached() bool {
	return c.Journey.Resolver.Reason == fact.FromCache || c.Journey.Resolver.Via == fact.ViaCache
}

// noZones is the Result of a rule about private zones where they cannot be
// judged.
func (c *Case) noZones() (Result, bool) {
	if r, unread := c.NotRead(zoneType); unread {
		return r, true
	}
	return c.noDNS()
}

// ask makes the client ask these DNS servers and no others: through what its
// VNet hands out, where that is where it has its servers from.
func (c *Case) ask(servers ...netip.Addr) []change.Change {
	if c.World == nil || c.Client == nil {
		return nil
	}
	own := change.SetNameservers{Host: c.Client.ID, Servers: servers}
	v, ok := c.World.VNet(c.World.Node(c.Client).Network)
	if !ok {
		return []change.Change{own}
	}
	handed := c.World.Handed(v.ID)
	if len(c.Client.Nameservers) > 0 && !slices.Equal(c.Client.Nameservers, handed) {
		return []change.Change{own}
	}
	if slices.Equal(servers, []netip.Addr{world.AzureDNS}) {
		servers = nil
	}
	mends := []change.Change{change.SetVNetDNS{VNet: v.ID, Servers: servers}}
	if len(c.Client.Nameservers) > 0 {
		mends = append(mends, change.SetNameservers{Host: c.Client.ID})
	}
	return mends
}
