package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL608: a zone for our vaults hides somebody else's.
var pl608 = &Rule{
	Code: "PL608", Slug: "foreign-endpoint-shadowed", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 6,
	Title: "somebody else's vault has a private endpoint, and the linked zone hides its public answer",
	Doc: Doc{
		Symptom: "The name of another organisation's vault, or of another team's, does not exist on this network (NXDOMAIN, `no such host`); from anywhere else it resolves to a public address. Often it worked until its owner added a private endpoint.",
		Cause:   "As soon as a vault has an approved private endpoint, whoever's it is, its public registration gets the alias into `privatelink.vaultcore.azure.net`. A VNet that is linked to a zone of that name looks there and finds no record; since a private zone is authoritative, the answer is that the name does not exist.",
		Apart:   "With PL604 the vault has an endpoint that this client could use, and only the record is missing; with PL607 another zone of the same name holds it. From the client all look the same. Ask who owns the endpoint: `az keyvault show` finds no vault of that name in your tenant, or its connections name endpoints of others. Behind a proxy that answers 502, which is all that is seen of its way, PL104, PL205, PL605, PL611, PL806 and PL819 look the same.",
		Fix:     "To reach the vault over the internet, whoever manages the zone sets the link's resolution policy to NxDomainRedirect, so that names without a record go on to the public DNS. To reach it privately, create a private endpoint of your own, which the vault's owner approves.",
		Verify: []string{
			"host <vault>.vault.azure.net 8.8.8.8   # an address, where this network has none",
			"az network private-dns link vnet list --resource-group <group> --zone-name privatelink.vaultcore.azure.net --query \"[].{vnet:virtualNetwork.id, policy:resolutionPolicy}\" --output table   # Default",
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].privateEndpoint.id\" --output tsv   # not found, or endpoints of others",
		},
		Article: "6, Understand that you have control over DNS resolution",
		Errata:  "The article says that a vault that you use without private links resolves to its public address from the VNet. That holds only while nobody, in any tenant, has given it a private endpoint.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-dns-fallback",
			"https://github.com/MicrosoftDocs/azure-docs/issues/99710",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		z, ok := c.shadowing()
		if r, not := c.unforeseen(); !ok && not {
			return r
		}
		if !ok {
			return Pass("no linked zone hides an answer")
		}
		if _, held := c.holder(z); held {
			return NotApplicable("another zone of the same name holds the record")
		}
		for _, kind := range [...]string{"microsoft.keyvault/vaults", endpointType} {
			if r, unread := c.NotRead(kind); unread {
				return r
			}
		}
		if d, own := c.couldUse(); own {
			return NotApplicable("the vault has an endpoint that this client could use, " + d.Endpoint.Name())
		}
		if c.unfinished() {
			return NotApplicable("an endpoint stands where this client gets at it, and is not provisioned")
		}
		return Fail(fmt.Sprintf("%s, so its public name points into %s; the zone of that name that is linked here has no record %s and hides the public answer",
			c.whoseEndpoint(), c.Service.Zone.Host(), c.Vault), append(c.said(), linksOf(c, z)...)...)
	},
	Breaks: func(s Site) []Break {
		if s.Vault.Foreign || len(s.zones()) == 0 {
			return nil
		}
		return []Break{{change.MakeForeign{Vault: s.Vault.ID}}}
	},
	Mends: func(c *Case) []change.Change {
		z, ok := c.shadowing()
		if !ok {
			return nil
		}
		vnet := c.asked()
		if _, linked := z.LinkTo(vnet); !linked {
			vnet = z.Links[0].VNet
		}
		redirect := []change.Change{change.SetLinkPolicy{Zone: z.ID, VNet: vnet, Redirect: true}}
		if c.Wants == world.WantAny {
			return redirect
		}
		return append(redirect, c.endpointBeside(z, vnet)...)
	},
}

// endpointBeside is the other remedy: an endpoint of the vault beside the client,
// for somebody else's vault one that its owner approves.
func (c *Case) endpointBeside(z *world.Zone, vnet world.ID) []change.Change {
	const when = "to reach the vault over private link"
	if c.Resource == nil {
		return nil
	}
	if !c.Resource.Foreign {
		subnet, ok := c.roomForEndpoint()
		if !ok {
			return nil
		}
		create := change.CreateEndpoint{Vault: c.Resource.ID, Subnet: subnet, Zones: []world.ID{z.ID}, Name: c.freeName()}
		return []change.Change{change.Instead{Change: create, When: when}}
	}
	v, known := c.World.VNet(vnet)
	if !known {
		return nil
	}
	subnet, ok := c.Room(v, ForEndpoints)
	if !ok {
		return nil
	}
	request := change.RequestEndpoint{Vault: c.Resource.ID, Subnet: subnet, Zones: []world.ID{z.ID}}
	return []change.Change{change.Instead{Change: request, When: when}}
}

// whoseEndpoint says which endpoint of the vault gives it the alias, while this
// client can use none.
func (c *Case) whoseEndpoint() string {
	host := c.Host.Host()
	if d, ok := c.Nearest(); ok {
		return fmt.Sprintf("%s has the private endpoint %s in the VNet %s, which this client cannot use", host, d.Endpoint.Name(), c.Name(d.Endpoint.VNet()))
	}
	if c.Resource != nil && !c.Resource.Foreign {
		return fmt.Sprintf("%s has the alias of a vault with a private endpoint, and no endpoint that this client could use", host)
	}
	return fmt.Sprintf("%s has a private endpoint of somebody else's, and none of ours", host)
}

// shadowing returns the linked zone of the required name whose lack of a record
// makes the name vanish. For a vault that the configuration does not know, the
// alias that came before NXDOMAIN shows that it exists.
func (c *Case) shadowing() (*world.Zone, bool) {
	if c.Journey.Answer.Reason == fact.NoRecord {
		z, ok := c.deciding()
		return z, ok && z.Domain == c.Service.Zone && len(z.Links) > 0
	}
	if c.Resource != nil || c.Journey.Answer.Outcome != fact.NXDomain || !c.Journey.Answer.Alias {
		return nil, false
	}
	z, ok := c.linked(c.asked())
	if !ok {
		return nil, false
	}
	_, held := c.record(z)
	return z, !held
}

// unfinished tells whether the vault has an approved connection of an endpoint
// that the client gets at, and that is not provisioned: its own code says so.
func (c *Case) unfinished() bool {
	return c.Resource != nil && slices.ContainsFunc(c.ties(), func(t tie) bool { return unprovisioned(t) && t.reach != fact.NoPath })
}
