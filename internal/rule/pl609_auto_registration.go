package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL609: a setting that belongs to other zones.
var pl609 = &Rule{
	Code: "PL609", Slug: "auto-registration", Severity: Warning, Owner: OwnerDNS, Stage: fact.StageAnswer, Aside: true,
	Title: "auto-registration is enabled on a private link zone",
	Doc: Doc{
		Symptom: "Names of virtual machines appear in the zone `privatelink.vaultcore.azure.net`; another zone cannot be linked for registration to the same VNet.",
		Cause:   "A link with auto-registration writes a record for every virtual machine of the VNet into the zone, where they do not belong, and a machine that is called like a vault would answer for it. A VNet has room for one registration zone only, which this one then takes.",
		Apart:   "It breaks nothing by itself: it is advice beside whatever else is found.",
		Fix:     "Whoever manages the zone turns auto-registration off on the link. The link itself stays.",
		Verify: []string{
			"az network private-dns link vnet list --resource-group <group> --zone-name privatelink.vaultcore.azure.net --query \"[].{vnet:virtualNetwork.id, registers:registrationEnabled}\" --output table   # True",
		},
		Article: "6, Confirm that the Private DNS Zone is linked to the Virtual Network",
		Errata:  "The article says that the box can be left unchecked; it should be. A neighbouring article's command turns it on.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-dns-autoregistration",
			"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.NotRead(zoneType); not {
			return r
		}
		z, ok := c.linked(c.asked())
		if !ok {
			return NotApplicable("no zone of the required name is linked to the VNet that is asked")
		}
		links := registering(z)
		if len(links) == 0 {
			return Pass("no link of the zone registers machines")
		}
		return Fail(fmt.Sprintf("the link of the zone %s to the VNet %s has auto-registration enabled, which writes the names of its machines into the zone and takes its one place for a registration zone",
			z.Domain.Host(), c.Name(links[0].VNet)), Evidence{"configuration", links[0].Path, "has registrationEnabled set"})
	},
	Breaks: func(s Site) []Break {
		var b Break
		for _, z := range s.zones() {
			for _, vnet := range askedVNets(s) {
				b = append(b, change.SetRegistration{Zone: z.ID, VNet: vnet, On: true})
			}
		}
		return some(b)
	},
	Mends: func(c *Case) []change.Change {
		z, ok := c.linked(c.asked())
		if !ok {
			return nil
		}
		var mends []change.Change
		for _, l := range registering(z) {
			mends = append(mends, change.SetRegistration{Zone: z.ID, VNet: l.VNet})
		}
		return mends
	},
}

// registering are the links of a zone that have auto-registration enabled.
func registering(z *world.Zone) []world.Link {
	var links []world.Link
	for _, l := range z.Links {
		if l.Registration {
			links = append(links, l)
		}
	}
	return links
}
