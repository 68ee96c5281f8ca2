package rule

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL602: everything was done, and under another name.
var pl602 = &Rule{
	Code: "PL602", Slug: "zone-misnamed", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 5,
	Title: "a private DNS zone with a near name stands where the required one should",
	Doc: Doc{
		Symptom: "The name resolves to a public address although a private DNS zone is linked and holds a record of the vault; the answer names the alias `<vault>.privatelink.…` on the way. Applications get 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "The alias in the public registration has one name only, `<vault>.privatelink.vaultcore.azure.net`, and so has the zone that catches it. A zone called `privatelink.vault.azure.net`, after the vault's own suffix, is never asked for. A DNS zone group that names such a zone writes no record and reports no error.",
		Apart:   "With PL601 there is no such zone at all, with PL603 the right one exists and is not linked. From the client these look the same, and so do PL604, PL607, PL612, PL801 and PL101: the list of zones tells them apart, see PL502. Through a proxy that asks the same DNS it looks like PL804.",
		Fix:     "Whoever manages DNS creates the zone `privatelink.vaultcore.azure.net` (in other clouds its counterpart), lets the endpoint's DNS zone group write the record there instead of into the misnamed one, and then links it to the VNets that the misnamed one is linked to. The misnamed zone can go afterwards. A zone that is linked hides the public answers of other tenants' vaults that have a private endpoint somewhere (PL608), unless the link is created with `--resolution-policy NxDomainRedirect`.",
		Verify: []string{
			"host <vault>.vault.azure.net   # the alias shows the name that the zone must have",
			"az network private-dns zone list --query \"[].name\" --output tsv   # another name",
		},
		Article: "6, Confirm that the required Private DNS Zone resource exists",
		Errata:  "The article says that a wrong name does not work, and not that a DNS zone group accepts one silently.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
			"https://github.com/Azure/bicep/issues/12884",
			"https://github.com/MicrosoftDocs/azure-docs/issues/98098",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		if len(c.RequiredZones()) > 0 {
			return Pass("the zone of the required name exists")
		}
		z, ok := c.misnamed()
		if !ok {
			return Pass("no zone has a name near the required one")
		}
		if c.Journey.Answer.Reason != fact.NoZoneLinked {
			return NotApplicable("no answer was lost for want of a zone")
		}
		if why, none := c.notOurs(); none {
			return NotApplicable(why)
		}
		why := fmt.Sprintf("the zone is called %s; Azure DNS looks for the vault in %s, which does not exist, and so gives the public answer",
			z.Domain.Host(), c.Service.Zone.Host())
		return Fail(why, append(linksOf(c, z), c.said()...)...)
	},
	Breaks: func(s Site) []Break {
		near, err := s.World.Service().Suffix.Child("privatelink")
		zones := s.required()
		if err != nil || len(zones) == 0 {
			return nil
		}
		create := change.CreateZone{Near: zones[0].ID, Domain: near}
		b := Break{create}
		id, serving := create.ID(s.World), s.zones() // of several zones, the client's has its record
		for _, z := range zones {
			for _, l := range z.Links {
				b = append(b, change.LinkZone{Zone: id, VNet: l.VNet})
			}
			if r, ok := z.Record(s.Vault.Name(), world.TypeA); ok && len(r.Addrs) > 0 && (len(serving) == 0 || slices.Contains(serving, z)) {
				b = append(b, change.SetRecord{Zone: id, Label: s.Vault.Name(), Addr: r.Addrs[0]})
			}
			b = append(b, change.DeleteZone{Zone: z.ID})
		}
		return []Break{b}
	},
	Mends: func(c *Case) []change.Change {
		z, ok := c.misnamed()
		if !ok {
			return nil
		}
		return c.createZone(z.ID, z)
	},
}

// misnamed returns a private zone whose name is near the required one: linked
// to the VNet that is asked, if there is such a one.
func (c *Case) misnamed() (*world.Zone, bool) {
	if c.World == nil {
		return nil, false
	}
	vnet := c.asked()
	var found *world.Zone
	for z := range c.World.Zones() {
		if !near(z.Domain, c.Service.Zone) {
			continue
		}
		if _, linked := z.LinkTo(vnet); linked {
			return z, true
		}
		if found == nil {
			found = z
		}
	}
	return found, found != nil
}

// MisspeltBy is how many letters of the required zone's name may be wrong in one
// that is meant to be it.
const MisspeltBy = 3

// near tells whether a zone's name is a mistaken form of the required one:
// some letters are wrong, or it is a privatelink zone of a vault by another
// suffix.
func near(domain, required dnsname.Name) bool {
	switch name := domain.Host(); {
	case domain == required, domain.Under(required):
		return false
	case dnsname.Distance(name, required.Host()) <= MisspeltBy:
		return true
	case dnsname.Distance(domain.Label(), required.Label()) <= 2:
		first, _, _ := strings.Cut(domain.Parent().Host(), ".")
		return strings.HasPrefix(first, "vault") || strings.HasPrefix(first, "keyvault")
	}
	return false
}
