package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// LinkZone links a private DNS zone to a VNet, so that Azure DNS answers that
// VNet's questions out of the zone.
type LinkZone struct{ Zone, VNet world.ID }

// Apply adds the link, completed and without auto-registration.
func (c LinkZone) Apply(w *world.World) *world.World {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return w
	}
	if _, linked := z.LinkTo(c.VNet); linked {
		return w
	}
	changed := *z
	link := world.Link{Meta: world.At(z.Path + "/virtualNetworkLinks/" + c.linkName(w)), VNet: c.VNet, VNetPath: pathOf(w, c.VNet)}
	changed.Links = append(slices.Clone(z.Links), link)
	return put(w, &changed)
}

func (c LinkZone) linkName(w *world.World) string { return "to-" + nameOf(w, c.VNet) }

// Title says what is done.
func (c LinkZone) Title(w *world.World) string {
	return fmt.Sprintf("Link the zone %s to the VNet %s", nameOf(w, c.Zone), nameOf(w, c.VNet)) + hides(w, c.Zone)
}

// hides says which vaults lose their public answer where a zone gets linked:
// those whose registration points into it and that have no record in it. Those
// of other tenants are not known.
func hides(w *world.World, zone world.ID) string {
	z, ok := w.Zone(zone)
	if !ok || z.Domain != w.Service().Zone || z.Exists("*") {
		return ""
	}
	var names []string
	for v := range w.Vaults() {
		if v.HasAlias() && !z.Exists(v.Name()) {
			names = append(names, v.Name())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; it has no record of " + listed(names) + ", whose public answers it then hides there"
}

// Commands create the link.
func (c LinkZone) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	return az("network private-dns link vnet create", in(z.Meta), "--zone-name", quote(z.Domain.Host()),
		"--name", quote(c.linkName(w)), "--virtual-network", quote(pathOf(w, c.VNet)), "--registration-enabled false")
}

// Verify shows the link's state.
func (c LinkZone) Verify(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	return az("network private-dns link vnet list", in(z.Meta), "--zone-name", quote(z.Domain.Host()),
		"--query \"[].{vnet:virtualNetwork.id, state:virtualNetworkLinkState}\" --output table")
}

// UnlinkZone takes the link of a zone to a VNet away.
type UnlinkZone struct{ Zone, VNet world.ID }

// Apply removes the link.
func (c UnlinkZone) Apply(w *world.World) *world.World {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return w
	}
	if _, linked := z.LinkTo(c.VNet); !linked {
		return w
	}
	changed := *z
	changed.Links = slices.DeleteFunc(slices.Clone(z.Links), func(l world.Link) bool { return l.VNet == c.VNet })
	return put(w, &changed)
}

// Title says what is done.
func (c UnlinkZone) Title(w *world.World) string {
	return fmt.Sprintf("Remove the link of the zone %s to the VNet %s", nameOf(w, c.Zone), nameOf(w, c.VNet))
}

// Commands delete the link.
func (c UnlinkZone) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok {
		return nil
	}
	l, ok := z.LinkTo(c.VNet)
	if !ok {
		return nil
	}
	return az("network private-dns link vnet delete", in(z.Meta), "--zone-name", quote(z.Domain.Host()), "--name", quote(l.Name()), "--yes")
}

// Verify shows that the zone is no longer linked there.
func (c UnlinkZone) Verify(w *world.World) []string { return LinkZone(c).Verify(w) }

func pathOf(w *world.World, id world.ID) string {
	if r := w.Lookup(id); r != nil && world.MetaOf(r).Path != "" {
		return world.MetaOf(r).Path
	}
	return string(id)
}
