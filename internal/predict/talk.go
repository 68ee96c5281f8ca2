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
func (c *Client) talk(j *fact.Journey, a gate.Arrival, name dnsname.Name) {
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

// header is the Host header that arrives: a proxy's, or the program's.
func (c *Client) header(name dnsname.Name) string {
	if c.rewritten != "" {
		return c.rewritten
	}
	if c.host.HostHeader != "" {
		return c.host.HostHeader
	}
	return name.Host()
}

// access is the vault's answer to a token, if one is presented; else what its
// network settings would say to any. A Host header that names another vault is
// refused in either case.
func (c *Client) access(a gate.Arrival, name dnsname.Name) fact.AccessHop {
	if c.opt.Authenticate && c.host.Identity != world.NoIdentity {
		return c.presented(a, name)
	}
	v, ok := c.held, c.held != nil
	if !ok || v.Deleted || c.header(name) != name.Host() {
		anybody := gate.Decide(c.world, a, gate.Request{Method: "GET", Host: c.header(name), Path: listPath})
		switch {
		case anybody.Denial.IsNetwork():
			return refused(anybody.Denial, anybody.By)
		case anybody.Denial == service.DeniedNoVault:
			return fact.AccessHop{Denial: anybody.Denial, By: fact.Ref(anybody.By)}
		case !ok:
			return fact.AccessHop{}
		}
	}
	denial, by := gate.Admits(c.world, v, a)
	if denial == service.NotDenied {
		return fact.AccessHop{}
	}
	return refused(denial, by)
}

// listPath is asked without a token, secretPath stands for the random secret
// that a probe asks for with one.
const listPath, secretPath = "/secrets", "/secrets/pldoctor-probe"

func refused(d service.Denial, by world.ID) fact.AccessHop {
	return fact.AccessHop{Outcome: fact.RefusedNetwork, Denial: d, By: fact.Ref(by), Reason: reasonOf(d)}
}

func (c *Client) presented(a gate.Arrival, name dnsname.Name) fact.AccessHop {
	d := gate.Decide(c.world, a, gate.Request{
		Method: "GET", Host: c.header(name), Path: secretPath, Token: true, Identity: c.host.Identity,
	})
	hop := fact.AccessHop{Outcome: fact.OK, Denial: d.Denial, By: fact.Ref(d.By), Reason: reasonOf(d.Denial)}
	switch {
	case d.Denial.IsNetwork():
		hop.Outcome = fact.RefusedNetwork
	case d.Denial == service.DeniedNoVault: // nobody is refused: there is no vault
		hop.Outcome = fact.Unseen
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
