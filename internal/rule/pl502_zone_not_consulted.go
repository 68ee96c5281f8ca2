package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL502: the way to the zone is signposted, and nobody takes it.
var pl502 = &Rule{
	Code: "PL502", Slug: "zone-not-consulted", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Symptom: true,
	Title: "alias present, public answer: the resolver asked does not see a private zone",
	Doc: Doc{
		Symptom: "The chain goes through `<vault>.privatelink.vaultcore.azure.net` and on to a public address.",
		Cause:   "The vault has an approved private endpoint, and the resolver that answered followed the alias into the public DNS. Either the zone does not exist, has another name or is not linked where it is needed, or the DNS server does not ask Azure DNS.",
		Apart:   "Ask 168.63.129.16 from a machine in the VNet: a private answer there puts it down to the DNS server in use (PL801, PL802), a public one to the zone (PL601, PL602, PL603, PL607).",
		Fix:     "Follow the cause that is named beside this finding. Where only this is known, list the zones and their links.",
		Verify: []string{
			"host <vault>.vault.azure.net",
			"host <vault>.vault.azure.net 168.63.129.16   # only from inside a VNet",
		},
		Article: "5, Validate the DNS resolution; 6, Validate the Private DNS Zone",
		Errata:  "A newer support article takes this picture for a record that is missing or stale. A zone that is linked and lacks the record gives NXDOMAIN, not the public address.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://learn.microsoft.com/azure/dns/private-dns-fallback",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		switch a := c.Journey.Answer; {
		case a.Outcome != fact.OK:
			return NotApplicable("the name resolves to no address")
		case !a.Alias:
			return NotApplicable("the answer has no alias that a zone could catch")
		case c.private(a):
			return Pass("the alias ends at a private address")
		case a.Reason == fact.FallenBack:
			return Pass("a private zone was consulted; its link sent the question on to the public DNS")
		}
		return Fail(fmt.Sprintf("the answer goes through the alias into %s and ends at the public address %s: the resolver that answered sees no private zone of that name",
			c.Service.Zone.Host(), c.Journey.Answer.Addr), c.said()...)
	},
}
