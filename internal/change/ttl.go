package change

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// SetTTL sets the time to live of the address records of a label, in seconds.
type SetTTL struct {
	Zone  world.ID
	Label string
	TTL   uint32
}

// Apply sets it.
func (c SetTTL) Apply(w *world.World) *world.World {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return w
	}
	changed := *z
	changed.Records = slices.Clone(z.Records)
	differs := false
	for i := range changed.Records {
		r := &changed.Records[i]
		if c.sets(*r) && r.TTL != c.TTL {
			r.TTL, differs = c.TTL, true
		}
	}
	if !differs {
		return w
	}
	return put(w, &changed)
}

func (c SetTTL) sets(r world.Record) bool {
	return strings.EqualFold(r.Label, c.Label) && (r.Type == world.TypeA || r.Type == world.TypeAAAA)
}

// Title says what is done.
func (c SetTTL) Title(w *world.World) string {
	return fmt.Sprintf("Set the TTL of the record %s in the zone %s to %d seconds", c.Label, nameOf(w, c.Zone), c.TTL)
}

// Commands update the record sets that there are.
func (c SetTTL) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	var commands []string
	for _, r := range z.Records {
		if c.sets(r) {
			commands = append(commands, az("network private-dns record-set", strings.ToLower(string(r.Type)), "update", in(z.Meta),
				"--zone-name", quote(z.Domain.Host()), "--name", quote(c.Label), fmt.Sprintf("--set ttl=%d", c.TTL))...)
		}
	}
	return commands
}

// Verify shows the record.
func (c SetTTL) Verify(w *world.World) []string {
	return SetRecord{Zone: c.Zone, Label: c.Label}.Verify(w)
}
