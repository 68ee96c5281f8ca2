package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL204: the endpoint has lost its vault.
var pl204 = &Rule{
	Code: "PL204", Slug: "connection-disconnected", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageAnswer, Weight: 2,
	Title: "the private endpoint is disconnected from the vault",
	Doc: Doc{
		Symptom: "Private link stopped working for everybody. The endpoint shows `Disconnected`; the name resolves to a public address without an alias under `privatelink`.",
		Cause:   "The vault was deleted and created again under the same name, or its owner removed the connection. The endpoint that stays behind is only informative: Azure never reconnects it.",
		Apart:   "A Pending (PL202, PL208) or Rejected (PL203) connection can be approved; this one cannot. With PL201 no endpoint is left either. From the client all look the same; the endpoint's own list of connections tells. So do PL804, through a proxy, and PL306, through a service endpoint. Where a line of the hosts file hides what DNS says (PL803), the line may be all that is wrong, or this beside it.",
		Fix:     "Whoever manages the network deletes the private endpoint and creates it again, with its DNS zone group; its address may change, and hand-made records have to follow.",
		Verify: []string{
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].{name:name, states:(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[].privateLinkServiceConnectionState.status}\"   # in the endpoint's subscription: Disconnected",
		},
		Article: "2, Confirm that the connection is approved and succeeded",
		Errata:  "The article does not say how a connection comes to be disconnected, nor that the record in the zone may stay behind.",
		Sources: []string{
			article,
			"https://github.com/hashicorp/terraform-provider-azurerm/issues/15051",
			"https://learn.microsoft.com/azure/private-link/manage-private-endpoint",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeState(world.Disconnected, "no private endpoint that this client could use is disconnected", func(t tie) string {
			why := "its target was deleted or created again, or the vault's owner removed it"
			if t.connection == nil {
				why = "the vault does not list its connection any more"
			}
			return fmt.Sprintf("the private endpoint %s is disconnected from the key vault %s: %s; it has to be created again", t.name(), c.Resource.Name(), why)
		})
	},
	Breaks: func(s Site) []Break {
		breaks := s.into(world.Disconnected, world.Succeeded)
		if e, ok := s.Door(); ok {
			breaks = append(breaks, s.alsoBare(e, Break{change.RemoveConnection{Vault: s.Vault.ID, Endpoint: e.ID}})...)
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		t, ok := c.tieOf(is(world.Disconnected))
		if !ok {
			return nil
		}
		return c.recreate(t)
	},
}
