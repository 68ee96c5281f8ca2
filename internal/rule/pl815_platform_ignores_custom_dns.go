package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL815: the VNet's setting is not for everybody in the VNet.
var pl815 = &Rule{
	Code: "PL815", Slug: "platform-ignores-custom-dns", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 2,
	Title: "this service asks Azure DNS whatever the VNet's DNS servers are, and the zone is not linked to its own VNet",
	Doc: Doc{
		Symptom: "An Application Gateway cannot read its certificate from the vault, or is refused as a public client, while machines in the same VNet reach the vault privately.",
		Cause:   "Application Gateway resolves names below `azure.net`, `windows.net` and some other domains of Azure through 168.63.129.16 of its own VNet, whatever DNS servers the VNet hands out. The VNet's own servers see the zone through the VNet that they are in, so nobody had linked the gateway's.",
		Apart:   "With PL603 the VNet uses Azure DNS for everybody, and its machines fail as well. With PL601, PL602, PL604, PL607 and PL612 the zone itself is at fault, and they fail likewise: see PL502.",
		Fix:     "Whoever manages the zone links it to the gateway's own VNet, without auto-registration, besides the links that are there. Restart the gateway if it holds the old answer.",
		Verify: []string{
			"az network vnet show --resource-group <group> --name <vnet> --query dhcpOptions.dnsServers   # servers of your own",
			"az network private-dns link vnet list --resource-group <group> --zone-name privatelink.vaultcore.azure.net --query \"[].virtualNetwork.id\" --output tsv   # the gateway's VNet is not in it",
		},
		Article: "not covered",
		Errata:  "The article takes it that custom DNS servers of a VNet hold for everything in it.",
		Sources: []string{
			"https://github.com/MicrosoftDocs/azure-docs/issues/98028",
			"https://github.com/MicrosoftDocs/azure-docs/issues/115503",
			"https://learn.microsoft.com/azure/application-gateway/key-vault-certs",
		},
	},
	Eval: func(c *Case) Result {
		if c.World == nil || c.Client == nil {
			return Unknown("where this client runs, and what its VNet hands out, was not read")
		}
		if !c.ignoresVNetDNS() {
			return NotApplicable("the client asks the DNS servers that its VNet hands out")
		}
		if r, not := c.noZones(); not {
			return r
		}
		vnet, ok := c.unlinked()
		if r, not := c.unforeseen(); !ok && not {
			return r
		}
		if !ok {
			return Pass("the answer was not lost for want of a link")
		}
		zone, ok := c.BestZone()
		if !ok {
			return NotApplicable("there is no zone of the required name to link")
		}
		if why, none := c.notOurs(); none {
			return NotApplicable(why)
		}
		return Fail(fmt.Sprintf("%s asks Azure DNS of its own VNet %s, past the DNS servers that the VNet hands out; the zone %s is not linked to that VNet, so the answer is the public one",
			c.Client.Name(), c.Name(vnet), zone.Domain.Host()), append(c.said(), linksOf(c, zone)...)...)
	},
	Breaks: func(s Site) []Break {
		v, ok := s.vnet()
		if !ok || s.Client.Behind != "" || len(s.Client.Nameservers) > 0 || !ownDNS(v.DNSServers) {
			return nil
		}
		var b Break
		if s.Client.Runs != world.OnAppGateway {
			b = append(b, change.RunAs{Host: s.Client.ID, Runs: world.OnAppGateway})
		}
		for z := range s.World.ZonesLinkedAs(s.World.Service().Zone, v.ID) {
			b = append(b, change.UnlinkZone{Zone: z.ID, VNet: v.ID})
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

// ignoresVNetDNS tells whether the client is of a kind that asks Azure DNS
// although its VNet hands out other servers.
func (c *Case) ignoresVNetDNS() bool {
	if c.World == nil || c.Client == nil || c.Client.Runs != world.OnAppGateway || c.Journey.Resolver.Server != fact.AzureDNS {
		return false
	}
	v, ok := c.World.VNet(c.Client.Network)
	return ok && ownDNS(v.DNSServers)
}

// ownDNS tells whether servers are others than Azure DNS.
func ownDNS(servers []netip.Addr) bool {
	return len(servers) > 0 && !slices.Contains(servers, world.AzureDNS)
}
