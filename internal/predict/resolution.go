package predict

import (
	"net/netip"
	"slices"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// resolution is what the resolver library gives the program.
func (c *Client) resolution() (fact.ResolverHop, fact.AnswerHop) {
	f := resolve.Program(c.world, c.host, c.name, c.ask)
	hop := fact.ResolverHop{Outcome: fact.OK, Via: f.Via, Server: f.Server}
	switch {
	case f.A.Reason == fact.ServerNotRead:
		hop.Outcome, hop.By, hop.Reason = fact.Unseen, fact.Ref(f.A.By), fact.ServerNotRead
		return hop, fact.AnswerHop{}
	case f.Via == fact.ViaCache:
		return c.cached(f)
	case f.Via == fact.ViaHostsFile:
		hop.By, hop.Reason = fact.Ref(c.host.ID), f.A.Reason
	case f.A.Outcome != fact.OK && f.AAAA.Outcome != fact.OK:
		return c.unresolved()
	case f.Name != c.name:
		return c.searched(f)
	default:
		hop.By = c.serverRef(f.Server)
	}
	answer := c.joined(c.name, f.A, f.AAAA)
	if f.Via != fact.ViaDNS {
		answer.Class = fact.Classify(answer.Addr)
		answer.Alias, answer.By, answer.Reason = false, fact.Ref(c.host.ID), fact.NoReason
	}
	return hop, answer
}

// cached is an old answer that the program still gets. A probe cannot see the
// cache: it looks for who says the same.
func (c *Client) cached(f resolve.Found) (fact.ResolverHop, fact.AnswerHop) {
	answer := c.joined(dnsname.Root, f.A, f.AAAA)
	answer.By, answer.Reason = fact.Ref(c.host.ID), fact.NoReason
	hop, source := c.whence(slices.Concat(f.A.Addrs, f.AAAA.Addrs))
	hop.By, hop.Reason = fact.Ref(c.host.ID), fact.FromCache
	return hop, as(answer, source)
}

// searched is an answer to another name, which the search list made.
func (c *Client) searched(f resolve.Found) (fact.ResolverHop, fact.AnswerHop) {
	answer := c.joined(dnsname.Root, f.A, f.AAAA)
	hop, source := c.whence(slices.Concat(f.A.Addrs, f.AAAA.Addrs))
	hop.By = c.serverRef(hop.Server)
	return hop, as(answer, source)
}

// as is an answer of which a probe thinks that a server's is its source.
func as(answer, source fact.AnswerHop) fact.AnswerHop {
	underAlias := source.Class == fact.PrivateAddr && fact.Classify(source.Addr) == fact.PublicAddr
	answer.Alias, answer.Class = source.Alias, fact.ClassOf(answer.Addr, underAlias)
	return answer
}

// whence is whom a probe takes for the source of what a program gets: a
// configured server that gives an address of it, one that does for a name of the
// search list, or one whose public addresses may be others the next time.
func (c *Client) whence(addrs []netip.Addr) (hop fact.ResolverHop, source fact.AnswerHop) {
	hop = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS}
	gives := func(h hearing) bool {
		return h.answer.Outcome == fact.OK && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return slices.Contains(h.addrs, a) })
	}
	servers := resolve.ServersFor(c.world, c.host, c.name)
	for _, hop.Server = range servers {
		if h := c.heard(hop.Server, c.name); gives(h) {
			return hop, h.answer
		}
	}
	for _, name := range settings.Candidates(c.name, c.host.Search, c.host.Ndots) {
		for _, s := range resolve.ServersFor(c.world, c.host, name) {
			if name != c.name && gives(c.heard(s, name)) {
				return fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaSearch, Server: s, Name: name}, fact.AnswerHop{}
			}
		}
	}
	for _, hop.Server = range servers {
		if h := c.heard(hop.Server, c.name); h.answer.Class == fact.PublicAddr && public(h.addrs) && public(addrs) {
			return hop, h.answer
		}
	}
	return fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}, fact.AnswerHop{}
}

func public(addrs []netip.Addr) bool {
	return !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return fact.Classify(a) != fact.PublicAddr })
}

// unresolved is why a program gets no address: what a server answers is worth
// more than that another is silent.
func (c *Client) unresolved() (fact.ResolverHop, fact.AnswerHop) {
	servers := resolve.ServersFor(c.world, c.host, c.name)
	if len(servers) == 0 {
		return fact.ResolverHop{Outcome: fact.NoServer}, fact.AnswerHop{}
	}
	first := fact.ResolverHop{}
	for _, s := range servers {
		heard := c.heard(s, c.name)
		hop := fact.ResolverHop{Outcome: heard.reached, Via: fact.ViaDNS, Server: s, By: c.serverRef(s), Reason: heard.reason}
		switch {
		case heard.reached == fact.OK && heard.answer.Outcome != fact.OK:
			return hop, heard.answer
		case heard.reached != fact.OK && first.Outcome == fact.Unseen:
			hop.By = fact.Ref(heard.by)
			first = hop
		}
	}
	return first, fact.AnswerHop{}
}

// A hearing is what one server says of one name.
type hearing struct {
	reached fact.Outcome
	answer  fact.AnswerHop
	reason  fact.Reason
	by      world.ID
	slow    bool
	addrs   []netip.Addr // all of the answer's
}

// unchecked is what a server that fails says with checking disabled.
func (c *Client) unchecked(server netip.Addr, name dnsname.Name) fact.AnswerHop {
	h := c.joined(name, c.ask(server, resolve.Question{Name: name, Type: world.TypeA, CD: true}, resolve.ClientTimeout), resolve.Reply{})
	if !h.Outcome.Answered() {
		return fact.AnswerHop{}
	}
	return h
}

// others is what comes of asking a server that fails for a name that is not the
// service's.
func (c *Client) others(server netip.Addr) fact.Outcome {
	q := resolve.Question{Name: c.world.Service().Cloud.Authority, Type: world.TypeA}
	return c.ask(server, q, resolve.ClientTimeout).Outcome
}

// heard asks a server for both kinds of addresses.
func (c *Client) heard(server netip.Addr, name dnsname.Name) hearing {
	return c.heardWithin(server, name, resolve.ClientTimeout)
}

func (c *Client) heardWithin(server netip.Addr, name dnsname.Name, within time.Duration) hearing {
	a := c.ask(server, resolve.Question{Name: name, Type: world.TypeA}, within)
	if a.Reason == fact.ServerNotRead {
		return hearing{reason: a.Reason, by: a.By}
	}
	aaaa := resolve.Reply{}
	if name != c.alias || c.alias == c.name {
		aaaa = c.ask(server, resolve.Question{Name: name, Type: world.TypeAAAA}, within)
	}
	if h := c.joined(name, a, aaaa); h.Outcome.Answered() {
		return hearing{reached: fact.OK, answer: h, slow: a.After >= fact.SlowAnswer, addrs: slices.Concat(a.Addrs, aaaa.Addrs)}
	}
	return hearing{reached: a.Outcome, reason: a.Reason, by: a.By}
}

// joined makes one hop of the answers for both kinds of addresses: the one that
// holds addresses decides, else the one for IPv4.
func (c *Client) joined(name dnsname.Name, a, aaaa resolve.Reply) fact.AnswerHop {
	r := a
	better := a.Outcome == fact.Unseen || aaaa.Outcome == fact.OK && a.Outcome != fact.OK ||
		aaaa.Outcome.Answered() && !a.Outcome.Answered()
	if better && aaaa.Outcome != fact.Unseen {
		r = aaaa
	}
	hop := fact.AnswerHop{Outcome: r.Outcome, By: fact.Ref(r.By), Reason: r.Reason}
	for i := range r.Chain {
		name = r.Chain[i].To
		hop.Alias = hop.Alias || name == c.alias
	}
	if r.Outcome == fact.OK {
		hop.Addr = first(a.Addrs, aaaa.Addrs)
		hop.Class = fact.ClassOf(hop.Addr, name == c.alias)
	}
	return hop
}

// first is the address that a program goes on with: the first one for IPv4, else
// the first for IPv6. That is the order of resolver libraries (RFC 6724) on hosts
// that reach IPv6 by a unique local address, fc00::/7, or not at all, as those of
// a World do: its section 2.1 puts IPv4 before such addresses, be the IPv4 one
// public and they private.
func first(a, aaaa []netip.Addr) netip.Addr {
	for _, list := range [...][]netip.Addr{a, aaaa} {
		if len(list) > 0 {
			return list[0]
		}
	}
	return netip.Addr{}
}

// serverRef names who answers at an address: the VNet of Azure DNS, or the
// machine.
func (c *Client) serverRef(server netip.Addr) fact.Ref {
	if server == c.asked && c.server.Kind != resolve.NoServer {
		return fact.Ref(c.server.ID)
	}
	s, d := resolve.Find(c.world, c.origin, server, route.UDP)
	if s.Kind == resolve.NoServer {
		return fact.Ref(d.By)
	}
	return fact.Ref(s.ID)
}

// configured lists the servers that the host is configured to ask for the name:
// those of the longest split domain, then the others.
func (c *Client) configured() []netip.Addr {
	var list []netip.Addr
	add := func(addrs []netip.Addr) {
		for _, a := range addrs {
			if !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	for _, f := range c.host.Split { // longest domain first
		if c.name.Under(f.Domain) {
			add(f.To)
			break
		}
	}
	add(c.world.Nameservers(c.host))
	return list
}
