package world

import (
	"iter"
	"maps"
	"reflect"
)

// A table is a map that is cheap to copy with a change: it shares its base and
// keeps aside what differs from it. The latest differences are a short list, which
// takes less to copy and to search than a map; those before are in one.
type table[K comparable, V any] struct {
	base map[K]V
	over map[K]entry[K, V]
	last []entry[K, V]
	own  struct{ last, over bool } // they are of this copy, and may be written
}

type entry[K comparable, V any] struct {
	key     K
	value   V
	deleted bool
}

// maxLast is how many differences are searched about as quickly as a map.
const maxLast = 16

func (t *table[K, V]) get(k K) (v V, ok bool) {
	if t.untouched() {
		v, ok = t.base[k]
		return v, ok
	}
	return t.getChanged(k)
}

// untouched tells whether all is as in the base.
func (t *table[K, V]) untouched() bool { return len(t.last)+len(t.over) == 0 }

func (t *table[K, V]) getChanged(k K) (v V, ok bool) {
	if e, differs := t.difference(k); differs {
		return e.value, !e.deleted
	}
	v, ok = t.base[k]
	return v, ok
}

// difference is what stands in the place of the base's value.
func (t *table[K, V]) difference(k K) (e entry[K, V], differs bool) {
	if e := t.differing(k); e != nil {
		return *e, true
	}
	e, differs = t.over[k]
	return e, differs
}

// differing finds a key among the latest differences.
func (t *table[K, V]) differing(k K) *entry[K, V] {
	for i := range t.last {
		if t.last[i].key == k {
			return &t.last[i]
		}
	}
	return nil
}

// changed returns a copy to set values in.
func (t *table[K, V]) changed() table[K, V] {
	return table[K, V]{base: t.base, over: t.over, last: t.last}
}

// grown tells whether what differs has become a good part of the base, so that it
// had better be folded in: long chains of changes stay cheap to read and to copy.
func (t *table[K, V]) grown() bool { return len(t.over) >= 64 && len(t.over) >= len(t.base)/8 }

// folded returns a copy of which nothing differs from its base.
func (t *table[K, V]) folded() table[K, V] { return table[K, V]{base: maps.Collect(t.all())} }

// shares tells whether two tables have one and the same base, so that they
// differ in what they keep aside at most.
func (t *table[K, V]) shares(u *table[K, V]) bool {
	return reflect.ValueOf(t.base).Pointer() == reflect.ValueOf(u.base).Pointer()
}

func (t *table[K, V]) set(k K, v V) { t.put(entry[K, V]{key: k, value: v}) }

func (t *table[K, V]) remove(k K) { t.put(entry[K, V]{key: k, deleted: true}) }

func (t *table[K, V]) put(e entry[K, V]) {
	if !t.own.last {
		last := make([]entry[K, V], len(t.last), min(maxLast, len(t.last)+usual))
		copy(last, t.last)
		t.last, t.own.last = last, true
	}
	if known := t.differing(e.key); known != nil {
		*known = e
		return
	}
	if len(t.last) == maxLast {
		t.settle()
	}
	t.last = append(t.last, e)
}

// usual is how many differences most changes make.
const usual = 2

// settle makes room for further differences.
func (t *table[K, V]) settle() {
	if !t.own.over {
		t.over, t.own.over = maps.Clone(t.over), true
	}
	if t.over == nil {
		t.over = make(map[K]entry[K, V])
	}
	for _, e := range t.last {
		t.over[e.key] = e
	}
	t.last = t.last[:0]
}

// differences yields the keys that may stand otherwise than in the base, some of
// them twice.
func (t *table[K, V]) differences() iter.Seq[K] {
	return func(yield func(K) bool) {
		for _, e := range t.last {
			if !yield(e.key) {
				return
			}
		}
		for k := range t.over {
			if !yield(k) {
				return
			}
		}
	}
}

func (t *table[K, V]) all() iter.Seq2[K, V] {
	known := func(k K) bool {
		_, changed := t.over[k]
		return changed || t.differing(k) != nil
	}
	return func(yield func(K, V) bool) {
		for k, v := range t.base {
			if !known(k) && !yield(k, v) {
				return
			}
		}
		for k, e := range t.over {
			if t.differing(k) == nil && !e.deleted && !yield(k, e.value) {
				return
			}
		}
		for _, e := range t.last {
			if !e.deleted && !yield(e.key, e.value) {
				return
			}
		}
	}
}
