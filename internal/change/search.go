package change

import (
	"fmt"
	"strings"

	"pldoctor/internal/world"
)

// SetSearch gives a machine the search list of resolv.conf(5), and ndots: names
// with fewer dots are tried with the domains of the list first.
type SetSearch struct {
	Host    world.ID
	Domains []string
	Ndots   int
}

// Apply sets both.
func (c SetSearch) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) { h.Search, h.Ndots = c.Domains, c.Ndots })
}

// Title says what is done.
func (c SetSearch) Title(w *world.World) string {
	if c.Ndots <= 1 {
		return fmt.Sprintf("On %s, set ndots to 1 (options of resolv.conf; of a pod, dnsConfig), so that a name with dots is tried as it is first; "+
			"else write the name with a final dot, or take the wildcard record away", nameOf(w, c.Host))
	}
	return fmt.Sprintf("On %s, try the domains %s first for names with fewer than %d dots", nameOf(w, c.Host), strings.Join(c.Domains, ", "), c.Ndots)
}

// Commands are none: whoever runs the machine, or the pod, has its own place for
// it.
func (SetSearch) Commands(*world.World) []string { return nil }

// Verify shows the setting.
func (SetSearch) Verify(*world.World) []string { return []string{"cat /etc/resolv.conf"} }
