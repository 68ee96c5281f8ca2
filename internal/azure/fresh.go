package azure

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// versions are those of the APIs of the types that are read one by one.
var versions = map[string]string{
	vaultType: vaultVersion, endpointType: networkVersion, zoneType: zoneVersion, vnetType: networkVersion, nicType: networkVersion,
	"microsoft.network/networksecuritygroups": networkVersion, "microsoft.network/routetables": networkVersion,
	"microsoft.network/firewallpolicies": networkVersion,
}

// fresh reads one by one, from Azure Resource Manager, what decides most:
// Resource Graph lags behind, and these are what people have just changed. It
// reads as well what they refer to that has not come: it is gone, or not for
// this reader.
func (r *reading) fresh(ctx context.Context) (tasks []func()) {
	if r.scope.Vault == "" {
		return nil
	}
	for _, id := range r.wanted() {
		version := versions[id.Type()]
		if version == "" || !r.first("fresh:"+id) {
			continue
		}
		tasks = append(tasks, func() { r.read(ctx, string(id), id.Type(), version) })
	}
	for _, id := range r.order {
		z := r.rows[id]
		if z.kind != zoneType {
			continue
		}
		if (r.required(id) || r.unlinked(z)) && r.first("links:"+id) {
			tasks = append(tasks, func() { r.relist(ctx, z, "virtualNetworkLinks") })
		}
		if r.required(id) && r.first("record:"+id) {
			tasks = append(tasks, func() { r.read(ctx, z.body.ID+"/A/"+r.scope.Vault, zoneType+"/a", zoneVersion) })
		}
	}
	return tasks
}

// first tells whether something has not been asked for yet, and notes that it
// is now.
func (r *reading) first(key world.ID) bool {
	asked := r.grown[key]
	r.grown[key] = true
	return key != "" && !asked
}

// wanted are the vault, its endpoints, the networks on either side and what they
// refer to.
func (r *reading) wanted() []world.ID {
	ids := []world.ID{world.MakeID(r.scope.ID)}
	for _, id := range r.order {
		resource := r.rows[id]
		switch {
		case !r.ours(resource):
			continue
		case resource.kind == vaultType, resource.kind == endpointType:
			ids = append(ids, id, world.MakeID(resource.body.Properties.Subnet.ID).Parent())
		case resource.kind == vnetType && r.near(resource):
			ids = append(append(ids, id), resource.body.Properties.guards()...)
		case resource.kind != zoneGroupType && resource.kind != firewallType:
			continue
		}
		for _, to := range resource.body.Properties.references() {
			if _, known := r.rows[to]; !known {
				ids = append(ids, to)
			}
		}
	}
	return ids
}

// near tells whether a VNet holds an address of the client.
func (r *reading) near(vnet row) bool {
	for _, text := range vnet.body.Properties.Space.Prefixes {
		p, err := netip.ParsePrefix(text)
		if err == nil && slices.ContainsFunc(r.scope.Near, p.Contains) {
			return true
		}
	}
	return false
}

// guards are the network security groups and route tables of a VNet's subnets.
func (p properties) guards() (ids []world.ID) {
	for _, s := range p.Subnets {
		ids = append(ids, world.MakeID(s.Properties.NSG.ID), world.MakeID(s.Properties.Routes.ID))
	}
	return ids
}

// required tells whether a zone has the name that private link needs.
func (r *reading) required(zone world.ID) bool {
	return strings.EqualFold(zone.Name(), r.scope.Service.Zone.Host())
}

// unlinked tells whether a zone counts links of which none came.
func (r *reading) unlinked(zone row) bool {
	id := world.MakeID(zone.body.ID)
	return zone.body.Properties.LinkCount > 0 && !slices.ContainsFunc(r.order, func(child world.ID) bool {
		return child.Parent() == id && child.Type() == zoneType+"/virtualnetworklinks"
	})
}

// relist reads the children of one kind anew: those that Resource Graph holds
// and that are no longer there are gone, and so is a parent that is not found.
func (r *reading) relist(ctx context.Context, parent row, name string) {
	kind := parent.kind + "/" + strings.ToLower(name)
	rows, err := r.manager.list(ctx, parent.body.ID+"/"+name, zoneVersion)
	id := world.MakeID(parent.body.ID)
	switch {
	case notFound(err):
		r.forget(id, "")
	case err != nil:
		r.miss(kind, id, err)
	default:
		r.forget(id, kind)
		r.add(rows, kind)
	}
}

// decisive are the types of which it matters that there is none: Resource Graph
// says the same where there are some that its caller may not read.
var decisive = map[string]string{
	vaultType: vaultVersion, zoneType: zoneVersion, vnetType: networkVersion, endpointType: networkVersion,
	resolverType: resolverVersion, rulesetType: resolverVersion, firewallType: networkVersion,
	"microsoft.network/virtualhubs": networkVersion, perimeterType: networkVersion,
	"microsoft.network/networksecuritygroups": networkVersion, "microsoft.network/routetables": networkVersion,
}

// maxHomes bounds the subscriptions in which the absent is asked for.
const maxHomes = 3

// homes are the subscriptions of the vault and of its endpoints; where neither
// was read, those of which anything was.
func (r *reading) homes() []string {
	var own, others []string
	add := func(to *[]string, id world.ID) {
		if s := id.Segment("subscriptions"); s != "" && !slices.Contains(*to, s) && len(*to) < maxHomes {
			*to = append(*to, s)
		}
	}
	add(&own, world.MakeID(r.scope.ID))
	for _, id := range r.order {
		resource := r.rows[id]
		if (resource.kind == vaultType || resource.kind == endpointType) && r.ours(resource) {
			add(&own, id)
		}
		add(&others, id)
	}
	if own == nil {
		return others
	}
	return own
}

// A listing is a list that Azure Resource Manager is asked for.
type listing struct {
	path, kind, version string
	near                world.ID // below which it is, "" for everywhere
}

// absent asks Azure Resource Manager, which says what a caller may not do, for
// types of which nothing came.
func (r *reading) absent(ctx context.Context) (tasks []func()) {
	if r.scope.Vault == "" {
		return nil
	}
	seen := make(map[string]bool)
	for _, id := range r.order {
		seen[r.rows[id].kind] = true
	}
	for _, l := range slices.Concat(r.lists(), r.resolverLists()) {
		if !seen[l.kind] && r.first("absent:"+world.MakeID(l.path)) {
			tasks = append(tasks, func() { r.check(ctx, l) })
		}
	}
	return tasks
}

// check reads a list, or notes why not.
func (r *reading) check(ctx context.Context, l listing) {
	rows, err := r.manager.list(ctx, l.path, l.version)
	if r.add(rows, l.kind); err != nil && !notFound(err) {
		r.miss(l.kind, l.near, err)
	}
}

// lists are those of what decides most, and of gateways.
func (r *reading) lists() (all []listing) {
	for kind, version := range decisive {
		for _, home := range r.homes() {
			all = append(all, listing{"/subscriptions/" + home + "/providers/" + kind, kind, version, ""})
		}
	}
	for _, vnet := range r.gatewayed() {
		if group, _, ok := strings.Cut(vnet, "/providers/"); ok {
			all = append(all, listing{group + "/providers/" + gatewayType, gatewayType, networkVersion, ""})
		}
	}
	return all
}

// resolverLists are those of the endpoints of resolvers.
func (r *reading) resolverLists() (all []listing) {
	for _, id := range r.order {
		for _, name := range []string{"inboundEndpoints", "outboundEndpoints"} {
			if resolver := r.rows[id]; resolver.kind == resolverType {
				all = append(all, listing{resolver.body.ID + "/" + name, resolverType + "/" + strings.ToLower(name), resolverVersion, id})
			}
		}
	}
	return all
}

// gatewayed are the VNets that have a subnet for gateways. A gateway is in its
// VNet's resource group, and Azure Resource Manager lists those of one group only.
func (r *reading) gatewayed() (paths []string) {
	for _, id := range r.order {
		for _, s := range r.rows[id].body.Properties.Subnets {
			if strings.EqualFold(s.Name, "GatewaySubnet") && len(paths) < maxHomes {
				paths = append(paths, r.rows[id].body.ID)
			}
		}
	}
	return paths
}

// read reads one resource by its id. One that is gone is no gap.
func (r *reading) read(ctx context.Context, path, kind, version string) {
	raw, err := r.manager.get(ctx, path, version)
	id := world.MakeID(path)
	switch {
	case err == nil:
		r.add([]json.RawMessage{raw}, kind)
	case notFound(err):
		r.forget(id, "")
	case !r.known(id):
		r.refuse(id, err)
		if kind != nicType { // which is a part of its endpoint
			r.miss(kind, id, err)
		}
	}
}

func (r *reading) known(id world.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.rows[id]
	return known
}

func (r *reading) refuse(id world.ID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused[id] = err
}

// forget drops what Resource Graph still holds of a resource that is gone and of
// its children; of one kind of children, where one is named.
func (r *reading) forget(id world.ID, kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for known, resource := range r.rows {
		child := strings.HasPrefix(string(known), string(id)+"/")
		if kind == "" && (known == id || child) || child && resource.kind == kind {
			delete(r.rows, known)
		}
	}
	if kind == "" {
		r.gone[id] = true
	}
}
