package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

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

// interfaces asks for the network interfaces of the endpoints, and for whose
// the addresses are that DNS, routes and the client name.
func (r *reading) interfaces(ctx context.Context) []func() {
	var ids []string
	addrs := slices.Clone(r.scope.Near)
	for _, id := range r.order {
		p := r.rows[id].body.Properties
		for _, nic := range p.NetworkInterfaces { // those of our own endpoints are asked for at Azure Resource Manager
			if r.scope.Vault != "" && r.ours(r.rows[id]) {
				break
			}
			if key := world.MakeID(nic.ID); key != "" && !r.grown[key] {
				r.grown[key] = true
				ids = append(ids, nic.ID)
			}
		}
		addrs = append(addrs, p.addresses()...)
	}
	addrs = slices.DeleteFunc(addrs, func(a netip.Addr) bool {
		key := addressKey(a)
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
	questions := []query{q}
	if len(addrs) > 0 && r.scope.Vault != "" {
		questions = append(questions, endpointsAt(addrs))
	}
	return []func(){func() { _ = r.ask(ctx, questions) }} // what fails is a gap
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

// errUnseen is why a resource is unread that another one refers to.
var errUnseen = errors.New("it is not among what this account may read")

// gaps are what could not be read, and what others refer to that has not come:
// Resource Graph leaves out in silence what its caller may not read.
func (r *reading) gaps() []snapshot.Unread {
	for _, id := range r.order {
		resource, there := r.rows[id]
		if !there || !r.ours(resource) {
			continue
		}
		for _, to := range resource.body.Properties.references() {
			_, read := r.rows[to]
			why, refused := r.refused[to]
			switch {
			case read || r.gone[to]:
			case to.Type() == nicType: // whose address is the endpoint's
				r.miss(endpointType, id, fmt.Errorf("its network interface %s: %w", to.Name(), cmp.Or(why, errUnseen)))
			case !refused:
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
	for _, l := range slices.Concat(p.Links, p.ManualLinks) {
		if to := world.MakeID(l.Properties.To); to.Type() == vaultType {
			all = append(all, to)
		}
	}
	for _, c := range p.Connections {
		add(c.Properties.Endpoint.ID)
	}
	for _, nic := range p.NetworkInterfaces {
		add(nic.ID)
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
