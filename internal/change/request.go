package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// RequestEndpoint creates a private endpoint for a vault that somebody else
// owns, who then approves its connection.
type RequestEndpoint struct {
	Vault  world.ID
	Subnet world.ID
	Zones  []world.ID // of the zone group
}

// Apply adds the endpoint as it is once it has been approved.
func (c RequestEndpoint) Apply(w *world.World) *world.World { return c.create().Apply(w) }

func (c RequestEndpoint) create() CreateEndpoint {
	return CreateEndpoint{Vault: c.Vault, Subnet: c.Subnet, Zones: c.Zones}
}

// Title says what is done.
func (c RequestEndpoint) Title(w *world.World) string {
	return fmt.Sprintf("Create a private endpoint for the key vault %s in the VNet %s, and let the vault's owner approve it",
		nameOf(w, c.Vault), nameOf(w, c.Subnet.Parent()))
}

// Commands create the endpoint; the vault's resource id has to come from its
// owner.
func (c RequestEndpoint) Commands(w *world.World) []string {
	m := c.create().meta(w)
	commands := az("network private-endpoint create", in(m), "--name", quote(m.Name()), location(w, c.Subnet.Parent()), "--subnet", quote(pathOfSubnet(w, c.Subnet)),
		"--private-connection-resource-id <resource-id-of-the-vault> --group-id", w.Service().GroupID, "--connection-name", quote(m.Name()),
		"--manual-request true --request-message", quote("Access to "+nameOf(w, c.Vault)+" over private link"))
	return append(commands, createZoneGroup(w, m, "default", c.Zones...)...)
}

// Verify shows the endpoint's state and address.
func (c RequestEndpoint) Verify(w *world.World) []string { return c.create().Verify(w) }
