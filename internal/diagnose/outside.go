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

// outside explains what contradicts the configuration: the cause is something
// that the configuration does not show. Each fault is brought about in the
// world as it was read; those that then predict what was seen explain it.
func (r *run) outside() {
	seen := sketchOf(*r.in.Seen)
	found := map[*rule.Rule]rule.Case{}
	site := rule.Site{World: r.first.World, Client: r.first.Client, Vault: r.first.Resource}
	if site.Vault != nil {
		for _, x := range rule.All() {
			if x.Breaks == nil || x.Symptom {
				continue
			}
			for _, b := range x.Breaks(site) {
				broken := change.Apply(site.World, b...)
				if _, done := found[x]; done || !hidden(site.World, broken) {
					continue
				}
				if c := r.imagine(broken); r.explains(c, seen) {
					found[x] = c
				}
			}
		}
	}
	r.settle(found)
}

// hidden tells whether two worlds differ only in what a configuration does not
// show: the inside of machines, and what could not be read.
func hidden(a, b *world.World) bool {
	for _, id := range world.Changed(a, b) {
		if _, unread := a.Unread(id.Type()); !unread && !id.IsHost() {
			return false
		}
	}
	return true
}

// explains tells whether a world predicts what was seen.
func (r *run) explains(c rule.Case, seen sketch) bool {
	return firstDifference(c.Predicted.Journey, r.in.Seen.Journey) == fact.NoStage && seen.fits(sketchOf(*c.Predicted))
}

func (r *run) settle(found map[*rule.Rule]rule.Case) {
	r.last = r.first
	switch len(found) {
	case 0:
		r.evident(r.first)
	case 1:
		for x, c := range found {
			c.Seen = r.in.Seen
			r.walk(c)
			for i := range r.causes { // inferred: nobody saw the inside
				r.causes[i].proven, r.causes[i].result = false, r.seen(r.causes[i].rule)
			}
			if len(r.causes) == 0 || r.causes[0].rule != x && r.causes[0].rule.Symptom {
				r.causes = []cause{{rule: x, result: r.seen(x), fixes: r.words(x)}}
			}
		}
	default:
		for x := range found {
			r.candidates = append(r.candidates, x)
		}
		byWeight(r.candidates)
	}
}

// seen is what a rule says of what was seen. What it says of an imagined world
// would hold that world's addresses and names.
func (r *run) seen(x *rule.Rule) rule.Result {
	if result := x.Eval(r.first); result.Status == rule.StatusFail {
		return result
	}
	return rule.Fail(x.Title)
}

// evident takes the rules that what was seen proves by itself; failing that,
// the symptom.
func (r *run) evident(c rule.Case) {
	bad := firstBad(c)
	if bad == fact.NoStage {
		return
	}
	for _, x := range rule.Upstream() {
		if x.Symptom || x.Severity == rule.Info || x.Stage > bad {
			continue
		}
		if result := x.Eval(c); result.Status == rule.StatusFail {
			fixes := r.words(x)
			if c.World != nil && x.Mends != nil {
				if _, f := mend(c, x); len(f) > 0 {
					fixes = f
				}
			}
			r.causes = append(r.causes, cause{rule: x, result: result, fixes: fixes})
			return
		}
	}
	r.symptoms(c)
}

// A signature is what one fault looks like from a client of one stock world.
type signature struct {
	rule   *rule.Rule
	shape  string
	sketch sketch
}

// buildLibrary breaks every stock world in every way.
func buildLibrary(cloud string) []signature {
	var library []signature
	for _, shape := range stock.Shapes(cloud) {
		client, _ := shape.World.Host(shape.Client)
		vault, _ := shape.World.VaultNamed(shape.Vault)
		site := rule.Site{World: shape.World, Client: client, Vault: vault}
		for _, x := range rule.All() {
			if x.Breaks == nil || x.Passing {
				continue
			}
			for _, b := range x.Breaks(site) {
				library = appendSignature(library, x, shape, change.Apply(shape.World, b...))
			}
		}
	}
	return library
}

// appendSignature adds what the fault looks like, with and without a token.
func appendSignature(library []signature, x *rule.Rule, shape stock.Shape, broken *world.World) []signature {
	client, ok := broken.Host(shape.Client)
	if !ok {
		return library
	}
	host, _ := broken.Service().Host(shape.Vault)
	o := predict.Observe(broken, client, predict.Target{Vault: shape.Vault, Host: host}, predict.Options{Authenticate: true})
	s := signature{x, shape.Name, sketchOf(o)}
	if o.Journey.Verdict() == fact.Private && (s.sketch.access == "" || s.sketch.access == admitted) {
		return library // this fault does not touch this client
	}
	if slices.ContainsFunc(library, func(t signature) bool { return t.rule == x && t.sketch == s.sketch }) {
		return library
	}
	return append(library, s)
}

// withoutConfiguration names every fault that on some stock world predicts what
// was seen. Hops not seen match anything, so less evidence never removes one. A
// lone fault is the cause only where no bare symptom explains as much.
func (r *run) withoutConfiguration() {
	r.last = r.first
	if r.in.Seen == nil || firstBad(r.first) == fact.NoStage {
		return
	}
	bare := r.match()
	switch {
	case len(r.candidates) == 0:
		r.evident(r.first)
	case len(r.candidates) == 1 && !bare:
		x := r.candidates[0]
		if result := x.Eval(r.first); result.Status == rule.StatusFail { // what was seen proves it
			r.causes, r.candidates = []cause{{rule: x, result: result, fixes: r.words(x)}}, nil
		}
	}
}

// match fills in the candidates, and tells whether a symptom fits by itself.
func (r *run) match() (bare bool) {
	seen := sketchOf(*r.in.Seen)
	for _, s := range r.judge.library() {
		known := slices.Contains(r.candidates, s.rule)
		if known || !seen.fits(s.sketch) || s.rule.Eval(r.first).Status == rule.StatusPass {
			continue
		}
		if s.rule.Symptom {
			bare = true
			continue
		}
		r.candidates = append(r.candidates, s.rule)
	}
	byWeight(r.candidates)
	return bare
}

// byWeight puts the likeliest first.
func byWeight(rules []*rule.Rule) {
	slices.SortFunc(rules, func(a, b *rule.Rule) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Code, b.Code))
	})
}
