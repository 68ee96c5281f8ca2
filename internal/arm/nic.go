package arm

import (
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// nic keeps the addresses of a network interface for its private endpoint, the
// one place where they always stand; that of a machine stands for itself.
func (d *decoder) nic(it *item) {
	subnet, all := plugged(it.props.get("ipConfigurations"))
	endpoint := it.props.get("privateEndpoint", "id").ref(typeEndpoint)
	d.nics[it.ID] = all
	if endpoint.ID != "" {
		d.nics[endpoint.ID] = all
		return
	}
	if subnet != "" && len(all) > 0 {
		d.put(it, &world.NIC{
			Meta: it.Meta, Subnet: subnet, Addresses: all, Machine: it.props.get("virtualMachine", "id").loose(typeMachine).ID,
			Forwards: it.props.get("enableIPForwarding").boolean(false),
		})
	}
}

// loadBalancer keeps those that have a frontend in a VNet.
func (d *decoder) loadBalancer(it *item) {
	if subnet, all := plugged(it.props.get("frontendIPConfigurations")); subnet != "" && len(all) > 0 {
		d.put(it, &world.LoadBalancer{Meta: it.Meta, Subnet: subnet, Addresses: all})
	}
}

// plugged are the private addresses of a list of IP configurations, and the
// subnet of the first.
func plugged(configs node) (subnet world.ID, all addressSet) {
	for _, config := range configs.list() {
		p := config.get("properties")
		if id := p.get("subnet", "id").ref(typeSubnet).ID; subnet == "" {
			subnet = id
		}
		all = all.with(p.get("privateIPAddress").addr())
	}
	return subnet, all
}

func (e *encoder) machineNIC(n *world.NIC) {
	e.put(n.Meta, "", object{
		"virtualMachine": ref(n.Machine), "enableIPForwarding": n.Forwards, "ipConfigurations": plugs(n.Subnet, n.Addresses),
	})
}

func (e *encoder) loadBalancer(l *world.LoadBalancer) {
	e.put(l.Meta, "", object{"frontendIPConfigurations": plugs(l.Subnet, l.Addresses)})
}

func plugs(subnet world.ID, addrs []netip.Addr) []any {
	return list(addrs, func(a netip.Addr) any {
		return object{"name": "ipconfig" + a.String(), "properties": object{"privateIPAddress": a.String(), "subnet": ref(subnet)}}
	})
}

// unplug takes the interfaces of private endpoints out of those of machines: one
// that does not say whose it is may be either.
func (d *decoder) unplug() {
	plugged := make(map[world.ID]bool)
	for _, r := range d.res.Resources {
		if e, ok := r.(*world.Endpoint); ok {
			for _, id := range e.NICs {
				plugged[id] = true
			}
		}
	}
	d.res.Resources = slices.DeleteFunc(d.res.Resources, func(r world.Resource) bool {
		n, ok := r.(*world.NIC)
		return ok && plugged[n.ID]
	})
}
