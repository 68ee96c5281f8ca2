package change

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// SetSplit makes one machine ask servers of their own for names below a domain,
// as a VPN client's split DNS, Windows' name resolution policy table and the
// scoped resolvers of macOS do; with no servers, it takes such a rule away.
type SetSplit struct {
	Host    world.ID
	Domain  dnsname.Name
	Servers []netip.Addr
}

// Apply sets the rule.
func (c SetSplit) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) {
		h.Split = slices.DeleteFunc(slices.Clone(h.Split), func(f world.Forward) bool { return f.Domain == c.Domain })
		if len(c.Servers) > 0 {
			h.Split = append(h.Split, world.Forward{Domain: c.Domain, To: c.Servers})
		}
		SortForwards(h.Split)
	})
}

// Title says what is done.
func (c SetSplit) Title(w *world.World) string {
	if len(c.Servers) == 0 {
		return fmt.Sprintf("On %s, remove the rule that sends names below %s to servers of their own", nameOf(w, c.Host), c.Domain.Host())
	}
	return fmt.Sprintf("On %s, send names below %s to %s", nameOf(w, c.Host), c.Domain.Host(), join(c.Servers))
}

// Commands are none: every VPN client and operating system has its own place
// for it.
func (SetSplit) Commands(*world.World) []string { return nil }

// Verify shows the rules of Linux, macOS and Windows.
func (SetSplit) Verify(*world.World) []string {
	return []string{"resolvectl status", "scutil --dns", "Get-DnsClientNrptPolicy"}
}
