package probe

import (
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
)

// A record is what a run brings home.
type record struct {
	plan    Plan
	program fact.Lookup   // what programs are told
	lookups []fact.Lookup // one for each question of the plan
	order   []Attempt     // begun, in that order
	trips   map[Attempt]trip
}

// newRecord is the record of a run in which nothing was seen.
func newRecord(p Plan) record {
	r := record{plan: p, program: fact.Lookup{Question: p.Host}, trips: make(map[Attempt]trip)}
	for _, q := range p.Questions {
		r.lookups = append(r.lookups, fact.Lookup{Server: q.Server, Question: q.Name, Type: q.Type})
	}
	return r
}

func (r record) begun(a Attempt) bool { return slices.Contains(r.order, a) }

// observation is what a record comes down to.
func (r record) observation() fact.Observation {
	addresses := r.addresses()
	return fact.Observation{
		Journey: r.journey(), Direct: r.direct(),
		Servers: r.servers(), Addresses: addresses,
		Lookups:  append([]fact.Lookup{r.program}, r.lookups...),
		Requests: r.requests(addresses),
	}
}

// servers is what each server says.
func (r record) servers() []fact.ServerView {
	var views []fact.ServerView
	for _, s := range r.plan.Servers {
		host, alias := r.heard(s.Addr, r.plan.VaultHost), r.heard(s.Addr, r.plan.Alias)
		view := fact.ServerView{Server: s.Addr, Role: s.Role, Slow: host.slow, Host: r.hop(host), Alias: r.hop(alias)}
		switch {
		case answered(host.outcome), answered(alias.outcome):
			view.Reached = fact.OK
		case host.outcome != fact.Unseen:
			view.Reached = host.outcome
		default:
			view.Reached = alias.outcome
		}
		views = append(views, view)
	}
	return views
}

// hop is a hearing as a hop: of a server that did not answer, none.
func (r record) hop(h hearing) fact.AnswerHop {
	if !answered(h.outcome) {
		return fact.AnswerHop{}
	}
	hop := fact.AnswerHop{Outcome: h.outcome, Alias: slices.Contains(h.chain, r.plan.Alias)}
	if h.outcome == fact.OK {
		hop.Addr = preferred(h.addrs)
		hop.Class = fact.Classify(hop.Addr)
	}
	return hop
}

// addresses is the request to each address that was tried: the one in use, the
// candidates, then those that answers held, in the order of the plan and not in
// that in which they came.
func (r record) addresses() []fact.AddressView {
	wanted := append([]netip.Addr{preferred(r.program.Addrs)}, r.plan.Candidates...)
	wanted = append(wanted, r.program.Addrs...)
	for _, l := range r.lookups {
		wanted = append(wanted, l.Addrs...)
	}
	var views []fact.AddressView
	for _, a := range dialable(wanted) {
		attempt := r.plan.ByAddress(a)
		if t := r.trips[attempt]; r.begun(attempt) {
			views = append(views, fact.AddressView{Addr: a, Connect: t.connect, TLS: t.tls, Exchange: t.exchange})
		}
	}
	return views
}

// requests lists what was asked: through the proxy, by name, then by address.
func (r record) requests(addresses []fact.AddressView) []fact.Request {
	attempts := []Attempt{r.plan.ByProxy(), r.plan.ByName(preferred(r.program.Addrs))}
	for _, v := range addresses {
		attempts = append(attempts, r.plan.ByAddress(v.Addr))
	}
	var list []fact.Request
	for i, a := range attempts {
		if !slices.Contains(attempts[:i], a) {
			list = append(list, r.trips[a].requests...)
		}
	}
	return list
}
