package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL503: the zone is asked, and denies the name.
var pl503 = &Rule{
	Code: "PL503", Slug: "name-shadowed", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Symptom: true,
	Title: "alias present, then NXDOMAIN: a linked zone has no record for this vault",
	Doc: Doc{
		Symptom: "The name does not exist on this network (NXDOMAIN, `no such host`), though the answer names the alias `<vault>.privatelink.…`; elsewhere the name resolves.",
		Cause:   "The alias comes from the public registration, so the vault exists. What follows is the word of a private zone, which is authoritative for all names in it and has none for this vault.",
		Apart:   "PL604: an endpoint that this client could use exists, and its record is missing. PL607: another zone of the same name holds it. PL608: the endpoint is somebody else's. NXDOMAIN without an alias is PL104 or PL610.",
		Fix:     "Follow the cause that is named beside this finding. Where only this is known, find out whose the vault and its private endpoint are.",
		Verify: []string{
			"host <vault>.vault.azure.net   # NXDOMAIN",
			"host <vault>.vault.azure.net 8.8.8.8   # an address",
		},
		Article: "not covered",
		Errata:  "The article shows public and private answers only; it has no example of a name that vanishes.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-dns-fallback",
			"https://www.rfc-editor.org/rfc/rfc2308",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		a := c.Journey.Answer
		switch {
		case a.Outcome == fact.Unseen:
			return NotApplicable("no DNS server answered")
		case a.Outcome != fact.NXDomain:
			return Pass("no server says that the name does not exist")
		case !a.Alias:
			return NotApplicable("the name does not exist, and no alias was seen before that")
		}
		return Fail(fmt.Sprintf("%s has the alias into %s, and there it does not exist: a private zone of that name that the resolver sees has no record of it",
			c.Host.Host(), c.Service.Zone.Host()), c.said()...)
	},
}
