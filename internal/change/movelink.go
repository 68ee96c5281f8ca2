package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// MoveLink links a VNet to another private DNS zone of the same name than the
// one that it is linked to: Azure takes one of a name only.
type MoveLink struct{ From, To, VNet world.ID }

// Apply moves the link, and keeps its resolution policy.
func (c MoveLink) Apply(w *world.World) *world.World {
	l, ok := c.link(w)
	if _, known := w.Zone(c.To); !ok || !known {
		return w
	}
	w = LinkZone{c.To, c.VNet}.Apply(UnlinkZone{c.From, c.VNet}.Apply(w))
	return SetLinkPolicy{c.To, c.VNet, l.Redirect}.Apply(w)
}

func (c MoveLink) link(w *world.World) (*world.Link, bool) {
	z, ok := w.Zone(c.From)
	if !ok {
		return nil, false
	}
	return z.LinkTo(c.VNet)
}

// Title says what is done, and what that means meanwhile.
func (c MoveLink) Title(w *world.World) string {
	from, to := world.Meta{Path: pathOf(w, c.From)}, world.Meta{Path: pathOf(w, c.To)}
	return fmt.Sprintf("Move the link of the VNet %s from the zone %s of the resource group %s to that of %s; "+
		"in between, for a minute or two, its clients get public addresses for all vaults%s",
		nameOf(w, c.VNet), nameOf(w, c.From), from.Group(), to.Group(), hides(w, c.To))
}

// Commands delete the one link and create the other.
func (c MoveLink) Commands(w *world.World) []string {
	l, ok := c.link(w)
	if !ok {
		return nil
	}
	create := LinkZone{c.To, c.VNet}.Commands(w)
	for i := range create {
		if l.Redirect {
			create[i] += " --resolution-policy NxDomainRedirect"
		}
	}
	return append(UnlinkZone{c.From, c.VNet}.Commands(w), create...)
}

// Verify shows the new link's state.
func (c MoveLink) Verify(w *world.World) []string { return LinkZone{c.To, c.VNet}.Verify(w) }
