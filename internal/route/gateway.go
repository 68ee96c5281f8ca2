package route

import (
	"net/netip"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// beyond finds what gateways and virtual hubs tell v of dst: sites and
// point-to-site clients behind its own gateway or that of a peered VNet, and
// the networks connected to its hub.
func (r router) beyond(v *world.VNet, dst netip.Addr) hop {
	best := r.behind(v.ID, dst)
	for i := range v.Peerings {
		p := &v.Peerings[i]
		if !p.UseRemoteGateways {
			continue
		}
		remote, ok := r.w.VNet(p.Remote)
		if ok && transits(v, remote) == "" {
			best = longer(best, r.behind(remote.ID, dst))
		}
	}
	hub, ok := r.w.HubOf(v.ID)
	if !ok {
		return best
	}
	h := r.inHub(hub, dst)
	if h.via != nowhere && hub.PrivateHop != "" && h.network != v.ID {
		h = hop{via: toAppliance, bits: h.bits, machine: hub.PrivateHop, by: hub.ID}
	}
	return longer(best, h)
}

// behind finds the site or the point-to-site clients behind the gateways of a
// VNet or virtual hub.
func (r router) behind(id world.ID, dst netip.Addr) hop {
	var best hop
	for s := range r.w.SitesOn(id) {
		h := covering(s.Prefixes, s.ID, dst)
		if h.via != nowhere && h.bits == 0 { // a default route: the site goes on from there
			h.via = toGateway
		}
		best = longer(best, h)
	}
	for g := range r.w.GatewaysIn(id) {
		best = longer(best, covering(g.Pool, g.ID, dst))
	}
	return best
}

// inHub finds dst in a virtual hub, in the VNets connected to it or behind its
// gateways.
func (r router) inHub(hub *world.Hub, dst netip.Addr) hop {
	best := r.behind(hub.ID, dst)
	if hub.Prefix.Contains(dst) {
		best = longer(best, hop{via: toNetwork, bits: hub.Prefix.Bits(), network: hub.ID})
	}
	for _, id := range hub.Connections {
		if v, ok := r.w.VNet(id); ok {
			best = longer(best, covering(v.Prefixes, v.ID, dst))
		}
	}
	return best
}

func covering(prefixes []netip.Prefix, network world.ID, dst netip.Addr) hop {
	bits, ok := longest(prefixes, dst)
	if !ok {
		return hop{}
	}
	return hop{via: toNetwork, bits: bits, network: network}
}

func longer(a, b hop) hop {
	if b.via != nowhere && (a.via == nowhere || b.bits > a.bits) {
		return b
	}
	return a
}

// tunnel follows a user-defined route to the VNet's gateway: to the site that
// holds dst or, with forced tunnelling, through the first site for all else.
func (r router) tunnel(at *place, dst netip.Addr) hop {
	if h := r.beyond(at.vnet, dst); h.via == toNetwork {
		return h
	}
	if isPrivate(dst) {
		return hop{}
	}
	for s := range r.w.SitesOn(at.network) {
		return hop{via: toGateway, network: s.ID}
	}
	for i := range at.vnet.Peerings {
		hub, ok := r.w.VNet(at.vnet.Peerings[i].Remote)
		if !ok || transits(at.vnet, hub) != "" {
			continue
		}
		for s := range r.w.SitesOn(hub.ID) {
			return hop{via: toGateway, network: s.ID}
		}
	}
	return hop{}
}

// fromHub routes in a virtual hub. What entered from a site goes through the
// hub's firewall first where the routing intent says so.
func (r router) fromHub(at *place, dst netip.Addr) hop {
	hub := at.hub
	if dst == world.AzureDNS {
		return hop{via: toPlatform, network: hub.ID}
	}
	h := r.inHub(hub, dst)
	switch {
	case h.via != nowhere && at.entering && hub.PrivateHop != "":
		return hop{via: toAppliance, machine: hub.PrivateHop, by: hub.ID}
	case h.via != nowhere:
		return h
	case isPrivate(dst):
		return drop(fact.Timeout, fact.NoPath, "")
	}
	return hop{via: toInternet}
}

// fromOutside routes outside Azure: in a site, on a point-to-site client, on
// the internet.
func (r router) fromOutside(at *place, dst netip.Addr) hop {
	if dst == world.AzureDNS {
		return drop(fact.Timeout, fact.AzureOutside, "")
	}
	if at.site != nil {
		if bits, own := longest(at.site.Prefixes, dst); own && bits > 0 {
			return hop{via: toNetwork, network: at.network}
		}
	}
	for _, id := range at.links() {
		if r.advertises(id, dst) {
			return hop{via: toGateway, network: id}
		}
	}
	if isPrivate(dst) {
		return r.unreached(at, dst)
	}
	return hop{via: toInternet}
}

// links are the VNets and virtual hubs behind whose gateways a place is.
func (at *place) links() []world.ID {
	switch {
	case at.site != nil:
		return at.site.ConnectedTo
	case at.clients != nil:
		return []world.ID{at.clients.VNet}
	}
	return nil
}

// advertises tells whether the gateway of a VNet or virtual hub announces dst:
// its own space, and that of the peered VNets that use the gateway.
func (r router) advertises(id world.ID, dst netip.Addr) bool {
	if v, ok := r.w.VNet(id); ok {
		return r.space(&place{vnet: v, entering: true}, dst).via != nowhere
	}
	hub, ok := r.w.Hub(id)
	if !ok {
		return false
	}
	h := r.inHub(hub, dst)
	_, site := r.w.Site(h.network)
	return h.via != nowhere && !site
}

// unreached says why nothing outside Azure leads to private space. A site's
// router has no route; the internet just carries no such packets.
func (r router) unreached(at *place, dst netip.Addr) hop {
	outcome := fact.Timeout
	if at.site != nil {
		outcome = fact.Unreachable
	}
	for _, id := range at.links() {
		v, ok := r.w.VNet(id)
		if !ok {
			continue
		}
		if h := r.explain(&place{vnet: v, entering: true}, dst); h.reason == fact.PeeringState {
			return drop(outcome, h.reason, h.by)
		}
	}
	return drop(outcome, fact.NoPath, "")
}
