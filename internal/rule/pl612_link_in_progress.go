package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL612: the link is there, and does not work yet.
var pl612 = &Rule{
	Code: "PL612", Slug: "link-in-progress", Severity: Warning, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 1, Under: "PL603",
	Title: "the zone's link to the VNet is not completed yet",
	Doc: Doc{
		Symptom: "Right after the zone was linked, the name still resolves to a public address, through the alias `<vault>.privatelink.…`.",
		Cause:   "A virtual network link is `InProgress` until Azure DNS has taken it over, which takes a minute or two. Until then the VNet's questions do not see the zone; and afterwards a client may hold the old answer until its TTL ends.",
		Apart:   "With PL603 there is no link, with PL601 no zone, with PL602 one of a near name, with PL604 and PL607 the linked zone lacks the record; with PL801 and PL101 the VNet's Azure DNS is not asked at all. From the client all look the same: see PL502. With PL812 the link is completed, and a cache still holds the old answer.",
		Fix:     "Wait until the link is `Completed`; in a pipeline, wait for that before the first request. A link that stays in progress for hours is a matter for Azure support.",
		Verify: []string{
			"az network private-dns link vnet list --resource-group <group> --zone-name privatelink.vaultcore.azure.net --query \"[].{vnet:virtualNetwork.id, state:virtualNetworkLinkState}\" --output table   # InProgress",
		},
		Article: "6, Confirm that the Private DNS Zone is linked to the Virtual Network",
		Errata:  "The article suggests to reboot the machine. That helps only where a cache holds the old answer; it does not make the link work sooner.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links",
			"https://learn.microsoft.com/rest/api/dns/privatednszonevirtualnetworklinks",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.NotRead(zoneType); not {
			return r
		}
		vnet := c.asked()
		z, ok := c.linked(vnet)
		if !ok {
			return NotApplicable("no zone of the required name is linked to the VNet that is asked")
		}
		l, ok := z.LinkTo(vnet)
		if !ok || !l.InProgress {
			return Pass("the zone's link to the VNet " + c.Name(vnet) + " is completed")
		}
		return Fail(fmt.Sprintf("the link of the zone %s to the VNet %s is in progress; until it is completed, Azure DNS gives that VNet the public answer",
			z.Domain.Host(), c.Name(vnet)), append(c.said(), Evidence{"configuration", l.Path, "has the state InProgress"})...)
	},
	Breaks: func(s Site) []Break {
		var b Break
		for _, z := range s.zones() {
			for _, vnet := range askedVNets(s) {
				b = append(b, change.SetLinkProgress{Zone: z.ID, VNet: vnet, InProgress: true})
			}
		}
		return some(b)
	},
	Mends: func(c *Case) []change.Change {
		z, ok := c.linked(c.asked())
		if !ok {
			return nil
		}
		return []change.Change{change.SetLinkProgress{Zone: z.ID, VNet: c.asked()}}
	},
}

// unlinked tells whether a VNet whose Azure DNS answered sees no zone of the
// required name for want of a link, and returns it.
func (c *Case) unlinked() (vnet world.ID, ok bool) {
	vnet = c.ZoneVNet()
	if vnet == "" || c.Journey.Answer.Reason != fact.NoZoneLinked {
		return "", false
	}
	_, linked := c.linked(vnet)
	return vnet, !linked
}
