package diagnose

import (
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// maxCauses bounds how many faults in a row are looked for.
const maxCauses = 8

// walk finds the causes in a world that predicts what was seen: the first rule
// that fails, and whose mending changes the first bad hop, is a cause; then the
// same again in the mended world, until the journey is private.
func (r *run) walk(c *rule.Case) {
	if firstBad(c) != fact.NoStage && r.take(c, nameless) {
		r.last = c
		return
	}
	for range maxCauses {
		bad := firstBad(c)
		if bad == fact.NoStage {
			break
		}
		next, after := r.step(c, bad)
		if after == nil {
			break
		}
		next.fixes = r.steps(next.repair, next.worlds)
		r.causes, c = append(r.causes, next), after
	}
	r.last = c
	if len(r.causes) == 0 && firstBad(c) != fact.NoStage {
		r.unmended(c)
	}
}

// step finds the most upstream cause of a case, and the case of the world in
// which it is mended; nil where there is none. One whose repair is all that is
// needed comes before one that only gets the request further.
func (r *run) step(c *rule.Case, bad fact.Stage) (found cause, mended *rule.Case) {
	views := r.views(c)
	identified := bad == fact.StageAccess && c.Journey.Accessed() == fact.AccessRefusedIdentity // the path has nothing to do with it
	for _, place := range r.judge.upstream {
		x := r.judge.rules[place]
		if x.Symptom || x.Aside || x.Mends == nil || r.named(x) || identified && x.Stage != fact.StageAccess {
			continue
		}
		for i, view := range views {
			next, after := r.attempt(c, view, place)
			switch {
			case after == nil, i > 0 && hidden(c.World, after.World): // the inside of a proxy has a code of its own
			case firstBad(after) == fact.NoStage:
				return next, after
			case mended == nil && (betters(c, after, bad) || i > 0 && r.bettersThere(view, after) || i == 0 && r.upstream(x, after, bad)):
				found, mended = next, after
			}
		}
	}
	return found, mended
}

// attempt mends what the rule at a place says of a view of a case; nil where it says nothing
// or there is nothing to mend.
func (r *run) attempt(c, view *rule.Case, place int) (cause, *rule.Case) {
	x, result := r.judge.rules[place], r.saysAt(view, place)
	if result.Status != rule.StatusFail {
		return cause{}, nil
	}
	repair, worlds := mend(view, x)
	mended := worlds[len(worlds)-1]
	if mended == c.World {
		return cause{}, nil
	}
	return cause{rule: x, result: result, repair: repair, worlds: worlds, proven: true}, r.glimpse(mended)
}

// unmended names a cause where no repair gets the request any further: what
// nobody can mend from a command line, what fails at the bad hop or before it,
// what keeps the vault from having an endpoint at all, and last the symptom.
func (r *run) unmended(c *rule.Case) {
	bad := firstBad(c)
	before := func(x *rule.Rule) bool { return x.Stage <= bad }
	for _, fits := range [...]func(*rule.Rule, *rule.Case) bool{
		func(x *rule.Rule, c *rule.Case) bool { return before(x) && (x.Mends == nil || len(x.Mends(c)) == 0) },
		func(x *rule.Rule, _ *rule.Case) bool { return before(x) },
		doorless,
	} {
		if r.take(c, fits) {
			return
		}
	}
	r.symptoms(c)
}

// nameless are the rules by which there is nothing to be reached at all.
func nameless(x *rule.Rule, c *rule.Case) bool {
	return x.Stage == fact.StageName && (x.Mends == nil || len(x.Mends(c)) == 0)
}

// doorless are the rules about a vault none of whose private endpoints works:
// whatever else is wrong on the way, that comes first.
func doorless(x *rule.Rule, c *rule.Case) bool {
	works := func(d rule.Door) bool { return d.Effective }
	return c.Resource != nil && !slices.ContainsFunc(c.Doors(), works) &&
		x.Stage == fact.StageAnswer && (x.Owner == rule.OwnerVault || x.Owner == rule.OwnerNetwork)
}

// take makes a cause of the first rule of a kind that fails.
func (r *run) take(c *rule.Case, fits func(*rule.Rule, *rule.Case) bool) bool {
	views := r.views(c)
	for _, place := range r.judge.upstream {
		x := r.judge.rules[place]
		if x.Symptom || x.Aside {
			continue
		}
		for _, view := range views {
			if result := r.saysAt(view, place); result.Status == rule.StatusFail && fits(x, c) { // what would mend it is worth more work
				r.causes = append(r.causes, r.unproven(view, x, result))
				return true
			}
		}
	}
	return false
}

// upstream tells whether a fault before any hop is mended: nothing that is mended
// at a later one helps before it is.
func (r *run) upstream(x *rule.Rule, after *rule.Case, bad fact.Stage) bool {
	return x.Stage == fact.StageName && bad > fact.StageName && r.says(after, x).Status == rule.StatusPass
}

// unproven is a cause of which nobody has shown that its repair helps, with that
// repair where there is one.
func (r *run) unproven(c *rule.Case, x *rule.Rule, result rule.Result) cause {
	taken := cause{rule: x, result: result, fixes: r.words(x)}
	if c.World == nil || x.Mends == nil {
		return taken
	}
	if repair, worlds := mend(c, x); worlds[len(worlds)-1] != c.World {
		taken.repair, taken.fixes, taken.worlds = repair, r.steps(repair, worlds), worlds
	}
	return taken
}

// views are the cases that a rule may judge in the place of one: the case
// itself, and, where a proxy takes the request, the proxy as the client, since
// it resolves the name and connects from where it is.
func (r *run) views(c *rule.Case) []*rule.Case {
	if c.World == nil {
		return []*rule.Case{c}
	}
	proxy, ok := c.World.Host(world.ID(c.Journey.Proxy.By))
	if c.Journey.Proxy.Server == "" || !ok || proxy.Proxy == nil {
		return []*rule.Case{c}
	}
	there := r.cases.lend()
	*there = *c
	there.Client, there.Seen = proxy, nil
	there.Predicted = r.predict(there, nil)
	there.Journey = there.Predicted.Journey
	return []*rule.Case{c, there}
}

func (r *run) named(x *rule.Rule) bool {
	return slices.ContainsFunc(r.causes, func(c cause) bool { return c.rule == x })
}

// bettersThere tells whether a mended world gets the proxy further, which takes
// the request in the client's place.
func (r *run) bettersThere(before, after *rule.Case) bool {
	views, bad := r.views(after), firstBad(before)
	return len(views) > 1 && bad != fact.NoStage && betters(before, views[1], bad)
}

// mend applies a rule's Mends one after the other. The worlds are those before
// the first and after each.
func mend(c *rule.Case, x *rule.Rule) (repair []change.Change, worlds []*world.World) {
	w := c.World
	repair = x.Mends(c)
	worlds = append(make([]*world.World, 0, 4), w) // most repairs have three steps at most
	for _, m := range repair {
		w = m.Apply(w)
		worlds = append(worlds, w)
	}
	return repair, worlds
}

// steps are the fixes that a repair stands for; commands are those of the world
// in which each is run. Who wants it in brief is spared the words, which may take
// a look at every vault.
func (r *run) steps(repair []change.Change, worlds []*world.World) (fixes []Fix) {
	if r.brief {
		return make([]Fix, len(repair))
	}
	for i, m := range repair {
		w := worlds[i]
		fixes = append(fixes, Fix{Title: m.Title(w), Az: orEmpty(m.Commands(w)), Verify: orEmpty(m.Verify(w))})
	}
	return fixes
}

// betters tells whether the mended journey differs at the bad hop, and goes no
// earlier wrong, unless it takes another way, on which other hops come earlier.
func betters(before, after *rule.Case, bad fact.Stage) bool {
	now := firstBad(after)
	another := before.Journey.Verdict() != fact.Private && way(before.Journey) != way(after.Journey)
	if now == fact.NoStage || now > bad || another {
		return true
	}
	if now != bad {
		return false
	}
	// An endpoint that does not answer, while another one would, is as well the
	// fault of the connection as of the answer.
	return hop(before.Journey, bad) != hop(after.Journey, bad) ||
		bad == fact.StageAnswer && hop(before.Journey, fact.StageConnect) != hop(after.Journey, fact.StageConnect)
}

// way is who takes the request and who resolves the name.
func way(j fact.Journey) any {
	return [...]any{j.Proxy.Server, j.Resolver.Via, j.Resolver.Server}
}

// hop returns one hop of a journey as a comparable value, reasons included: a
// name that is NXDOMAIN for another reason than before has come further.
func hop(j fact.Journey, s fact.Stage) any {
	switch s {
	case fact.StageName:
		return j.Name
	case fact.StageProxy:
		return [2]any{j.Proxy, j.Verdict()}
	case fact.StageResolver:
		return j.Resolver
	case fact.StageAnswer:
		return j.Answer
	case fact.StageConnect:
		return j.Connect
	case fact.StageTLS:
		return j.TLS
	case fact.StageExchange:
		return j.Exchange
	case fact.StageAccess:
		return j.Access
	case fact.NoStage:
	}
	return nil
}

// symptoms names what is seen as the cause, where nothing explains it.
func (r *run) symptoms(c *rule.Case) {
	for _, place := range r.judge.upstream {
		x := r.judge.rules[place]
		if !x.Symptom {
			continue
		}
		if result := r.saysAt(c, place); result.Status == rule.StatusFail {
			taken := cause{rule: x, result: result, fixes: r.words(x)}
			if c.Predicted != nil && r.differs == fact.NoStage && x.Mends != nil { // else the configuration does not know better
				if _, after := r.attempt(c, c, place); after != nil && betters(c, after, firstBad(c)) {
					taken = r.unproven(c, x, result)
				}
			}
			r.causes = append(r.causes, taken)
			return
		}
	}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
