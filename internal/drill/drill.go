// Package drill is what a person does to a live World to learn: brings faults
// about, watches, mends them, and takes exercises whose fault is not named. It
// works out Worlds; who makes them live is another matter.
package drill

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A Drill is a World to which steps have been taken. It is a value: each step
// makes another Drill.
type Drill struct {
	start *world.World
	now   *world.World
	steps []step
	under *underway   // the exercise under way
	taken map[int]int // how often each exercise was taken
}

// A step is a fault that was brought about, or a repair.
type step struct {
	rule    *rule.Rule
	place   Place
	changes []change.Change
	repair  bool
	hidden  bool // the fault of an exercise
}

// A Place is a host, and a vault that it wants.
type Place struct {
	Host  world.ID
	Vault string // its name
}

func (p Place) String() string { return "from " + p.Host.Name() + " to " + p.Vault }

// New begins with a World.
func New(w *world.World) Drill { return Drill{start: w, now: w, taken: map[int]int{}} }

// World is the World as it is now.
func (d Drill) World() *world.World { return d.now }

// Places are the hosts with no role, each with the World's own vaults, in order.
func (d Drill) Places() []Place {
	var all []Place
	for h := range d.start.Hosts() {
		if h.HasRole() {
			continue
		}
		for v := range d.start.Vaults() {
			if !v.Foreign {
				all = append(all, Place{h.ID, v.Name()})
			}
		}
	}
	return all
}

// site is where a fault can be brought about.
func (d Drill) site(p Place) (s rule.Site, err error) {
	client, ok := d.now.Host(p.Host)
	if !ok {
		return s, fmt.Errorf("there is no host %s", p.Host.Name())
	}
	vault, ok := d.now.VaultNamed(p.Vault)
	if !ok {
		return s, fmt.Errorf("there is no vault %s", p.Vault)
	}
	return rule.Site{World: d.now, Client: client, Vault: vault}, nil
}

// with takes a step.
func (d Drill) with(s step) Drill {
	d.steps = append(slices.Clone(d.steps), s)
	d.now = change.Apply(d.now, s.changes...)
	return d
}

// without takes back the steps of a kind: those that are left are taken anew.
func (d Drill) without(these func(step) bool) Drill {
	d.steps = slices.DeleteFunc(slices.Clone(d.steps), these)
	d.now = d.start
	for _, s := range d.steps {
		d.now = change.Apply(d.now, s.changes...)
	}
	return d
}

// A Fault is one that can be brought about at a place, or has been.
type Fault struct {
	Rule  *rule.Rule
	Place Place
	Path  fact.Verdict // that its requests take then
}

// Fitting are the faults that can be brought about at a place as things are, by
// code. Of the ways to bring one about, the first is taken that changes
// something.
func (d Drill) Fitting(p Place) ([]Fault, error) {
	s, err := d.site(p)
	if err != nil {
		return nil, err
	}
	var all []Fault
	for _, x := range rule.All() {
		if b := first(x, s); b != nil {
			all = append(all, Fault{x, p, pathIn(change.Apply(d.now, b...), p)})
		}
	}
	return all, nil
}

// first is the first way to bring a fault about that changes something; nil
// where there is none.
func first(x *rule.Rule, s rule.Site) rule.Break {
	if x.Breaks == nil {
		return nil
	}
	for _, b := range x.Breaks(s) {
		if len(world.Changed(s.World, change.Apply(s.World, b...))) > 0 {
			return b
		}
	}
	return nil
}

// Break brings a fault about: that of a code ("PL604") or slug
// ("record-missing").
func (d Drill) Break(code string, p Place) (Drill, Fault, error) {
	x, err := named(code)
	if err != nil {
		return d, Fault{}, err
	}
	s, err := d.site(p)
	if err != nil {
		return d, Fault{}, err
	}
	b := first(x, s)
	switch {
	case x.Breaks == nil:
		return d, Fault{}, fmt.Errorf("%s %s follows from other faults and cannot be brought about by itself", x.Code, x.Slug)
	case b == nil:
		return d, Fault{}, fmt.Errorf("%s %s cannot happen %s as things are", x.Code, x.Slug, p)
	}
	d = d.with(step{rule: x, place: p, changes: b})
	return d, Fault{x, p, pathIn(d.now, p)}, nil
}

func named(code string) (*rule.Rule, error) {
	x, ok := rule.ByCode(code)
	if !ok {
		return nil, fmt.Errorf("%.40q is no finding code", strings.ToUpper(code))
	}
	return x, nil
}

// Broken are the faults that have been brought about and not taken back, that
// of an exercise among them.
func (d Drill) Broken() []Fault {
	var all []Fault
	for _, s := range d.steps {
		if !s.repair {
			all = append(all, Fault{s.rule, s.place, pathIn(d.now, s.place)})
		}
	}
	return all
}

// Undo takes a fault back that Break brought about, as if it had never been. It
// is false where there is none of that code.
func (d Drill) Undo(code string) (Drill, bool) {
	x, err := named(code)
	these := func(s step) bool { return s.rule == x && !s.repair && !s.hidden }
	if err != nil || !slices.ContainsFunc(d.steps, these) {
		return d, false
	}
	return d.without(these), true
}

// Restore takes everything back: faults, repairs and the exercise.
func (d Drill) Restore() Drill {
	d.under = nil
	return d.without(func(step) bool { return true })
}
