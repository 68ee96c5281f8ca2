package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL607: two zones of one name, and the wrong one is linked.
var pl607 = &Rule{
	Code: "PL607", Slug: "zone-duplicated", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 1,
	Title: "another zone of the same name is linked in place of the one that holds the record",
	Doc: Doc{
		Symptom: "The name does not exist (NXDOMAIN) on this network although a private DNS zone holds the right record; where the link has the policy NxDomainRedirect, it resolves to the public address instead.",
		Cause:   "Zones of one name may exist many times, in other resource groups and subscriptions, and a VNet can be linked to one of them only. The private endpoint wrote its record into a zone that this VNet is not linked to, as happens when every deployment creates its own.",
		Apart:   "With PL604 no zone holds the record, with PL608 the endpoint is somebody else's. With NxDomainRedirect on the link the public answer looks like PL603, no zone of that name is linked, and like PL601, PL602, PL612 and PL101: see PL502. The list of zones with their links and records tells them apart.",
		Fix:     "Keep one zone for each set of VNets. Whoever manages DNS either writes the record into the zone that is linked, or unlinks that one and links the zone that holds the record; Azure refuses to link both.",
		Verify: []string{
			"az network private-dns link vnet list --resource-group <group> --zone-name privatelink.vaultcore.azure.net --query \"[].virtualNetwork.id\" --output tsv   # of each zone of that name",
			"az network private-dns zone list --query \"[?name=='privatelink.vaultcore.azure.net'].{group:resourceGroup, links:numberOfVirtualNetworkLinks, records:numberOfRecordSets}\" --output table   # more than one",
		},
		Article: "6, DNS resolution for more than one Virtual Network",
		Errata:  "The article recommends several zones of one name and does not warn of what follows when a VNet is linked to the wrong one.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		wrong, ok := c.withoutRecord()
		if r, not := c.unforeseen(); !ok && not {
			return r
		}
		if !ok {
			return Pass("no linked zone lacks a record that was asked for")
		}
		right, ok := c.holder(wrong)
		if !ok {
			return Pass("no other zone of the same name holds a record of an endpoint of the vault")
		}
		return Fail(fmt.Sprintf("two zones are called %s; the one in the resource group %s is linked and lacks the record %s, which stands in the one in %s",
			wrong.Domain.Host(), wrong.Group(), c.Vault, right.Group()), append(linksOf(c, wrong), linksOf(c, right)...)...)
	},
	Breaks: func(s Site) []Break {
		vnet, ok := s.Answerer()
		if !ok {
			return nil
		}
		var breaks []Break
		for _, z := range s.zones() {
			second := change.SecondZone{Like: z.ID}
			id := second.ID(s.World)
			swap := Break{second, change.UnlinkZone{Zone: z.ID, VNet: vnet}, change.LinkZone{Zone: id, VNet: vnet}}
			redirect := append(slices.Clip(swap), change.SetLinkPolicy{Zone: id, VNet: vnet, Redirect: true})
			breaks = append(breaks, swap, redirect)
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		wrong, ok := c.withoutRecord()
		if !ok {
			return nil
		}
		right, ok := c.holder(wrong)
		d, served := c.couldUse()
		if !ok || !served {
			return nil
		}
		vnet := c.asked()
		if _, linked := wrong.LinkTo(vnet); !linked || holdsOthers(wrong) {
			return []change.Change{change.SetRecord{Zone: wrong.ID, Label: c.Vault, Addr: d.Addr}}
		}
		return []change.Change{change.MoveLink{From: wrong.ID, To: right.ID, VNet: vnet}}
	},
}

// holdsOthers tells whether others rely on a zone: it has records.
func holdsOthers(z *world.Zone) bool { return len(z.Records) > 0 }
