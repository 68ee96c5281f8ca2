package diagnose

import (
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A sketch is an observation without its names and addresses: what can be
// compared between a real network and a stock world. The zero value of each
// field means that it was not seen.
type sketch struct {
	platform  string // on which the client runs, where that matters
	name      fact.Outcome
	proxy     proxySketch
	via       fact.Via
	resolver  fact.Outcome
	answer    answerSketch
	connect   fact.Outcome
	tls       fact.Outcome
	exchange  fact.Outcome
	path      fact.Verdict
	access    service.Denial
	first     serverSketch // the first configured DNS server
	other     serverSketch // the first configured one that says something else
	azure     serverSketch // 168.63.129.16
	direct    fact.Verdict // past the proxy
	otherDoor fact.Outcome // a connection to a private address that the program did not get
}

type proxySketch struct {
	used    tri
	outcome fact.Outcome
}

type tri uint8

const (
	unseen tri = iota
	yes
	no
)

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

type answerSketch struct {
	outcome fact.Outcome
	alias   tri
	class   fact.AddrClass
}

type serverSketch struct {
	kind      serverKind
	reached   fact.Outcome
	slow      tri
	host      answerSketch
	alias     answerSketch
	unchecked answerSketch // of a server that fails: with checking disabled
	others    tri          // of a server that fails: whether it answers for other names
}

type serverKind uint8

const (
	anyServer serverKind = iota
	noServer             // there is none: all configured ones say the same
	azureServer
	privateServer
	publicServer
)

// sketchOf makes a sketch. A hop that was not reached because an earlier one
// failed is as unseen as one that nobody looked at.
func sketchOf(o *fact.Observation) sketch {
	j := &o.Journey
	s := sketch{
		platform: platformOf(o.Client.Runs), name: j.Name.Outcome, via: j.Resolver.Via, resolver: j.Resolver.Outcome, answer: answerOf(j.Answer),
		connect: j.Connect.Outcome, tls: j.TLS.Outcome, exchange: j.Exchange.Outcome, access: accessOf(j.Access),
	}
	if s.via == fact.ViaProgram && o.Client.HostsPath == "" { // the hosts file may have said it
		s.via = fact.ViaNothing
	}
	if j.Name.Outcome != fact.Unseen {
		s.proxy = proxySketch{triOf(j.Proxy.Outcome != fact.Unseen), j.Proxy.Outcome}
	}
	if j.Exchange.Outcome == fact.OK {
		s.path = j.Verdict()
	}
	if s.proxy.used == yes {
		s.direct = seenVerdict(o.Direct)
	}
	if s.via == fact.ViaHostsFile && failed(s.connect) { // a VNet may use public space
		s.answer.class = ""
	}
	s.servers(o.Servers, o.Client.Addresses)
	s.otherDoor = otherDoor(o, func(netip.Addr) bool { return true })
	return s
}

// platformOf keeps the platforms that decide by themselves how a request leaves.
func platformOf(runs string) string {
	switch runs {
	case "":
		return ""
	case string(world.OnCloudShell), string(world.OnManaged), string(world.OnAppGateway):
		return runs
	case string(world.OnAppService), string(world.OnFunction):
		return string(world.OnAppService)
	}
	return "own"
}

// seenVerdict is the verdict of a journey that was followed to its end.
func seenVerdict(j fact.Journey) fact.Verdict {
	if v := j.Verdict(); v != fact.Undetermined {
		return v
	}
	return ""
}

func (s *sketch) servers(views []fact.ServerView, own []netip.Addr) {
	heard := true
	for _, v := range views {
		one := serverOf(v)
		if one.kind == publicServer && near(own, v.Server) {
			one.kind = privateServer
		}
		if v.Server == fact.AzureDNS && s.azure.kind == anyServer {
			s.azure = one
		}
		if v.Role != fact.RoleConfigured {
			continue
		}
		heard = heard && v.Reached != fact.Unseen
		switch {
		case s.first.kind == anyServer:
			s.first = one
		case one.host != s.first.host && s.other.kind == anyServer:
			s.other = one
		}
	}
	if s.other.kind == anyServer && s.first.kind != anyServer && heard {
		s.other.kind = noServer
	}
}

// near tells whether a server is in the network of one of a client's addresses, as
// far as addresses tell: a VNet may use public space, and has a few bits of it.
func near(own []netip.Addr, server netip.Addr) bool {
	const bits = 16 // VNets that use public space have hardly more of it
	return slices.ContainsFunc(own, func(a netip.Addr) bool {
		p, err := a.Prefix(bits)
		return err == nil && a.Is4() && p.Contains(server)
	})
}

func serverOf(v fact.ServerView) serverSketch {
	s := serverSketch{kind: kindOf(v.Server), reached: v.Reached, host: answerOf(v.Host), alias: answerOf(v.Alias), unchecked: answerOf(v.Unchecked)}
	if v.Host.Outcome != fact.Unseen {
		s.slow = triOf(v.Slow)
	}
	if served := v.ServesOthers(); served || v.FailsForAll() {
		s.others = triOf(served)
	}
	return s
}

func kindOf(a netip.Addr) serverKind {
	switch {
	case a == fact.AzureDNS:
		return azureServer
	case fact.Classify(a) == fact.PublicAddr:
		return publicServer
	}
	return privateServer
}

func answerOf(a fact.AnswerHop) answerSketch {
	if a.Outcome == fact.Unseen {
		return answerSketch{}
	}
	return answerSketch{a.Outcome, triOf(a.Alias), a.Class}
}

// admitted stands where nothing was denied.
const admitted service.Denial = "none"

// accessOf keeps what a client can use: which network rule refused depends on
// the vault's settings, not on the fault.
func accessOf(a fact.AccessHop) service.Denial {
	switch {
	case a.Denial == service.DeniedNoVault:
		return a.Denial
	case a.Outcome == fact.Unseen:
		return ""
	case a.Outcome == fact.OK:
		return admitted
	case a.Denial.IsNetwork() && a.Denial != service.DeniedTCP:
		return service.DeniedFirewall
	case a.Denial == service.DeniedPolicy:
		return service.DeniedRBAC
	}
	return a.Denial
}

// private tells whether an address is of a private range, or was answered out of
// a private zone.
func private(o *fact.Observation, a netip.Addr) bool {
	zoned := func(h fact.AnswerHop) bool { return h.Addr == a && h.Class == fact.PrivateAddr }
	return fact.Classify(a) == fact.PrivateAddr ||
		slices.ContainsFunc(o.Servers, func(v fact.ServerView) bool { return zoned(v.Host) || zoned(v.Alias) })
}

// otherDoor is how the best private address fared that the program did not get,
// of those that count.
func otherDoor(o *fact.Observation, counts func(netip.Addr) bool) (best fact.Outcome) {
	for i := range o.Addresses {
		v := &o.Addresses[i]
		if v.Addr == o.Journey.Answer.Addr || v.Connect.Outcome == fact.Unseen || !private(o, v.Addr) || !counts(v.Addr) {
			continue
		}
		if best == fact.Unseen || v.Connect.Outcome == fact.OK {
			best = v.Connect.Outcome
		}
	}
	return best
}

// fits tells whether a prediction explains what was seen: field by field they
// are equal, or the field was not seen.
func (s *sketch) fits(predicted *sketch) bool {
	return s.livesOn(predicted.platform) && fit(s.name, predicted.name) && s.proxy.fits(predicted.proxy) && fit(s.via, predicted.via) &&
		fit(s.resolver, predicted.resolver) && s.answer.fits(&predicted.answer) &&
		fit(s.connect, predicted.connect) && fit(s.tls, predicted.tls) && fit(s.exchange, predicted.exchange) &&
		fit(s.path, predicted.path) && (predicted.access == "" || fit(s.access, predicted.access)) &&
		s.first.fits(&predicted.first) && s.other.fits(&predicted.other) && s.azure.fits(&predicted.azure) &&
		fit(s.direct, predicted.direct) && (predicted.otherDoor == fact.Unseen || fit(s.otherDoor, predicted.otherDoor))
}

// livesOn tells whether the client may run on a platform: what an app connected
// to a VNet sees is what any machine there sees.
func (s *sketch) livesOn(predicted string) bool {
	inVNet := s.platform == string(world.OnAppService) || s.platform == string(world.OnAppGateway)
	return fit(s.platform, predicted) || inVNet && predicted == "own"
}

func fit[T comparable](seen, predicted T) bool {
	var zero T
	return seen == zero || seen == predicted
}

func (p proxySketch) fits(q proxySketch) bool {
	return fit(p.used, q.used) && fit(p.outcome, q.outcome)
}

func (a *answerSketch) fits(b *answerSketch) bool {
	return fit(a.outcome, b.outcome) && fit(a.alias, b.alias) && fit(a.class, b.class)
}

func (a *serverSketch) fits(b *serverSketch) bool {
	return fit(a.kind, b.kind) && fit(a.reached, b.reached) && fit(a.slow, b.slow) && a.host.fits(&b.host) && a.alias.fits(&b.alias) && a.unchecked.fits(&b.unchecked) && fit(a.others, b.others)
}
