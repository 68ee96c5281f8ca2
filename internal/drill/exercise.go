package drill

import (
	"fmt"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// An Exercise is a problem to be found and mended. There are those that
// Microsoft's article "Diagnose private links configuration issues on Azure Key
// Vault" begins with (learn.microsoft.com/azure/key-vault/general/private-link-diagnostics).
type Exercise struct {
	Number  int
	Problem string // what is seen
	// Scenario is one that ships and plays the problem through: where it cannot be
	// brought about, that one is the exercise.
	Scenario string

	codes []string // of what brings it about, the first that fits first
	at    func(d Drill) []Place
	shows func(d Drill, c *rule.Case) bool // by the case of the place where it was brought about
}

// exercises are ordered by number.
var exercises = []Exercise{
	{
		Number: 1, Problem: "the vault's name resolves to a public address", Scenario: "public-answer",
		codes: []string{"PL603", "PL602", "PL601", "PL801", "PL607"}, at: Drill.private,
		shows: func(_ Drill, c *rule.Case) bool { return c.Journey.Answer.Class == fact.PublicAddr },
	},
	{
		Number: 2, Problem: "every request of a client fails with a time-out or a network error", Scenario: "all-requests-time-out",
		codes: []string{"PL806", "PL807", "PL808", "PL605"}, at: Drill.private,
		shows: func(_ Drill, c *rule.Case) bool { return c.Journey.Connect.Outcome == fact.Timeout },
	},
	{
		Number: 3, Problem: "the vault has a private address, and still refuses with 403", Scenario: "private-address-but-403",
		codes: []string{"PL804", "PL605"}, at: Drill.private,
		shows: func(_ Drill, c *rule.Case) bool { return c.Journey.Accessed() == fact.AccessRefusedNetwork },
	},
	{
		Number: 4, Problem: "private link works, and the vault accepts requests from the internet, too", Scenario: "public-still-open",
		codes: []string{"PL301"}, at: Drill.private,
		shows: func(_ Drill, c *rule.Case) bool { return c.Journey.Verdict() == fact.Private },
	},
	{
		Number: 5, Problem: "a vault has two private endpoints, and requests by one of them fail", Scenario: "two-endpoints-one-fails",
		codes: []string{"PL605", "PL806", "PL205", "PL603"}, at: Drill.besideAnotherEndpoint, shows: one,
	},
	{
		Number: 6, Problem: "private link works in one deployment, and not in another that is made like it", Scenario: "copied-to-another-subscription",
		codes: []string{"PL603", "PL604", "PL202", "PL602"}, at: Drill.besideAnotherNetwork, shows: one,
	},
}

// one tells whether the path of some place is still private, when that of the
// case is not.
func one(d Drill, c *rule.Case) bool {
	return c.Journey.Verdict() != fact.Private && len(d.private()) > 0
}

// Exercises lists them; each tells whether it can be brought about in the World
// that the Drill began with.
func (d Drill) Exercises() (all []Exercise, fits []bool) {
	clean := d.Restore()
	for _, e := range exercises {
		all, fits = append(all, e), append(fits, len(clean.ways(e)) > 0)
	}
	return all, fits
}

// An underway is an exercise that has been taken.
type underway struct {
	Exercise
	place Place
	good  []Place // whose path was private before
}

// Take takes everything back and brings an exercise about, by another fault each
// time while there are others. The place is the one to look from.
func (d Drill) Take(number int) (Drill, Exercise, Place, error) {
	i := slices.IndexFunc(exercises, func(e Exercise) bool { return e.Number == number })
	if i < 0 {
		return d, Exercise{}, Place{}, fmt.Errorf("there is no exercise %d: there are 1 to %d", number, len(exercises))
	}
	e, clean := exercises[i], d.Restore()
	ways := clean.ways(e)
	if len(ways) == 0 {
		return d, e, Place{}, fmt.Errorf("exercise %d cannot be brought about in this scenario: \"pldoctor lab up %s\" is one to take", number, e.Scenario)
	}
	way := ways[d.taken[number]%len(ways)]
	next := clean.with(way)
	next.under = &underway{e, way.place, clean.private()}
	next.taken = map[int]int{number: d.taken[number] + 1}
	for n, times := range d.taken {
		if n != number {
			next.taken[n] = times
		}
	}
	return next, e, way.place, nil
}

// ways are the steps that bring an exercise about, each by another fault.
func (d Drill) ways(e Exercise) []step {
	var all []step
	for _, code := range e.codes {
		if s, ok := d.way(e, code); ok {
			all = append(all, s)
		}
	}
	return all
}

// way is the first step by which a fault brings an exercise about.
func (d Drill) way(e Exercise, code string) (step, bool) {
	x, ok := rule.ByCode(code)
	if !ok || x.Breaks == nil {
		return step{}, false
	}
	for _, p := range e.at(d) {
		s, err := d.site(p)
		if err != nil {
			continue
		}
		for _, b := range x.Breaks(s) {
			taken := step{rule: x, place: p, changes: b, hidden: true}
			after := d.with(taken)
			if c := after.caseAt(p); c != nil && e.shows(after, c) && fails(x, after, p) && after.curable(x, p) {
				return taken, true
			}
		}
	}
	return step{}, false
}

// fails tells whether a fault is there.
func fails(x *rule.Rule, d Drill, p Place) bool {
	s, err := d.site(p)
	return err == nil && slices.ContainsFunc(views(s), func(c *rule.Case) bool { return x.Eval(c).Status == rule.StatusFail })
}

// curable tells whether the documented repair of a fault brings the private path
// back.
func (d Drill) curable(x *rule.Rule, p Place) bool {
	after, r, err := d.Repair(x.Code, p)
	return err == nil && r.Path == fact.Private && !fails(x, after, p)
}

func (d Drill) caseAt(p Place) *rule.Case {
	s, err := d.site(p)
	if err != nil {
		return nil
	}
	return caseOf(s)
}

// private are the places whose path is private now.
func (d Drill) private() []Place {
	return slices.DeleteFunc(d.Places(), func(p Place) bool { return pathIn(d.now, p) != fact.Private })
}

// besideAnotherEndpoint are the places that reach their vault by another endpoint
// than the first that reaches it.
func (d Drill) besideAnotherEndpoint() []Place {
	return d.beside(func(first, p Place) bool {
		return first.Vault == p.Vault && journey(d.now, first).Connect.Addr != journey(d.now, p).Connect.Addr
	})
}

// besideAnotherNetwork are the places in another network than the first.
func (d Drill) besideAnotherNetwork() []Place {
	return d.beside(func(first, p Place) bool { return d.network(first) != d.network(p) })
}

// beside are the private places that differ from a private one before them.
func (d Drill) beside(differ func(first, p Place) bool) []Place {
	all := d.private()
	var later []Place
	for i, p := range all {
		if slices.ContainsFunc(all[:i], func(first Place) bool { return differ(first, p) }) {
			later = append(later, p)
		}
	}
	return later
}

func (d Drill) network(p Place) world.ID {
	h, ok := d.now.Host(p.Host)
	if !ok {
		return ""
	}
	return d.now.Node(h).Network
}

// Underway is the exercise that has been taken, and the place to look from.
func (d Drill) Underway() (Exercise, Place, bool) {
	if d.under == nil {
		return Exercise{}, Place{}, false
	}
	return d.under.Exercise, d.under.place, true
}

// Solved tells whether the exercise under way is solved: the path of its place is
// private, and what was brought about there is there no more. It is false where
// no exercise is under way.
func (d Drill) Solved() bool {
	if d.under == nil || pathIn(d.now, d.under.place) != fact.Private {
		return false
	}
	return !slices.ContainsFunc(d.steps, func(s step) bool { return s.hidden && fails(s.rule, d, s.place) })
}

// Lost are the other places whose path was private before the exercise and is
// not any more.
func (d Drill) Lost() []Place {
	if d.under == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.under.good), func(p Place) bool {
		return p == d.under.place || pathIn(d.now, p) == fact.Private
	})
}
