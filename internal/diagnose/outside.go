package diagnose

import (
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// outside explains what contradicts the configuration: the cause is something
// that the configuration does not show. Each fault is brought about in the
// world as it was read; those that then predict what was seen explain it.
func (r *run) outside() {
	seen := sketchOf(r.in.Seen)
	if seen.access == service.DeniedToken { // a vault looks at the token before it looks at the network
		seen.access = ""
	}
	all := r.hypotheses(r.first.World)
	found := r.single(all, &seen)
	if len(found) == 0 {
		found = inCommon(all, r.twofold(all, &seen))
	}
	if excused := seen.excused(); len(found) == 0 {
		found = r.single(all, &excused)
	}
	if r.settle(found); len(r.causes)+len(r.candidates) > 0 {
		return
	}
	if r.void = r.refuted(); !r.void {
		r.symptoms(&r.first)
	}
	if len(r.causes) == 0 { // there is more to this estate than was read
		r.withoutConfiguration()
	}
}

// refuted tells whether what was read cannot be relied on, where what was seen
// contradicts it: it may be a part of the estate, and late. Why a DNS server fails
// stands in no configuration.
func (r *run) refuted() bool {
	w := r.first.World
	return len(w.Gaps())+len(w.Horizon()) > 0 && firstBad(&r.first) >= fact.StageAnswer && !r.first.Journey.Answer.Outcome.Failure()
}

// single are the hidden faults that explain by themselves what was seen.
func (r *run) single(all []hypothesis, seen *sketch) (found []hypothesis) {
	for _, h := range all {
		if r.doubtful(h.rules[0]) && !known(found, h) && r.explains(h.imagined, seen) {
			found = append(found, h)
		}
	}
	return found
}

// doubtful tells whether a fault may be the first on the way: it was not looked
// for in vain, and is more than a symptom.
func (r *run) doubtful(x *rule.Rule) bool {
	return !x.Symptom && r.says(&r.first, x).Status != rule.StatusPass
}

// known tells whether faults of the same rules explain what was seen already.
func known(found []hypothesis, h hypothesis) bool {
	return slices.ContainsFunc(found, func(f hypothesis) bool {
		return len(f.rules) == len(h.rules) && !slices.ContainsFunc(h.rules, func(x *rule.Rule) bool { return !slices.Contains(f.rules, x) })
	})
}

// A hypothesis is hidden faults brought about in the world as it was read.
type hypothesis struct {
	rules    []*rule.Rule
	imagined *rule.Case
	first    *rule.Case // of several: the first by itself
}

// hypotheses are all hidden faults, each brought about by itself in a world.
func (r *run) hypotheses(w *world.World) []hypothesis {
	var c rule.Case
	r.bare(&c, w)
	site := rule.Site{World: w, Client: c.Client, Vault: c.Resource, Got: r.in.Seen.Journey.Answer.Addr}
	if site.Vault == nil {
		return nil
	}
	var all []hypothesis
	for _, x := range r.judge.rules {
		if x.Breaks == nil || x.Aside {
			continue
		}
		for _, b := range x.Breaks(site) {
			if broken := change.Apply(site.World, b...); hidden(site.World, broken) {
				all = append(all, hypothesis{rules: []*rule.Rule{x}, imagined: r.imagine(broken)})
			}
		}
	}
	return all
}

// twofold looks for two hidden faults that explain together what no single one
// does: one that takes the prediction further, and any other beside it.
func (r *run) twofold(all []hypothesis, seen *sketch) (found []hypothesis) {
	for _, first := range all {
		if !r.doubtful(first.rules[0]) || r.furthest(first.imagined) <= r.differs {
			continue
		}
		for _, second := range r.hypotheses(first.imagined.World) {
			pair := hypothesis{[]*rule.Rule{first.rules[0], second.rules[0]}, second.imagined, first.imagined}
			if pair.rules[0] != pair.rules[1] && !known(found, pair) && r.explains(pair.imagined, seen) {
				found = append(found, pair)
			}
		}
	}
	return found
}

// inCommon returns the fault that is part of every explanation, where there is
// one: the other comes to light once it is mended.
func inCommon(all, pairs []hypothesis) []hypothesis {
	if len(pairs) == 0 {
		return nil
	}
	if len(pairs) == 1 && !pairs[0].rules[1].Symptom {
		return pairs
	}
	for _, h := range all { // a symptom explains nothing by itself, but makes another doubtful
		part := func(p hypothesis) bool { return slices.Contains(p.rules, h.rules[0]) }
		if h.rules[0].Symptom || slices.ContainsFunc(pairs, func(p hypothesis) bool { return !part(p) }) {
			continue
		}
		if i := slices.IndexFunc(pairs, func(p hypothesis) bool { return p.rules[0] == h.rules[0] }); i >= 0 {
			h.imagined = pairs[i].first // the way of it that explains, where there are several
		}
		return []hypothesis{h}
	}
	return pairs
}

// furthest is the first stage at which a prediction contradicts what was seen.
func (r *run) furthest(c *rule.Case) fact.Stage {
	if s := firstDifference(c.Predicted.Journey, r.in.Seen.Journey); s != fact.NoStage {
		return s
	}
	return fact.StageAccess + 1
}

// hidden tells whether two worlds differ only in what a configuration does not
// show: the inside of machines, and what could not be read.
func hidden(a, b *world.World) bool {
	for _, id := range world.Changed(a, b) {
		if _, unread := a.Unread(id.Type()); !unread && !inside(a, b, id) {
			return false
		}
	}
	return true
}

// inside tells whether what differs is within a machine, and not where it is or
// what it runs on; or whether it is a machine that nobody knows.
func inside(a, b *world.World, id world.ID) bool {
	before, known := a.Host(id)
	after, stands := b.Host(id)
	if !known || !stands {
		return id.IsHost() && !known
	}
	return before.Network == after.Network && before.Subnet == after.Subnet && before.Address == after.Address &&
		before.Behind == after.Behind && before.Runs == after.Runs && before.Integrated == after.Integrated && before.RouteAll == after.RouteAll
}

// explains tells whether a world predicts what was seen.
func (r *run) explains(c *rule.Case, seen *sketch) bool {
	imagined := sketchOf(c.Predicted)
	return firstDifference(c.Predicted.Journey, r.in.Seen.Journey) == fact.NoStage && seen.fits(&imagined)
}

// real leaves out of a repair what is done to machines that are only imagined.
func (r *run) real(c *cause) {
	repair, fixes := c.repair, c.fixes
	w := r.first.World
	c.repair, c.fixes, c.worlds = nil, nil, []*world.World{w}
	for i, m := range repair {
		mended := m.Apply(w)
		if mended != w {
			c.repair, c.fixes, c.worlds = append(c.repair, m), append(c.fixes, fixes[i]), append(c.worlds, mended)
		}
		w = mended
	}
	if len(c.fixes) == 0 {
		c.fixes = r.words(c.rule)
	}
}

// settle takes the one explanation that was found; of several, nobody can tell
// which it is.
func (r *run) settle(found []hypothesis) {
	r.last = &r.first
	switch len(found) {
	case 0:
		r.proven(&r.first)
	case 1:
		r.infer(found[0])
	default:
		for _, h := range found {
			for _, x := range h.rules {
				if !x.Symptom && !slices.Contains(r.candidates, x) {
					r.candidates = append(r.candidates, x)
				}
			}
		}
		byWeight(r.candidates)
	}
}

// infer walks through the world in which the hidden faults are; what nobody saw
// is likely at most.
func (r *run) infer(h hypothesis) {
	h.imagined.Seen = r.in.Seen
	r.walk(h.imagined)
	if slices.ContainsFunc(r.causes, func(c cause) bool { return c.rule.Symptom }) {
		r.causes = nil
	}
	for i := range r.causes {
		r.causes[i].proven, r.causes[i].result = false, r.seen(r.causes[i].rule)
		if r.real(&r.causes[i]); len(r.causes[i].repair) == 0 {
			r.causes[i] = r.hidden(h, r.causes[i].rule)
		}
	}
	for i, x := range h.rules {
		if !r.named(x) {
			r.causes = slices.Insert(r.causes, min(i, len(r.causes)), r.hidden(h, x))
		}
	}
}

// hidden is a cause inside machines. Of what can be done about it, only what is
// done on the client is sure to be on the right machine, and only what helps in
// the world that explains what was seen is worth doing.
func (r *run) hidden(h hypothesis, x *rule.Rule) cause {
	words := cause{rule: x, result: r.seen(x), fixes: r.words(x)}
	c := r.unproven(&r.first, x, words.result)
	r.real(&c)
	for _, id := range world.Changed(r.first.World, c.worlds[len(c.worlds)-1]) {
		if id != r.in.Client {
			return words
		}
	}
	if len(c.repair) == 0 || firstBad(r.glimpse(change.Apply(h.imagined.World, c.repair...))) != fact.NoStage {
		return words
	}
	return c
}

// seen is what a rule says of what was seen. What it says of an imagined world
// would hold that world's addresses and names. Where the rule itself cannot know,
// that is said.
func (r *run) seen(x *rule.Rule) rule.Result {
	switch result := r.says(&r.first, x); {
	case result.Status == rule.StatusFail:
		return result
	case result.Status == rule.StatusUnknown && result.Why != "":
		return rule.Fail(x.Title + ". This fits what was seen, but " + result.Why)
	}
	return rule.Fail(x.Title)
}

// evident takes the rules that what was seen proves by itself; failing that,
// the symptom.
func (r *run) evident(c *rule.Case) {
	if firstBad(c) != fact.NoStage && !r.proven(c) {
		r.symptoms(c)
	}
}

// proven takes the rules that what was seen proves by itself.
func (r *run) proven(c *rule.Case) bool {
	bad := firstBad(c)
	return bad != fact.NoStage && r.take(c, func(x *rule.Rule, _ *rule.Case) bool { return x.Stage <= bad })
}
