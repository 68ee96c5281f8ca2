package diagnose

import (
	"cmp"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// Looks are what one fault looks like from the clients of stock worlds.
type looks struct {
	rule     *rule.Rule
	place    int // of the rule
	sketches []sketch
}

// buildLibrary breaks every stock world in every way.
func buildLibrary(cloud string, rules []*rule.Rule) []looks {
	shapes := stock.Shapes(cloud)
	var library []looks
	for i, x := range rules {
		if x.Breaks == nil {
			continue
		}
		entry := looks{rule: x, place: i}
		for _, shape := range shapes {
			client, _ := shape.World.Host(shape.Client)
			vault, _ := shape.World.VaultNamed(shape.Vault)
			for _, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
				entry.add(shape, change.Apply(shape.World, b...))
			}
		}
		library = append(library, entry)
	}
	return library
}

// add adds what the fault looks like in one world, with and without a token.
func (l *looks) add(shape stock.Shape, broken *world.World) {
	client, ok := broken.Host(shape.Client)
	if !ok {
		return
	}
	host, _ := broken.Service().Host(shape.Vault)
	o := predict.Observe(broken, client, predict.Target{Vault: shape.Vault, Host: host}, predict.Options{Authenticate: true})
	s := sketchOf(&o)
	if o.Journey.Verdict() == fact.Private && (s.access == "" || s.access == admitted) {
		return // this fault does not touch this client
	}
	if slices.Contains(l.sketches, s) {
		return
	}
	if !l.rule.Symptom && !shows(l.rule, broken, client, shape.Vault) {
		return // something else came of it
	}
	l.sketches = append(l.sketches, s)
}

// shows tells whether a rule that is told everything says that it holds for a
// client, or for the proxy that takes its requests.
func shows(x *rule.Rule, w *world.World, client *world.Host, vault string) bool {
	c := rule.Case{Service: w.Service(), Vault: vault, World: w, Client: client, Wants: world.WantPrivate}
	c.Host, _ = w.Service().Host(vault)
	c.Resource, _ = w.VaultNamed(vault)
	o := predict.Observe(w, client, predict.Target{Vault: vault, Host: c.Host},
		predict.Options{Authenticate: true, Candidates: EndpointAddresses(w, vault)})
	c.Predicted, c.Journey = &o, o.Journey
	if x.Eval(&c).Status == rule.StatusFail {
		return true
	}
	proxy, ok := w.Host(world.ID(o.Journey.Proxy.By))
	return ok && proxy.Proxy != nil && proxy.ID != client.ID && shows(x, w, proxy, vault)
}

// explain tells whether the fault explains what was seen.
func (l *looks) explain(seen *sketch) bool {
	for i := range l.sketches {
		if seen.fits(&l.sketches[i]) {
			return true
		}
	}
	return false
}

// withoutConfiguration names every fault that on some stock world predicts what
// was seen. Hops not seen match anything, so less evidence never removes one. A
// lone fault is the cause only where no bare symptom explains as much.
func (r *run) withoutConfiguration() {
	r.last = &r.first
	if r.in.Seen == nil || firstBad(&r.first) == fact.NoStage {
		return
	}
	seen, bad := sketchOf(r.in.Seen), firstBad(&r.first)
	seen.otherDoor = otherDoor(r.in.Seen, r.unprompted)
	bare := r.fit(&seen)
	if !bare && len(r.candidates) == 0 {
		if r.take(&r.first, nameless) {
			return
		}
		bare = r.fitLoosely(seen, bad)
		r.prefer(r.evidence(bad))
	}
	if len(r.candidates) == 1 { // nobody is named alone where others may look the same
		public := seen.public()
		bare = r.beside(&public) || bare
	}
	if n := len(r.candidates); n > 0 && n <= maxCertain {
		excused := seen.excused()
		bare = r.beside(&excused) || bare
		if unpinned, pinned := seen.unpinned(); pinned {
			bare = r.beside(&unpinned) || bare
		}
	}
	if len(r.candidates) > 0 {
		r.addVariants(r.evidence(bad))
	}
	switch {
	case len(r.candidates) == 0:
		r.evident(&r.first)
	case len(r.candidates)+len(r.variants) == 1 && !bare:
		x := r.candidates[0]
		if result := r.says(&r.first, x); result.Status == rule.StatusFail {
			r.causes, r.candidates = []cause{{rule: x, result: result, fixes: r.words(x)}}, nil
		}
	}
}

// maxCertain is how many candidates may all be wrong for one more fault beside
// them: where more fit, they leave enough open.
const maxCertain = 3

// unprompted tells whether the probe tried an address by itself, and not because
// a configuration told it to: nobody tells the clients of stock worlds.
func (r *run) unprompted(a netip.Addr) bool {
	o := r.in.Seen
	return a == o.Journey.Answer.Addr || a == o.Direct.Answer.Addr ||
		slices.ContainsFunc(o.Servers, func(v fact.ServerView) bool { return v.Host.Addr == a || v.Alias.Addr == a })
}

// fitLoosely is for what no single fault explains: there are several, or the
// network is of a shape of its own. What comes after the first bad hop may be
// the work of others, so it is left out bit by bit, the last of it first.
func (r *run) fitLoosely(seen sketch, bad fact.Stage) (bare bool) {
	if seen.proxy.used == yes && failed(seen.proxy.outcome) { // the client's servers tell nothing of what fails behind its proxy
		seen.first, seen.other = serverSketch{}, serverSketch{}
	}
	for _, forget := range later {
		if forget.stage <= bad || bad == fact.StageProxy && forget.stage < fact.StageAccess {
			continue // behind a proxy all hops are one
		}
		forget.field(&seen)
		if bare = r.fit(&seen); bare || len(r.candidates) > 0 {
			return bare
		}
	}
	return false
}

// evidence is what the rules see by themselves at the bad hop or before it.
func (r *run) evidence(bad fact.Stage) (list []*rule.Rule) {
	for _, place := range r.judge.upstream {
		x := r.judge.rules[place]
		if !x.Symptom && !x.Aside && x.Stage <= bad && r.saysFirst(place).Status == rule.StatusFail {
			list = append(list, x)
		}
	}
	return list
}

// prefer names faults that were seen in the place of the candidates, which then
// stand beside them.
func (r *run) prefer(seen []*rule.Rule) {
	if len(seen) == 0 || len(r.candidates) == 0 {
		return
	}
	others := r.candidates
	r.candidates = seen
	r.addVariants(others)
}

// beside puts the faults that explain another reading beside the candidates.
func (r *run) beside(reading *sketch) (bare bool) {
	named := r.candidates
	r.candidates = nil
	bare = r.fit(reading)
	others := r.candidates
	r.candidates = named
	r.addVariants(others)
	return bare
}

func (r *run) addVariants(rules []*rule.Rule) {
	for _, x := range rules {
		if !r.isCandidate(x) {
			r.variants = append(r.variants, x)
		}
	}
}

// later is what a request meets after another hop, the last of it first.
var later = [...]struct {
	stage fact.Stage
	field func(*sketch)
}{
	{fact.StageAccess, func(s *sketch) { s.access, s.direct = "", "" }},
	{fact.StageExchange, func(s *sketch) { s.exchange, s.path = fact.Unseen, "" }},
	{fact.StageTLS, func(s *sketch) { s.tls = fact.Unseen }},
	{fact.StageConnect, func(s *sketch) { s.connect = fact.Unseen }},
	{beside, func(s *sketch) { // who was not in use, and doors that were not taken
		s.other, s.azure, s.otherDoor, s.direct = serverSketch{}, serverSketch{}, fact.Unseen, ""
	}},
	{beside, func(s *sketch) { // whose answer it is, and what else that server says
		s.first = serverSketch{reached: s.first.reached, host: s.first.host}
	}},
	{beside, func(s *sketch) { s.first, s.platform = serverSketch{}, "" }},
	{beside, func(s *sketch) { // who says that nobody is there
		if s.connect == fact.Unreachable {
			s.connect = fact.Timeout
		}
	}},
}

// beside is no hop of the request, and later than all.
const beside = fact.StageAccess + 1

// fit adds the faults that explain a sketch, and tells whether a symptom does so
// by itself.
func (r *run) fit(seen *sketch) (bare bool) {
	library := r.judge.library()
	for i := range library {
		l := &library[i]
		switch {
		case r.ruledOut(l.place), !l.explain(seen):
		case l.rule.Symptom:
			bare = true
		default:
			r.candidates = append(r.candidates, l.rule)
		}
	}
	byWeight(r.candidates)
	r.fold()
	return bare
}

// ruledOut tells whether the rule at a place was looked for in vain. Where the
// configuration is refuted by what was seen, only that counts.
func (r *run) ruledOut(place int) bool {
	if r.saysFirst(place).Status != rule.StatusPass {
		return false
	}
	if !r.void {
		return true
	}
	bare := r.first
	bare.World, bare.Client, bare.Resource, bare.Predicted, bare.Journey = nil, nil, nil, nil, r.in.Seen.Journey
	return r.judge.rules[place].Eval(&bare).Status == rule.StatusPass
}

// fold puts variants under the candidate that they are variants of, whether or not
// a stock world has room for them: no client can tell them from it.
func (r *run) fold() {
	for place, x := range r.judge.rules {
		named := x.Under != "" && slices.ContainsFunc(r.candidates, func(y *rule.Rule) bool { return y.Code == x.Under })
		if named && !r.isCandidate(x) && !r.ruledOut(place) {
			r.variants = append(r.variants, x)
		}
	}
	r.candidates = slices.DeleteFunc(r.candidates, func(x *rule.Rule) bool {
		named := slices.ContainsFunc(r.candidates, func(y *rule.Rule) bool { return y.Code == x.Under })
		if named && !slices.Contains(r.variants, x) {
			r.variants = append(r.variants, x)
		}
		return named
	})
}

// byWeight puts the likeliest first.
func byWeight(rules []*rule.Rule) {
	slices.SortFunc(rules, func(a, b *rule.Rule) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Code, b.Code))
	})
}
