package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL202: the vault's owner has not answered the request for a connection.
var pl202 = &Rule{
	Code: "PL202", Slug: "connection-pending", Severity: Error, Owner: OwnerVault, Stage: fact.StageAnswer, Weight: 1,
	Title: "the private endpoint connection waits for approval",
	Doc: Doc{
		Symptom: "The endpoint shows `Succeeded`, yet the name resolves to a public address without an alias under `privatelink`; requests to the endpoint's own address fail. Whether they time out, are cut off or get a 403, public material does not show.",
		Cause:   "Whoever created the endpoint had no permission to approve it, or it was requested by hand, as across tenants. Until the vault's owner approves it, it carries no traffic.",
		Apart:   "The provisioning state of the endpoint says nothing of it: the connection's state on the vault does. With PL203 the owner has said no, with PL204 the connection cannot be approved any more, with PL201 there is none; with PL208 approving fails. From the client all look the same, through a proxy also like PL804, and through a service endpoint like PL306. Where a line of the hosts file hides what DNS says (PL803), the line may be all that is wrong, or this beside it.",
		Fix:     "The vault's owner approves the connection; it takes about a minute to work.",
		Verify: []string{
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].{endpoint:privateEndpoint.id, state:privateLinkServiceConnectionState.status, provisioning:provisioningState}\"   # Pending",
		},
		Article: "2, Confirm that the connection is approved and succeeded",
		Errata:  "The article says that a pending connection may be approved, which is right. It does not say that the endpoint's own provisioning state is Succeeded meanwhile.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/private-link/manage-private-endpoint",
		},
	},
	Eval: func(c *Case) Result {
		if t, ok := c.tieOf(is(world.Pending)); ok && c.barred(t) {
			return NotApplicable("the connection cannot be approved as things are, which has a code of its own")
		}
		return c.judgeState(world.Pending, "no connection that this client could use is pending", func(t tie) string {
			return fmt.Sprintf("the connection of the private endpoint %s on the key vault %s is Pending: it carries no traffic until the vault's owner approves it",
				t.name(), c.Resource.Name())
		})
	},
	Breaks: func(s Site) []Break { return s.into(world.Pending, world.Succeeded) },
	Mends:  func(c *Case) []change.Change { return c.approve(world.Pending) },
}
