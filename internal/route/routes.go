package route

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A router finds effective routes: the one that Azure uses for a destination,
// as "Virtual network traffic routing" in learn.microsoft.com/azure/
// virtual-network/virtual-networks-udr-overview describes it.
type router struct{ w *world.World }

// via is what a route does with a packet.
type via uint8

const (
	nowhere     via = iota // no route matches
	toNetwork              // delivers in the network, where the destination is
	toGateway              // goes on from the network, coming in through its gateway
	toAppliance            // hands over to the machine, or to who holds the address
	toService              // the subnet's service endpoint carries it to the public front end
	toInternet
	toPlatform // 168.63.129.16
	toNothing  // drops
)

// A hop is a route that was found.
type hop struct {
	via     via
	bits    int        // length of its prefix
	network world.ID   // of toNetwork and toGateway
	machine world.ID   // of toAppliance, a hub's
	address netip.Addr // of toAppliance, a user-defined route's
	by      world.ID   // the route table, peering or hub that decided
	outcome fact.Outcome
	reason  fact.Reason // of toNothing
}

func drop(o fact.Outcome, r fact.Reason, by world.ID) hop {
	return hop{via: toNothing, outcome: o, reason: r, by: by}
}

// next is the effective route to dst at a place.
func (r router) next(at *place, dst netip.Addr) hop {
	switch {
	case at.vnet != nil:
		return r.fromVNet(at, dst)
	case at.hub != nil:
		return r.fromHub(at, dst)
	case at.site != nil || at.clients != nil || at.network == world.Internet:
		return r.fromOutside(at, dst)
	}
	return drop(fact.Timeout, fact.PathNotRead, at.network)
}

// fromVNet compares the longest match of each kind. The routes of VNets and
// peerings are preferred to learned ones even where these are more specific,
// those of service endpoints to everything but the VNet's own space, and
// user-defined ones at equal length.
func (r router) fromVNet(at *place, dst netip.Addr) hop {
	if dst == world.AzureDNS || dst == world.InstanceMetadata && !at.entering {
		return hop{via: toPlatform, network: at.network}
	}
	table, routed := r.table(at)
	best := r.space(at, dst)
	switch {
	case best.via != nowhere && routed:
		best.bits = r.endpointBits(best, dst)
	case best.via != nowhere:
	case r.served(at, dst):
		return hop{via: toService, network: at.subnet.ID}
	case !routed || !table.DisableBGP:
		best = r.beyond(at.vnet, dst)
	}
	if routed {
		if user, bits := r.match(at, table, dst); user != nil && (best.via == nowhere || bits >= best.bits) {
			return r.userDefined(at, table, user, dst)
		}
	}
	if best.via != nowhere {
		return best
	}
	return r.byDefault(at, dst)
}

// space finds the VNet, the packet's own or a directly peered one, that holds
// dst. A packet that entered through the gateway gets on to a peered VNet only
// where the peering lets it use the gateway.
func (r router) space(at *place, dst netip.Addr) hop {
	v := at.vnet
	best := hop{}
	if bits, ok := longest(v.Prefixes, dst); ok {
		best = hop{via: toNetwork, bits: bits, network: v.ID}
	}
	for i := range v.Peerings {
		remote, ok := r.w.VNet(v.Peerings[i].Remote)
		if !ok {
			continue
		}
		bits, ok := longest(remote.Prefixes, dst)
		if !ok || best.via != nowhere && bits <= best.bits || carries(v, remote) != "" {
			continue
		}
		if at.entering && transits(remote, v) != "" {
			continue
		}
		best = hop{via: toNetwork, bits: bits, network: remote.ID}
	}
	return best
}

// endpointBits is how long the prefix of a user-defined route must be to take
// the place of the route to dst: the whole address for a private endpoint,
// whose route is a /32, unless its subnet has network policies for routes;
// then, as for any other machine, that of the address space.
func (r router) endpointBits(h hop, dst netip.Addr) int {
	e, ok := r.w.EndpointAt(h.network, dst)
	if !ok {
		return h.bits
	}
	if s, _, ok := r.w.Subnet(e.Subnet); ok && s.EndpointPolicies.Routes {
		return h.bits
	}
	return dst.BitLen()
}

// served tells whether a service endpoint of the subnet carries the packet to
// Key Vault's public front end.
func (r router) served(at *place, dst netip.Addr) bool {
	return at.subnet != nil && slices.ContainsFunc(at.subnet.ServiceEndpoints, forKeyVault) && r.isFrontEnd(dst)
}

func forKeyVault(service string) bool {
	return strings.EqualFold(service, "Microsoft.KeyVault") || strings.EqualFold(service, "Microsoft.KeyVault.Global")
}

func (r router) isFrontEnd(a netip.Addr) bool {
	for range r.w.VaultsAt(a) {
		return true
	}
	return false
}

// match finds the longest user-defined route to dst. Of two as long, an
// explicit prefix is preferred to a service tag.
func (r router) match(at *place, table *world.RouteTable, dst netip.Addr) (best *world.Route, bits int) {
	for i := range table.Routes {
		route := &table.Routes[i]
		b, ok := route.Prefix.Bits(), route.Prefix.Contains(dst)
		if route.Tag != "" {
			b, ok = r.tagged(route.Tag, at, dst)
		}
		if ok && (best == nil || b > bits || b == bits && best.Tag != "") {
			best, bits = route, b
		}
	}
	return best, bits
}

// userDefined follows a user-defined route. Where private space would have
// been out of reach without it, the route is not what is at fault.
func (r router) userDefined(at *place, table *world.RouteTable, route *world.Route, dst netip.Addr) hop {
	switch route.Hop {
	case world.HopAppliance:
		return hop{via: toAppliance, address: route.Address, by: table.ID}
	case world.HopVNet:
		if h := r.space(at, dst); h.via != nowhere {
			return h
		}
	case world.HopGateway:
		if h := r.tunnel(at, dst); h.via != nowhere {
			return h
		}
	case world.HopInternet:
		if !isPrivate(dst) {
			return hop{via: toInternet}
		}
	case world.HopNone:
		return drop(fact.Timeout, fact.ByRoute, table.ID)
	}
	if isPrivate(dst) && !r.near(at, dst) {
		return r.explain(at, dst)
	}
	return drop(fact.Timeout, fact.ByRoute, table.ID)
}

// byDefault is the route that Azure gives every subnet: private space is
// dropped, and all else goes to the internet, by way of the virtual hub's
// firewall where it says so. A user-defined or learned 0.0.0.0/0 takes the
// place of both.
func (r router) byDefault(at *place, dst netip.Addr) hop {
	if isPrivate(dst) {
		return r.explain(at, dst)
	}
	table, ok := r.table(at)
	if hub, connected := r.w.HubOf(at.network); connected && hub.InternetHop != "" && (!ok || !table.DisableBGP) {
		return hop{via: toAppliance, machine: hub.InternetHop, by: hub.ID}
	}
	return hop{via: toInternet}
}
