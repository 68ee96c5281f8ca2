package rule

import (
	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL603: the zone exists, and the VNet whose resolver answers does not see it.
var pl603 = &Rule{
	Code: "PL603", Slug: "zone-not-linked", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 7,
	Title: "the private DNS zone is not linked to the VNet whose resolver answers this client",
	Doc: Doc{
		Symptom: "The name resolves to a public address although the vault has an approved private endpoint; the answer names the alias `<vault>.privatelink.…` on the way. Applications get 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "Azure DNS looks at a private DNS zone only for VNets that are linked to it. The VNet that counts is the one whose Azure DNS is asked in the end: the client's own (a pod's is that of its node), or that of the DNS server, firewall or Private Resolver that the client's questions go through. Peering does not share links. A Virtual WAN hub cannot be linked: its firewall has to ask a resolver in a linked VNet.",
		Apart:   "With PL601 there is no zone of that name at all, with PL602 only one with a near name, with PL607 another zone of the same name is linked, with PL612 the link is not completed. These, PL604, PL801 and PL101 look the same from the client: see PL502.",
		Fix:     "Whoever manages the zone links it to that VNet, without auto-registration. A link may take a minute or two to work, and a client may hold the old answer until its TTL ends. A zone that is linked hides the public answers of other tenants' vaults that have a private endpoint somewhere (PL608), unless the link is created with `--resolution-policy NxDomainRedirect`.",
		Verify: []string{
			"host <vault>.vault.azure.net   # names the alias, and ends at a public address",
			"az network private-dns link vnet list --resource-group <group> --zone-name privatelink.vaultcore.azure.net --query \"[].{vnet:virtualNetwork.id, state:virtualNetworkLinkState}\" --output table   # the VNet is not in it",
		},
		Article: "6, Confirm that the Private DNS Zone is linked to the Virtual Network",
		Errata:  "The article asks for a link to the VNet that contains the private endpoint. What is needed is a link to every VNet whose resolver is asked; the endpoint's own need not be linked if no client resolves there.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links",
		},
	},
	Eval: func(c *Case) Result {
		if r, unread := c.NotRead("microsoft.network/privatednszones"); unread {
			return r
		}
		vnet, lost := c.unlinked()
		if r, not := c.unforeseen(); !lost && not {
			return r
		}
		if !lost {
			return Pass("no answer was lost for want of a link")
		}
		zone, ok := c.BestZone()
		if !ok {
			return NotApplicable("there is no zone of the required name to link")
		}
		if why, none := c.notOurs(); none {
			return NotApplicable(why)
		}
		if c.ignoresVNetDNS() {
			return NotApplicable("the client asks Azure DNS past its VNet's servers: PL815")
		}
		return Fail("the zone "+zone.Domain.Host()+" exists but is not linked to the VNet "+c.Name(vnet)+
			", whose Azure DNS answers this client; so the answer is the public one", linksOf(c, zone)...)
	},
	Breaks: func(s Site) []Break {
		var b Break
		for _, vnet := range askedVNets(s) {
			for z := range s.World.ZonesNamed(s.World.Service().Zone) {
				if _, linked := z.LinkTo(vnet); linked {
					b = append(b, change.UnlinkZone{Zone: z.ID, VNet: vnet})
				}
			}
		}
		return some(b)
	},
	Mends: func(c *Case) []change.Change {
		zone, ok := c.BestZone()
		vnet, lost := c.unlinked()
		if !ok || !lost {
			return nil
		}
		return []change.Change{change.LinkZone{Zone: zone.ID, VNet: vnet}}
	},
}

// linksOf is what the configuration says of a zone's links.
func linksOf(c *Case, z *world.Zone) []Evidence {
	if len(z.Links) == 0 {
		return []Evidence{{"configuration", z.Path, "has no virtual network link"}}
	}
	var ev []Evidence
	for _, l := range z.Links {
		ev = append(ev, Evidence{"configuration", l.Path, "links it to the VNet " + c.Name(l.VNet)})
	}
	return ev
}
