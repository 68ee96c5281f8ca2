// Package redact masks what identifies an estate and keeps what a diagnosis
// rests on. The same text gets the same mask throughout: across resources,
// evidence, ids, DNS names and free text.
//
// What is kept is listed, not what is masked: JSON keys that are not known to
// be needed are left out, and words of free text that are not known to be
// Azure's or a network's are masked.
package redact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"

	"pldoctor/internal/fact"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// KeySize is the size of a key, in bytes.
const KeySize = 32

// A Redactor masks. It remembers what stands for what, so that several
// snapshots and texts can be masked alike. It is for one goroutine.
type Redactor struct {
	names     names
	addresses addresses
}

// New returns a Redactor. The key decides what public addresses become: who has
// it can turn them back.
func New(key [KeySize]byte) *Redactor {
	return &Redactor{names: newNames(), addresses: newAddresses(key)}
}

// Snapshot returns a masked copy of s. Masks of one kind are numbered in the
// order of what they stand for, so that whatever is listed by name stays in its
// order.
func (r *Redactor) Snapshot(s snapshot.Snapshot) (snapshot.Snapshot, error) {
	r.names.learning = true
	_, err := r.snapshot(s)
	r.names.learning = false
	if err != nil {
		return snapshot.Snapshot{}, err
	}
	r.names.number()
	return r.snapshot(s)
}

// Text returns free text with everything masked that is not known to be
// harmless. The masks are those of the snapshots before it.
func (r *Redactor) Text(text string) string { return r.text(text) }

// Masks are what stands in masked text, and what for: names in lower case. What
// stands for itself is left out.
func (r *Redactor) Masks() map[string]string {
	masks := maps.Clone(r.addresses.back)
	for name, mask := range r.names.mask {
		masks[mask] = name
	}
	maps.DeleteFunc(masks, func(mask, of string) bool { return mask == of })
	return masks
}

// Restore returns text with what was masked put back, names in lower case: for
// who has masked a snapshot and reads what was said of it.
func (r *Redactor) Restore(text string) string {
	back := r.Masks()
	return mayBeMask().ReplaceAllStringFunc(text, func(t string) string { return cmp.Or(back[t], t) })
}

var mayBeMask = compiled(`\baaaaaaaa-0000-0000-0000-[0-9]{12}\b|\b[a-z]+-[0-9]+\b` +
	`|\b[0-9]+(\.[0-9]+){3}(/[0-9]+)?\b|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(/[0-9]+)?`)

func (r *Redactor) snapshot(s snapshot.Snapshot) (snapshot.Snapshot, error) {
	masked := snapshot.Snapshot{Cloud: s.Cloud, Taken: s.Taken}
	for i, raw := range s.Resources {
		m, err := r.rewrite(raw, resourceKeys, resourcePlain)
		if err != nil {
			return masked, fmt.Errorf("resource %d: %w", i+1, err)
		}
		masked.Resources = append(masked.Resources, m)
	}
	for _, u := range s.Unread {
		u.Near, u.Why = world.MakeID(r.id(string(u.Near))), r.text(u.Why)
		u.Type, u.Permission = r.typed(u.Type), r.typed(u.Permission)
		masked.Unread = append(masked.Unread, u)
	}
	for i := range s.Evidence {
		o, err := r.observation(&s.Evidence[i])
		if err != nil {
			return masked, fmt.Errorf("evidence %d: %w", i+1, err)
		}
		masked.Evidence = append(masked.Evidence, o)
	}
	return masked, nil
}

// observation goes by way of JSON, so that one walk does for all.
func (r *Redactor) observation(seen *fact.Observation) (o fact.Observation, err error) {
	raw, err := json.Marshal(seen)
	if err != nil {
		return o, err
	}
	if raw, err = r.rewrite(raw, evidenceKeys, evidencePlain); err != nil {
		return o, err
	}
	if r.names.learning {
		return *seen, nil
	}
	return o, json.Unmarshal(raw, &o)
}
