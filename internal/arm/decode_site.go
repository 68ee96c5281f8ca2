package arm

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// A localGateway is what Azure knows of a network behind a VPN gateway
// (Microsoft.Network/localNetworkGateways).
type localGateway struct {
	name     string
	index    int // in the input
	prefixes []netip.Prefix
	public   netip.Addr
}

func (d *decoder) localGateway(it *item) {
	d.locals = append(d.locals, it.ID)
	d.local[it.ID] = localGateway{
		it.Name(), it.index,
		it.props.get("localNetworkAddressSpace", "addressPrefixes").prefixes(), it.props.get("gatewayIpAddress").addr(),
	}
}

// vpnConnection reads which gateway leads to which network. Connections of
// ExpressRoute name none, and those between VNets another gateway.
func (d *decoder) vpnConnection(it *item) {
	local := it.props.get("localNetworkGateway2", "id").loose(typeLocal).ID
	gateway := it.props.get("virtualNetworkGateway1", "id").loose(typeGateway).ID
	if local != "" && gateway != "" {
		d.tunnels[local] = append(d.tunnels[local], gateway)
	}
}

// sites makes a site of each network that some gateway connects. A network that
// two gateways connect has a resource for each, of the same prefixes.
func (d *decoder) sites() {
	known := make(map[string]*world.Site)
	for _, id := range d.locals {
		local := d.local[id]
		vnets := d.connected(id)
		if len(local.prefixes) == 0 || len(vnets) == 0 {
			continue
		}
		slices.SortFunc(local.prefixes, netip.Prefix.Compare)
		key := fmt.Sprint(local.prefixes)
		s := known[key]
		if s == nil {
			s = &world.Site{Meta: world.Meta{ID: world.SiteID(local.name), Path: local.name}, Prefixes: local.prefixes, PublicAddress: local.public}
			if _, taken := d.res.From[s.ID]; taken { // of the same name in another group, with prefixes of its own
				s.Meta = world.Meta{ID: world.SiteID(string(id)), Path: world.Meta{ID: id}.Name()}
			}
			known[key], d.res.From[s.ID] = s, local.index
			d.res.Resources = append(d.res.Resources, s)
		}
		for _, vnet := range vnets {
			if !slices.Contains(s.ConnectedTo, vnet) {
				s.ConnectedTo = append(s.ConnectedTo, vnet)
			}
		}
	}
}

// connected are the VNets whose gateways lead to a network.
func (d *decoder) connected(local world.ID) (vnets []world.ID) {
	for _, id := range d.tunnels[local] {
		i, read := d.top[id]
		if !read {
			continue
		}
		if g, ok := d.res.Resources[i].(*world.Gateway); ok {
			if _, there := d.top[g.VNet]; there {
				vnets = append(vnets, g.VNet)
			}
		}
	}
	return vnets
}
