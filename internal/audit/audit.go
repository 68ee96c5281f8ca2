// Package audit judges an estate as a whole: for every vault and every network,
// which path a client there would take to the vault, and why not the private
// one; and which vaults are open to the internet.
//
// Most pairs are alike. A Plan puts vaults into classes of which no prediction
// and no rule can tell two members apart, and what a client cannot tell apart of
// those it evaluates once. Pair evaluates a single pair and knows nothing of
// classes: the tests hold the one to the other.
package audit

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/route"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// Apart is the code of pairs whose network has no path to any endpoint of the
// vault: PL101, client-outside.
const Apart = "PL101"

// A Result is what becomes of the requests of a pair.
type Result struct {
	Verdict fact.Verdict
	Codes   []string // the root causes, most upstream first
	// Apart says that nothing leads from the network to any endpoint of the
	// vault. In most estates that is as it should be, so it counts as nothing
	// worse than information, and what else stands in the way is not looked for.
	Apart    bool
	Severity rule.Severity // of the first cause; "" without one
	Why      string        // of an undetermined pair: what was not read
	// Unknowable says that Why is what Azure does not hold: no permission helps.
	Unknowable bool
}

// Wrong tells whether the pair has a path to an endpoint and takes another, or
// the vault has none: what somebody should look at.
func (r *Result) Wrong() bool { return !r.Apart && len(r.Codes) > 0 }

// key is all that tells results apart.
func (r *Result) key() string {
	k := string(r.Verdict) + "|" + strings.Join(r.Codes, " ") + "|" + string(r.Severity) + "|" + r.Why
	if r.Apart {
		k += "|apart"
	}
	if r.Unknowable {
		k += "|unknowable"
	}
	return k
}

// worsening are the verdicts of wrong pairs, the worst last.
var worsening = []fact.Verdict{fact.Private, fact.ServiceEndpoint, fact.Public, fact.NotReached}

// badness orders results: of a network's clients, the worst speaks for it.
func (r *Result) badness() int {
	switch {
	case r.Wrong():
		return 3 + slices.Index(worsening, r.Verdict)
	case r.Verdict == fact.Undetermined:
		return 2
	case r.Apart:
		return 1
	}
	return 0
}

// A scene is one client in the world in which its journeys are predicted.
type scene struct {
	judge  *diagnose.Judge
	world  *world.World
	host   *world.Host
	origin route.Origin
	client *predict.Client
}

// stage puts a client into a world as it was read.
func stage(judge *diagnose.Judge, w *world.World, h *world.Host) *scene {
	w = w.With(world.Put(h))
	w = diagnose.Foreseen(diagnose.Input{Service: w.Service(), World: w, Client: h.ID})
	return &scene{judge, w, h, route.FromHost(w, h), predict.From(w, h, predict.Options{})}
}

// A way is what comes of a connection to an address.
type way struct {
	known, path, unread bool // path: one leads there, whatever stands in it; unread: perhaps
	outcome             fact.Outcome
}

// way tries an address.
func (s *scene) way(a netip.Addr) way {
	d := route.Decide(s.world, route.Flow{From: s.origin, To: netip.AddrPortFrom(a, 443), Proto: route.TCP})
	unread := d.Reason == fact.PathNotRead
	return way{true, d.Reason != fact.NoPath && !unread, unread, d.Outcome}
}

func (s *scene) input(vault string) diagnose.Input {
	return diagnose.Input{Service: s.world.Service(), Vault: vault, Wants: world.WantPrivate, World: s.world, Client: s.host.ID}
}

// explained is all that the judge says.
func (s *scene) explained(vault string) diagnose.Report { return s.judge.Judge(s.input(vault)) }

// judged is what the judge says, in brief. Where certain, nothing that was not
// read concerns the pair.
func (s *scene) judged(vault string, certain bool) Result {
	in := s.input(vault)
	in.Certain = certain
	b := s.judge.Brief(in)
	r := Result{Verdict: b.Verdict, Severity: b.Severity}
	for _, x := range b.Causes {
		r.Codes = append(r.Codes, x.Code)
	}
	if b.Verdict == fact.Undetermined {
		r.Why, r.Unknowable = cmp.Or(b.Unread, "what some machine on the way does is not known"), b.Unknowable
	}
	return r
}

// apart is the result of a pair without any path.
func apart(v fact.Verdict) Result {
	return Result{Verdict: v, Codes: []string{Apart}, Apart: true, Severity: rule.Info}
}

// pair evaluates one pair, and takes no short cut.
func (s *scene) pair(v *world.Vault) Result {
	r := s.judged(v.Name(), false)
	if r.Verdict == fact.Private || r.Verdict == fact.Undetermined {
		return r
	}
	doors := diagnose.EndpointAddresses(s.world, v.Name())
	unread := false
	for _, a := range doors {
		w := s.way(a)
		if w.path {
			return r
		}
		unread = unread || w.unread
	}
	switch {
	case len(doors) == 0:
		return r
	case unread:
		return Result{Verdict: fact.Undetermined, Why: "a network on the way to a private endpoint was not read"}
	}
	return apart(r.Verdict)
}
