package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL610: a zone that catches more than it was made for.
var pl610 = &Rule{
	Code: "PL610", Slug: "zone-overbroad", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 1,
	Title: "a private zone for a public suffix hides other vaults",
	Doc: Doc{
		Symptom: "The name does not exist on this network (NXDOMAIN, `no such host`), and no alias is named before that; one vault may work while all others do not.",
		Cause:   "A private DNS zone called `vault.azure.net` or `vaultcore.azure.net` is linked to the VNet. Azure DNS looks there for every vault, ours and everybody else's, and answers NXDOMAIN for those that have no record in it. A zone `vaultcore.azure.net` hides the names of the service's own front ends as well.",
		Apart:   "With PL604 and PL608 the alias is seen before NXDOMAIN, since the zone is that of private link. With PL104 the vault does not exist anywhere: ask a public DNS server.",
		Fix:     "Whoever manages DNS writes the records of that zone, of every vault that has an endpoint here, into `privatelink.vaultcore.azure.net`, links that one, and only then unlinks the overbroad zone, so that no vault loses its private answer.",
		Verify: []string{
			"host <vault>.vault.azure.net   # NXDOMAIN, without an alias",
			"az network private-dns zone list --query \"[?name=='vault.azure.net' || name=='vaultcore.azure.net'].id\" --output tsv   # there is one",
		},
		Article: "not covered",
		Errata:  "The article asks for an exact zone name and does not say that a zone of the suffix itself takes all other vaults down.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-dns-privatednszone",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.NotRead(zoneType); not {
			return r
		}
		vnet, z, ok := c.overbroad()
		if r, not := c.unforeseen(); !ok && not {
			return r
		}
		if !ok {
			return Pass("no private zone for a public suffix of the service is linked")
		}
		why := fmt.Sprintf("the private zone %s is linked to the VNet %s and answers there for every vault", z.Domain.Host(), c.Name(vnet))
		if c.Journey.Answer.Reason == fact.NoRecord {
			why += fmt.Sprintf("; it has no record for %s, whose public registration it hides", c.Host.Host())
		}
		return Fail(why, append(linksOf(c, z), c.said()...)...)
	},
	Breaks: func(s Site) []Break {
		vnet, ok := s.Answerer()
		if !ok {
			return nil
		}
		create := change.CreateZone{Near: vnet, Domain: s.World.Service().Suffix}
		return []Break{{create, change.LinkZone{Zone: create.ID(s.World), VNet: vnet}}}
	},
	Mends: func(c *Case) []change.Change {
		vnet, z, ok := c.overbroad()
		if !ok {
			return nil
		}
		return append(c.keepPrivate(z, vnet), change.UnlinkZone{Zone: z.ID, VNet: vnet})
	},
}

// keepPrivate lets the zone of the required name answer for the vaults for which
// an overbroad one answers, before that one goes.
func (c *Case) keepPrivate(broad *world.Zone, vnet world.ID) []change.Change {
	zone, linked := c.linked(vnet)
	if !linked {
		zone, _ = c.BestZone()
	}
	var steps []change.Change
	var id world.ID
	if zone != nil {
		id = zone.ID
	} else {
		create := change.CreateZone{Near: broad.ID, Domain: c.Service.Zone}
		id, steps = create.ID(c.World), append(steps, create)
	}
	if d, ok := c.couldUse(); ok && (zone == nil || !c.holds(zone, d)) {
		steps = append(steps, change.SetZoneGroup{Endpoint: d.Endpoint.ID, Zone: id})
	}
	steps = c.useful(steps, change.CopyRecords{From: broad.ID, To: id})
	if linked {
		return steps
	}
	return append(steps, change.LinkZone{Zone: id, VNet: vnet})
}

// overbroad returns a zone that is linked to the VNet that is asked and holds
// the service's public domains: one of them, or a domain above.
func (c *Case) overbroad() (world.ID, *world.Zone, bool) {
	vnet := c.asked()
	if vnet == "" {
		return "", nil, false
	}
	for z := range c.World.ZonesLinked(vnet) {
		for _, public := range c.Service.ForwardZones {
			if public.Under(z.Domain) {
				return vnet, z, true
			}
		}
	}
	return "", nil, false
}
