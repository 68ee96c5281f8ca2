// Package change holds the operations that bring a fault about or mend it:
// each is a value that turns a World into another, and knows the az commands,
// or the words, that do the same in Azure.
package change

import (
	"reflect"

	"pldoctor/internal/world"
)

// A Change is one operation.
type Change interface {
	// Apply returns the changed World, or w itself where there is nothing to
	// change.
	Apply(w *world.World) *world.World
	// Title says what is done, as an imperative without a full stop.
	Title(w *world.World) string
	// Commands are the az (or shell) commands that do it, ready to be pasted;
	// none where no command can.
	Commands(w *world.World) []string
	// Verify are commands that show that it has been done.
	Verify(w *world.World) []string
}

// put puts a resource in, unless it stands as it is.
func put(w *world.World, r world.Resource) *world.World {
	if reflect.DeepEqual(w.Lookup(world.MetaOf(r).ID), r) {
		return w
	}
	return w.With(world.Put(r))
}

// Apply applies changes in order.
func Apply(w *world.World, changes ...Change) *world.World {
	for _, c := range changes {
		w = c.Apply(w)
	}
	return w
}
