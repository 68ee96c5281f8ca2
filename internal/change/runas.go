package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// RunAs says that the programs of a host run on another platform.
type RunAs struct {
	Host world.ID
	Runs world.Runs
}

// Apply sets the platform.
func (c RunAs) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) { h.Runs = c.Runs })
}

// Title says what is done.
func (c RunAs) Title(w *world.World) string {
	return fmt.Sprintf("Run the programs of %s on %s", nameOf(w, c.Host), c.Runs)
}

// Commands are none: each platform has its own.
func (RunAs) Commands(*world.World) []string { return nil }

// Verify runs the diagnosis there.
func (RunAs) Verify(w *world.World) []string { return MoveHost{}.Verify(w) }
