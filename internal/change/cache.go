package change

import (
	"fmt"
	"maps"
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// SetCached makes a machine hold an answer that it heard earlier; without an
// address, it makes it forget the name.
type SetCached struct {
	Host world.ID
	Name dnsname.Name
	Addr netip.Addr
	TTL  time.Duration // what is left of it
}

// Apply changes the machine's cache.
func (c SetCached) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) {
		h.Cached = maps.Clone(h.Cached)
		if !c.Addr.IsValid() {
			delete(h.Cached, c.Name)
			return
		}
		if h.Cached == nil {
			h.Cached = map[dnsname.Name]world.CachedAnswer{}
		}
		h.Cached[c.Name] = world.CachedAnswer{Addr: c.Addr, TTL: c.TTL}
	})
}

// Title says what is done.
func (c SetCached) Title(w *world.World) string {
	if !c.Addr.IsValid() {
		return fmt.Sprintf("Empty the DNS cache of %s, or restart the program", nameOf(w, c.Host))
	}
	return fmt.Sprintf("Let %s still hold %s for %s in its DNS cache", nameOf(w, c.Host), c.Addr, c.Name.Host())
}

// Commands empty the cache of Linux with systemd-resolved, and of Windows.
func (c SetCached) Commands(*world.World) []string {
	if c.Addr.IsValid() {
		return nil
	}
	return []string{"resolvectl flush-caches", "ipconfig /flushdns"}
}

// Verify shows what programs get.
func (c SetCached) Verify(*world.World) []string { return []string{"getent ahosts " + c.Name.Host()} }
