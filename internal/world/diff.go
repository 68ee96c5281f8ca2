package world

import "slices"

// Changed returns the ids of the resources that differ between two Worlds, in
// order: put in, replaced or taken out. Between a World and a changed copy of
// it, the cost is that of the change; between others, that of both.
func Changed(a, b *World) []ID {
	var ids []ID
	see := func(id ID) {
		x, inA := a.resources.get(id)
		y, inB := b.resources.get(id)
		if inA != inB || x != y {
			ids = append(ids, id)
		}
	}
	apart := !a.resources.shares(&b.resources)
	for _, w := range [...]*World{a, b} {
		for id := range w.resources.differences() {
			see(id)
		}
		if !apart {
			continue
		}
		for id := range w.resources.base {
			see(id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
