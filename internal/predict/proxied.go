package predict

import (
	"net/netip"
	"strconv"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// proxied is the request through an explicit proxy, which resolves the name and
// opens the connection itself.
func (c *Client) proxied(p settings.Proxy) fact.Journey {
	j := fact.Journey{Name: fact.NameOf(c.world.Service(), c.name)}
	j.Proxy.Server = p.Server()
	d, proxy := c.toProxy(p)
	j.Proxy.By, j.Proxy.Reason = fact.Ref(d.By), d.Reason
	if d.Outcome != fact.OK {
		j.Proxy.Outcome = d.Outcome
		return j
	}
	j.Proxy.By = fact.Ref(proxy.ID)
	if proxy.ProxyUnread {
		j.Proxy.Reason = fact.ServerNotRead
		return j
	}
	if j.Proxy.Outcome = refusal(proxy.Proxy.Answers); j.Proxy.Outcome != fact.OK {
		return j
	}
	c.behind(&j, proxy)
	return j
}

// toProxy is the way to the proxy's port.
func (c *Client) toProxy(p settings.Proxy) (route.Decision, *world.Host) {
	port, _ := strconv.ParseUint(p.Port, 10, 16)
	to, outcome := c.addressOf(p.Host)
	if outcome != fact.OK {
		return route.Decision{Outcome: outcome}, nil
	}
	d := route.Decide(c.world, route.Flow{From: c.origin, To: netip.AddrPortFrom(to, uint16(port)), Proto: route.TCP})
	h, ok := c.world.Host(d.Target.ID)
	if !ok || d.Target.Kind != route.AtHost {
		if d.Outcome == fact.OK {
			d.Outcome = fact.Refused
		}
		return d, nil
	}
	if h.ProxyUnread {
		d.Outcome = fact.OK
	}
	return d, h
}

func (c *Client) addressOf(host string) (netip.Addr, fact.Outcome) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a, fact.OK
	}
	name, err := dnsname.Parse(host)
	if err != nil {
		return netip.Addr{}, fact.NXDomain
	}
	f := resolve.Program(c.world, c.host, name, c.ask)
	if a := first(f.A.Addrs, f.AAAA.Addrs); a.IsValid() {
		return a, fact.OK
	}
	return netip.Addr{}, f.A.Outcome
}

// refusal is what a proxy's answer to CONNECT means.
func refusal(status int) fact.Outcome {
	switch {
	case status == 0 || status/100 == 2:
		return fact.OK
	case status == 407:
		return fact.ProxyAuth
	case status == 403:
		return fact.ProxyForbidden
	}
	return fact.ProxyGateway
}

// behind goes on from the proxy. What it meets stays its secret: the client
// sees a tunnel, or 502.
func (c *Client) behind(j *fact.Journey, proxy *world.Host) {
	origin := route.FromHost(c.world, proxy)
	f := resolve.Program(c.world, proxy, c.name, resolve.InMind(c.world, origin))
	to := first(f.A.Addrs, f.AAAA.Addrs)
	d := route.Decision{Outcome: fact.Unreachable, Reason: f.A.Reason}
	if to.IsValid() {
		d = route.Decide(c.world, route.Flow{From: origin, To: netip.AddrPortFrom(to, 443), Proto: route.TCP, SNI: c.name.Host()})
	}
	if d.Outcome != fact.OK {
		j.Proxy.Outcome, j.Proxy.Reason = fact.ProxyGateway, d.Reason
		return
	}
	j.Connect.Outcome, j.Connect.By = fact.OK, fact.Ref(d.Target.ID)
	if proxy.Proxy.InterceptTLS {
		d.Resigner = proxy.ID
	}
	if j.TLS = c.handshake(d, c.name); j.TLS.Outcome != fact.OK {
		return
	}
	if proxy.Proxy.InterceptTLS && proxy.Proxy.BlockPage {
		j.Exchange = fact.ExchangeHop{Outcome: fact.NotKeyVault, Status: 403, By: fact.Ref(proxy.ID)}
		return
	}
	if proxy.Proxy.InterceptTLS {
		c.rewritten = proxy.Proxy.RewriteHost
	}
	c.talk(j, arrival(d), c.name)
	c.rewritten = ""
}
