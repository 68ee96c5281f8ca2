package azure

import (
	"context"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// balancers asks Azure Resource Manager for the load balancers where a route
// leads to an address at which no network interface came: that nobody is there
// is for sure only where load balancers may be read, and Resource Graph does not
// tell.
func (r *reading) balancers(ctx context.Context) (tasks []func()) {
	taken := r.taken()
	for _, id := range r.order {
		for _, route := range r.rows[id].body.Properties.Routes {
			hop, err := netip.ParseAddr(route.Properties.Address)
			if asked := r.grown[addressKey(hop)]; err != nil || !asked || slices.Contains(taken, hop) {
				continue
			}
			home := id.Segment("subscriptions")
			if r.first(world.ID("balancers:" + home)) {
				l := listing{"/subscriptions/" + home + "/providers/" + balancerType, balancerType, networkVersion, ""}
				tasks = append(tasks, func() { r.check(ctx, l) })
			}
		}
	}
	return tasks
}

func addressKey(a netip.Addr) world.ID { return world.ID("address:" + a.String()) }

// taken are the addresses of the interfaces and load balancers that came.
func (r *reading) taken() (all []netip.Addr) {
	for _, id := range r.order {
		if resource := r.rows[id]; slices.Contains(plugTypes, resource.kind) {
			for _, p := range slices.Concat(resource.body.Properties.Plugs, resource.body.Properties.Frontends) {
				if a, err := netip.ParseAddr(p.Properties.Address); err == nil {
					all = append(all, a)
				}
			}
		}
	}
	return all
}
