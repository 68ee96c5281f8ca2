package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// SetRegistration turns auto-registration of machine names on or off for a
// zone's link to a VNet.
type SetRegistration struct {
	Zone, VNet world.ID
	On         bool
}

// Apply sets the link's registrationEnabled.
func (c SetRegistration) Apply(w *world.World) *world.World {
	return editLink(w, c.Zone, c.VNet, func(l *world.Link) { l.Registration = c.On })
}

// Title says what is done.
func (c SetRegistration) Title(w *world.World) string {
	verb := map[bool]string{true: "Enable", false: "Disable"}[c.On]
	return fmt.Sprintf("%s auto-registration on the link of the zone %s to the VNet %s", verb, nameOf(w, c.Zone), nameOf(w, c.VNet))
}

// Commands set the property.
func (c SetRegistration) Commands(w *world.World) []string {
	return updateLink(w, c.Zone, c.VNet, fmt.Sprintf("--registration-enabled %t", c.On))
}

// Verify shows which links of the zone register.
func (c SetRegistration) Verify(w *world.World) []string {
	return listLinks(w, c.Zone, "registrationEnabled")
}
