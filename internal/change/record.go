package change

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// recommendedTTL is what a private endpoint's own zone group writes, and the
// least that the article recommends.
const recommendedTTL = 10

// SetRecord makes the A record set of a label hold exactly one address.
type SetRecord struct {
	Zone  world.ID
	Label string
	Addr  netip.Addr
	TTL   uint32 // 0: 10 seconds
}

// Apply puts the record in, in place of one of the same label.
func (c SetRecord) Apply(w *world.World) *world.World {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return w
	}
	ttl := cmp.Or(c.TTL, recommendedTTL)
	if r, ok := z.Record(c.Label, world.TypeA); ok && r.TTL == ttl && slices.Equal(r.Addrs, []netip.Addr{c.Addr}) {
		return w
	}
	return put(w, z.WithRecord(world.Record{
		Meta:  world.At(z.Path + "/A/" + c.Label),
		Label: c.Label, Type: world.TypeA, TTL: ttl, Addrs: []netip.Addr{c.Addr},
	}))
}

// without leaves out the A record set of a label.
func without(records []world.Record, label string) []world.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r world.Record) bool {
		return r.Type == world.TypeA && strings.EqualFold(r.Label, label)
	})
}

// Title says what is done.
func (c SetRecord) Title(w *world.World) string {
	return fmt.Sprintf("Set the A record %s in the zone %s to %s", c.Label, zoneOf(w, c.Zone), c.Addr)
}

// zoneOf is how a zone is called in a sentence: with its resource group, where
// there is another of the same name.
func zoneOf(w *world.World, id world.ID) string {
	z, ok := w.Zone(id)
	if !ok {
		return nameOf(w, id)
	}
	for other := range w.ZonesNamed(z.Domain) {
		if other.ID != id {
			return z.Name() + " of the resource group " + z.Group()
		}
	}
	return z.Name()
}

// Commands create a record set that does not exist; in one that does, they add
// the address before they remove the others, so that the name never vanishes.
func (c SetRecord) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	ttl := cmp.Or(c.TTL, recommendedTTL)
	r, stands := z.Record(c.Label, world.TypeA)
	if !stands {
		return append(createRecord(z, c.Label, ttl), editRecord(z, "add", c.Label, c.Addr)...)
	}
	var commands []string
	if !slices.Contains(r.Addrs, c.Addr) {
		commands = editRecord(z, "add", c.Label, c.Addr)
	}
	for _, a := range r.Addrs {
		if a != c.Addr {
			commands = append(commands, editRecord(z, "remove", c.Label, a)...)
		}
	}
	if r.TTL != ttl {
		commands = append(commands, SetTTL{c.Zone, c.Label, ttl}.Commands(w)...)
	}
	return commands
}

// createRecord is the command that creates an A record set without an address.
func createRecord(z *world.Zone, label string, ttl uint32) []string {
	return az("network private-dns record-set a create", in(z.Meta), "--zone-name", quote(z.Domain.Host()),
		"--name", quote(label), fmt.Sprintf("--ttl %d", ttl))
}

// editRecord is the command that adds an address to an A record set, or removes
// it.
func editRecord(z *world.Zone, verb, label string, a netip.Addr) []string {
	return az("network private-dns record-set a "+verb+"-record", in(z.Meta), "--zone-name", quote(z.Domain.Host()),
		"--record-set-name", quote(label), "--ipv4-address", a.String())
}

// Verify shows the record.
func (c SetRecord) Verify(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	return az("network private-dns record-set a show", in(z.Meta), "--zone-name", quote(z.Domain.Host()), "--name", quote(c.Label))
}

// RemoveRecord deletes the A record set of a label.
type RemoveRecord struct {
	Zone  world.ID
	Label string
}

// Apply takes the record out.
func (c RemoveRecord) Apply(w *world.World) *world.World {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return w
	}
	if _, stands := z.Record(c.Label, world.TypeA); !stands {
		return w
	}
	changed := *z
	changed.Records = without(z.Records, c.Label)
	return put(w, &changed)
}

// Title says what is done.
func (c RemoveRecord) Title(w *world.World) string {
	return fmt.Sprintf("Remove the A record %s from the zone %s", c.Label, nameOf(w, c.Zone))
}

// Commands delete the record set.
func (c RemoveRecord) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	return az("network private-dns record-set a delete", in(z.Meta), "--zone-name", quote(z.Domain.Host()), "--name", quote(c.Label), "--yes")
}

// Verify lists the zone's A records.
func (c RemoveRecord) Verify(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	return az("network private-dns record-set a list", in(z.Meta), "--zone-name", quote(z.Domain.Host()), "--output table")
}
