package resolve

import (
	"net/netip"
	"slices"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// ownTTL is the TTL of a server's own records, in seconds: the default of
// Windows DNS and of BIND's examples.
const ownTTL = 3600

// server is a host that serves DNS, following one chain. For every name that it
// looks at, its own records come first, then the forwarder of the longest
// domain, then the public roots. A forwarder's answer is taken whole, unless
// the server chases aliases itself.
type server struct {
	public
	host  *world.Host
	ask   Ask
	alone bool // forwarders failed: the rest comes from the public roots
	own   bool // the end of the chain is a record of its own
}

func hostDNS(w *world.World, h *world.Host, q Question, ask Ask) Reply {
	s := server{public: asPublic(w, h.ID), host: h, ask: ask}
	r := chase(q.Name, func(n dnsname.Name) step { return s.look(Question{n, q.Type, q.CD}) })
	if !s.own {
		r = guard(w, h, q, r)
	}
	r.After += h.DNS.Delay
	r.Truncated, r.NoTCP = h.DNS.Truncates, h.DNS.NoTCP
	return r
}

func (s *server) look(q Question) step {
	name, t := q.Name, q.Type
	dns := s.host.DNS
	if addrs, ok := dns.Records[name]; ok {
		s.own = true
		end := addresses(addrs, t, ownTTL, ownTTL)
		end.By, end.Reason = s.host.ID, fact.FromZone
		return step{end: end}
	}
	to, ok := longest(dns.Forward, name)
	if !ok || s.alone {
		return s.public.look(name, t)
	}
	r := forward(s.ask, to, q, upstreamTimeout(dns), s.host.ID)
	switch {
	case r.Outcome == fact.ServFail && dns.Fallback:
		s.alone, s.why = true, fact.RootsAsked
		found := s.public.look(name, t)
		found.after += r.After
		found.end.After += r.After
		return found
	case dns.Chases && len(r.Chain) > 0:
		return step{alias: r.Chain[0], after: r.After}
	}
	return step{end: r}
}

func upstreamTimeout(d *world.DNSRole) time.Duration {
	if d.UpstreamTimeout > 0 {
		return d.UpstreamTimeout
	}
	return world.DefaultUpstreamTimeout
}

// longest returns the servers for the longest domain that a name is in.
func longest(forwards []world.Forward, name dnsname.Name) (to []netip.Addr, ok bool) {
	var domain dnsname.Name
	for _, f := range forwards {
		if name.Under(f.Domain) && (!ok || f.Domain.Under(domain)) {
			to, domain, ok = f.To, f.Domain, true
		}
	}
	return to, ok
}

// guard applies what a server does to the answers of others before it passes
// them on.
func guard(w *world.World, h *world.Host, q Question, r Reply) Reply {
	switch {
	case h.DNS.Validate && !q.CD && answers(r.Outcome) && bogus(w, q, r):
		return Reply{Outcome: fact.ServFail, After: r.After, By: h.ID, Reason: fact.Bogus}
	case h.DNS.FilterPrivate:
		return filter(h, r)
	}
	return r
}

// filter drops private addresses, which is a protection against DNS rebinding:
// unbound's private-address takes them out, dnsmasq's stop-dns-rebind empties the
// whole answer.
func filter(h *world.Host, r Reply) Reply {
	private := func(a netip.Addr) bool { return fact.Classify(a) == fact.PrivateAddr }
	if !slices.ContainsFunc(r.Addrs, private) {
		return r
	}
	if h.DNS.FilterWhole {
		return Reply{Outcome: fact.NoData, After: r.After, By: h.ID, Reason: fact.Filtered}
	}
	r.Addrs = slices.DeleteFunc(slices.Clone(r.Addrs), private)
	if len(r.Addrs) == 0 {
		r.Outcome, r.By, r.Reason = fact.NoData, h.ID, fact.Filtered
	}
	return r
}

// bogus tells whether an answer contradicts the public DNS about a name of the
// service, whose zones are taken as signed: a validator holds the proof of
// what those names lead to, and a private zone's answer can't have one.
func bogus(w *world.World, q Question, r Reply) bool {
	truth := asPublic(w, "")
	signed := func(n dnsname.Name) bool { return n.Under(truth.svc.Suffix) || n.Under(truth.svc.Core) }
	name := q.Name
	for _, alias := range r.Chain {
		if signed(name) && truth.look(name, q.Type).alias.To != alias.To {
			return true
		}
		name = alias.To
	}
	if !signed(name) || r.Outcome == fact.Unseen {
		return false
	}
	end := truth.look(name, q.Type)
	proven := func(a netip.Addr) bool { return slices.Contains(end.end.Addrs, a) }
	return !end.alias.To.IsZero() || end.end.Outcome != r.Outcome ||
		slices.ContainsFunc(r.Addrs, func(a netip.Addr) bool { return !proven(a) })
}
