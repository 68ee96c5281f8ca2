package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// The range that the article recommends for the vault's record, in seconds; a
// private endpoint's DNS zone group writes the least of it.
const leastTTL, mostTTL = 10, 600

// PL606: nothing is wrong yet, and a change would be slow to arrive.
var pl606 = &Rule{
	Code: "PL606", Slug: "record-ttl", Severity: Warning, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 1, Aside: true,
	Title: "the TTL of the vault's record is outside 10 to 600 seconds",
	Doc: Doc{
		Symptom: "Nothing, until the endpoint's address changes: then clients keep the old address for as long as the record's TTL says.",
		Cause:   "Records that are made by hand get 3600 seconds by default, so that clients take up to an hour to recover from a change. A TTL below 10 seconds makes every program ask again and again, and shows up as flapping where DNS servers disagree.",
		Apart:   "It breaks nothing by itself. PL812 is what follows: a cache that still holds the old answer.",
		Fix:     "Whoever manages the zone sets the TTL to 10 seconds, which is what a private endpoint's DNS zone group writes, or to anything up to 600.",
		Verify: []string{
			"az network private-dns record-set a show --resource-group <group> --zone-name privatelink.vaultcore.azure.net --name <vault> --query ttl",
		},
		Article: "6, Confirm that the Private DNS Zone contains the right A record",
		Errata:  "Earlier versions of the article asked for at least 60 seconds, which the records of Azure's own DNS zone groups do not keep.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://github.com/MicrosoftDocs/azure-docs/issues/77392",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		z, r, ok := c.ownRecord()
		switch {
		case !ok:
			return NotApplicable("no linked zone has a record of the vault")
		case r.TTL >= leastTTL && r.TTL <= mostTTL:
			return Pass(fmt.Sprintf("the record's TTL is %d seconds", r.TTL))
		}
		return Fail(fmt.Sprintf("the record %s in the zone %s has a TTL of %d seconds; between %d and %d a change is soon known and DNS servers are not asked too often",
			r.Label, z.Domain.Host(), r.TTL, leastTTL, mostTTL), Evidence{"configuration", r.Path, fmt.Sprintf("has a TTL of %d seconds", r.TTL)})
	},
	Breaks: func(s Site) []Break {
		var b Break
		for _, z := range s.zones() {
			if _, ok := z.Record(s.Vault.Name(), world.TypeA); ok {
				b = append(b, change.SetTTL{Zone: z.ID, Label: s.Vault.Name(), TTL: handmadeTTL})
			}
		}
		return some(b)
	},
	Mends: func(c *Case) []change.Change {
		z, r, ok := c.ownRecord()
		if !ok {
			return nil
		}
		return []change.Change{change.SetTTL{Zone: z.ID, Label: r.Label, TTL: leastTTL}}
	},
}

// handmadeTTL is the default of az and the portal, in seconds.
const handmadeTTL = 3600

// ownRecord returns the vault's record in the zone that answered, else in the
// zone that is linked to the VNet that is asked.
func (c *Case) ownRecord() (*world.Zone, *world.Record, bool) {
	z, ok := c.answeringZone()
	if !ok {
		z, ok = c.linked(c.asked())
	}
	if !ok {
		return nil, nil, false
	}
	r, ok := c.record(z)
	return z, r, ok
}
