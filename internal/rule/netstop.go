package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A stop is where, by the prediction, the client's packets end.
type stop struct {
	by   world.ID
	to   netip.Addr // whither they were sent; the zero Addr where nobody can tell
	port uint16
	way  string // of the packets, in words
}

// stopped finds the first hop of the journey that fails for a reason. Behind a
// proxy, and behind DNS servers, the endpoint stands for what they cannot reach.
func (c *Case) stopped(reason fact.Reason) (stop, bool) {
	j := &c.Journey
	failed := func(o fact.Outcome, r fact.Reason) bool { return o != fact.OK && o != fact.Unseen && r == reason }
	switch {
	case failed(j.Proxy.Outcome, j.Proxy.Reason) && j.Proxy.Outcome == fact.ProxyGateway:
		if d, ok := c.doorStopped(reason); ok {
			return d, true
		}
		return stop{way: "from the proxy to the vault"}, true
	case failed(j.Proxy.Outcome, j.Proxy.Reason):
		return c.toProxy(), true
	case failed(j.Resolver.Outcome, j.Resolver.Reason):
		return stop{world.ID(j.Resolver.By), j.Resolver.Server, 53, fmt.Sprintf("from %s to its DNS server %s", c.who(), j.Resolver.Server)}, true
	case failed(j.Answer.Outcome, j.Answer.Reason):
		return stop{world.ID(j.Answer.By), netip.Addr{}, 53, "from a DNS server to the one that it forwards to"}, true
	case failed(j.Connect.Outcome, j.Connect.Reason):
		return stop{world.ID(j.Connect.By), j.Connect.Addr, 443, fmt.Sprintf("from %s to %s, port 443", c.who(), c.label(j.Connect.Addr))}, true
	case failed(j.TLS.Outcome, j.TLS.Reason):
		return stop{world.ID(j.TLS.By), j.Connect.Addr, 443, fmt.Sprintf("from %s to %s once the handshake names the vault", c.who(), c.label(j.Connect.Addr))}, true
	}
	return stop{}, false
}

// toProxy is a stop on the way to the proxy's port.
func (c *Case) toProxy() stop {
	s := stop{by: world.ID(c.Journey.Proxy.By), way: fmt.Sprintf("from %s to its proxy %s", c.who(), c.Journey.Proxy.Server)}
	if p, err := netip.ParseAddrPort(c.Journey.Proxy.Server); err == nil {
		s.to, s.port = p.Addr(), p.Port()
	}
	return s
}

// doorStopped finds a private endpoint to which the client's packets end for a
// reason.
func (c *Case) doorStopped(reason fact.Reason) (stop, bool) {
	for _, d := range c.Doors() {
		if d.Connect.Reason == reason {
			return stop{world.ID(d.Connect.By), d.Addr, 443, "to " + c.label(d.Addr) + ", port 443"}, true
		}
	}
	return stop{}, false
}

// label is an address with the private endpoint that has it.
func (c *Case) label(a netip.Addr) string {
	for _, d := range c.Doors() {
		if slices.Contains(d.Endpoint.Addresses, a) {
			return "the private endpoint " + d.Endpoint.Name() + " (" + a.String() + ")"
		}
	}
	return a.String()
}

// judgeStop is the Eval of a rule that says why packets end. From the client a
// dropped packet looks the same whoever dropped it, so only the configuration
// decides.
func (c *Case) judgeStop(resourceType string, reason fact.Reason, fine string, fail func(stop) Result) Result {
	if c.arrives() {
		return Pass("requests arrive over private link")
	}
	if a := c.Journey.Answer; a.Outcome == fact.OK && !c.private(a) && !c.proxied() {
		return NotApplicable(c.passing(a.Addr))
	}
	if r, unread := c.NotRead(resourceType); unread {
		return r
	}
	if c.Predicted == nil {
		return Unknown("where this client stands in the configuration is not known")
	}
	if s, ok := c.stopped(reason); ok {
		return fail(s)
	}
	return Pass(fine)
}

// passing says that the client goes to an address that is no private endpoint's,
// which many rules say.
func (c *Case) passing(a netip.Addr) string {
	if c.passed.by != a {
		c.passed.by, c.passed.why = a, "the client goes to "+a.String()+", not to a private endpoint"
	}
	return c.passed.why
}

// rival tells whether the configuration says why the way to the vault, or to
// what the client asks for it, is cut: rules of their own name that.
func rival(r fact.Reason) bool {
	switch r {
	case fact.NoPath, fact.PeeringState, fact.ByNSG, fact.ByRoute, fact.ByFirewall, fact.LostReply,
		fact.EndpointDead, fact.PacketTooLarge, fact.PlatformOutside:
		return true
	}
	return false
}
