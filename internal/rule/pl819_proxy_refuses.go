package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL819: the proxy itself is the end of the way. Where the configuration says
// why the way to it, or its own, is cut, the rules about that speak.
var pl819 = &Rule{
	Code: "PL819", Slug: "proxy-refuses", Severity: Error, Owner: OwnerProxy, Stage: fact.StageProxy, Weight: 1,
	Title: "the proxy cannot be reached, or does not open the connection",
	Doc: Doc{
		Symptom: "`Proxy Authentication Required` (407), `Forbidden` (403) or `Bad Gateway` (502) in answer to CONNECT, or `proxyconnect tcp: connection refused`.",
		Cause:   "`HTTPS_PROXY` names a proxy that wants credentials, has no rule for the vault, cannot resolve or reach it, or is not there. The vault never saw the request.",
		Apart:   "A 403 of the vault's comes over TLS and has a JSON body; a proxy's comes in answer to CONNECT. With PL804 the proxy connects, by the wrong path. Where a network rule or route cuts the way to the proxy, that is the cause (PL806, PL807, PL817); where no network of the customer's leads to it, for the client is elsewhere, it is PL101, PL102 or PL820. A 502 says no more than that the proxy did not get there: PL104, PL205, PL604, PL605, PL608, PL611 and PL806 look the same, and are told apart by the same request from the machine that the proxy runs on.",
		Fix:     "Whoever owns the client adds the vaults' suffix to `NO_PROXY`, where it can reach the private endpoint itself; else whoever runs the proxy lets it allow, resolve and reach the vault.",
		Verify: []string{
			"env | grep -i proxy   # which proxy it is",
			"curl -v -o /dev/null https://<vault>.vault.azure.net/healthstatus   # CONNECT, and its answer",
		},
		Article: notCovered,
		Errata:  "The article speaks of intercepting proxies, not of those that refuse.",
		Sources: []string{
			"https://www.rfc-editor.org/rfc/rfc9110#name-connect",
			"https://www.rfc-editor.org/rfc/rfc9110#name-407-proxy-authentication-re",
		},
	},
	Eval: func(c *Case) Result {
		p := c.Journey.Proxy
		switch {
		case c.Journey.Name.Outcome == fact.Unseen && !c.proxied():
			return Unknown("whether a proxy takes the request is not known")
		case !c.proxied():
			return Pass("no explicit proxy takes the request")
		case p.Outcome == fact.OK:
			return Pass("the proxy " + p.Server + " opens the connection")
		case p.Outcome == fact.Unseen, p.Outcome == fact.ProxyUnusable:
			return Unknown("what the proxy " + p.Server + " does is not known")
		case rival(p.Reason) && (p.Reason != fact.NoPath || c.outside()), p.Outcome == fact.ProxyGateway && p.Reason != fact.NoReason:
			return NotApplicable("the configuration says why the way of the proxy is cut, which has a code of its own")
		case p.Outcome == fact.ProxyGateway && c.sharedFault():
			return NotApplicable("past the proxy the vault is not reached either: what they have in common comes first")
		}
		return Fail(fmt.Sprintf("the proxy %s %s", p.Server, refusalWords(p.Outcome)), c.seen(p.Server, "CONNECT %s:443: %s", c.Journey.Name.Host.Host(), p.Outcome))
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		proxy, ok := s.proxy()
		if !ok && s.confined() {
			return nil
		}
		for _, status := range [...]int{407, 403, 502} {
			if ok {
				breaks = append(breaks, Break{change.SetProxyAnswer{Proxy: proxy.ID, Status: status}})
			} else {
				breaks = append(breaks, Break{change.UseProxy{Host: s.Client.ID, Proxy: somewhere, Role: world.ProxyRole{Answers: status}}})
			}
		}
		if ok {
			breaks = append(breaks, Break{change.SetProxyAnswer{Proxy: proxy.ID}})
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		if proxy, ok := c.ownProxy(); ok && c.proxyReached() && c.outside() { // past it, no path leads to an endpoint
			return []change.Change{change.SetProxyAnswer{Proxy: proxy.ID, Status: 200}}
		}
		return c.passProxy()
	},
}

func refusalWords(o fact.Outcome) string {
	switch o {
	case fact.ProxyAuth:
		return "wants credentials (407) before it opens the connection"
	case fact.ProxyForbidden:
		return "does not allow the connection (403)"
	case fact.ProxyGateway:
		return "cannot resolve or reach the vault (502)"
	case fact.NXDomain:
		return "has a name that does not resolve"
	}
	return "cannot be reached: a connection to it " + fares(o)
}
