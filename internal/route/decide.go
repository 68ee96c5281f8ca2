package route

import (
	"net/netip"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// maxHops is how many appliances and gateways a packet gets through before it
// counts as looping.
const maxHops = 8

// Decide says what becomes of a flow. It is total: whatever the World lacks or
// contradicts itself in, the Decision has an Outcome.
//
// An empty SNI means that the name is not known yet: no firewall rule that
// looks at it denies the flow.
func Decide(w *world.World, f Flow) Decision {
	t := trip{router: router{w}, flow: f, dst: f.To.Addr().Unmap()}
	if !t.start() {
		for hops := 0; !t.forward(); hops++ {
			if hops == maxHops {
				t.end(fact.Timeout, fact.ByRoute, t.diverted)
				break
			}
		}
	}
	return t.d
}

// A trip is one packet on its way.
type trip struct {
	router
	flow Flow
	dst  netip.Addr
	at   place // where the packet is
	from place // of the machine whose address is its source
	kept int   // d.Via[kept:] passed it on with its source as it was
	// diverted is the last route table that sent it to an appliance.
	diverted world.ID
	stalls   world.ID // an appliance that loses large packets
	bypasses bool     // App Service connects outside the app's VNet
	d        Decision
}

// end decides. It returns true, so that it can stand in a return.
func (t *trip) end(o fact.Outcome, r fact.Reason, by world.ID) bool {
	t.d.Outcome, t.d.Reason, t.d.By = o, r, by
	return true
}

// source is the address that the packet carries as its source inside Azure.
func (t *trip) source() netip.Addr { return t.from.addr }

// start puts the packet at its origin, and tells whether it got no further.
func (t *trip) start() bool {
	t.at = locate(t.w, t.flow.From)
	t.speak()
	t.from = t.at
	t.d.Source = t.at.addr
	switch {
	case !t.dst.IsValid() || t.at.addr.IsValid() && t.at.addr.BitLen() != t.dst.BitLen():
		return t.end(fact.Unreachable, fact.NoPath, "")
	case t.dst.IsLoopback() || t.dst == t.at.addr && t.fromHost():
		return t.toItself()
	case t.inCluster():
		return true
	case t.platformConnects():
		t.bypasses, t.at = true, place{network: world.Internet, public: t.at.public}
	}
	return false
}

// speak takes a host's address of the destination's family.
func (t *trip) speak() {
	if t.at.addr.BitLen() == t.dst.BitLen() {
		return
	}
	h, ok := t.w.Host(t.flow.From.Machine)
	if !ok {
		return
	}
	for _, a := range h.Addresses {
		if a.BitLen() == t.dst.BitLen() {
			t.at.addr = a
			return
		}
	}
}

// fromHost tells whether a host sent the packet. Services of Azure's own do not
// send from the address that they listen at: a Private Resolver's question
// leaves by its outbound endpoint, and may go to its inbound one.
func (t *trip) fromHost() bool {
	_, ok := t.w.Host(t.flow.From.Machine)
	return ok
}

// toItself is a packet that never leaves its machine.
func (t *trip) toItself() bool {
	h, ok := t.w.Host(t.flow.From.Machine)
	if !ok {
		return t.end(fact.Refused, fact.PortClosed, t.flow.From.Machine)
	}
	t.d.Target = Target{AtHost, h.ID, t.at.network}
	return t.answered(t.host(h))
}

// inCluster delivers what a node of a cluster, or a pod on it, sends to a pod or
// a service there, and tells whether it did: the cluster carries such packets
// between its nodes, and the VNet never sees their addresses
// (learn.microsoft.com/azure/aks/concepts-network-services, "ClusterIP").
func (t *trip) inCluster() bool {
	if t.dst == world.AzureDNS {
		return false
	}
	pod, ok := t.w.PodAt(t.at.network, t.flow.From.Machine, t.dst)
	if !ok {
		return false
	}
	t.d.Target = Target{AtHost, pod.ID, t.at.network}
	return t.answered(t.host(pod))
}

// platformConnects tells whether App Service makes the connection outside the
// app's VNet: without route-all, only the ranges of RFC 1918 go through it, and
// so not those of RFC 6598, which are as private
// (learn.microsoft.com/azure/app-service/overview-vnet-integration).
func (t *trip) platformConnects() bool {
	if t.at.vnet == nil || t.dst.Unmap().Is4() && t.dst.IsPrivate() || t.dst == world.AzureDNS {
		return false
	}
	h, ok := t.w.Host(t.flow.From.Machine)
	if !ok || !onAppService(h) || h.RouteAll {
		return false
	}
	t.at.public = platformEgress(t.w, h)
	return true
}

// forward takes the packet one hop on, and tells whether that was its end.
func (t *trip) forward() bool {
	filtered := t.filtered(&t.at, false)
	h := t.next(&t.at, t.dst)
	// Where no network leads to the address at all, that comes before a security
	// group: once one does, the group may judge the packet by other tags.
	if nowhere := h.reason == fact.NoPath || h.reason == fact.PeeringState; filtered && !nowhere {
		return true
	}
	switch h.via {
	case toNetwork:
		return t.arrive(h.network)
	case toGateway:
		t.at = enter(t.w, h.network)
		return false
	case toAppliance:
		t.diverted = h.by
		return t.cross(h)
	case toService:
		return t.atService(h.network)
	case toInternet:
		return t.inPublic()
	case toPlatform:
		return t.atPlatform(h.network)
	default:
		if t.bypasses && h.reason == fact.NoPath {
			return t.end(h.outcome, fact.PlatformOutside, t.flow.From.Machine)
		}
		return t.end(h.outcome, h.reason, h.by)
	}
}
