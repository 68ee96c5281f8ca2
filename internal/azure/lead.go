package azure

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"

	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// fresh reads the vault and its endpoints again from Azure Resource Manager:
// Resource Graph lags behind, and these are what people have just changed.
func (r *reading) fresh(ctx context.Context) (tasks []func()) {
	if r.scope.Vault == "" {
		return nil
	}
	for _, id := range r.order {
		resource := r.rows[id]
		version := map[string]string{vaultType: vaultVersion, endpointType: networkVersion}[resource.kind]
		if key := "fresh:" + id; version != "" && r.ours(resource) && !r.grown[key] {
			r.grown[key] = true
			tasks = append(tasks, func() { r.read(ctx, resource.body.ID, resource.kind, version) })
		}
	}
	if id := world.MakeID(r.scope.ID); id != "" && !r.grown["fresh:"+id] { // Graph does not know it, or not yet
		r.grown["fresh:"+id] = true
		tasks = append(tasks, func() { r.read(ctx, r.scope.ID, vaultType, vaultVersion) })
	}
	for _, c := range r.connected() {
		key := "fresh:" + world.MakeID(c)
		if _, known := r.rows[world.MakeID(c)]; !known && !r.grown[key] {
			r.grown[key] = true
			tasks = append(tasks, func() { r.read(ctx, c, endpointType, networkVersion) })
		}
	}
	return tasks
}

// providers asks whether the endpoints' subscriptions have the provider of key
// vaults, where that is not the vault's own, which has to.
func (r *reading) providers(ctx context.Context) (tasks []func()) {
	if r.scope.Vault == "" {
		return nil
	}
	homes := make(map[string]bool)
	for _, resource := range r.rows {
		if resource.kind == vaultType {
			homes[world.MakeID(resource.body.ID).Segment("subscriptions")] = true
		}
	}
	for _, id := range r.order {
		resource := r.rows[id]
		provider := world.ProviderIn(id.Segment("subscriptions"))
		if resource.kind != endpointType || !r.ours(resource) || homes[id.Segment("subscriptions")] || r.grown[provider.ID] {
			continue
		}
		r.grown[provider.ID] = true
		tasks = append(tasks, func() { r.read(ctx, provider.Path, provider.ID.Type(), providerVersion) })
	}
	return tasks
}

// connected are the endpoints that the vault names.
func (r *reading) connected() (ids []string) {
	for _, id := range r.order {
		for _, c := range r.rows[id].body.Properties.Connections {
			if c.Properties.Endpoint.ID != "" {
				ids = append(ids, c.Properties.Endpoint.ID)
			}
		}
	}
	return ids
}

// read reads one resource by its id. One that is gone is no gap.
func (r *reading) read(ctx context.Context, id, kind, version string) {
	raw, err := r.manager.get(ctx, id, version)
	if err == nil {
		r.add([]json.RawMessage{raw}, kind)
		return
	}
	if notFound(err) {
		r.forget(world.MakeID(id))
		return
	}
	if !r.known(world.MakeID(id)) {
		r.miss(kind, world.MakeID(id), err)
	}
}

func (r *reading) known(id world.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.rows[id]
	return known
}

// forget drops what Resource Graph still holds of a resource that is gone.
func (r *reading) forget(id world.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rows, id)
	r.gone[id] = true
}

// interfaces asks for the network interfaces of the endpoints, and for whose
// the addresses are that DNS, routes and the client name.
func (r *reading) interfaces(ctx context.Context) []func() {
	var ids []string
	addrs := slices.Clone(r.scope.Near)
	for _, id := range r.order {
		p := r.rows[id].body.Properties
		for _, nic := range p.NetworkInterfaces {
			if key := world.MakeID(nic.ID); key != "" && !r.grown[key] {
				r.grown[key] = true
				ids = append(ids, nic.ID)
			}
		}
		addrs = append(addrs, p.addresses()...)
	}
	addrs = slices.DeleteFunc(addrs, func(a netip.Addr) bool {
		key := world.ID("address:" + a.String())
		asked := r.grown[key]
		r.grown[key] = true
		return asked
	})
	if len(ids)+len(addrs) == 0 {
		return nil
	}
	q := interfaces(ids, addrs)
	if r.scope.Vault == "" {
		q = endpointInterfaces()
		if r.grown["interfaces"] {
			return nil
		}
		r.grown["interfaces"] = true
	}
	return []func(){func() { _ = r.ask(ctx, []query{q}) }} // what fails is a gap
}

// addresses are those that a resource names, of which it matters whose they
// are: what a record leads to, DNS servers, next hops.
func (p properties) addresses() (all []netip.Addr) {
	var words []string
	for _, a := range slices.Concat(p.Records, p.ARecords) {
		words = append(words, a.V4, a.V6)
	}
	words = append(words, p.DHCP.Servers...)
	for _, route := range p.Routes {
		words = append(words, route.Properties.Address)
	}
	for _, word := range words {
		if a, err := netip.ParseAddr(word); err == nil && a.Zone() == "" && a.IsPrivate() {
			all = append(all, a.Unmap())
		}
	}
	return all
}

// strangers asks for the private endpoints of other targets to which addresses
// belong that DNS leads to.
func (r *reading) strangers(ctx context.Context) []func() {
	var ids []string
	for _, id := range r.order {
		resource := r.rows[id]
		if resource.kind != nicType {
			continue
		}
		endpoint := resource.body.Properties.PrivateEndpoint.ID
		key := world.MakeID(endpoint)
		if _, known := r.rows[key]; key != "" && !known && !r.grown[key] {
			r.grown[key] = true
			ids = append(ids, endpoint)
		}
	}
	if ids == nil {
		return nil
	}
	return []func(){func() { _ = r.ask(ctx, []query{endpointsNamed(ids)}) }} // what fails is a gap
}

// resources are what was read, in the order in which it came.
func (r *reading) resources() (all []json.RawMessage) {
	for _, id := range r.order {
		if resource, there := r.rows[id]; there {
			all = append(all, resource.raw)
		}
	}
	return all
}

// errUnseen is why a resource is unread that another refers to.
var errUnseen = errors.New("another resource refers to it, and it is not among what this account may read")

// gaps are what could not be read, and what others refer to that has not come:
// Resource Graph leaves out in silence what its caller may not read.
func (r *reading) gaps() []snapshot.Unread {
	for _, id := range r.order {
		resource, there := r.rows[id]
		if !there || !r.ours(resource) {
			continue
		}
		for _, to := range resource.body.Properties.references() {
			if _, read := r.rows[to]; !read && !r.gone[to] {
				r.miss(to.Type(), to, errUnseen)
			}
		}
	}
	return r.unread
}

// references are the resources that one names without which it says little.
func (p properties) references() (all []world.ID) {
	add := func(path string) {
		if id := world.MakeID(path); id.Type() != "" {
			all = append(all, id)
		}
	}
	for _, c := range p.Connections {
		add(c.Properties.Endpoint.ID)
	}
	for _, peering := range p.Peerings {
		add(peering.Properties.Remote.ID)
	}
	for _, s := range p.Subnets {
		add(s.Properties.NSG.ID)
		add(s.Properties.Routes.ID)
	}
	for _, z := range p.ZoneConfigs {
		add(z.Properties.Zone)
	}
	add(string(world.MakeID(p.Subnet.ID).Parent()))
	add(p.VirtualNetwork.ID)
	add(p.Policy.ID)
	return all
}
