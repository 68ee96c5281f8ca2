package predict

import (
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// hostsPath is where hosts of a World keep their hosts file: all run Linux.
const hostsPath = "/etc/hosts"

// Observe predicts everything that a probe on a host would see.
func Observe(w *world.World, h *world.Host, t Target, o Options) (seen fact.Observation) {
	new(Observer).Observe(w, h, t, o, &seen)
	return seen
}

// An Observer predicts what one host after the other would see. It keeps the
// memory that this takes, and is not for several goroutines at once. The zero
// Observer is ready.
type Observer struct{ client Client }

// Observe puts everything that a probe on a host would see into the place of what
// was seen before, the lists of which are overwritten.
func (p *Observer) Observe(w *world.World, h *world.Host, t Target, o Options, seen *fact.Observation) {
	c := p.observe(w, h, t, o, seen)
	c.mind.Remember()
	c.thorough = true
	seen.Client, seen.Complete = c.itself(), true
	seen.Journey, seen.Direct = c.journey()
	learnt := c.servers(seen)
	c.addresses(seen, learnt)
}

// Glance is Observe without what the host says of itself and what its DNS servers
// say of other names: the journeys, and the requests to the address in use and to
// the candidates. It is not complete.
func (p *Observer) Glance(w *world.World, h *world.Host, t Target, o Options, seen *fact.Observation) {
	c := p.observe(w, h, t, o, seen)
	c.thorough = len(h.Search)+len(h.Cached) > 0 // then all addresses tell whose answer it is
	seen.Journey, seen.Direct = c.journey()
	c.addresses(seen, nil)
}

func (p *Observer) observe(w *world.World, h *world.Host, t Target, o Options, seen *fact.Observation) *Client {
	*seen = fact.Observation{Servers: seen.Servers[:0], Addresses: seen.Addresses[:0]}
	p.client.become(w, h, o)
	p.client.turn(t)
	return &p.client
}

// itself is what the host's own settings say.
func (c *Client) itself() fact.Client {
	seen := fact.Client{
		Host: c.host.Name(), Runs: string(c.host.Runs), Addresses: append([]netip.Addr{c.host.Address}, c.host.Addresses...),
		Resolvers: c.world.Nameservers(c.host), Search: c.host.Search, Ndots: c.host.Ndots,
		HostsPath: hostsPath, HostHeader: c.host.HostHeader,
	}
	for _, f := range c.host.Split {
		seen.Split = append(seen.Split, f.Domain.String())
		seen.Scoped = append(seen.Scoped, fact.Scope{Domain: f.Domain, Servers: f.To})
	}
	seen.OpenSeen = true
	for _, a := range c.host.Open {
		if c.held != nil && slices.Contains(c.held.PublicAddresses, a) {
			seen.Open = append(seen.Open, a)
		}
	}
	for _, e := range c.host.Hosts {
		if e.Name == c.proper || e.Name == c.alias || e.Name == c.name {
			seen.HostsFile = append(seen.HostsFile, fact.HostsLine(e))
		}
	}
	p := settings.ProxyFor(c.name, c.host.Getenv)
	seen.Proxy, seen.ProxySource, seen.ProxyFault = p.Server(), p.Variable, p.Fault
	return seen
}

// servers is what each DNS server says: the configured ones, Azure DNS, and a
// public one if that is wanted. It returns the addresses that they name.
func (c *Client) servers(seen *fact.Observation) (learnt []netip.Addr) {
	add := func(server netip.Addr, role fact.ServerRole) {
		if slices.ContainsFunc(seen.Servers, func(v fact.ServerView) bool { return v.Server == server }) {
			return
		}
		within := resolve.ClientTimeout
		if role == fact.RoleAzure {
			within = fact.AzureDNSWait
		}
		host, alias := c.heardWithin(server, c.proper, within), c.heardWithin(server, c.alias, within)
		view := fact.ServerView{Server: server, Role: role, Reached: host.reached, Slow: host.slow, Host: host.answer, Alias: alias.answer}
		if alias.reached == fact.OK {
			view.Reached = fact.OK
		}
		if role == fact.RoleConfigured && host.answer.Outcome == fact.ServFail {
			view.Unchecked = c.unchecked(server, c.proper)
		}
		if role == fact.RoleConfigured && host.answer.Outcome.Failure() {
			view.Others = c.others(server)
		}
		seen.Servers = append(seen.Servers, view)
		learnt = append(append(learnt, host.addrs...), alias.addrs...)
	}
	configured := c.configured()
	for _, s := range configured[:min(fact.MaxServers, len(configured))] {
		add(s, fact.RoleConfigured)
	}
	add(fact.AzureDNS, fact.RoleAzure)
	if c.opt.Public {
		add(world.PublicDNS[0], fact.RolePublic)
	}
	return learnt
}

// addresses is the request to each address on its own, verified against the
// vault's hostname: the one in use, the candidates, those that servers named.
func (c *Client) addresses(seen *fact.Observation, learnt []netip.Addr) {
	j := seen.Direct
	visit := func(list []netip.Addr, most int) {
		for _, a := range list {
			known := slices.ContainsFunc(seen.Addresses, func(v fact.AddressView) bool { return v.Addr == a })
			if !fact.Dialable(a) || known || most == 0 {
				continue
			}
			most--
			c.again(&j, a)
			seen.Addresses = slices.Grow(seen.Addresses, 2) // most have two
			seen.Addresses = append(seen.Addresses, fact.AddressView{Addr: a, Connect: j.Connect, TLS: j.TLS, Exchange: j.Exchange})
		}
	}
	visit([]netip.Addr{j.Answer.Addr}, 1)
	visit(c.opt.Candidates, len(c.opt.Candidates))
	visit(learnt, fact.MaxLearnt)
}

// again visits an address under the vault's hostname, but for the one that the
// program has just been to under that name: the same comes of it.
func (c *Client) again(j *fact.Journey, a netip.Addr) {
	if c.visited.to == a && c.visited.name == c.proper && j.Connect.Addr == a {
		c.traceRoute(a, c.visited.way)
		return
	}
	*j = fact.Journey{Answer: j.Answer}
	c.visit(j, a, c.proper)
}
