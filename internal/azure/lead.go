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
