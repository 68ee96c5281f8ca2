package route

import (
	"net/netip"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// An appliance is a firewall, or a host that forwards packets; one of the two
// is set.
type appliance struct {
	place
	firewall *world.Firewall
	host     *world.Host
}

// appliance finds who a hop hands the packet to. A next hop's address must be
// in the VNet itself or in a directly peered one.
func (r router) appliance(at *place, h hop) (a appliance, ok bool) {
	if h.machine != "" {
		if f, ok := r.w.Firewall(h.machine); ok {
			return r.firewall(f), true
		}
		host, ok := r.w.Host(h.machine)
		return r.forwarder(host), ok && host.Forward != nil
	}
	network := r.space(at, h.address).network
	if f, ok := r.w.FirewallAt(network, h.address); ok {
		return r.firewall(f), true
	}
	host, ok := r.w.HostAt(network, h.address)
	return r.forwarder(host), ok && host.Forward != nil
}

func (r router) firewall(f *world.Firewall) appliance {
	return appliance{place: locate(r.w, FromFirewall(r.w, f)), firewall: f}
}

func (r router) forwarder(h *world.Host) appliance {
	if h == nil {
		return appliance{}
	}
	return appliance{place: locate(r.w, FromHost(r.w, h)), host: h}
}

// cross takes the packet through an appliance, and tells whether that was its
// end.
func (t *trip) cross(h hop) bool {
	a, ok := t.appliance(&t.at, h)
	switch {
	case !ok:
		return t.missing(h)
	case a.addr == t.dst:
		return t.arrive(a.network)
	case t.filtered(&a.place, true):
		return true
	}
	t.d.Via = append(t.d.Via, a.machine)
	rule, ok := t.passes(&a)
	if !ok {
		return t.end(t.denial(&a), fact.ByFirewall, a.machine)
	}
	if a.host != nil && a.host.Forward.InterceptTLS {
		t.d.Resigner = a.machine
	}
	if a.host != nil && a.host.Forward.Stalls {
		t.stalls = a.machine
	}
	if a.translates(t.dst, rule) {
		if t.lost(a.place, t.d.Via[t.kept:len(t.d.Via)-1]) {
			return true
		}
		t.from, t.kept = a.place, len(t.d.Via)
	}
	t.at = a.place
	return false
}

// missing ends a packet that is handed to nobody: to a next hop at which no
// machine forwards, or to a hub's firewall that was not read.
func (t *trip) missing(h hop) bool {
	if h.machine != "" {
		return t.end(fact.Timeout, fact.PathNotRead, h.machine)
	}
	if isPrivate(t.dst) && t.at.vnet != nil && !t.near(&t.at, t.dst) { // the route is not what is at fault
		lost := t.explain(&t.at, t.dst)
		return t.end(lost.outcome, lost.reason, lost.by)
	}
	return t.end(fact.Timeout, fact.ByRoute, h.by)
}

// translates tells whether the appliance puts its own address in the place of
// the source's. Azure Firewall does so towards all but private ranges, and for
// what an application rule lets through (learn.microsoft.com/azure/firewall/
// snat-private-range).
func (a *appliance) translates(dst netip.Addr, by *world.FirewallRule) bool {
	if !a.addr.IsValid() {
		return false
	}
	if a.host != nil {
		return a.host.Forward.SNAT
	}
	return !a.firewall.Keeps(dst) || by != nil && by.Application()
}

// passes tells whether the appliance's rules let the packet through, and which
// one does, if one has to. An application rule lets the connection open and
// resets it once it knows the name; here, such a connection does not open at all.
func (t *trip) passes(a *appliance) (by *world.FirewallRule, ok bool) {
	if a.host != nil {
		_, blocked := longest(a.host.Forward.Blocks, t.dst)
		return nil, !blocked
	}
	if a.firewall.AllowAll {
		return nil, true
	}
	for i := range a.firewall.Allow {
		if rule := &a.firewall.Allow[i]; t.ruled(rule, &a.place) {
			return rule, rule.Allow
		}
	}
	return nil, false
}

// denial is how the appliance ends a connection: one that it had to let open,
// because it did not know the name yet, is reset; any other gets no answer.
func (t *trip) denial(a *appliance) fact.Outcome {
	name := t.flow.SNI
	t.flow.SNI = ""
	_, opened := t.passes(a)
	if t.flow.SNI = name; opened {
		return fact.Reset
	}
	return fact.Timeout
}

// ruled tells whether a firewall's rule is about the packet.
func (t *trip) ruled(rule *world.FirewallRule, at *place) bool {
	if !t.spoken(rule.Protocols) || !onPort(rule.Ports, t.flow.To.Port()) || !t.covers(rule.Sources, at, t.source()) {
		return false
	}
	if len(rule.FQDNs) == 0 {
		return t.covers(rule.Destinations, at, t.dst)
	}
	return t.flow.Proto == TCP && named(rule.FQDNs, t.flow.SNI) ||
		len(rule.Destinations) > 0 && t.covers(rule.Destinations, at, t.dst)
}

// spoken tells whether one of a rule's protocols is the packet's. Application
// rules name those that TCP carries, some with a port: "Https:443".
func (t *trip) spoken(protocols []string) bool {
	for _, p := range protocols {
		name, _, _ := strings.Cut(p, ":")
		if isAny(name) || strings.EqualFold(name, string(t.flow.Proto)) || world.CarriedByTCP(p) && t.flow.Proto == TCP {
			return true
		}
	}
	return len(protocols) == 0
}

// named tells whether one of the names, "*.vault.azure.net" or whole, covers
// that of a TLS connection. One that nobody knows yet may turn out to be.
func named(fqdns []string, sni string) bool {
	for _, fqdn := range fqdns {
		suffix, wild := strings.CutPrefix(fqdn, "*")
		switch {
		case sni == "", strings.EqualFold(fqdn, sni):
			return true
		case wild && len(sni) >= len(suffix) && strings.EqualFold(sni[len(sni)-len(suffix):], suffix):
			return true
		}
	}
	return false
}
