package diagnose

import "pldoctor/internal/fact"

// public is a sketch of a request that a service endpoint carried, as it would
// be without one: what leads to the vault's public address leads there through
// a service endpoint too, and only who is admitted differs.
func (s *sketch) public() sketch {
	without := *s
	if s.path == fact.ServiceEndpoint {
		without.path, without.access = fact.Public, ""
	}
	if s.direct == fact.ServiceEndpoint {
		without.direct = fact.Public
	}
	return without
}

// excused is a sketch without what is wrong beside the request's own way: a
// second fault may have done that. What is right there stays, since no fault
// makes anything better.
func (s *sketch) excused() sketch {
	e := *s
	beyond := e.proxy.used == yes && failed(e.proxy.outcome)        // what fails is on the way to the proxy, or behind it
	beside := beyond || e.via != fact.ViaDNS && e.proxy.used != yes // programs go by something else than what the servers say
	silent := e.first.reached == fact.Timeout                       // what the client asks for does not get as far as Azure DNS
	e.azure.excuse(beside && e.azure == e.first || silent)
	e.first.excuse(beside)
	e.other.excuse(true)
	if e.proxy.used == yes && e.direct != fact.Private {
		e.direct = ""
	}
	if e.otherDoor != fact.OK {
		e.otherDoor = fact.Unseen
	}
	return e
}

// unpinned is a sketch of the request as it would go without a line of the hosts
// file, as far as the DNS server tells that would take its place; false where that
// one leads to a private address, or there is no such line.
func (s *sketch) unpinned() (sketch, bool) {
	if s.via != fact.ViaHostsFile || s.first.host == (answerSketch{}) || s.first.host.right() {
		return sketch{}, false
	}
	return sketch{
		platform: s.platform, name: s.name, proxy: s.proxy, via: fact.ViaDNS, resolver: fact.OK, answer: s.first.host,
		first: s.first, other: s.other, azure: s.azure,
	}, true
}

// excuse leaves out a wrong answer to the alias, and of a server that is not in
// use all that is wrong.
func (a *serverSketch) excuse(beside bool) {
	if !a.alias.right() {
		a.alias = answerSketch{}
	}
	if beside && a.kind != noServer && !a.host.right() {
		*a = serverSketch{alias: a.alias}
	}
}

// right tells whether an answer is a private address.
func (a *answerSketch) right() bool { return a.outcome == fact.OK && a.class == fact.PrivateAddr }
