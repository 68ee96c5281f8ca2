package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// PL710: a token was presented, and the vault does not take it.
var pl710 = &Rule{
	Code: "PL710", Slug: "not-authenticated", Severity: Error, Owner: OwnerIdentity, Stage: fact.StageAccess, Weight: 1,
	Title: "the vault does not accept the token; the network is not the reason",
	Doc: Doc{
		Symptom: "401 although a token was presented: `AKV10032: Invalid issuer`, `AKV10022: Invalid audience`, `AKV10046: Unable to resolve the key used for signature validation`.",
		Cause:   "The token is another tenant's, another cloud's, for another resource than `https://vault.azure.net`, expired, or not a token at all.",
		Apart:   "A 401 without a token is the service's usual first answer and says nothing. With PL709 the token is good and the caller lacks permission.",
		Fix:     "Whoever configures the program's credential lets it ask the tenant that the challenge names for the resource `https://vault.azure.net` (the scope `https://vault.azure.net/.default`). Change nothing about private link or DNS.",
		Verify: []string{
			"curl -i 'https://<vault>.vault.azure.net/secrets?api-version=7.4'   # WWW-Authenticate names the tenant and the resource",
			"az account get-access-token --resource https://vault.azure.net --query tenant   # another tenant",
		},
		Article: notCovered,
		Errata:  "Documentation of Key Vault's REST error codes names the resource https://vault.keyvault.net; it is https://vault.azure.net.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses",
			"https://github.com/Azure-Samples/azuresandbox/issues/188",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeIdentity(func() string {
			return fmt.Sprintf("%s answers 401 to the token of %s: the token is not accepted, and the network is not the reason", c.Vault, c.who())
		}, service.DeniedToken)
	},
	Breaks: func(s Site) []Break {
		return []Break{{change.Grant{Host: s.Client.ID, Vault: s.Vault.ID, Identity: world.InvalidIdentity}}}
	},
	Mends: func(c *Case) []change.Change {
		if c.Client == nil || c.Resource == nil {
			return nil
		}
		return []change.Change{change.SignIn{Host: c.Client.ID, Vault: c.Resource.ID}}
	},
}
