package world

import (
	"iter"
	"maps"
	"reflect"
)

// A table is a map that is cheap to copy with a change: it shares its base and
// keeps what differs from it aside. A nil value in the overlay means deleted.
type table[K comparable, V any] struct {
	base map[K]V
	over map[K]*V
}

func (t table[K, V]) get(k K) (v V, ok bool) {
	if len(t.over) > 0 {
		if p, changed := t.over[k]; changed {
			if p == nil {
				return v, false
			}
			return *p, true
		}
	}
	v, ok = t.base[k]
	return v, ok
}

// changed returns a copy whose overlay may be written. Once the overlay has
// grown to a good part of the base, it is folded in, so that long chains of
// changes stay cheap to read and to copy.
func (t table[K, V]) changed() table[K, V] {
	if len(t.over) < 64 || len(t.over) < len(t.base)/8 {
		return table[K, V]{t.base, maps.Clone(t.over)}
	}
	return table[K, V]{maps.Collect(t.all()), nil}
}

// shares tells whether two tables have one and the same base, so that they
// differ in their overlays at most.
func (t table[K, V]) shares(u table[K, V]) bool {
	return reflect.ValueOf(t.base).Pointer() == reflect.ValueOf(u.base).Pointer()
}

func (t *table[K, V]) set(k K, v *V) {
	if t.over == nil {
		t.over = make(map[K]*V)
	}
	t.over[k] = v
}

func (t table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, v := range t.base {
			if _, changed := t.over[k]; !changed && !yield(k, v) {
				return
			}
		}
		for k, p := range t.over {
			if p != nil && !yield(k, *p) {
				return
			}
		}
	}
}
