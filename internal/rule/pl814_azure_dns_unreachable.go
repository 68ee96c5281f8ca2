package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL814: an address that exists inside Azure only.
var pl814 = &Rule{
	Code: "PL814", Slug: "azure-dns-unreachable", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver,
	Title: "168.63.129.16 is asked from outside Azure",
	Doc: Doc{
		Symptom: "Questions to the DNS server 168.63.129.16 time out, or a DNS server on premises answers SERVFAIL for the vault's name and for nothing else.",
		Cause:   "168.63.129.16 is a virtual address of the Azure platform, reachable from machines in a VNet only: not from on premises, not over a VPN or ExpressRoute, not from point-to-site clients.",
		Apart:   "With PL505 another DNS server is silent. With PL801 the server answers, from the public DNS. With PL809 and PL509 a server fails for other reasons: it may pass the name on to a server that is gone, which looks the same until one reads its conditional forwarders. With PL813 a rule of a ruleset sends the name to a server that is silent.",
		Fix:     "Whoever runs the machine or the server that asks it puts something in a VNet between: the inbound endpoint of a Private Resolver, the DNS proxy of Azure Firewall, or a DNS server that forwards to 168.63.129.16. The zone has to be linked to that VNet.",
		Verify: []string{
			"host <vault>.vault.azure.net <inbound-endpoint>   # answers, from the same machine",
			"host -W 3 <vault>.vault.azure.net 168.63.129.16   # times out, on whichever machine asks it",
		},
		Article: "not covered",
		Errata:  "The article lists the address as \"Internal DNS\" among the reserved ones and does not say where it answers.",
		Sources: []string{
			"https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16",
			"https://learn.microsoft.com/azure/dns/private-resolver-hybrid-dns",
		},
	},
	Eval: func(c *Case) Result {
		if c.Journey.Resolver.Reason == fact.AzureOutside || c.Journey.Answer.Reason == fact.AzureOutside {
			return Fail(c.askedOutside(), c.otherAnswers()...)
		}
		v, configured := c.configured().of(world.AzureDNS)
		if !configured {
			if r, not := c.noDNS(); not {
				return r
			}
			return c.passedOutside()
		}
		switch outside, known := c.outsideAzure(); {
		case v.Reached == fact.OK:
			return Pass("168.63.129.16 answers")
		case v.Reached == fact.Unseen:
			return Unknown("nobody asked 168.63.129.16")
		case !known:
			return Unknown("168.63.129.16 does not answer, which is how it is outside Azure; where this client runs was not read")
		case !outside:
			return NotApplicable("the client is in a VNet, where 168.63.129.16 can be reached")
		}
		return Fail(c.askedOutside(), c.heard(v))
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		if _, inside := s.vnet(); !inside {
			breaks = append(breaks, Break{change.SetNameservers{Host: s.Client.ID, Servers: []netip.Addr{world.AzureDNS}}})
		}
		if h, ok := s.OwnServer(); ok {
			if _, inside := s.World.VNet(s.World.Node(h).Network); !inside {
				breaks = append(breaks, Break{
					change.ForwardToAzure{Server: h.ID, To: world.AzureDNS},
					change.SetUpstreamTimeout{Server: h.ID, Wait: shortWait}, // SERVFAIL; a server that says nothing is PL505
				})
			}
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		if h, ok := c.culprit(); ok && c.Journey.Resolver.Server != world.AzureDNS {
			to, found := c.upstream(h)
			if !found {
				return nil
			}
			return []change.Change{change.ForwardToAzure{Server: h.ID, To: to}}
		}
		if c.World == nil || c.Client == nil {
			return nil
		}
		if handed := c.World.Handed(c.World.Node(c.Client).Network); len(handed) > 0 && !slices.Contains(handed, world.AzureDNS) {
			return []change.Change{change.SetNameservers{Host: c.Client.ID}}
		}
		to, ok := c.upstream(c.Client)
		if !ok {
			return nil
		}
		return c.ask(to)
	},
}

// passedOutside judges what the servers that were asked do with the question,
// as far as it shows: where nobody knows better, one that fails for the vault's
// name alone may pass it on to where nobody answers.
func (c *Case) passedOutside() Result {
	v, _ := c.view()
	switch a := c.Journey.Answer; {
	case a.Outcome != fact.ServFail || a.Reason != fact.NoReason || c.rejects():
		return Pass("no DNS server that was asked turned to 168.63.129.16 from outside Azure")
	case v.FailsForAll():
		return Pass("the server fails for every name, not for the vault's alone")
	}
	return Unknown("why the server fails shows on the server itself: its rule for the name leads to 168.63.129.16, or to another server that does not answer")
}

// outsideAzure tells whether the client is in no VNet.
func (c *Case) outsideAzure() (outside, known bool) {
	if c.World == nil || c.Client == nil {
		return false, false
	}
	return !c.isVNet(c.World.Node(c.Client).Network), true
}

func (c *Case) askedOutside() string {
	const only = "168.63.129.16 answers inside a VNet only"
	server := c.Journey.Resolver.Server
	if server == world.AzureDNS || !server.IsValid() {
		return fmt.Sprintf("this client, which is outside Azure, is configured to ask 168.63.129.16; %s", only)
	}
	return fmt.Sprintf("the DNS server %s forwards %s to 168.63.129.16 from outside Azure; %s", c.serverName(server), c.Host.Host(), only)
}
