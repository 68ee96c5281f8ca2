package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// SetLinkProgress puts a zone's link to a VNet into the state InProgress, in
// which it has no effect yet, or lets it be completed.
type SetLinkProgress struct {
	Zone, VNet world.ID
	InProgress bool
}

// Apply sets the state.
func (c SetLinkProgress) Apply(w *world.World) *world.World {
	return editLink(w, c.Zone, c.VNet, func(l *world.Link) { l.InProgress = c.InProgress })
}

// Title says what is done.
func (c SetLinkProgress) Title(w *world.World) string {
	verb := map[bool]string{true: "Have just asked for", false: "Wait for"}[c.InProgress]
	return fmt.Sprintf("%s the link of the zone %s to the VNet %s", verb, nameOf(w, c.Zone), nameOf(w, c.VNet))
}

// Commands wait for the link; Azure sets the state itself.
func (c SetLinkProgress) Commands(w *world.World) []string {
	z, ok := w.Zone(c.Zone)
	if !ok || c.InProgress {
		return nil
	}
	l, ok := z.LinkTo(c.VNet)
	if !ok {
		return nil
	}
	return az("network private-dns link vnet wait", in(z.Meta), "--zone-name", quote(z.Domain.Host()), "--name", quote(l.Name()),
		"--custom \"virtualNetworkLinkState=='Completed'\"")
}

// Verify shows the states of the zone's links.
func (c SetLinkProgress) Verify(w *world.World) []string {
	return listLinks(w, c.Zone, "virtualNetworkLinkState")
}
