package change

import (
	"fmt"
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
	var what []string
	connection, endpoint := c.awaited(w)
	if connection != nil {
		what = append(what, fmt.Sprintf("the connection on the key vault %s (%s)", nameOf(w, c.Vault), connection.Provisioning))
	}
	if endpoint != nil {
		what = append(what, fmt.Sprintf("the private endpoint %s (%s)", endpoint.Name(), endpoint.Provisioning))
	}
	if len(what) == 0 {
		return "Wait until Azure has provisioned the private endpoint " + nameOf(w, c.Endpoint) + " and its connection"
	}
	return "Wait until Azure has provisioned " + listed(what)
}

// awaited are the ends that are not Succeeded; nil for one that is.
func (c AwaitProvisioning) awaited(w *world.World) (connection *world.Connection, endpoint *world.Endpoint) {
	if v, ok := w.Vault(c.Vault); ok {
		if x, stands := v.ConnectionOf(c.Endpoint); stands && x.Provisioning != world.Succeeded {
			connection = x
		}
	}
	if e, ok := w.Endpoint(c.Endpoint); ok && e.Provisioning != world.Succeeded {
		endpoint = e
	}
	return connection, endpoint
}

// Commands wait for each end that is not Succeeded.
func (c AwaitProvisioning) Commands(w *world.World) []string {
	var commands []string
	connection, endpoint := c.awaited(w)
	if connection != nil {
		commands = az("keyvault private-endpoint-connection wait --id", quote(connection.Path), "--updated")
	}
	if endpoint != nil {
		commands = append(commands, az("network private-endpoint wait", in(endpoint.Meta), "--name", quote(endpoint.Name()), "--updated")...)
	}
	return commands
}

// Verify shows the vault's connections and their states.
func (c AwaitProvisioning) Verify(w *world.World) []string {
	return SetConnection{Vault: c.Vault}.Verify(w)
}
