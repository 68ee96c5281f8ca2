package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// Secure puts a vault into a network security perimeter of its own, in enforced
// mode and without an access rule.
type Secure struct{ Vault world.ID }

func (c Secure) meta(w *world.World) world.Meta {
	near := world.Meta{Path: pathOf(w, c.Vault)}
	return world.At(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/networkSecurityPerimeters/perimeter-%s",
		near.Subscription(), near.Group(), nameOf(w, c.Vault)))
}

// Apply creates the perimeter and associates the vault.
func (c Secure) Apply(w *world.World) *world.World {
	if _, ok := w.Vault(c.Vault); !ok {
		return w
	}
	w = SetPublicAccess{c.Vault, world.AccessPerimeter}.Apply(w)
	return put(w, &world.Perimeter{Meta: c.meta(w), Resources: []world.ID{c.Vault}})
}

// Title says what is done.
func (c Secure) Title(w *world.World) string {
	return "Put the key vault " + nameOf(w, c.Vault) + " into a network security perimeter, in enforced mode"
}

// Commands create the perimeter; associating the vault takes a profile as well.
func (c Secure) Commands(w *world.World) []string {
	m := c.meta(w)
	return az("network perimeter create", in(m), "--name", quote(m.Name()))
}

// Verify lists what the perimeter holds.
func (c Secure) Verify(w *world.World) []string {
	m := c.meta(w)
	return az("network perimeter association list", in(m), "--perimeter-name", quote(m.Name()))
}
