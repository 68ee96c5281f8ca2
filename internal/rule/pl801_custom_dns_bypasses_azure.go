package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL801: the question never gets to where the zone is looked at.
var pl801 = &Rule{
	Code: "PL801", Slug: "custom-dns-bypasses-azure", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 3,
	Title: "the DNS server in use does not forward to Azure DNS",
	Doc: Doc{
		Symptom: "The name resolves to a public address, through the alias `<vault>.privatelink.…`; the same question to 168.63.129.16, asked in a VNet that is linked to the zone, gets the private address. Applications get 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "Private DNS zones are seen by Azure DNS only. A DNS server of one's own, in a VNet or on premises, or a public one such as 8.8.8.8, that looks names up in the public DNS never meets them. It has to forward the service's public domains to 168.63.129.16, if it is in a VNet, or to a resolver in a VNet, if it is not.",
		Apart:   "With PL603 the server forwards to Azure DNS and the zone is not linked to its VNet: asked there, 168.63.129.16 gives the public address too; likewise PL601, PL602, PL604, PL607 and PL612, see PL502. With PL802 the server answers from the zone when it is asked for the `privatelink` name itself. With PL810 the first answer is slow. With PL101 the client is on no network of yours, with PL820 an App Service app is outside its VNet; with PL811 the servers answer well and programs ask others; PL808 is a peering that fails on the way to the server that knows better.",
		Fix:     "Whoever runs the server adds conditional forwarders for `vault.azure.net` and `vaultcore.azure.net`, to 168.63.129.16 from inside a VNet that is linked to the zone, else to the inbound endpoint of a Private Resolver or a forwarder in such a VNet. Where the client asks a public DNS server, whoever configures it takes that one away.",
		Verify: []string{
			"host <vault>.vault.azure.net <dns-server>   # a public address",
			"host <vault>.vault.azure.net 168.63.129.16   # only from inside a VNet: the private one",
		},
		Article: "8, Diagnose custom DNS servers at Virtual Network",
		Errata:  "The article only says that custom servers have to be diagnosed. It does not say what they have to forward, or where to.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration",
			"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
			"https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		if server := c.Journey.Resolver.Server; c.World != nil && slices.Contains(world.PublicDNS, server) && !c.scoped() && silent(c.Journey.Resolver.Outcome) {
			return Fail(fmt.Sprintf("the client asks the public DNS server %s, which does not answer it here, and would not see a private DNS zone if it did", server))
		}
		if r, not := c.notBypassed(); not {
			return r
		}
		server := c.Journey.Resolver.Server
		if c.Journey.Answer.Reason == fact.NoZoneLinked {
			return c.bypassed(server)
		}
		azure, ok := c.views().of(world.AzureDNS)
		view, seen := c.view()
		if ok && seen && c.private(azure.Host) && view.Alias.Outcome == fact.OK && !c.private(view.Alias) {
			return Fail(fmt.Sprintf("the DNS server %s answers publicly, while Azure DNS, asked from the same machine, gives %s",
				c.serverName(server), azure.Host.Addr), c.heard(view), c.heard(azure))
		}
		return Unknown("whether " + c.serverName(server) + " forwards to Azure DNS, and of which VNet, cannot be seen from here")
	},
	Breaks: func(s Site) []Break {
		breaks := s.spoilServer("look all names up in the public DNS", func(good world.DNSRole) world.DNSRole {
			good.Forward = nil
			return good
		})
		// A public resolver is a DNS server that forwards nothing to Azure, too.
		return append(breaks, Break{change.SetNameservers{Host: s.Client.ID, Servers: world.PublicDNS[:1]}})
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil {
			return nil
		}
		public := slices.Contains(world.PublicDNS, c.Journey.Resolver.Server) // which nobody here can teach
		if h, ok := c.culprit(); ok && !public {
			to, found := c.upstream(h)
			if !found {
				return nil
			}
			return []change.Change{change.ForwardToAzure{Server: h.ID, To: to}}
		}
		if f, ok := c.World.Firewall(world.ID(c.Journey.Resolver.By)); ok && !public {
			return []change.Change{change.SetFirewallDNS{Firewall: f.ID}}
		}
		if handed := c.World.Handed(c.World.Node(c.Client).Network); !slices.Contains(handed, c.Journey.Resolver.Server) {
			return []change.Change{change.SetNameservers{Host: c.Client.ID}}
		}
		to, ok := c.upstream(c.Client)
		if !ok {
			return nil
		}
		return c.ask(to)
	},
}

// notBypassed is the Result of PL801 where the server in use is not at fault,
// or another code says better what is.
func (c *Case) notBypassed() (Result, bool) {
	server := c.Journey.Resolver.Server
	switch reason := c.Journey.Answer.Reason; {
	case !server.IsValid():
		return Unknown("it is not known which DNS server the client asks"), true
	case server == world.AzureDNS:
		return NotApplicable("the client asks Azure DNS itself"), true
	case c.Journey.Answer.Outcome != fact.OK:
		return NotApplicable("the server gives no address"), true
	case c.scoped() && slices.Contains(world.PublicDNS, server):
		return NotApplicable("the machine sends names like the vault's to a public resolver, and others elsewhere"), true
	case c.private(c.Journey.Answer):
		return Pass(c.serverName(server) + " gives a private address"), true
	case !c.Journey.Answer.Alias:
		return NotApplicable("the vault's public registration has no alias that a zone could catch"), true
	case reason == fact.RootsAsked:
		return NotApplicable("the server does forward, and gives up"), true
	case reason == fact.FallenBack:
		return Pass("Azure DNS answered in the end"), true
	case c.servedElsewhere():
		return NotApplicable("another configured server gives the private address: the servers disagree"), true
	case c.forwardsAliasOnly():
		return NotApplicable("the server forwards the wrong name only"), true
	}
	_, _, caught := c.overriding()
	return NotApplicable("a forwarding rule sends the name elsewhere"), caught
}

// bypassed judges a public answer by who gave it.
func (c *Case) bypassed(server netip.Addr) Result {
	by := c.Journey.Answer.By
	if c.isVNet(world.ID(by)) {
		return Pass("Azure DNS of the VNet " + c.Name(world.ID(by)) + " answered in the end")
	}
	if len(c.Doors()) == 0 {
		return NotApplicable("the vault has no private endpoint")
	}
	why := fmt.Sprintf("the DNS server %s answers %s as the public DNS does: it does not forward the name to Azure DNS, which alone sees private DNS zones, or not to the right one",
		c.serverName(server), c.Host.Host())
	if h, ok := c.culprit(); ok && h.Address != server {
		why = fmt.Sprintf("the DNS server %s passes %s on to %s, which answers as the public DNS does and does not forward it to Azure DNS",
			c.serverName(server), c.Host.Host(), c.serverName(h.Address))
	}
	return Fail(why, c.said()...)
}
