package route

import (
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// Ports on which something listens.
const (
	dnsPort   = 53
	httpsPort = 443
)

// arrive delivers the packet in the network that holds its destination. It is
// always the packet's end.
func (t *trip) arrive(network world.ID) bool {
	t.d.Source = t.source()
	if e, ok := t.w.EndpointAt(network, t.dst); ok {
		return t.atEndpoint(e)
	}
	target, answer := t.listener(network)
	if target.Kind == Nothing {
		return t.end(fact.Timeout, fact.NobodyThere, "")
	}
	t.d.Target = target
	at := spot(t.w, network, t.dst)
	if t.filtered(&at, true) || t.lost(at, t.d.Via[t.kept:]) {
		return true
	}
	return t.answered(answer)
}

func (t *trip) atEndpoint(e *world.Endpoint) bool {
	t.d.Target = Target{AtEndpoint, e.ID, e.VNet()}
	subnet, v, ok := t.w.Subnet(e.Subnet)
	if ok && subnet.EndpointPolicies.NSG {
		if t.filtered(&place{network: v.ID, vnet: v, subnet: subnet}, true) {
			return true
		}
	}
	switch {
	case !t.w.Effective(e) && !t.w.Assume().DeadEndpointAnswers:
		return t.end(fact.Timeout, fact.EndpointDead, e.ID)
	case t.lostByEndpoint(e):
		return true
	}
	return t.answered(t.on(httpsPort, TCP))
}

// listener finds the machine that has the destination's address in a network,
// and what it answers.
func (t *trip) listener(network world.ID) (target Target, answer fact.Outcome) {
	if r, ok := t.w.ResolverAt(network, t.dst); ok {
		return Target{AtResolver, r.ID, network}, t.on(dnsPort)
	}
	if f, ok := t.w.FirewallAt(network, t.dst); ok {
		if !f.DNSProxy {
			return Target{AtFirewall, f.ID, network}, fact.Timeout
		}
		return Target{AtFirewall, f.ID, network}, t.on(dnsPort)
	}
	if h, ok := t.w.HostAt(network, t.dst); ok {
		return Target{AtHost, h.ID, network}, t.host(h)
	}
	return Target{}, fact.Timeout
}

// on is the answer of one of Azure's own machines that listens on one port,
// with one of the transports or with any, and drops everything else.
func (t *trip) on(port uint16, protos ...Protocol) fact.Outcome {
	if t.flow.To.Port() == port && (len(protos) == 0 || slices.Contains(protos, t.flow.Proto)) {
		return fact.OK
	}
	return fact.Timeout
}

// host is the answer of a host: its kernel refuses what no program listens to,
// and answers a ping.
func (t *trip) host(h *world.Host) fact.Outcome {
	port, tcp := t.flow.To.Port(), t.flow.Proto == TCP
	switch {
	case t.flow.Proto == ICMP:
		return fact.OK
	case port == dnsPort && h.DNS != nil && (!tcp || !h.DNS.NoTCP):
		return fact.OK
	case h.Proxy != nil && port == h.Proxy.Port && tcp:
		return fact.OK
	}
	return fact.Refused
}

// answered ends the packet at its target, with the target's answer.
func (t *trip) answered(answer fact.Outcome) bool {
	switch {
	case answer != fact.OK:
		return t.end(answer, fact.PortClosed, t.d.Target.ID)
	case t.stalls != "" && t.flow.Proto == TCP:
		return t.end(fact.Stalled, fact.PacketTooLarge, t.stalls)
	}
	return t.end(fact.OK, fact.NoReason, "")
}

// atPlatform is a question to Azure's DNS from inside a VNet or virtual hub, or
// that of a virtual machine about itself, which never leaves its host.
func (t *trip) atPlatform(network world.ID) bool {
	if t.dst == world.InstanceMetadata {
		h, ok := t.w.Host(t.flow.From.Machine)
		if !ok || h.Runs != world.OnVM && h.Runs != world.OnAKS {
			return t.end(fact.Timeout, fact.NobodyThere, "")
		}
		t.d.Source, t.d.Target = t.source(), Target{AtMetadata, h.ID, network}
		return t.answered(t.on(httpPort, TCP))
	}
	t.d.Target = Target{AtAzureDNS, network, network}
	return t.answered(t.on(dnsPort))
}

// inPublic delivers the packet on the internet, from the public address of the
// machine that sent it out. What an appliance forwarded with a private source
// never finds its way back.
func (t *trip) inPublic() bool {
	t.d.Source = t.at.public
	if t.dst.Is6() && t.at.addr.Is6() {
		t.d.Source = t.at.addr
	}
	if n := len(t.d.Via); t.kept < n && t.at.vnet != nil {
		return t.end(fact.Timeout, fact.LostReply, t.d.Via[n-1])
	}
	switch h, ok := t.w.HostAt(world.Internet, t.dst); {
	case t.isFrontEnd(t.dst):
		t.d.Target = Target{AtFrontEnd, "", world.Internet}
		return t.answered(t.on(httpsPort, TCP))
	case planes[t.dst] != Nothing:
		t.d.Target = Target{planes[t.dst], "", world.Internet}
		return t.answered(t.on(httpsPort, TCP))
	case slices.Contains(world.PublicDNS, t.dst):
		t.d.Target = Target{AtPublicDNS, "", world.Internet}
		return t.answered(t.on(dnsPort))
	case ok:
		t.d.Target = Target{AtHost, h.ID, world.Internet}
		return t.answered(t.host(h))
	case t.bypasses:
		return t.end(fact.Timeout, fact.PlatformOutside, t.flow.From.Machine)
	}
	return t.end(fact.Timeout, fact.NobodyThere, "")
}

// atService delivers the packet at Key Vault's public front end by way of a
// subnet's service endpoint, which keeps the private source.
func (t *trip) atService(subnet world.ID) bool {
	t.d.Source, t.d.ServiceSubnet = t.source(), subnet
	if n := len(t.d.Via); t.kept < n {
		return t.end(fact.Timeout, fact.LostReply, t.d.Via[n-1])
	}
	t.d.Target = Target{AtFrontEnd, "", world.Internet}
	return t.answered(t.on(httpsPort, TCP))
}
