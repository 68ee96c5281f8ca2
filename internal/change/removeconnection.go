package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// RemoveConnection takes a private endpoint connection off a vault, as its
// owner can; the endpoint, where it still exists, stays behind Disconnected.
type RemoveConnection struct{ Vault, Endpoint world.ID }

// Apply takes the connection off the vault's list.
func (c RemoveConnection) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return w
	}
	if _, stands := v.ConnectionOf(c.Endpoint); !stands {
		return w
	}
	changed := *v
	changed.Connections = slices.DeleteFunc(slices.Clone(v.Connections), func(x world.Connection) bool { return x.Endpoint == c.Endpoint })
	edits := []world.Edit{world.Put(&changed)}
	if e, ok := w.Endpoint(c.Endpoint); ok {
		end := *e
		end.Status = world.Disconnected
		edits = append(edits, world.Put(&end))
	}
	return w.With(edits...)
}

// Title says what is done.
func (c RemoveConnection) Title(w *world.World) string {
	return fmt.Sprintf("Remove the private endpoint connection of %s from the key vault %s", nameOf(w, c.Endpoint), nameOf(w, c.Vault))
}

// Commands delete the connection.
func (c RemoveConnection) Commands(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	connection, ok := v.ConnectionOf(c.Endpoint)
	if !ok {
		return nil
	}
	return az("keyvault private-endpoint-connection delete --id", quote(connection.Path))
}

// Verify shows the connections that are left.
func (c RemoveConnection) Verify(w *world.World) []string {
	return SetConnection{Vault: c.Vault}.Verify(w)
}
