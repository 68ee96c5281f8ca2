package resolve

import (
	"net/netip"

	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// port is the port of DNS.
const port = 53

// Find returns the server that answers DNS at addr for an asker, and how the
// packet to it fares. Kind is NoServer when the packet does not arrive, or when
// nobody listens: the decision then says what the asker sees, and its outcome
// is not OK.
func Find(w *world.World, from route.Origin, addr netip.Addr, proto route.Protocol) (Server, route.Decision) {
	d := route.Decide(w, route.Flow{From: from, To: netip.AddrPortFrom(addr, port), Proto: proto})
	if h, ok := unread(w, d); ok {
		d.Outcome, d.Reason, d.By = fact.OK, fact.NoReason, ""
		return Server{Kind: UnreadServer, ID: h.ID}, d
	}
	if d.Outcome != fact.OK {
		return Server{}, d
	}
	switch d.Target.Kind {
	case route.AtAzureDNS:
		return azureServer(w, d.Target.Network), d
	case route.AtPublicDNS:
		return Server{Kind: PublicServer, ID: world.Internet}, d
	case route.AtResolver:
		return inboundServer(w, d)
	case route.AtFirewall:
		return firewallServer(w, d)
	case route.AtHost:
		return hostServer(w, d)
	default: // an endpoint or a front end: they drop what is not HTTPS
		return nobody(d, fact.Timeout)
	}
}

// unread returns the host that a packet arrived at if what it does with
// questions is not known: that it serves DNS is.
func unread(w *world.World, d route.Decision) (*world.Host, bool) {
	arrived := d.Outcome == fact.OK || d.Outcome == fact.Refused && d.Reason == fact.PortClosed
	if !arrived || d.Target.Kind != route.AtHost {
		return nil, false
	}
	h, ok := w.Host(d.Target.ID)
	return h, ok && h.DNSUnread
}

func nobody(d route.Decision, outcome fact.Outcome) (Server, route.Decision) {
	d.Outcome, d.Reason, d.By = outcome, fact.PortClosed, d.Target.ID
	return Server{}, d
}

// azureServer is Azure DNS as a network has it. What its rulesets forward
// leaves from their resolver's outbound endpoint; it asks nobody else.
func azureServer(w *world.World, network world.ID) Server {
	s := Server{Kind: AzureServer, ID: network}
	if rs, ok := rulesetOf(w, network); ok {
		s.Origin = outboundOf(w, rs, network)
	}
	return s
}

func outboundOf(w *world.World, rs *world.Ruleset, network world.ID) route.Origin {
	for _, id := range rs.Outbound {
		if r, ok := w.ResolverOf(id); ok {
			return route.FromResolver(w, r)
		}
	}
	return route.FromVNet(w, network)
}

func inboundServer(w *world.World, d route.Decision) (Server, route.Decision) {
	r, ok := w.Lookup(d.Target.ID).(*world.Resolver)
	if !ok {
		return nobody(d, fact.Timeout)
	}
	return Server{Kind: InboundServer, ID: r.ID, Origin: azureServer(w, r.VNet).Origin}, d
}

// firewallServer: without its DNS proxy, Azure Firewall drops what is sent to
// its own address (learn.microsoft.com/azure/firewall/dns-settings).
func firewallServer(w *world.World, d route.Decision) (Server, route.Decision) {
	f, ok := w.Firewall(d.Target.ID)
	if !ok || !f.DNSProxy {
		return nobody(d, fact.Timeout)
	}
	return Server{Kind: FirewallServer, ID: f.ID, Origin: route.FromFirewall(w, f)}, d
}

func hostServer(w *world.World, d route.Decision) (Server, route.Decision) {
	h, ok := w.Host(d.Target.ID)
	switch {
	case !ok:
		return nobody(d, fact.Timeout)
	case h.DNS == nil:
		return nobody(d, fact.Refused)
	}
	return Server{Kind: HostServer, ID: h.ID, Origin: route.FromHost(w, h)}, d
}
