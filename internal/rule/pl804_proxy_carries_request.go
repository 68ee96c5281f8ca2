package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL804: a fault where the proxy's path is not private, worth knowing where it
// is.
var pl804 = &Rule{
	Code: "PL804", Slug: "proxy-carries-request", Severity: Error, Owner: OwnerProxy, Stage: fact.StageProxy, Weight: 2,
	Title: "an explicit proxy takes the request and resolves the name itself",
	Doc: Doc{
		Symptom: "On the client the name resolves to the private address, and the vault still sees the proxy's address and refuses (403 `ForbiddenByConnection` or `ForbiddenByFirewall`); or it works from one shell and not from another.",
		Cause:   "`HTTPS_PROXY` names a proxy and `NO_PROXY` does not exempt the vault. With CONNECT the client sends the name, and the proxy resolves it with its own DNS and connects from its own network: its path counts, not the client's.",
		Apart:   "With PL819 the proxy does not connect at all. With PL805 it re-signs TLS. Where the proxy's own path is private, there is nothing to mend. Where the request is not private past the proxy either, what both have in common is the cause: the vault (PL106), its connections (PL201, PL202, PL203, PL204), or the zone that neither sees (PL601, PL602).",
		Fix:     "Whoever owns the client adds the vaults' suffix to `NO_PROXY` where the program gets its environment; or whoever runs the proxy lets it resolve and reach the private endpoint itself. Programs differ in how they read the list: `.vault.azure.net` suits most.",
		Verify: []string{
			"env | grep -i proxy   # the proxy, and what is exempt",
			"curl -i https://<vault>.vault.azure.net/healthstatus   # addr is the proxy's",
			"curl -i --noproxy '*' https://<vault>.vault.azure.net/healthstatus   # addr is the client's",
		},
		Article: "8, Promiscuous proxies (Fiddler, etc.)",
		Errata:  "The article speaks of intercepting proxies only; an explicit one that intercepts nothing still chooses the path.",
		Sources: []string{
			article,
			"https://www.rfc-editor.org/rfc/rfc9110#name-connect",
			"https://learn.microsoft.com/azure/developer/python/sdk/azure-sdk-configure-proxy",
		},
	},
	Eval: func(c *Case) Result {
		p := c.Journey.Proxy
		switch {
		case c.Journey.Name.Outcome == fact.Unseen && !c.proxied():
			return Unknown("whether a proxy takes the request is not known")
		case !c.proxied():
			return Pass("no explicit proxy takes the request")
		case p.Reason == fact.ServerNotRead:
			return Unknown("what the proxy " + p.Server + " does is not known")
		case p.Outcome != fact.OK || c.Journey.Exchange.Outcome != fact.OK:
			return NotApplicable("no answer of a vault came through the proxy " + p.Server)
		case c.arrives() && c.Journey.Accessed() != fact.AccessUntested && c.Journey.Accessed() != fact.AccessAllowed:
			return Pass("the proxy " + p.Server + " takes the request and reaches the vault over private link itself")
		case c.arrives():
			return Fail(fmt.Sprintf("the proxy %s takes the request; it reaches %s over private link itself, so nothing has to change", p.Server, c.Vault), c.throughProxy()...).As(Info)
		case c.sharedFault():
			return NotApplicable("the request is not private past the proxy either: what they have in common comes first")
		}
		why := fmt.Sprintf("the proxy %s takes the request and resolves the name itself: the vault sees %s, by the path %s", p.Server, c.Journey.Exchange.Source, c.Journey.Verdict())
		if past, ok := c.past(); ok && past.Verdict() == fact.Private {
			why += "; past the proxy the request is private"
		}
		return Fail(why, c.throughProxy()...)
	},
	Breaks: func(s Site) []Break {
		if proxy, ok := s.proxy(); ok {
			return []Break{{change.SetNameservers{Host: proxy.ID, Servers: world.PublicDNS[:1]}}}
		}
		if s.confined() {
			return nil
		}
		return []Break{{change.UseProxy{Host: s.Client.ID, Proxy: somewhere, Role: world.ProxyRole{Answers: 200}}}}
	},
	Mends: func(c *Case) []change.Change { return c.passProxy() },
}

// sharedFault tells whether the request fares no better past the proxy although
// the proxy is in a network of the customer's: then both meet the same fault.
// For a proxy on the internet no repair makes a private path.
func (c *Case) sharedFault() bool {
	past, looked := c.past()
	own := past.Resolver.Via == fact.ViaHostsFile || past.Resolver.Via == fact.ViaCache || past.Resolver.Reason == fact.FromCache
	if own && !c.IsEndpointAddress(past.Answer.Addr) {
		return false // the machine misleads itself, and the proxy has no part in that
	}
	if !looked || past.Verdict() == fact.Private || past.Verdict() == fact.Undetermined || c.World == nil {
		return false
	}
	_, ours := c.ownProxy()
	return past.Answer.Reason == fact.NotRegistered || ours
}

// ownProxy is the proxy that takes the request, where it is in a network of the
// customer's.
func (c *Case) ownProxy() (*world.Host, bool) {
	if c.World == nil {
		return nil, false
	}
	proxy, known := c.World.Host(world.ID(c.Journey.Proxy.By))
	return proxy, known && proxy.Network != world.Internet
}

// throughProxy is the evidence of a proxy.
func (c *Case) throughProxy() []Evidence {
	var ev []Evidence
	if c.Seen != nil && c.Seen.Client.ProxySource != "" {
		ev = append(ev, probed(c.Seen.Client.ProxySource, "names the proxy %s", c.Seen.Client.Proxy))
	}
	return append(ev, c.seen(c.Journey.Proxy.Server, "CONNECT: %s; the vault sees %s", c.Journey.Proxy.Outcome, c.Journey.Exchange.Source))
}

// passProxy lets the client reach vaults without its proxy.
func (c *Case) passProxy() []change.Change {
	if c.Client == nil {
		return nil
	}
	return []change.Change{change.ExemptFromProxy{Host: c.Client.ID, Name: c.Host}}
}
