package rule

import (
	"fmt"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// PL704: a symptom with three causes; the rules about the address, the
// connection and the Host header name them.
var pl704 = &Rule{
	Code: "PL704", Slug: "connection-not-allowed", Severity: Error, Owner: OwnerVault, Stage: fact.StageAccess, Symptom: true,
	Title: "the vault answers \"This TCP connection does not allow access to …\"",
	Doc: Doc{
		Symptom: "403 with the message `This TCP connection does not allow access to <host>`.",
		Cause:   "The service knows of every connection through which private endpoint it came. It refuses when that endpoint has no effective connection to the vault that the Host header names: the address belongs to another vault's endpoint, the Host header is wrong, or the endpoint's connection is not approved or not provisioned.",
		Apart:   "The message decides, whatever the inner code says. Behind it are PL605, PL611 or PL402 (the address is that of another vault's endpoint), PL705 (the Host header), PL202 to PL205 (the connection). With PL303 the request came by the public side.",
		Fix:     "Compare the address that the client got with that of the vault's endpoint and put DNS right where they differ; then look at the Host header, then at the connection's states.",
		Verify: []string{
			"host <vault>.vault.azure.net   # what the client got",
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].networkInterfaces[0].id\" --output tsv | xargs az network nic show --query \"ipConfigurations[].privateIPAddress\" --output tsv --ids   # in the endpoint's subscription",
		},
		Article: notCovered,
		Errata:  "The article does not mention this message; an answer on Stack Overflow does, and names the three causes in this order. A newer support article blames a public address for it, which gives other messages.",
		Sources: []string{"https://stackoverflow.com/questions/66341460"},
	},
	Eval: func(c *Case) Result {
		a := c.Journey.Access
		switch {
		case c.denied(service.DeniedTCP):
			return Fail(fmt.Sprintf("the vault answers \"This TCP connection does not allow access to %s\": the private endpoint through which the request came has no effective connection to the vault that the Host header names",
				c.sentHost()), c.told()...)
		case a.Outcome == fact.OK, a.Denial != service.NotDenied:
			return Pass("the vault does not refuse for this reason")
		case c.foreseen():
			return Pass("by the configuration the connection leads to an endpoint of the vault that may be used")
		}
		return Unknown("no token was presented, and without one the vault does not say whether the connection may be used")
	},
}

// foreseen tells whether the configuration knows what becomes of a request to
// the address that the client got.
func (c *Case) foreseen() bool {
	if c.Predicted == nil || c.Resource == nil || c.Resource.Foreign || c.Journey.Exchange.Outcome != fact.OK {
		return false
	}
	return c.Predicted.Journey.Exchange.Outcome == fact.OK && c.Predicted.Journey.Connect.Addr == c.Journey.Connect.Addr
}

// sentHost is the Host header of the client's requests.
func (c *Case) sentHost() string {
	switch {
	case c.Seen != nil && c.Seen.Client.HostHeader != "":
		return c.Seen.Client.HostHeader
	case c.Client != nil && c.Client.HostHeader != "":
		return c.Client.HostHeader
	case c.proxyRewrites() != "":
		return c.proxyRewrites()
	}
	return c.Host.Host()
}

// proxyRewrites is what the proxy puts into the Host header, as far as it is
// known.
func (c *Case) proxyRewrites() string {
	if c.World == nil {
		return ""
	}
	if proxy, ok := c.World.Host(world.ID(c.Journey.Proxy.By)); ok && proxy.Proxy != nil {
		return proxy.Proxy.RewriteHost
	}
	return ""
}

// otherHost tells whether the client's requests name another host than the
// vault.
func (c *Case) otherHost() bool { return !strings.EqualFold(c.sentHost(), c.Host.Host()) }
