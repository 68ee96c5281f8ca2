package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL203: the vault's owner has said no.
var pl203 = &Rule{
	Code: "PL203", Slug: "connection-rejected", Severity: Error, Owner: OwnerVault, Stage: fact.StageAnswer,
	Title: "the private endpoint connection was rejected",
	Doc: Doc{
		Symptom: "The name resolves to a public address without an alias under `privatelink`, although the endpoint, and often its DNS record, exist.",
		Cause:   "The vault's owner rejected the connection, before or after it worked.",
		Apart:   "With PL202 nobody has answered yet, and with PL208 nobody can. With PL204 the connection cannot be approved any more, with PL201 there is none. From the client all look the same; the connection's state on the vault tells. So do PL804, through a proxy, and PL306, through a service endpoint. Where a line of the hosts file hides what DNS says (PL803), the line may be all that is wrong, or this beside it.",
		Fix:     "Ask the vault's owner first why the connection was rejected: somebody decided so. If nothing speaks against it any more, the owner approves it; the endpoint keeps its address.",
		Verify: []string{
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].{endpoint:privateEndpoint.id, state:privateLinkServiceConnectionState}\"   # Rejected, and with what description",
		},
		Article: "2, Confirm that the connection is approved and succeeded",
		Errata:  "The article says that a rejected connection needs a new private endpoint. The recordings of the Azure CLI's own tests show Key Vault taking a connection from Approved to Rejected and back to Approved.",
		Sources: []string{
			article,
			"https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/keyvault/tests/latest/recordings/test_keyvault_private_endpoint_connection.yaml",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeState(world.Rejected, "no connection that this client could use was rejected", func(t tie) string {
			return fmt.Sprintf("the connection of the private endpoint %s on the key vault %s was rejected, so it carries no traffic; it can be approved again",
				t.name(), c.Resource.Name())
		})
	},
	Breaks: func(s Site) []Break { return s.into(world.Rejected, world.Succeeded) },
	Mends:  func(c *Case) []change.Change { return c.approve(world.Rejected) },
}
