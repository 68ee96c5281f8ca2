package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// SecondZone creates another private DNS zone of the same name as one that
// stands, in a resource group of its own, since a group holds one of a name.
// It is linked to no VNet.
type SecondZone struct {
	Like        world.ID
	For         world.ID // the VNet in whose region its group is; "": where the first one's group is
	WithRecords bool     // with a copy of the first one's records, else empty
	Except      string   // the label that the copy leaves out
}

// ID is the id that the zone gets.
func (c SecondZone) ID(w *world.World) world.ID { return c.meta(w).ID }

func (c SecondZone) meta(w *world.World) world.Meta {
	like := world.Meta{Path: pathOf(w, c.Like)}
	return world.At(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s-second/providers/Microsoft.Network/privateDnsZones/%s",
		like.Subscription(), like.Group(), like.Name()))
}

// Apply adds the zone.
func (c SecondZone) Apply(w *world.World) *world.World {
	z, ok := w.Zone(c.Like)
	m := c.meta(w)
	if !ok || w.Lookup(m.ID) != nil {
		return w
	}
	second := &world.Zone{Meta: m, Domain: z.Domain}
	if c.WithRecords {
		second.Records = without(z.Records, c.Except)
		for i := range second.Records {
			r := &second.Records[i]
			r.Meta = world.At(fmt.Sprintf("%s/%s/%s", m.Path, r.Type, r.Label))
		}
	}
	return w.With(world.Put(second))
}

// Title says what is done.
func (c SecondZone) Title(w *world.World) string {
	title := fmt.Sprintf("Create a second private DNS zone %s, in the resource group %s", nameOf(w, c.Like), c.meta(w).Group())
	if c.WithRecords {
		title += ", with a copy of the first one's records"
		if c.Except != "" {
			title += " but for " + c.Except
		}
		if others := c.copied(w); len(others) > 0 {
			title += "; the copies, of " + listed(others) + ", no longer follow their private endpoints"
		}
	}
	return title
}

// copied are the labels of the address records that are copied.
func (c SecondZone) copied(w *world.World) []string {
	var labels []string
	if z, ok := w.Zone(c.Like); ok {
		for _, r := range without(z.Records, c.Except) {
			if r.Type == world.TypeA && !r.Auto {
				labels = append(labels, r.Label)
			}
		}
	}
	return labels
}

// Commands create the group and the zone; records are copied through a zone
// file.
func (c SecondZone) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Like)
	if !ok {
		return nil
	}
	m, name := c.meta(w), quote(z.Domain.Host())
	where := fmt.Sprintf(`--location "$(az group show --name %s --subscription %s --query location --output tsv)"`, quote(z.Group()), quote(z.Subscription()))
	if c.For != "" {
		where = location(w, c.For)
	}
	commands := az("group create --name", quote(m.Group()), "--subscription", quote(m.Subscription()), where)
	if !c.WithRecords {
		return append(commands, CreateZone{Near: m.ID, Domain: z.Domain}.Commands(w)...)
	}
	commands = append(commands, az("network private-dns zone export", in(z.Meta), "--name", name, "--file-name zone.txt")...)
	commands = append(commands, az("network private-dns zone import", in(m), "--name", name, "--file-name zone.txt")...)
	if _, stands := z.Record(c.Except, world.TypeA); stands {
		commands = append(commands, az("network private-dns record-set a delete", in(m), "--zone-name", name, "--name", quote(c.Except), "--yes")...)
	}
	return commands
}

// Verify lists the zones.
func (SecondZone) Verify(w *world.World) []string { return DeleteZone{}.Verify(w) }
