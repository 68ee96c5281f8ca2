package change

import (
	"fmt"
	"time"

	"pldoctor/internal/world"
)

// SetUpstreamTimeout sets how long a DNS server waits for those that it
// forwards to, after which it answers SERVFAIL.
type SetUpstreamTimeout struct {
	Server world.ID // a host that serves DNS
	Wait   time.Duration
}

// Apply sets the time.
func (c SetUpstreamTimeout) Apply(w *world.World) *world.World {
	h, ok := w.Host(c.Server)
	if !ok || h.DNS == nil || h.DNS.UpstreamTimeout == c.Wait {
		return w
	}
	role := *h.DNS
	role.UpstreamTimeout = c.Wait
	changed := *h
	changed.DNS = &role
	return put(w, &changed)
}

// Title says what is done.
func (c SetUpstreamTimeout) Title(w *world.World) string {
	return fmt.Sprintf("Let the DNS server %s wait %s for those that it forwards to", serverName(w, c.Server), c.Wait)
}

// Commands are none: every DNS server has its own.
func (SetUpstreamTimeout) Commands(*world.World) []string { return nil }

// Verify asks the server.
func (c SetUpstreamTimeout) Verify(w *world.World) []string {
	return ForwardToAzure{Server: c.Server}.Verify(w)
}
