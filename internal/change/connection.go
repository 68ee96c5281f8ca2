package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// SetConnection puts a private endpoint connection into a state.
type SetConnection struct {
	Vault, Endpoint world.ID
	Status          world.ConnectionStatus
	Provisioning    string // "": Succeeded
}

// Apply changes both ends of the connection. Once it is approved, the
// endpoint's DNS zone group writes its record, as Azure does.
func (c SetConnection) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return w
	}
	at := slices.IndexFunc(v.Connections, func(x world.Connection) bool { return x.Endpoint == c.Endpoint })
	if at < 0 || c.Status == world.Approved && c.barred(w) {
		return w
	}
	changed := *v
	changed.Connections = slices.Clone(v.Connections)
	changed.Connections[at].Status, changed.Connections[at].Provisioning = c.Status, c.provisioning()
	after := put(w, &changed)
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return after
	}
	end := *e
	end.Status = c.Status
	if after = put(after, &end); after != w && c.Status == world.Approved {
		return register(after, &end, v.Name())
	}
	return after
}

// barred tells whether Azure refuses to approve, since the endpoint's
// subscription lacks the provider of key vaults.
func (c SetConnection) barred(w *world.World) bool {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return false
	}
	_, barred := w.Unregistered(e.Subscription())
	return barred
}

func (c SetConnection) provisioning() string {
	if c.Provisioning == "" {
		return world.Succeeded
	}
	return c.Provisioning
}

// register writes the records of an endpoint's DNS zone group into those of its
// zones that exist and have the right name; Azure ignores the others silently.
func register(w *world.World, e *world.Endpoint, vault string) *world.World {
	for _, id := range e.Zones {
		z, ok := w.Zone(id)
		if ok && z.Domain == w.Service().Zone && len(e.Addresses) > 0 {
			w = SetRecord{Zone: id, Label: vault, Addr: e.Addresses[0]}.Apply(w)
		}
	}
	return w
}

var connectionVerbs = map[world.ConnectionStatus]string{
	world.Approved: "Approve", world.Rejected: "Reject", world.Disconnected: "Delete", world.Pending: "Set back to pending",
}

// Title says what is done.
func (c SetConnection) Title(w *world.World) string {
	what := fmt.Sprintf("the private endpoint connection of %s on the key vault %s", nameOf(w, c.Endpoint), nameOf(w, c.Vault))
	if v, ok := w.Vault(c.Vault); ok && c.Status == world.Approved {
		if x, stands := v.ConnectionOf(c.Endpoint); stands && x.Status == world.Rejected {
			return "Ask the vault's owner why " + what + " was rejected; if nothing speaks against it any more, approve it"
		}
	}
	return connectionVerbs[c.Status] + " " + what
}

// Commands approve, reject or delete the connection.
func (c SetConnection) Commands(w *world.World) []string {
	verb, ok := map[world.ConnectionStatus]string{
		world.Approved: "approve", world.Rejected: "reject", world.Disconnected: "delete",
	}[c.Status]
	v, found := w.Vault(c.Vault)
	if !ok || !found {
		return nil
	}
	connection, found := v.ConnectionOf(c.Endpoint)
	if !found {
		return nil
	}
	return az("keyvault private-endpoint-connection", verb, "--id", quote(connection.Path))
}

// Verify shows the vault's connections and their states.
func (c SetConnection) Verify(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	return az("keyvault show", in(v.Meta), "--name", quote(v.Name()), "--query \"properties.privateEndpointConnections[]."+
		"{status:privateLinkServiceConnectionState.status, provisioning:provisioningState, endpoint:privateEndpoint.id}\"")
}
