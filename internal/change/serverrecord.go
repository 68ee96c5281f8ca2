package change

import (
	"fmt"
	"maps"
	"net/netip"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// DropServerRecord takes a record that a DNS server has of its own away from it,
// so that it asks for the name as for any other.
type DropServerRecord struct {
	Server world.ID // a host
	Name   dnsname.Name
}

// Apply removes the record, as far as the server's inside is known.
func (c DropServerRecord) Apply(w *world.World) *world.World {
	return edit(w, c.Server, func(h *world.Host) {
		if h.DNS == nil {
			return
		}
		role := *h.DNS
		role.Records = maps.Clone(role.Records)
		maps.DeleteFunc(role.Records, func(n dnsname.Name, _ []netip.Addr) bool { return n == c.Name })
		h.DNS = &role
	})
}

// Title says what is done.
func (c DropServerRecord) Title(w *world.World) string {
	return fmt.Sprintf("Remove the record of %s that the DNS server %s has of its own (in a zone of that name or above it, a hosts file, an override), so that it forwards the name",
		c.Name.Host(), nameOf(w, c.Server))
}

// Commands are none: every DNS server has its own.
func (DropServerRecord) Commands(*world.World) []string { return nil }

// Verify asks the server, which shows the alias again.
func (c DropServerRecord) Verify(w *world.World) []string {
	h, ok := w.Host(c.Server)
	if !ok {
		return nil
	}
	return []string{fmt.Sprintf("host %s %s", c.Name.Host(), h.Address)}
}
