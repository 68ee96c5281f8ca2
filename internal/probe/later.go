package probe

import (
	"context"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
)

// Questions that nobody asks unless something that was heard gives rise to
// them: where all is well, there are none.

// maxLater is how many of them there can be.
const maxLater = 2*fact.MaxServers + 2*fact.MaxSearch*maxSearched + 1

// maxSearched is how many servers a resolver library asks (MAXNS of resolv.h),
// and so how many can have answered a name of the search list.
const maxSearched = 3

// doubts are those to a server that fails on the vault's hostname: the same
// with checking disabled, and one for a name that is not the service's.
func (p Plan) doubts() []Question {
	var list []Question
	for _, s := range p.Servers {
		if s.Role == fact.RoleConfigured {
			q := Question{Server: s.Addr, Role: s.Role, Name: p.VaultHost, Type: typeA, Within: questionTime, CD: true}
			list = append(list, q)
			q.Name, q.CD = p.Other, false
			list = append(list, q)
		}
	}
	return list
}

// arises tells whether what a server makes of the vault's hostname gives rise to
// a doubt: who refuses to answer checks nothing.
func (q Question) arises(from fact.Outcome) bool {
	return from == fact.ServFail || from == fact.DNSRefuse && !q.CD
}

// searched are those for the names that the search list makes of the host, to
// the servers that programs ask for them.
func (p Plan) searched(r env.Resolvers) []Question {
	var list []Question
	names := slices.DeleteFunc(settings.Candidates(p.Host, r.Search, r.Ndots), func(n dnsname.Name) bool { return n == p.Host })
	for _, name := range names[:min(len(names), fact.MaxSearch)] {
		servers := splitServers(r, name)
		if len(servers) == 0 {
			servers = r.Servers
		}
		for _, s := range servers[:min(len(servers), maxSearched)] {
			for _, kind := range [...]string{typeA, typeAAAA} {
				q := Question{Server: s.Unmap(), Role: fact.RoleConfigured, Name: name, Type: kind, Within: questionTime}
				if !slices.Contains(list, q) {
					list = append(list, q)
				}
			}
		}
	}
	return list
}

// wonder asks what has become worth asking.
func (r *run) wonder(ctx context.Context) {
	host := r.rec.plan.VaultHost
	for _, q := range r.rec.plan.Doubts {
		if r.rec.over(q.Server, host) && q.arises(r.rec.heard(q.Server, host).outcome) {
			r.later(ctx, q)
		}
	}
	if r.rec.unexplained() {
		r.later(ctx, r.rec.plan.Searched...)
	}
	r.frontEnds(ctx)
}

// later asks questions once each.
func (r *run) later(ctx context.Context, questions ...Question) {
	for _, q := range questions {
		if _, asked := r.rec.later[q]; asked || ctx.Err() != nil {
			continue
		}
		r.rec.later[q] = fact.Lookup{Server: q.Server, Question: q.Name, Type: q.Type, CD: q.CD}
		r.awaited++
		r.start(func() func() {
			l := ask(ctx, r.env, q)
			return func() {
				r.awaited--
				r.rec.later[q] = l
			}
		})
	}
}

// unexplained tells whether programs get an address that no hosts file and no
// configured server gives.
func (r record) unexplained() bool {
	if r.program.Outcome != fact.OK || r.inHostsFile(first(r.program.Addrs)) {
		return false
	}
	for _, s := range r.inUse() {
		if !r.over(s, r.plan.Host) || r.heard(s, r.plan.Host).shares(r.program.Addrs) {
			return false
		}
	}
	return true
}

// over tells whether all that a server is asked of a name has come to an end.
func (r record) over(server netip.Addr, name dnsname.Name) bool {
	for i, q := range r.plan.Questions {
		if l := r.lookups[i]; q.Server == server && q.Name == name && l.Outcome == fact.Unseen {
			return false
		}
	}
	return true
}

// bySearch returns who gave the program its address under a name of the search
// list.
func (r record) bySearch() (fact.ResolverHop, bool) {
	for _, q := range r.plan.Searched {
		if r.heard(q.Server, q.Name).shares(r.program.Addrs) {
			return fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaSearch, Server: q.Server, Name: q.Name}, true
		}
	}
	return fact.ResolverHop{}, false
}

// doubted is what a server that fails says with checking disabled, and what came
// of asking it for a name that is not the service's.
func (r record) doubted(server netip.Addr, host fact.AnswerHop) (unchecked fact.AnswerHop, others fact.Outcome) {
	var h hearing
	for _, q := range r.plan.Doubts {
		switch l := r.later[q]; {
		case q.Server != server || !q.arises(host.Outcome):
		case q.CD:
			h.add(l)
		default:
			others = l.Outcome
		}
	}
	return r.hop(h, r.plan.VaultHost), others
}

// afterwards are the questions that may have been asked later, in an order that
// does not depend on which was.
func (p Plan) afterwards() []Question { return slices.Concat(p.Doubts, p.Searched, p.FrontEnds) }

// asked is what came of those of some questions that were asked.
func (r record) asked(questions []Question) []fact.Lookup {
	var list []fact.Lookup
	for _, q := range questions {
		if l, asked := r.later[q]; asked {
			list = append(list, l)
		}
	}
	return list
}

// strangers are the public addresses to which programs hold connections to
// HTTPS open, before the probe opens any.
func strangers(e env.Env) (addrs []netip.Addr, known bool) {
	if e.Connections == nil {
		return nil, false
	}
	open, err := e.Connections()
	for _, to := range open {
		a := to.Addr().Unmap()
		if to.Port() == 443 && fact.Classify(a) == fact.PublicAddr && !slices.Contains(addrs, a) {
			addrs = append(addrs, a)
		}
	}
	return addrs, err == nil
}

// frontEnds asks for the addresses of the region's front ends where a vault
// that is reached over private link has named its region, and programs hold
// connections open that may lead there: no other answer tells them then.
func (r *run) frontEnds(ctx context.Context) {
	servers := r.rec.configured()
	if len(r.rec.strangers) == 0 || len(servers) == 0 || len(r.rec.plan.FrontEnds) > 0 {
		return
	}
	name, err := r.svc.FrontEnd(r.rec.region())
	if r.rec.region() == "" || err != nil {
		return
	}
	r.rec.plan.FrontEnds = []Question{{Server: servers[0], Role: fact.RoleConfigured, Name: name, Type: typeA, Within: questionTime}}
	r.later(ctx, r.rec.plan.FrontEnds...)
}

// region is the one that the vault named over private link.
func (r record) region() string {
	for _, t := range r.trips {
		for _, q := range t.requests {
			if t.exchange.Conn == service.ConnPrivateLink && q.Region != "" {
				return q.Region
			}
		}
	}
	return ""
}

// open are the vault's front ends among the strangers; known is false where
// none of its public addresses has come up.
func (r record) open() (addrs []netip.Addr, known bool) {
	if !r.watched || len(r.strangers) == 0 {
		return nil, r.watched
	}
	var fronts []netip.Addr
	for _, l := range slices.Concat(r.lookups, r.asked(r.plan.FrontEnds)) {
		for _, a := range l.Addrs {
			if fact.Classify(a) == fact.PublicAddr {
				fronts = append(fronts, a)
			}
		}
	}
	for _, a := range r.strangers {
		if slices.Contains(fronts, a) {
			addrs = append(addrs, a)
		}
	}
	return addrs, len(fronts) > 0
}
