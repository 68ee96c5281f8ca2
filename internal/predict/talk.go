package predict

import (
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/gate"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

type gateArrival = gate.Arrival

// talk fills in what the vault says: to anybody, and to a caller.
func (c *client) talk(j *fact.Journey, a gate.Arrival, name dnsname.Name) {
	health := gate.Decide(c.world, a, gate.Request{Method: "GET", Host: name.Host(), Path: service.HealthPath})
	j.Exchange = fact.ExchangeHop{
		Outcome: fact.OK, Status: health.Status, Conn: health.Info.Conn, Source: health.Info.Addr, By: fact.Ref(a.Endpoint),
	}
	if health.Info.Endpoint != "" {
		j.Exchange.Endpoint = fact.Ref(a.Endpoint)
	}
	if health.Info.Subnet != "" {
		j.Exchange.Subnet = fact.Ref(a.Subnet)
	}
	if name == c.proper {
		j.Access = c.access(a, name)
	}
}

// secretPath stands for the random secret that a probe asks for.
const secretPath = "/secrets/pldoctor-probe"

// access is the vault's answer to a token, if one is presented; else what its
// network settings would say to any.
func (c *client) access(a gate.Arrival, name dnsname.Name) fact.AccessHop {
	if c.opt.Authenticate && c.host.Identity != world.NoIdentity {
		return c.presented(a, name)
	}
	v, ok := c.world.VaultNamed(c.vault)
	if !ok {
		return fact.AccessHop{}
	}
	denial, by := gate.Admits(c.world, v, a)
	if denial == service.NotDenied {
		return fact.AccessHop{}
	}
	return fact.AccessHop{Outcome: fact.RefusedNetwork, Denial: denial, By: fact.Ref(by), Reason: reasonOf(denial)}
}

func (c *client) presented(a gate.Arrival, name dnsname.Name) fact.AccessHop {
	header := name.Host()
	if c.host.HostHeader != "" {
		header = c.host.HostHeader
	}
	d := gate.Decide(c.world, a, gate.Request{Method: "GET", Host: header, Path: secretPath, Token: true, Identity: c.host.Identity})
	hop := fact.AccessHop{Outcome: fact.OK, Denial: d.Denial, By: fact.Ref(d.By), Reason: reasonOf(d.Denial)}
	switch {
	case d.Denial.IsNetwork():
		hop.Outcome = fact.RefusedNetwork
	case d.Denial != service.NotDenied:
		hop.Outcome = fact.RefusedIdentity
	}
	return hop
}

func reasonOf(d service.Denial) fact.Reason {
	switch d {
	case service.DeniedFirewall:
		return fact.ByAccessRules
	case service.DeniedConnection:
		return fact.ByAccessOff
	case service.DeniedPerimeter:
		return fact.ByPerimeter
	case service.DeniedTCP:
		return fact.WrongEndpoint
	}
	return fact.NoReason
}
