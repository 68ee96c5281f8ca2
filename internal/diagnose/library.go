package diagnose

import (
	"cmp"
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
	sketches []sketch
}

// buildLibrary breaks every stock world in every way.
func buildLibrary(cloud string, rules []*rule.Rule) []looks {
	shapes := stock.Shapes(cloud)
	var library []looks
	for _, x := range rules {
		if x.Breaks == nil {
			continue
		}
		entry := looks{rule: x}
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
	if !slices.Contains(l.sketches, s) {
		l.sketches = append(l.sketches, s)
	}
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
	bare := r.match()
	switch {
	case len(r.candidates) == 0:
		r.evident(&r.first)
	case len(r.candidates) == 1 && !bare:
		x := r.candidates[0]
		if result := r.says(&r.first, x); result.Status == rule.StatusFail { // what was seen proves it
			r.causes, r.candidates = []cause{{rule: x, result: result, fixes: r.words(x)}}, nil
		}
	}
}

// match fills in the candidates, and tells whether a symptom fits by itself.
func (r *run) match() (bare bool) {
	seen := sketchOf(r.in.Seen)
	library := r.judge.library()
	for i := range library {
		l := &library[i]
		switch {
		case r.says(&r.first, l.rule).Status == rule.StatusPass, !l.explain(&seen):
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

// fold puts variants under the candidate that they are variants of.
func (r *run) fold() {
	r.candidates = slices.DeleteFunc(r.candidates, func(x *rule.Rule) bool {
		named := slices.ContainsFunc(r.candidates, func(y *rule.Rule) bool { return y.Code == x.Under })
		if named {
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
