package probe

import (
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// A record is what a run brings home.
type record struct {
	plan    Plan
	program fact.Lookup   // what programs are told
	told    bool          // the program's lookup ended by itself
	lookups []fact.Lookup // one for each question of the plan
	later   map[Question]fact.Lookup
	order   []Attempt // begun, in that order
	trips   map[Attempt]trip

	strangers []netip.Addr // public addresses to which programs held connections open
	watched   bool         // it is known that there are no others
}

// newRecord is the record of a run in which nothing was seen.
func newRecord(p Plan) record {
	r := record{program: fact.Lookup{Question: p.Host}, trips: make(map[Attempt]trip), later: make(map[Question]fact.Lookup)}
	r.ask(p)
	return r
}

// ask goes on with a plan that has more questions, none of them answered.
func (r *record) ask(p Plan) {
	r.plan = p
	for _, q := range p.Questions[len(r.lookups):] {
		r.lookups = append(r.lookups, fact.Lookup{Server: q.Server, Question: q.Name, Type: q.Type})
	}
}

// visit is what came of asking who is at an address, verified against the
// vault's own hostname: by the address alone, or by name where that is the name.
func (r record) visit(a netip.Addr) (trip, bool) {
	for _, attempt := range [...]Attempt{r.plan.ByAddress(a), r.plan.ByName(a)} {
		if attempt.Name == r.plan.VaultHost && r.begun(attempt) {
			return r.trips[attempt], true
		}
	}
	return trip{}, false
}

func (r record) begun(a Attempt) bool { return slices.Contains(r.order, a) }

// observation is what a record comes down to.
func (r record) observation() fact.Observation {
	addresses := r.addresses()
	return fact.Observation{
		Journey: r.journey(), Direct: r.direct(),
		Servers: r.servers(), Addresses: addresses,
		Lookups:  slices.Concat([]fact.Lookup{r.program}, r.lookups, r.asked(r.plan.afterwards())),
		Requests: r.requests(addresses),
	}
}

// servers is what each server says.
func (r record) servers() []fact.ServerView {
	var views []fact.ServerView
	for _, s := range r.plan.Servers {
		host, alias := r.heard(s.Addr, r.plan.VaultHost), r.heard(s.Addr, r.plan.Alias)
		view := fact.ServerView{Server: s.Addr, Role: s.Role, Slow: host.slow, Host: r.hop(host, r.plan.VaultHost), Alias: r.hop(alias, r.plan.Alias)}
		view.Unchecked, view.Others = r.doubted(s.Addr, view.Host)
		switch {
		case host.outcome.Answered(), alias.outcome.Answered():
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

// hop is a hearing of a name as a hop: of a server that did not answer, none.
func (r record) hop(h hearing, name dnsname.Name) fact.AnswerHop {
	if !h.outcome.Answered() {
		return fact.AnswerHop{}
	}
	hop := fact.AnswerHop{Outcome: h.outcome, Alias: slices.Contains(h.chain, r.plan.Alias)}
	if h.outcome == fact.OK {
		hop.Addr = first(h.addrs)
		hop.Class = fact.ClassOf(hop.Addr, r.underAlias(h, name))
	}
	return hop
}

// addresses is the request to each address that was tried: the one in use, the
// candidates, then those that answers held, in the order of the plan and not in
// that in which they came.
func (r record) addresses() []fact.AddressView {
	wanted := append([]netip.Addr{first(r.program.Addrs)}, r.plan.Candidates...)
	wanted = append(wanted, r.program.Addrs...)
	for _, l := range r.lookups {
		wanted = append(wanted, l.Addrs...)
	}
	var views []fact.AddressView
	for _, a := range dialable(wanted) {
		if t, begun := r.visit(a); begun {
			views = append(views, fact.AddressView{Addr: a, Connect: t.connect, TLS: t.tls, Exchange: t.exchange})
		}
	}
	return views
}

// requests lists what was asked: through the proxy, by name, then by address.
func (r record) requests(addresses []fact.AddressView) []fact.Request {
	attempts := []Attempt{r.plan.ByProxy(), r.plan.ByName(first(r.program.Addrs))}
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
