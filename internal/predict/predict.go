// Package predict says what would happen to a client's request: it drives the
// three engines, resolve, route and gate, along the request's own way and ends
// in a Journey. It needs no network and no time.
package predict

import (
	"cmp"
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// A Target is what is asked for.
type Target struct {
	Vault string       // the vault's name
	Host  dnsname.Name // the name that the client uses; zero: the vault's hostname

	proper, alias dnsname.Name // worked out by NewTarget
}

// NewTarget returns the Target of a vault under its own hostname. One that is
// asked for often is cheaper so.
func NewTarget(s service.Service, vault string) (Target, error) {
	host, err := s.Host(vault)
	if err != nil {
		return Target{}, err
	}
	alias, err := s.Alias(vault)
	return Target{Vault: vault, Host: host, proper: host, alias: alias}, err
}

// Options say what the predicted client does.
type Options struct {
	Candidates   []netip.Addr // addresses to try whatever DNS says
	Authenticate bool         // present the host's token to the vault
	Public       bool         // ask a public DNS server too
	Trace        func(fact.Event)
}

// A Client is one host, whose requests are predicted one after the other. It is
// not for several goroutines at once.
type Client struct {
	world  *world.World
	host   *world.Host
	opt    Options
	origin route.Origin
	mind   resolve.Mind
	ask    resolve.Ask // c.once
	carry  resolve.Ask
	watch  func(resolve.Hop) // c.see

	thorough bool // asks all that a probe asks

	// Of the request under way:
	vault  string
	held   *world.Vault   // the vault of that name; nil where the World has none
	name   dnsname.Name   // of the URL
	proper dnsname.Name   // the vault's hostname
	alias  dnsname.Name   // its name in the private zone
	spare  spared         // a question that need not be asked
	asked  netip.Addr     // the server asked last
	server resolve.Server // and who that is

	rewritten string // what a proxy puts into the Host header; "" for nothing
	visited   visit  // the last one
}

// From returns the Client that a host is.
func From(w *world.World, h *world.Host, o Options) *Client {
	c := new(Client)
	c.become(w, h, o)
	return c
}

// become makes c another host, or the same in another world.
func (c *Client) become(w *world.World, h *world.Host, o Options) {
	if c.ask == nil {
		c.ask, c.watch = c.once, c.see
	}
	c.world, c.host, c.opt, c.origin, c.thorough = w, h, o, route.FromHost(w, h), false
	c.carry = c.mind.Of(w, c.origin, c.watch)
	c.asked, c.server = netip.Addr{}, resolve.Server{}
}

// Journey predicts a request of a program on the host.
func (c *Client) Journey(t Target) fact.Journey {
	c.turn(t)
	j, _ := c.journey()
	return j
}

// turn begins another request.
func (c *Client) turn(t Target) {
	c.vault, c.name, c.proper, c.alias, c.spare = t.Vault, t.Host, t.proper, t.alias, spared{}
	c.visited = visit{}
	if c.proper.IsZero() { // a name that is no DNS label has neither
		c.proper, _ = c.world.Service().Host(t.Vault)
		c.alias, _ = c.world.Service().Alias(t.Vault)
	}
	if c.name.IsZero() {
		c.name = c.proper
	}
	c.held, _ = c.world.VaultNamed(t.Vault)
}

// see remembers who answered the client last, and traces.
func (c *Client) see(h resolve.Hop) {
	if h.Depth == 0 {
		c.asked, c.server = h.To, h.Server
	}
	if c.opt.Trace != nil {
		c.traceDNS(h)
	}
}

// once carries a question, but spares the one for IPv6 where IPv4 has brought
// an address: a program goes on with that one.
func (c *Client) once(to netip.Addr, q resolve.Question, within time.Duration) resolve.Reply {
	if q.Type == world.TypeAAAA && !c.thorough && c.spare == (spared{to, q.Name}) {
		return resolve.Reply{Outcome: fact.NoData}
	}
	r := c.carry(to, q, within)
	c.spare = spared{}
	if q.Type == world.TypeA && r.Outcome == fact.OK {
		c.spare = spared{to, q.Name}
	}
	return r
}

// A spared question is one whose answer for IPv4 held an address.
type spared struct {
	server netip.Addr
	name   dnsname.Name
}

// journey goes through the proxy, if the host's environment names one.
func (c *Client) journey() (through, direct fact.Journey) {
	direct = c.direct()
	if len(c.host.Environ) == 0 {
		return direct, direct
	}
	p := settings.ProxyFor(c.name, c.host.Getenv)
	switch {
	case p.Direct():
		return direct, direct
	case p.Fault != "":
		through.Name = fact.NameOf(c.world.Service(), c.name)
		through.Proxy = fact.ProxyHop{Outcome: fact.ProxyUnusable, Server: p.Server(), By: fact.Ref(c.host.ID)}
		return through, direct
	}
	return c.proxied(p), direct
}

// direct is the request past any proxy.
func (c *Client) direct() fact.Journey {
	j := fact.Journey{Name: fact.NameOf(c.world.Service(), c.name)}
	j.Resolver, j.Answer = c.resolution()
	if j.Answer.Outcome != fact.OK || !fact.Dialable(j.Answer.Addr) {
		return j
	}
	c.visit(&j, j.Answer.Addr, c.name)
	return j
}

// A visit is a connection of the host to an address, and the way there.
type visit struct {
	to   netip.Addr
	name dnsname.Name
	way  route.Decision
}

// visit fills in what comes of a connection to an address.
func (c *Client) visit(j *fact.Journey, to netip.Addr, name dnsname.Name) {
	flow := route.Flow{From: c.origin, To: netip.AddrPortFrom(to, 443), Proto: route.TCP}
	d := route.Decide(c.world, flow)
	c.visited = visit{to, name, d}
	c.traceRoute(to, d)
	outcome := d.Outcome
	if outcome == fact.Stalled {
		outcome = fact.OK // TCP opens; the handshake's large flights get lost
	}
	j.Connect = fact.ConnectHop{Outcome: outcome, Addr: to, By: fact.Ref(d.By), Reason: d.Reason}
	if outcome != fact.OK {
		return
	}
	j.Connect.By = fact.Ref(d.Target.ID)
	if len(d.Via) > 0 && d.Outcome == fact.OK { // whoever is on the way now sees the name
		flow.SNI = name.Host()
		d = route.Decide(c.world, flow)
	}
	if j.TLS = c.handshake(d, name); j.TLS.Outcome != fact.OK {
		return
	}
	c.talk(j, arrival(d), name)
}

func arrival(d route.Decision) gateArrival {
	a := gateArrival{Source: d.Source, Subnet: d.ServiceSubnet}
	if d.Target.Kind == route.AtEndpoint {
		a.Endpoint = d.Target.ID
	}
	return a
}

// handshake verifies the certificate that comes against the name of the URL.
func (c *Client) handshake(d route.Decision, name dnsname.Name) fact.TLSHop {
	switch d.Outcome {
	case fact.OK:
	case fact.Timeout: // TCP is open, and silence falls once the name is seen
		return fact.TLSHop{Outcome: fact.Stalled, By: fact.Ref(d.By), Reason: d.Reason}
	default:
		return fact.TLSHop{Outcome: d.Outcome, By: fact.Ref(d.By), Reason: d.Reason}
	}
	if d.Resigner != "" {
		if issuer, trusted := c.signer(d.Resigner); !trusted {
			return fact.TLSHop{Outcome: fact.UntrustedIssuer, Issuer: issuer, By: fact.Ref(d.Resigner), Reason: fact.Intercepted}
		}
	}
	if !c.world.Service().Covers(name) {
		return fact.TLSHop{Outcome: fact.NameMismatch}
	}
	return fact.TLSHop{Outcome: fact.OK}
}

// signer is the authority of a machine that re-signs TLS, and whether hosts
// trust it.
func (c *Client) signer(id world.ID) (issuer string, trusted bool) {
	h, ok := c.world.Host(id)
	switch {
	case ok && h.Proxy != nil && h.Proxy.InterceptTLS:
		return cmp.Or(h.Proxy.Issuer, "CN="+h.Name()), h.Proxy.Trusted
	case ok && h.Forward != nil:
		return cmp.Or(h.Forward.Issuer, "CN="+h.Name()), false
	}
	return "", false
}
