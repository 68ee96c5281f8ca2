package route

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// lost follows the reply from a place to the source that the far side sees,
// and tells whether that was the packet's end. The appliances that have seen
// the packet and kept its source follow TCP connections, so each must see the
// reply too, and no other may see the reply alone. A UDP reply may take any way
// back.
func (t *trip) lost(at place, seen []world.ID) bool {
	for range 2 * maxHops {
		h := t.next(&at, t.source())
		switch h.via {
		case toGateway:
			at = enter(t.w, h.network)
			continue
		case toAppliance:
			a, ok := t.appliance(&at, h)
			if !ok {
				return t.missing(h)
			}
			if a.addr == t.source() {
				return t.bypassed(seen)
			}
			if last := len(seen) - 1; last >= 0 && seen[last] == a.machine {
				seen = seen[:last]
			} else if t.bypassed(seen) || t.bypassed([]world.ID{a.machine}) {
				return true
			}
			at = a.place
		case toNothing:
			return t.bypassed(seen) || t.end(fact.Timeout, h.reason, h.by)
		default:
			return t.bypassed(seen)
		}
	}
	return t.end(fact.Timeout, fact.ByRoute, "")
}

// bypassed ends a TCP connection whose reply does not cross the appliances
// that its packets crossed.
func (t *trip) bypassed(by []world.ID) bool {
	if len(by) == 0 || t.flow.Proto != TCP {
		return false
	}
	return t.end(fact.Timeout, fact.LostReply, by[len(by)-1])
}

// lostByEndpoint is lost for a private endpoint. No route table holds for its
// replies: they go straight back to a source in its own VNet or a peered one,
// and to all others the way that the packets came. Therefore Microsoft
// recommends source NAT for inspected traffic to private endpoints:
// learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall.
func (t *trip) lostByEndpoint(e *world.Endpoint) bool {
	if t.kept == len(t.d.Via) || t.from.vnet == nil {
		return false
	}
	v, ok := t.w.VNet(e.VNet())
	if !ok || t.from.vnet != v && carries(v, t.from.vnet) != "" {
		return false
	}
	return t.bypassed(t.d.Via[t.kept:])
}
