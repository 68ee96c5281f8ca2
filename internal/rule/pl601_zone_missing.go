package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL601: there is nothing that could be linked.
var pl601 = &Rule{
	Code: "PL601", Slug: "zone-missing", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 1,
	Title: "there is no private DNS zone of the required name",
	Doc: Doc{
		Symptom: "The name resolves to a public address although the vault has an approved private endpoint; the answer names the alias `<vault>.privatelink.…` on the way. Applications get 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "The public registration points into the zone `privatelink.vaultcore.azure.net`. Azure DNS follows that name into the public DNS unless a private DNS zone of exactly this name is linked to the VNet that asks. Creating a private endpoint creates the zone only where that was asked for, and deleting the zone takes its links and records along.",
		Apart:   "With PL603 the zone exists and is not linked, with PL602 one of a near name stands in its place, with PL607 another zone of the same name is linked. These, PL604, PL612, PL801 and PL101 look the same from the client: the list of zones tells them apart, see PL502. Through a proxy that asks the same DNS it looks like PL804.",
		Fix:     "Whoever manages DNS creates the zone, lets the private endpoint's DNS zone group write the vault's record there and keep it right, and then links the zone to the VNet whose resolver is asked, without auto-registration: an empty zone that is linked makes the name vanish. A zone that is linked hides the public answers of other tenants' vaults that have a private endpoint somewhere (PL608), unless the link is created with `--resolution-policy NxDomainRedirect`.",
		Verify: []string{
			"host <vault>.vault.azure.net   # names the alias, and ends at a public address",
			"az network private-dns zone list --query \"[?name=='privatelink.vaultcore.azure.net'].id\" --output tsv   # nothing, in every subscription that may hold it",
		},
		Article: "6, Confirm that the required Private DNS Zone resource exists",
		Errata:  "The article wants the zone in your subscription. It may be in any subscription: what counts is that it is linked to the VNet whose resolver is asked.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		if zones := c.RequiredZones(); len(zones) > 0 {
			return Pass(fmt.Sprintf("the zone %s exists", zones[0].Domain.Host()))
		}
		if z, ok := c.misnamed(); ok {
			return NotApplicable("a zone of a near name, " + z.Domain.Host() + ", stands in its place")
		}
		if c.Journey.Answer.Reason != fact.NoZoneLinked {
			return NotApplicable("no answer was lost for want of a zone")
		}
		if why, none := c.notOurs(); none {
			return NotApplicable(why)
		}
		what := fmt.Sprintf("there is no private DNS zone %s in what was read of the configuration; so %s is followed into the public DNS",
			c.Service.Zone.Host(), c.Host.Host())
		n := len(c.World.Horizon())
		if n > 0 && c.Imagined {
			return Unknown(fmt.Sprintf("there is no zone %s in the %d subscriptions that were read; it may be kept in another one", c.Service.Zone.Host(), n))
		}
		if n > 0 {
			return Fail(what+fmt.Sprintf("; one that is kept centrally, in another subscription than the %d that were read, would not be seen: ask who looks after private DNS before a second one is created", n), c.said()...).Perhaps()
		}
		return Fail(what, c.said()...)
	},
	Breaks: func(s Site) []Break {
		var b Break
		for _, z := range s.required() {
			b = append(b, change.DeleteZone{Zone: z.ID})
		}
		return some(b)
	},
	Mends: func(c *Case) []change.Change { return c.createZone(c.nearEndpoint(), nil) },
}

// nearEndpoint is a resource beside which a new zone belongs: the endpoint that
// the client should use, else the client's network.
func (c *Case) nearEndpoint() world.ID {
	if d, ok := c.Nearest(); ok {
		return d.Endpoint.ID
	}
	return c.asked()
}

// createZone makes the required zone, lets the endpoint write the vault's record
// there, and those of other vaults that a misnamed zone holds, and links it last:
// an empty zone would make names vanish.
func (c *Case) createZone(near world.ID, misnamed *world.Zone) []change.Change {
	if near == "" {
		return nil
	}
	create := change.CreateZone{Near: near, Domain: c.Service.Zone}
	mends := []change.Change{create}
	id := create.ID(c.World)
	var instead world.ID
	if misnamed != nil {
		instead = misnamed.ID
	}
	if d, ok := c.couldUse(); ok {
		mends = append(mends, change.SetZoneGroup{Endpoint: d.Endpoint.ID, Zone: id, Instead: instead})
	}
	mends = c.useful(mends, change.CopyRecords{From: instead, To: id})
	if vnet := c.asked(); vnet != "" {
		mends = append(mends, change.LinkZone{Zone: id, VNet: vnet})
	}
	return mends
}

// useful adds a step to others that make it possible, if it changes anything.
func (c *Case) useful(steps []change.Change, step change.Change) []change.Change {
	if w := change.Apply(c.World, steps...); step.Apply(w) == w {
		return steps
	}
	return append(steps, step)
}
