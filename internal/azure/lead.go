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

// versions are those of the APIs of the types that are read one by one.
var versions = map[string]string{
	vaultType: vaultVersion, endpointType: networkVersion, zoneType: zoneVersion, vnetType: networkVersion,
	"microsoft.network/networksecuritygroups": networkVersion, "microsoft.network/routetables": networkVersion,
}

// fresh reads one by one, from Azure Resource Manager, the vault and its
// endpoints, since Resource Graph lags behind and these are what people have
// just changed; and what they refer to that has not come: it is gone, or not
// for this reader.
func (r *reading) fresh(ctx context.Context) (tasks []func()) {
	if r.scope.Vault == "" {
		return nil
	}
	wanted := []world.ID{world.MakeID(r.scope.ID)}
	for _, id := range r.order {
		resource := r.rows[id]
		if !slices.Contains([]string{vaultType, endpointType, zoneGroupType}, resource.kind) || !r.ours(resource) {
			continue
		}
		if resource.kind != zoneGroupType {
			wanted = append(wanted, id)
		}
		for _, to := range resource.body.Properties.references() {
			if _, known := r.rows[to]; !known {
				wanted = append(wanted, to)
			}
		}
	}
	for _, id := range wanted {
		version, key := versions[id.Type()], "fresh:"+id
		if version == "" || r.grown[key] {
			continue
		}
		r.grown[key] = true
		tasks = append(tasks, func() { r.read(ctx, string(id), id.Type(), version) })
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

// decisive are the types of which it matters that there is none: Resource Graph
// says the same where there are some that its caller may not read.
var decisive = map[string]string{
	zoneType: zoneVersion, vnetType: networkVersion, endpointType: networkVersion,
	"microsoft.network/dnsresolvers": resolverVersion, "microsoft.network/dnsforwardingrulesets": resolverVersion,
	"microsoft.network/azurefirewalls": networkVersion, "microsoft.network/virtualhubs": networkVersion,
	"microsoft.network/networksecuritygroups": networkVersion, "microsoft.network/routetables": networkVersion,
}

// maxHomes bounds the subscriptions in which the absent is asked for.
const maxHomes = 3

// absent asks Azure Resource Manager, which says what a caller may not do, for
// types of which nothing came: in the subscriptions of the vault and its
// endpoints.
func (r *reading) absent(ctx context.Context) (tasks []func()) {
	homes, seen := []string{}, make(map[string]bool)
	for _, id := range r.order {
		resource := r.rows[id]
		seen[resource.kind] = true
		home := id.Segment("subscriptions")
		if (resource.kind == vaultType || resource.kind == endpointType) && r.ours(resource) && !slices.Contains(homes, home) && len(homes) < maxHomes {
			homes = append(homes, home)
		}
	}
	for kind, version := range decisive {
		if seen[kind] {
			continue
		}
		for _, home := range homes {
			key := world.ID("absent:" + home + "/" + kind)
			if r.grown[key] {
				continue
			}
			r.grown[key] = true
			tasks = append(tasks, func() {
				rows, err := r.manager.list(ctx, "/subscriptions/"+home+"/providers/"+kind, version)
				if r.add(rows, kind); err != nil && !notFound(err) {
					r.miss(kind, "", err)
				}
			})
		}
	}
	return tasks
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
			switch _, read := r.rows[to]; {
			case read || r.gone[to]:
			case to.Type() == nicType: // whose address is the endpoint's
				r.miss(endpointType, id, errors.New("its network interface "+to.Name()+" is not among what this account may read"))
			default:
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
