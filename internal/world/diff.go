package world

import "slices"

// Changed returns the ids of the resources that differ between two Worlds, in
// order: put in, replaced or taken out. Between a World and a changed copy of
// it, the cost is that of the change.
func Changed(a, b *World) []ID {
	var ids []ID
	see := func(id ID) {
		x, inA := a.resources.get(id)
		y, inB := b.resources.get(id)
		if (inA != inB || x != y) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, w := range [...]*World{a, b} {
		for id := range w.resources.over {
			see(id)
		}
	}
	if len(a.resources.base) != len(b.resources.base) { // one was folded in between
		for id := range a.resources.all() {
			see(id)
		}
		for id := range b.resources.all() {
			see(id)
		}
	}
	slices.Sort(ids)
	return ids
}
