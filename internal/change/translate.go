package change

import (
	"fmt"
	"net/netip"
	"strings"

	"pldoctor/internal/world"
)

// TranslateSource sets whether a firewall or an appliance puts its own address
// in the place of the source's towards private addresses.
type TranslateSource struct {
	Machine world.ID
	On      bool
	To      netip.Addr // a firewall: towards this one alone; the zero Addr: all
}

// Apply sets it.
func (c TranslateSource) Apply(w *world.World) *world.World {
	if _, ok := w.Firewall(c.Machine); ok {
		return editFirewall(w, c.Machine, func(f *world.Firewall) { f.KeepSource = c.keeps(f) })
	}
	return editForward(w, c.Machine, func(r *world.ForwardRole) { r.SNAT = c.On })
}

// keeps are the ranges towards which the source's address stays as it is; nil for
// the default.
func (c TranslateSource) keeps(f *world.Firewall) []netip.Prefix {
	switch {
	case !c.On:
		return nil
	case c.To.IsValid():
		return f.KeepBut(c.To)
	}
	return world.AlwaysTranslate()
}

// Title says what is done, and to whose packets.
func (c TranslateSource) Title(w *world.World) string {
	name := nameOf(w, c.Machine)
	switch _, firewall := w.Firewall(c.Machine); {
	case !c.On:
		return "Stop source NAT to private addresses on " + name + byPolicy(w, c.Machine)
	case firewall && c.To.IsValid():
		return fmt.Sprintf("Turn on source NAT towards %s on %s%s, so that its replies come back through the firewall; towards other addresses nothing changes",
			c.To, name, byPolicy(w, c.Machine))
	}
	return fmt.Sprintf("Turn on source NAT to private addresses on %s%s, so that replies come back through it; all that it forwards then arrives with its address",
		name, byPolicy(w, c.Machine))
}

// Commands set the private ranges of a firewall or its policy: those towards which
// it does not translate.
func (c TranslateSource) Commands(w *world.World) []string {
	f, ok := w.Firewall(c.Machine)
	if !ok {
		return nil
	}
	ranges := []string{"IANAPrivateRanges"}
	if keeps := c.keeps(f); keeps != nil {
		ranges = ranges[:0]
		for _, p := range keeps {
			ranges = append(ranges, p.String())
		}
	}
	return firewallUpdate(f, "--private-ranges", strings.Join(ranges, " "))
}

// Verify shows the private ranges.
func (c TranslateSource) Verify(w *world.World) []string { return showSettings(w, c.Machine, "snat") }
