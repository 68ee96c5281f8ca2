package change

import (
	"fmt"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// CreateZone creates an empty private DNS zone.
type CreateZone struct {
	Near   world.ID // a resource in whose subscription and group it is created
	Domain dnsname.Name
}

// ID is the id that the zone gets.
func (c CreateZone) ID(w *world.World) world.ID { return c.meta(w).ID }

func (c CreateZone) meta(w *world.World) world.Meta {
	near := world.Meta{Path: pathOf(w, c.Near)}
	return world.At(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/privateDnsZones/%s",
		near.Subscription(), near.Group(), c.Domain.Host()))
}

// Apply adds the zone.
func (c CreateZone) Apply(w *world.World) *world.World {
	m := c.meta(w)
	if w.Lookup(m.ID) != nil {
		return w
	}
	return w.With(world.Put(&world.Zone{Meta: m, Domain: c.Domain}))
}

// Title says what is done.
func (c CreateZone) Title(*world.World) string {
	return "Create the private DNS zone " + c.Domain.Host()
}

// Commands create the zone.
func (c CreateZone) Commands(w *world.World) []string {
	return az("network private-dns zone create", in(c.meta(w)), "--name", quote(c.Domain.Host()))
}

// Verify shows the zone.
func (c CreateZone) Verify(w *world.World) []string {
	return az("network private-dns zone show", in(c.meta(w)), "--name", quote(c.Domain.Host()))
}

// DeleteZone deletes a private DNS zone with its links and records.
type DeleteZone struct{ Zone world.ID }

// Apply removes the zone.
func (c DeleteZone) Apply(w *world.World) *world.World {
	if _, ok := w.Zone(c.Zone); !ok {
		return w
	}
	return w.With(world.Remove(c.Zone))
}

// Title says what is done.
func (c DeleteZone) Title(w *world.World) string {
	return "Delete the private DNS zone " + nameOf(w, c.Zone)
}

// Commands delete the zone.
func (c DeleteZone) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	return az("network private-dns zone delete", in(z.Meta), "--name", quote(z.Domain.Host()), "--yes")
}

// Verify lists the zones that are left.
func (c DeleteZone) Verify(*world.World) []string {
	return az("network private-dns zone list --query \"[].id\" --output tsv")
}
