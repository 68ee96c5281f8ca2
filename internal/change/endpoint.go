package change

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// CreateEndpoint creates a private endpoint for a vault, approved, with a DNS
// zone group that writes its record.
type CreateEndpoint struct {
	Vault  world.ID
	Subnet world.ID
	Zones  []world.ID // of the zone group
	Name   string     // "": pe-VAULT, or where that is taken pe-VAULT-2 and so on
	Near   string     // the path of what it shares a resource group with; "": the subnet's VNet
	Addr   netip.Addr // a static address that is free; the zero Addr lets Azure choose
}

func (c CreateEndpoint) meta(w *world.World) world.Meta {
	if c.Name != "" {
		return c.called(w, c.Name)
	}
	name := "pe-" + nameOf(w, c.Vault)
	m := c.called(w, name)
	for n := 2; w.Lookup(m.ID) != nil; n++ {
		m = c.called(w, fmt.Sprintf("%s-%d", name, n))
	}
	return m
}

func (c CreateEndpoint) called(w *world.World, name string) world.Meta {
	near := world.Meta{Path: cmp.Or(c.Near, pathOf(w, c.Subnet.Parent()))}
	return world.At(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/privateEndpoints/%s",
		near.Subscription(), near.Group(), name))
}

// Apply adds the endpoint and its connection, unless one of that name stands.
func (c CreateEndpoint) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	s, net, found := w.Subnet(c.Subnet)
	m := c.meta(w)
	if !ok || !found || w.Lookup(m.ID) != nil {
		return w
	}
	e := &world.Endpoint{
		Meta: m, Location: net.Location, Subnet: c.Subnet, Provisioning: world.Succeeded,
		Target: v.ID, TargetPath: v.Path, Status: world.Approved, GroupID: w.Service().GroupID, Zones: c.Zones,
	}
	if c.Addr.IsValid() && !taken(w, net.ID, c.Addr) {
		e.Addresses = []netip.Addr{c.Addr}
	} else if addr, ok := free(w, net.ID, s); ok {
		e.Addresses = []netip.Addr{addr}
	}
	changed := *v
	changed.Connections = append(slices.Clone(v.Connections), world.Connection{
		Meta:     world.At(v.Path + "/privateEndpointConnections/" + e.Name()),
		Endpoint: e.ID, EndpointPath: e.Path, Status: world.Approved, Provisioning: world.Succeeded,
	})
	return register(w.With(world.Put(e), world.Put(&changed)), e, v.Name())
}

// free returns the first address of a subnet that nothing has: Azure keeps the
// first four and the last.
func free(w *world.World, vnet world.ID, s *world.Subnet) (netip.Addr, bool) {
	for _, p := range s.Prefixes {
		a := p.Masked().Addr()
		for range 4 {
			a = a.Next()
		}
		for ; p.Contains(a.Next()); a = a.Next() {
			if !taken(w, vnet, a) {
				return a, true
			}
		}
	}
	return netip.Addr{}, false
}

func taken(w *world.World, vnet world.ID, a netip.Addr) bool {
	_, endpoint := w.EndpointAt(vnet, a)
	_, host := w.HostAt(vnet, a)
	_, firewall := w.FirewallAt(vnet, a)
	_, resolver := w.ResolverAt(vnet, a)
	return endpoint || host || firewall || resolver
}

// Title says what is done.
func (c CreateEndpoint) Title(w *world.World) string {
	return fmt.Sprintf("Create a private endpoint for the key vault %s in the VNet %s", nameOf(w, c.Vault), nameOf(w, c.Subnet.Parent())) +
		overwrites(w, c.Vault, nil, c.Zones...)
}

// Commands create the endpoint and its zone group.
func (c CreateEndpoint) Commands(w *world.World) []string {
	m := c.meta(w)
	commands := az("network private-endpoint create", in(m), "--name", quote(m.Name()), location(w, c.Subnet.Parent()),
		"--subnet", quote(pathOfSubnet(w, c.Subnet)), "--private-connection-resource-id", quote(pathOf(w, c.Vault)),
		"--group-id", w.Service().GroupID, "--connection-name", quote(m.Name()), c.static(w))
	return append(commands, createZoneGroup(w, m, "default", c.Zones...)...)
}

// static is the part of the command that keeps an address.
func (c CreateEndpoint) static(w *world.World) string {
	if !c.Addr.IsValid() {
		return ""
	}
	return fmt.Sprintf("--ip-config name=static group-id=%s member-name=default private-ip-address=%s", w.Service().GroupID, c.Addr)
}

// location is the part of an az command that creates something beside a VNet,
// in the VNet's region: a private endpoint can be in no other.
func location(w *world.World, vnet world.ID) string {
	if v, ok := w.VNet(vnet); ok && v.Location != "" {
		return "--location " + quote(v.Location)
	}
	return `--location "$(az network vnet show --ids ` + quote(pathOf(w, vnet)) + ` --query location --output tsv)"`
}

func pathOfSubnet(w *world.World, id world.ID) string {
	if s, _, ok := w.Subnet(id); ok {
		return s.Path
	}
	return string(id)
}

// Verify shows the endpoint's state and address.
func (c CreateEndpoint) Verify(w *world.World) []string {
	m := c.meta(w)
	return az("network private-endpoint show", in(m), "--name", quote(m.Name()),
		"--query \"{state:provisioningState, connection:privateLinkServiceConnections[0].privateLinkServiceConnectionState.status}\"")
}

// RecreateEndpoint deletes a private endpoint that no longer works and creates
// it again with the same name and the same address.
type RecreateEndpoint struct{ Endpoint world.ID }

func (c RecreateEndpoint) create(w *world.World) (CreateEndpoint, bool) {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return CreateEndpoint{}, false
	}
	create := CreateEndpoint{Vault: e.Target, Subnet: e.Subnet, Zones: e.Zones, Name: e.Name(), Near: e.Path}
	if len(e.Addresses) > 0 { // which records by hand and hosts files may name
		create.Addr = e.Addresses[0]
	}
	return create, true
}

// Apply deletes and creates the endpoint.
func (c RecreateEndpoint) Apply(w *world.World) *world.World {
	create, ok := c.create(w)
	if !ok {
		return w
	}
	return create.Apply(DeleteEndpoint(c).Apply(w))
}

// Title says what is done.
func (c RecreateEndpoint) Title(w *world.World) string {
	return "Delete the private endpoint " + nameOf(w, c.Endpoint) + " and create it again"
}

// Commands delete and create the endpoint.
func (c RecreateEndpoint) Commands(w *world.World) []string {
	create, ok := c.create(w)
	if !ok {
		return nil
	}
	return append(DeleteEndpoint(c).Commands(w), create.Commands(w)...)
}

// Verify shows the new endpoint.
func (c RecreateEndpoint) Verify(w *world.World) []string {
	create, ok := c.create(w)
	if !ok {
		return nil
	}
	return create.Verify(w)
}

// DeleteEndpoint deletes a private endpoint. The vault's connection and the
// records of the endpoint's zone group go with it.
type DeleteEndpoint struct{ Endpoint world.ID }

// Apply removes the endpoint, its connection and its records.
func (c DeleteEndpoint) Apply(w *world.World) *world.World {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return w
	}
	for _, id := range e.Zones {
		w = RemoveRecord{id, nameOf(w, e.Target)}.Apply(w)
	}
	if v, ok := w.Vault(e.Target); ok {
		changed := *v
		changed.Connections = slices.DeleteFunc(slices.Clone(v.Connections), func(x world.Connection) bool { return x.Endpoint == e.ID })
		w = put(w, &changed)
	}
	return w.With(world.Remove(e.ID))
}

// Title says what is done.
func (c DeleteEndpoint) Title(w *world.World) string {
	title := "Delete the private endpoint " + nameOf(w, c.Endpoint)
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return title
	}
	for _, id := range e.Zones {
		z, exists := w.Zone(id)
		if !exists {
			continue
		}
		r, stands := z.Record(nameOf(w, e.Target), world.TypeA)
		if stands && !slices.ContainsFunc(e.Addresses, func(a netip.Addr) bool { return slices.Contains(r.Addrs, a) }) {
			title += fmt.Sprintf("; its DNS zone group takes the record %s (%s) along", r.Label, join(r.Addrs))
		}
	}
	return title
}

// Commands delete the endpoint.
func (c DeleteEndpoint) Commands(w *world.World) []string {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return nil
	}
	return az("network private-endpoint delete", in(e.Meta), "--name", quote(e.Name()))
}

// Verify lists the endpoints that are left.
func (c DeleteEndpoint) Verify(*world.World) []string {
	return az("network private-endpoint list --query \"[].id\" --output tsv")
}
