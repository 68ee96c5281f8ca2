package rule

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL802: the forwarder waits for a name that nobody asks it for.
var pl802 = &Rule{
	Code: "PL802", Slug: "forwarder-wrong-zone", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 2,
	Title: "the DNS server in use forwards the wrong name",
	Doc: Doc{
		Symptom: "The vault's hostname resolves to a public address; the same server, asked for `<vault>.privatelink.vaultcore.azure.net`, gives the private one. Applications get 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "The server has a conditional forwarder for `privatelink.vaultcore.azure.net` (or `vaultcore.azure.net`) only. Clients ask for the name under `vault.azure.net`; the server passes that on to a public resolver, which answers with the whole chain of aliases down to the public address, and the forwarder never sees a question. It works only on servers that look up each alias themselves.",
		Apart:   "With PL801 the server does not answer from the zone for the `privatelink` name either. With PL101 and PL808 the way to the server that knows better is missing. With PL813 a rule of a Private Resolver's ruleset does the same in Azure: where the server forwards to it, the client sees the same; where Azure DNS itself answers so, it is that one. With PL820 the server is silent because the client does not reach it: its settings of VNet integration tell.",
		Fix:     "Whoever runs the server forwards the public domains, `vault.azure.net` and `vaultcore.azure.net`, to where the private one is forwarded now, and then removes that one.",
		Verify: []string{
			"host <vault>.vault.azure.net <dns-server>   # a public address",
			"host <vault>.privatelink.vaultcore.azure.net <dns-server>   # the private one",
		},
		Article: "not covered",
		Errata:  "A newer support article advises to forward `privatelink.*`; the documentation of private endpoints asks for the public domain, which works on every kind of server.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration",
			"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		server := c.Journey.Resolver.Server
		view, ok := c.view()
		switch _, _, caught := c.overriding(); {
		case server == world.AzureDNS:
			return NotApplicable("the client asks Azure DNS itself")
		case caught:
			return NotApplicable("a forwarding rule of a ruleset sends the name elsewhere")
		case c.private(c.Journey.Answer):
			return Pass(c.serverName(server) + " gives a private address")
		case !ok || view.Alias.Outcome == fact.Unseen:
			return Unknown("nobody asked the server for the vault's name in the private zone")
		case view.Host.Outcome == fact.Unseen && c.private(view.Alias):
			return Unknown("the server answers from the private zone for the name in it, and does not answer for the vault's hostname: where it sends that one is not known")
		case c.caughtInAzure():
			return Unknown("Azure DNS itself gives the public address for the vault's hostname and the private one for the name in the zone: what the server forwards cannot be told")
		case !c.forwardsAliasOnly():
			return Pass("the server does not answer from the private zone for the name in it either")
		}
		alias, _ := c.Service.Alias(c.Vault)
		return Fail(fmt.Sprintf("the DNS server %s %s, yet gives the public %s for %s, which is what clients ask for: it forwards the private zone's name and not the public one",
			c.serverName(server), says(alias.Host(), view.Alias), view.Host.Addr, c.Host.Host()),
			c.heard(view), Evidence{c.source(), server.String(), says(alias.Host(), view.Alias)})
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		for _, domain := range [...]dnsname.Name{s.World.Service().Zone, s.World.Service().Core} {
			what := "forward " + domain.Host() + " only, and all else to a public resolver"
			breaks = append(breaks, s.spoilServer(what, func(good world.DNSRole) world.DNSRole {
				to, ok := upstreamFor(s.World.Service().Zone, good)
				if !ok {
					to = world.AzureDNS
				}
				good.Chases = false
				good.Forward = []world.Forward{
					{Domain: domain, To: []netip.Addr{to}},
					{Domain: dnsname.Root, To: world.PublicDNS[:1]},
				}
				return good
			})...)
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		h, ok := c.culprit()
		if !ok {
			return nil
		}
		to, ok := c.upstream(h)
		if !ok {
			return nil
		}
		return []change.Change{change.ForwardToAzure{Server: h.ID, To: to}}
	},
}

// forwardsAliasOnly tells whether the server in use answers the vault's name in
// the private zone from that zone, be it that there is none, and its hostname
// publicly, though the alias leads from the one to the other.
func (c *Case) forwardsAliasOnly() bool {
	v, ok := c.view()
	return ok && c.aliasOnly(v)
}

// caughtInAzure tells whether Azure DNS, asked from the same machine, says what a
// server would that forwards the private zone's name only.
func (c *Case) caughtInAzure() bool {
	v, ok := c.views().of(world.AzureDNS)
	return ok && c.private(v.Alias) && c.aliasOnly(v)
}

// aliasOnly tells whether a server answers only the vault's name in the private
// zone from that zone.
func (c *Case) aliasOnly(v fact.ServerView) bool {
	zoned := v.Alias.Outcome != fact.Unseen && (v.Alias.Outcome != fact.OK || c.private(v.Alias))
	return v.Host.Outcome == fact.OK && v.Host.Alias && !c.private(v.Host) && zoned
}
