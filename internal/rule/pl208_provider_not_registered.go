package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL208: no source that is read tells it, so it can be asked for but not found.
var pl208 = &Rule{
	Code: "PL208", Slug: "provider-not-registered", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageAnswer, Weight: 1,
	Title: "Microsoft.KeyVault is not registered in the endpoint's subscription",
	Doc: Doc{
		Symptom: "The endpoint is there and its connection cannot be approved: `(AuthorizationFailed) Microsoft.KeyVault provider must be registered on subscription containing private endpoint`.",
		Cause:   "The endpoint is in a subscription other than the vault's, in which nobody has used Key Vault yet. Approving a connection needs the resource provider there.",
		Apart:   "The connection stays Pending (PL202); the error on approving tells.",
		Fix:     "Somebody with Contributor on the endpoint's subscription registers the provider; then approve again.",
		Verify: []string{
			"az provider register --namespace Microsoft.KeyVault --subscription <subscription of the endpoint>",
			"az provider show --namespace Microsoft.KeyVault --subscription <subscription of the endpoint> --query registrationState",
		},
		Article: notCovered,
		Errata:  "The article takes approving for something that works when one is allowed to.",
		Sources: []string{
			"https://github.com/MicrosoftDocs/azure-docs/issues/120274",
			"https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types",
		},
	},
	Eval: func(c Case) Result {
		if c.arrives() {
			return Pass("requests arrive over private link, so the connection was approved")
		}
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		for e := range c.World.EndpointsOf(c.Resource.ID) {
			if c.World.Effective(e) {
				return Pass(fmt.Sprintf("the connection of the private endpoint %s is approved", e.Name()))
			}
		}
		return Unknown("the resource providers registered in the endpoint's subscription are not read")
	},
}
