package route

import (
	"net/netip"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// unpeered stands for the peering that two VNets do not have.
const unpeered world.ID = "none"

// carries returns "" when the peering between two VNets carries traffic: both
// sides are there, Connected, and allow access. Otherwise it returns the side
// that is at fault, or unpeered. Whether allowForwardedTraffic keeps anything
// out is disputed (MicrosoftDocs/architecture-center issue 1051 on GitHub); it
// is not looked at.
func carries(a, b *world.VNet) (fault world.ID) {
	ours, ok := a.PeeringTo(b.ID)
	theirs, also := b.PeeringTo(a.ID)
	switch {
	case !ok && !also:
		return unpeered
	case !also || ok && !works(ours):
		return ours.ID
	case !ok || !works(theirs):
		return theirs.ID
	}
	return ""
}

func works(p *world.Peering) bool { return p.State == world.PeeringConnected && p.AllowAccess }

// transits returns "" when spoke may use the gateway of hub: its side of the
// peering uses remote gateways and the hub's side lets it. Otherwise it
// returns the side at fault.
func transits(spoke, hub *world.VNet) (fault world.ID) {
	if fault := carries(spoke, hub); fault != "" {
		return fault
	}
	ours, _ := spoke.PeeringTo(hub.ID)
	theirs, _ := hub.PeeringTo(spoke.ID)
	switch {
	case !ours.UseRemoteGateways:
		return ours.ID
	case !theirs.AllowGateway:
		return theirs.ID
	}
	return ""
}

// explain says why a VNet has no route to private space: a peering that does
// not carry traffic, a route table without the gateway's routes, a peered VNet
// that was not read; else the networks are just not connected.
func (r router) explain(at *place, dst netip.Addr) hop {
	v := at.vnet
	for _, other := range r.w.PeeredVNets(v) {
		if !other.Holds(dst) {
			continue
		}
		fault := carries(v, other)
		if fault == "" && at.entering {
			fault = transits(other, v)
		}
		if fault != "" && fault != unpeered {
			return drop(fact.Timeout, fact.PeeringState, fault)
		}
	}
	if table, ok := r.table(at); ok && table.DisableBGP && r.beyond(v, dst).via != nowhere {
		return drop(fact.Timeout, fact.ByRoute, table.ID)
	}
	if fault := r.siteFault(v, dst); fault != "" {
		return drop(fact.Timeout, fact.PeeringState, fault)
	}
	for _, p := range v.Peerings {
		if _, read := r.w.VNet(p.Remote); !read && works(&p) {
			return drop(fact.Timeout, fact.PathNotRead, p.ID)
		}
	}
	return drop(fact.Timeout, fact.NoPath, "")
}

// siteFault finds the peering whose state or flags keep v from a gateway
// behind which dst is.
func (r router) siteFault(v *world.VNet, dst netip.Addr) (fault world.ID) {
	for i := range v.Peerings {
		hub, ok := r.w.VNet(v.Peerings[i].Remote)
		if !ok || r.behind(hub.ID, dst).via == nowhere {
			continue
		}
		if fault := transits(v, hub); fault != "" {
			return fault
		}
	}
	return ""
}
