package change

import (
	"strings"

	"pldoctor/internal/world"
)

// Instead is a change that does for a purpose what the one before it does not:
// its Title says when to choose it.
type Instead struct {
	Change
	When string // "to reach the vault privately"
}

// Title says when and what.
func (c Instead) Title(w *world.World) string {
	title := c.Change.Title(w)
	return "Or, " + c.When + ": " + strings.ToLower(title[:1]) + title[1:]
}
