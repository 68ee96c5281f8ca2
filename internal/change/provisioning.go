package change

import (
	"slices"

	"pldoctor/internal/world"
)

// AwaitProvisioning waits until Azure has finished what it is doing to a private
// endpoint and its connection.
type AwaitProvisioning struct{ Vault, Endpoint world.ID }

// Apply makes both ends Succeeded.
func (c AwaitProvisioning) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return w
	}
	changed := *v
	changed.Connections = slices.Clone(v.Connections)
	for i := range changed.Connections {
		if changed.Connections[i].Endpoint == c.Endpoint {
			changed.Connections[i].Provisioning = world.Succeeded
		}
	}
	w = put(w, &changed)
	if e, ok := w.Endpoint(c.Endpoint); ok {
		end := *e
		end.Provisioning = world.Succeeded
		w = put(w, &end)
	}
	return w
}

// Title says what is done.
func (c AwaitProvisioning) Title(w *world.World) string {
	return "Wait until Azure has provisioned the private endpoint " + nameOf(w, c.Endpoint) + " and its connection"
}

// Commands wait.
func (c AwaitProvisioning) Commands(w *world.World) []string {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return nil
	}
	return az("network private-endpoint wait", in(e.Meta), "--name", quote(e.Name()), "--updated")
}

// Verify shows the vault's connections and their states.
func (c AwaitProvisioning) Verify(w *world.World) []string {
	return SetConnection{Vault: c.Vault}.Verify(w)
}
