package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL201: nobody has made a private endpoint for the vault.
var pl201 = &Rule{
	Code: "PL201", Slug: "no-endpoint", Severity: Error, Owner: OwnerVault, Stage: fact.StageAnswer, Weight: 2,
	Title: "the vault has no private endpoint connection",
	Doc: Doc{
		Symptom: "The name resolves to a public address, and no line of the answer names an alias `<vault>.privatelink.…`.",
		Cause:   "The vault has no private endpoint connection at all: none was created yet, or it was deleted. Without one in state Approved the public registration of the vault has no alias, and private DNS zones are never looked at.",
		Apart:   "With PL202, PL203, PL204 and PL208 there is a connection or was one, and its state is wrong: all five look the same from the client, and the vault's list of connections tells. With PL501 nobody has read that list. With PL601 and PL603 the alias is there. A client that comes in through a service endpoint has PL306 instead. Through a proxy that reaches the public side it looks like PL804; past the proxy there is no private path either.",
		Fix:     "Whoever manages the network creates a private endpoint for the vault (sub-resource `vault`) with a DNS zone group, and the vault's owner approves it if that does not happen by itself. In pipelines, create it before the first secret is read.",
		Verify: []string{
			"host <vault>.vault.azure.net   # no alias under privatelink",
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].privateLinkServiceConnectionState.status\"   # null or empty",
		},
		Article: "2, Confirm that the connection is approved and succeeded",
		Errata:  "The article takes the missing alias for proof. Newer documentation of Key Vault says that public DNS does not tell whether an endpoint exists: the vault's list of connections decides.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
		},
	},
	Eval: func(c *Case) Result {
		if c.arrives() {
			return Pass("requests arrive over private link")
		}
		if c.approved() {
			return Pass("the vault's name has the alias of an approved connection, or a request arrived over one")
		}
		if c.Journey.Verdict() == fact.ServiceEndpoint {
			return NotApplicable("requests arrive through a service endpoint, which stands in the place of a private one")
		}
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		if ties := c.ties(); len(ties) > 0 {
			return Pass("the key vault " + c.Resource.Name() + " has " + counted(len(ties)))
		}
		if r, unread := c.NotRead(endpointType); unread { // one may be left that the vault has forgotten
			return r
		}
		return Fail(fmt.Sprintf("the key vault %s has no private endpoint connection, so its name leads every client to a public address", c.Resource.Name()),
			read(c.Resource.Path, "privateEndpointConnections is empty"))
	},
	Breaks: func(s Site) []Break {
		var clean, littered Break // with its record, and with the record left behind
		for e := range s.World.EndpointsOf(s.Vault.ID) {
			clean = append(clean, change.DeleteEndpoint{Endpoint: e.ID})
			littered = append(littered, change.AbandonRecord{Endpoint: e.ID})
		}
		return append(some(clean), some(littered)...)
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Resource == nil {
			return nil
		}
		return c.firstEndpoint()
	},
}

// firstEndpoint creates a private endpoint, and with it the zone where nobody
// has needed one so far.
func (c *Case) firstEndpoint() []change.Change {
	if len(c.RequiredZones()) > 0 {
		return c.newEndpoint()
	}
	subnet, ok := c.roomForEndpoint()
	if !ok {
		return nil
	}
	create := change.CreateZone{Near: subnet.Parent(), Domain: c.Service.Zone}
	zone := create.ID(c.World)
	steps := []change.Change{create, change.CreateEndpoint{Vault: c.Resource.ID, Subnet: subnet, Zones: []world.ID{zone}, Name: c.freeName()}}
	if vnet := c.asked(); vnet != "" { // last: an empty zone would make the name vanish
		steps = append(steps, change.LinkZone{Zone: zone, VNet: vnet})
	}
	return steps
}
