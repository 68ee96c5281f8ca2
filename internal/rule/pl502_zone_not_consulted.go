package rule

import "pldoctor/internal/fact"

// PL502: the way to the zone is signposted, and nobody takes it.
var pl502 = &Rule{
	Code: "PL502", Slug: "zone-not-consulted", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Symptom: true,
	Title: "alias present, public answer: the resolver asked does not see a private zone",
	Doc: Doc{
		Symptom: "The answer names the alias `<vault>.privatelink.vaultcore.azure.net` and goes on to a public address; the application gets 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "The vault has an approved private endpoint, and the resolver that answered followed the alias into the public DNS. Either the zone does not exist, has another name or is not linked where it is needed, or the DNS server does not ask Azure DNS.",
		Apart:   "Ask 168.63.129.16 from a machine in the VNet. Where it gives the private address, the DNS server in use is at fault: PL801, PL802, PL810. Where it gives the public one, the zones tell: PL601, there is none; PL602, one of a near name; PL603, it is not linked; PL612, the link is in progress; PL604 and PL607, the zone that is linked lacks the record and its link has the policy NxDomainRedirect; PL813, a forwarding rule comes first; PL815, it is an Application Gateway. With PL101 or PL820 the client is in no network that could see a zone; with PL803, PL811 and PL812 the DNS servers answer well and programs get another answer.",
		Fix:     "Follow the cause that is named beside this finding. Where only this is known, list the zones and their links.",
		Verify: []string{
			"host <vault>.vault.azure.net   # names the alias, and ends at a public address",
			"host <vault>.vault.azure.net 168.63.129.16   # only from inside a VNet",
		},
		Article: "5, Validate the DNS resolution; 6, Validate the Private DNS Zone",
		Errata:  "A newer support article takes this picture for a record that is missing or stale. A zone that is linked and lacks the record gives NXDOMAIN, not the public address, unless its link says otherwise. The public part of the answer looks different today: names of Traffic Manager and cloudapp.azure.com, and several addresses.",
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
		return Fail("the answer goes through the alias into "+c.Service.Zone.Host()+" and ends at the public address "+c.Journey.Answer.Addr.String()+
			": the resolver that answered sees no private zone of that name", c.said()...)
	},
}
