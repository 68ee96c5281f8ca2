package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// PL402: private, and not ours.
var pl402 = &Rule{
	Code: "PL402", Slug: "answer-not-endpoint", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Symptom: true,
	Title: "the name resolves to a private address that is no endpoint of this vault",
	Doc: Doc{
		Symptom: "The name resolves to a private address; connections to it time out, something else than the vault answers, or the vault answers 403 with \"This TCP connection does not allow access to …\".",
		Cause:   "The address belongs to another vault's private endpoint, to an endpoint that has been deleted, or to no endpoint at all. A record of the private zone says so, or a hosts file, a cache, or a DNS server with records of its own.",
		Apart:   "PL605 and PL611 name the record of the zone that is wrong, PL803 the hosts file, PL812 the cache. Whose endpoint an address is cannot be seen from the client without a token: only the configuration, or the vault's answer to a request with one, tells. Where the name in the private zone leads to another address than the vault's own name does, the DNS server has a record of its own.",
		Fix:     "Compare the address with that of the private endpoint's network interface, and put right whatever gives the other one. Where it is a record of the DNS server's own, whoever runs the server removes it and lets it forward the name.",
		Verify: []string{
			"host <vault>.vault.azure.net   # what the client gets",
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].networkInterfaces[0].id\" --output tsv | xargs az network nic show --query \"ipConfigurations[].privateIPAddress\" --output tsv --ids   # in the endpoint's subscription",
		},
		Article: "4, Find the key vault private IP address in the virtual network",
		Errata:  "The article reads the address from Custom DNS settings, which are empty when a DNS zone group manages the record; the network interface always shows it.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://stackoverflow.com/questions/66341460",
		},
	},
	Eval: func(c *Case) Result {
		if r, none := c.noAddress(); none {
			return r
		}
		if !c.AnswerPrivate() {
			return NotApplicable("the address is not private")
		}
		addr := c.Journey.Answer.Addr
		switch {
		case c.IsEndpointAddress(addr):
			return Pass(fmt.Sprintf("%s is the address of a private endpoint of the vault", addr))
		case c.Journey.Access.Denial == service.DeniedTCP && c.otherHost():
			return Unknown(fmt.Sprintf("the vault refuses %s, which the Host header names; whose endpoint has the address it does not say", c.sentHost()))
		case c.Journey.Access.Denial == service.DeniedTCP:
			return Fail(fmt.Sprintf("the vault says that the connection through %s does not allow access to it: the endpoint there is another's", addr), c.said()...)
		case c.admitted():
			return Pass(fmt.Sprintf("the vault took a request that came through %s over private link", addr))
		case c.Resource == nil && c.aliasAnswer().IsValid():
			return Fail(fmt.Sprintf("%s resolves to %s without an alias, and its name in the private zone to %s: the server that answers has a record of its own",
				c.Host.Host(), addr, c.aliasAnswer()), c.said()...)
		case c.Resource == nil:
			return Unknown("whose endpoint has the address cannot be told without the configuration or a token")
		}
		if r, unread := c.NotRead(endpointType); unread {
			return r
		}
		return Fail(fmt.Sprintf("%s resolves to %s, which is no private endpoint of the vault", c.Host.Host(), addr)+c.unseenZone(addr),
			append(c.said(), c.addresses()...)...)
	},
	Mends: func(c *Case) []change.Change { return c.dropOwnRecord() },
}

// unseenZone says that a private address stands in a zone that was not read, where
// Azure DNS itself gives it and no record does that was read; else "". Only
// private zones and forwarding rules make Azure DNS give such an address.
func (c *Case) unseenZone(a netip.Addr) string {
	v, asked := c.views().of(world.AzureDNS)
	vnet := c.asked()
	if !asked || v.Host.Addr != a || vnet == "" || len(c.World.Horizon())+len(c.World.Gaps()) == 0 {
		return ""
	}
	for range c.World.RulesetsLinked(vnet) {
		return "" // whose servers may have it
	}
	for z := range c.World.Zones() {
		if r, ok := c.record(z); ok && slices.Contains(r.Addrs, a) {
			return ""
		}
	}
	return fmt.Sprintf("; Azure DNS gives it to the VNet %s, and no zone that was read has it: look for one that is linked there, be it in another subscription", c.Name(vnet))
}

// aliasAnswer is the private address to which the vault's name in the private
// zone leads at the server in use, where that is not what it says of the vault's
// own name: the zero Addr where the two agree, or one was not heard.
func (c *Case) aliasAnswer() netip.Addr {
	a := c.Journey.Answer
	for _, v := range c.configured() {
		if v.Server == c.Journey.Resolver.Server && v.Host.Addr == a.Addr && !a.Alias && v.Alias.Class == fact.PrivateAddr && v.Alias.Addr != a.Addr {
			return v.Alias.Addr
		}
	}
	return netip.Addr{}
}

// admitted tells whether the vault judged a request with a token over private
// link by who sent it: its endpoint is then one of the vault's.
func (c *Case) admitted() bool {
	if c.Journey.Verdict() != fact.Private {
		return false
	}
	return c.Journey.Access.Outcome == fact.OK || c.Journey.Access.Outcome == fact.RefusedIdentity
}
