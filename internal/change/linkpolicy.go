package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// SetLinkPolicy sets the resolutionPolicy of a zone's link to a VNet: with
// NxDomainRedirect, Azure DNS asks the public DNS for names that the zone does
// not hold (learn.microsoft.com/azure/dns/private-dns-fallback).
type SetLinkPolicy struct {
	Zone, VNet world.ID
	Redirect   bool
}

// Apply sets the policy.
func (c SetLinkPolicy) Apply(w *world.World) *world.World {
	return editLink(w, c.Zone, c.VNet, func(l *world.Link) { l.Redirect = c.Redirect })
}

// editLink changes a zone's link to a VNet, if there is one.
func editLink(w *world.World, zone, vnet world.ID, edit func(*world.Link)) *world.World {
	z, ok := w.Zone(zone)
	if !ok {
		return w
	}
	at := slices.IndexFunc(z.Links, func(l world.Link) bool { return l.VNet == vnet })
	if at < 0 {
		return w
	}
	changed := *z
	changed.Links = slices.Clone(z.Links)
	edit(&changed.Links[at])
	return put(w, &changed)
}

func (c SetLinkPolicy) policy() string {
	return map[bool]string{true: "NxDomainRedirect", false: "Default"}[c.Redirect]
}

// Title says what is done.
func (c SetLinkPolicy) Title(w *world.World) string {
	title := fmt.Sprintf("Set the resolution policy of the link of the zone %s to the VNet %s to %s",
		nameOf(w, c.Zone), nameOf(w, c.VNet), c.policy())
	if c.Redirect {
		title += ", so that names without a record in the zone get their public answers"
	}
	return title
}

// Commands set the policy.
func (c SetLinkPolicy) Commands(w *world.World) []string {
	return updateLink(w, c.Zone, c.VNet, "--resolution-policy "+c.policy())
}

// updateLink is the command that changes a zone's link to a VNet.
func updateLink(w *world.World, zone, vnet world.ID, setting string) []string {
	z, ok := w.Zone(zone)
	if !ok {
		return nil
	}
	l, ok := z.LinkTo(vnet)
	if !ok {
		return nil
	}
	return az("network private-dns link vnet update", in(z.Meta), "--zone-name", quote(z.Domain.Host()), "--name", quote(l.Name()), setting)
}

// Verify shows the policies of the zone's links.
func (c SetLinkPolicy) Verify(w *world.World) []string {
	return listLinks(w, c.Zone, "resolutionPolicy")
}

// listLinks shows one property of the links of a zone.
func listLinks(w *world.World, zone world.ID, property string) []string {
	z, ok := w.Zone(zone)
	if !ok {
		return nil
	}
	return az("network private-dns link vnet list", in(z.Meta), "--zone-name", quote(z.Domain.Host()),
		fmt.Sprintf("--query \"[].{vnet:virtualNetwork.id, %s:%s}\" --output table", property, property))
}
