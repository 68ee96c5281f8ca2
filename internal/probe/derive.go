package probe

import (
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// journey is the request as a program on the host makes it.
func (r record) journey() fact.Journey {
	p := r.plan.Proxy
	if p.Direct() {
		return r.direct()
	}
	j := fact.Journey{Name: r.plan.Name}
	if p.Fault != "" {
		j.Proxy.Outcome = fact.ProxyUnusable
	} else {
		r.ride(&j, r.plan.ByProxy())
	}
	j.Proxy.Server = p.Server()
	return j
}

// direct is the request past the proxy.
func (r record) direct() fact.Journey {
	j := fact.Journey{Name: r.plan.Name}
	j.Resolver, j.Answer = r.resolution()
	r.ride(&j, r.plan.ByName(j.Answer.Addr))
	return j
}

// ride fills in the hops of an attempt.
func (r record) ride(j *fact.Journey, a Attempt) {
	t := r.trips[a]
	j.Proxy, j.Connect, j.TLS, j.Exchange, j.Access = t.proxy, t.connect, t.tls, t.exchange, t.access
}

// proven tells whether nothing that is still under way could change the
// journey, and the journey is private.
func (r record) proven() bool {
	j := r.journey()
	resolved := !r.plan.Proxy.Direct() || j.Resolver.Via == fact.ViaDNS || j.Resolver.Via == fact.ViaHostsFile
	return resolved && j.Verdict() == fact.Private
}

// resolution says whence the program has its address, or why it has none.
func (r record) resolution() (fact.ResolverHop, fact.AnswerHop) {
	if r.program.Outcome == fact.OK {
		return r.resolved()
	}
	return r.unresolved()
}

// resolved looks for who told the program the address: the hosts file, the first
// configured server that says the same, one that says it of a name of the search
// list, or one whose answer may change. Resolver libraries do not tell.
func (r record) resolved() (fact.ResolverHop, fact.AnswerHop) {
	addr := first(r.program.Addrs)
	answer := fact.AnswerHop{Outcome: fact.OK, Class: fact.Classify(addr), Addr: addr}
	if r.inHostsFile(addr) {
		return fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaHostsFile}, answer
	}
	for _, s := range r.inUse() {
		switch heard := r.heard(s, r.plan.Host); {
		case heard.outcome == fact.Unseen: // it may be the one
			return fact.ResolverHop{}, answer
		case heard.shares(r.program.Addrs):
			return r.from(s, heard, answer)
		}
	}
	if hop, ok := r.bySearch(); ok {
		return hop, answer
	}
	for _, s := range r.inUse() {
		if heard := r.heard(s, r.plan.Host); heard.agrees(r.program.Addrs) && !r.underAlias(heard, r.plan.Host) {
			return r.from(s, heard, answer)
		}
	}
	return fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}, answer
}

// from is the answer of a server.
func (r record) from(server netip.Addr, heard hearing, answer fact.AnswerHop) (fact.ResolverHop, fact.AnswerHop) {
	answer.Alias = slices.Contains(heard.chain, r.plan.Alias)
	answer.Class = fact.ClassOf(answer.Addr, r.underAlias(heard, r.plan.Host))
	return fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: server}, answer
}

// underAlias tells whether the addresses of an answer to a name stand under the
// vault's name in the private zone.
func (r record) underAlias(h hearing, name dnsname.Name) bool {
	if len(h.chain) > 0 {
		name = h.chain[len(h.chain)-1]
	}
	return name == r.plan.Alias
}

func (r record) inHostsFile(addr netip.Addr) bool {
	return slices.ContainsFunc(r.plan.Hosts, func(l fact.HostsLine) bool {
		return l.Name == r.plan.Host && l.Addr == addr
	})
}

// unresolved looks for why the program got no address. What a server says is
// worth more than what the library makes of it: NXDOMAIN, no data and a dead
// server often look the same there. And what one server says is worth more than
// that another is silent.
func (r record) unresolved() (fact.ResolverHop, fact.AnswerHop) {
	servers := r.inUse()
	if len(servers) == 0 && !r.plan.ResolversUnknown {
		return fact.ResolverHop{Outcome: fact.NoServer}, fact.AnswerHop{}
	}
	if !r.told && !r.allSilent(servers) {
		return fact.ResolverHop{}, fact.AnswerHop{}
	}
	silent := fact.ResolverHop{}
	for _, s := range servers {
		heard := r.heard(s, r.plan.Host)
		switch {
		case heard.outcome == fact.OK, heard.outcome == fact.Unseen: // not why
		case heard.outcome.Answered():
			return r.failed(fact.ResolverHop{Via: fact.ViaDNS, Server: s}, heard)
		case silent.Outcome == fact.Unseen:
			silent = fact.ResolverHop{Outcome: heard.outcome, Via: fact.ViaDNS, Server: s}
		}
	}
	if silent.Outcome != fact.Unseen || r.program.Outcome == fact.Unseen {
		return silent, fact.AnswerHop{}
	}
	return r.failed(fact.ResolverHop{Via: fact.ViaProgram}, hearing{outcome: r.program.Outcome})
}

// failed puts a failure where it belongs: a server that answers is reached.
func (r record) failed(hop fact.ResolverHop, h hearing) (fact.ResolverHop, fact.AnswerHop) {
	if !h.outcome.Answered() {
		hop.Outcome = h.outcome
		return hop, fact.AnswerHop{}
	}
	hop.Outcome = fact.OK
	return hop, fact.AnswerHop{Outcome: h.outcome, Alias: slices.Contains(h.chain, r.plan.Alias)}
}

// allSilent tells whether every server was given its time and said nothing: a
// library that still tries then has nothing to come.
func (r record) allSilent(servers []netip.Addr) bool {
	for _, s := range servers {
		if o := r.heard(s, r.plan.Host).outcome; o == fact.Unseen || o.Answered() {
			return false
		}
	}
	return len(servers) > 0
}

// configured lists the servers that the host is configured to ask, in order.
func (r record) configured() []netip.Addr {
	var list []netip.Addr
	for _, s := range r.plan.Servers {
		if s.Role == fact.RoleConfigured {
			list = append(list, s.Addr)
		}
	}
	return list
}

// inUse lists the servers that programs ask for the vault's name: those of its
// domain, where it has servers of its own.
func (r record) inUse() []netip.Addr {
	var list []netip.Addr
	for _, s := range r.plan.Servers {
		if s.Role == fact.RoleConfigured && s.Scoped == r.plan.Scoped {
			list = append(list, s.Addr)
		}
	}
	return list
}

// A hearing is all that one server says of one name, of IPv4 and IPv6.
type hearing struct {
	outcome fact.Outcome
	chain   []dnsname.Name
	addrs   []netip.Addr // IPv4 first
	slow    bool         // the answer that decides was
}

// heard joins the answers for both kinds of addresses. Where only one came, or
// only one holds addresses, it decides; else the one for IPv4 does.
func (r record) heard(server netip.Addr, name dnsname.Name) hearing {
	var h hearing
	for i, q := range r.plan.Questions {
		if q.Server == server && q.Name == name {
			h.add(r.lookups[i])
		}
	}
	for _, q := range r.plan.Searched {
		if q.Server == server && q.Name == name {
			h.add(r.later[q])
		}
	}
	return h
}

// add joins what came of another question.
func (h *hearing) add(l fact.Lookup) {
	better := h.outcome == fact.Unseen || l.Outcome == fact.OK && h.outcome != fact.OK ||
		l.Outcome.Answered() && !h.outcome.Answered()
	if better && l.Outcome != fact.Unseen {
		h.outcome, h.chain = l.Outcome, l.Chain
		h.slow = l.Outcome.Answered() && l.Took >= fact.SlowAnswer
	}
	h.addrs = append(h.addrs, l.Addrs...)
}

// shares tells whether the server gives one of a program's addresses.
func (h hearing) shares(addrs []netip.Addr) bool {
	return h.outcome == fact.OK && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return slices.Contains(h.addrs, a) })
}

// agrees tells whether the server may be where a program has its addresses
// from: they share one, or both hold public ones only, which the service's
// traffic managers hand out in turn.
func (h hearing) agrees(addrs []netip.Addr) bool {
	return h.shares(addrs) || h.outcome == fact.OK && public(h.addrs) && public(addrs)
}

func public(addrs []netip.Addr) bool {
	return !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return fact.Classify(a) != fact.PublicAddr })
}
