package snapshot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"pldoctor/internal/arm"
	"pldoctor/internal/world"
)

// Without returns the snapshot without the resources that an error of World
// finds fault with, which are unread then; and whether there are such.
func (s Snapshot) Without(err error) (less Snapshot, fewer bool) {
	wrong := make(map[world.ID]string)
	blame(err, wrong)
	less = s
	less.Resources, less.Unread = nil, slices.Clone(s.Unread)
	for i, raw := range s.Resources {
		id := idOf(raw)
		why, faulty := wrong[id]
		if !faulty {
			why, faulty = wrong[placed(i)]
		}
		if !faulty {
			less.Resources = append(less.Resources, raw)
			continue
		}
		fewer = true
		less.Unread = append(less.Unread, Unread{Type: id.Type(), Near: id, Why: "it is malformed: " + why})
	}
	return less, fewer
}

// And returns both snapshots in one. What stands in both is taken from s.
func (s Snapshot) And(other Snapshot) Snapshot {
	all := s
	all.Cloud, all.Taken = cmp.Or(s.Cloud, other.Cloud), s.Taken
	if s.Taken.IsZero() {
		all.Taken = other.Taken
	}
	known := make(map[world.ID]bool)
	for _, raw := range s.Resources {
		known[idOf(raw)] = true
	}
	all.Resources, all.Unread = slices.Clone(s.Resources), slices.Clone(s.Unread)
	for _, raw := range other.Resources {
		if !known[idOf(raw)] {
			all.Resources = append(all.Resources, raw)
		}
	}
	for _, u := range other.Unread {
		if !slices.Contains(all.Unread, u) {
			all.Unread = append(all.Unread, u)
		}
	}
	all.Evidence = slices.Concat(s.Evidence, other.Evidence)
	return all
}

// idOf is the id of a resource; "" of one that has none.
func idOf(raw json.RawMessage) world.ID {
	var o struct{ ID string }
	_ = json.Unmarshal(raw, &o) // package arm says what is wrong with it
	return world.MakeID(o.ID)
}

// placed stands for the id of a resource in the order of the input.
func placed(index int) world.ID { return world.ID(fmt.Sprintf("resource %d", index)) }

// blame notes what is said of each resource. One that stands in its parent
// takes that along.
func blame(err error, wrong map[world.ID]string) {
	var problem *world.Problem
	var fault *arm.Error
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range list.Unwrap() {
			blame(e, wrong)
		}
		return
	}
	switch {
	case errors.As(err, &fault) && fault.Index >= 0:
		wrong[placed(fault.Index)] = fault.Error()
	case errors.As(err, &problem):
		for id := problem.ID; id != ""; id = id.Parent() {
			wrong[id] = problem.Error()
		}
	}
}
