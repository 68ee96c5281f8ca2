package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL103: the client names the vault by its name in the private zone. Which name
// a client uses is no part of a configuration, so nothing breaks or mends it.
var pl103 = &Rule{
	Code: "PL103", Slug: "privatelink-name-in-url", Severity: Error, Owner: OwnerClient, Stage: fact.StageName, Weight: 5,
	Title: "the client uses the privatelink name as the URL, which the vault's certificate does not cover",
	Doc: Doc{
		Symptom: "`x509: certificate is valid for vault.azure.net, *.vault.azure.net, *.vaultcore.azure.net, not <vault>.privatelink.vaultcore.azure.net`, or the same in the words of another TLS library.",
		Cause:   "`<vault>.privatelink.vaultcore.azure.net` is a name for DNS only: the vault's hostname is an alias of it. Clients keep to the vault's own URL, and private link changes nothing about it.",
		Apart:   "With PL708 the name is the right one and the certificate is not; with PL805 somebody re-signs TLS, and the certificate's issuer is not Microsoft's.",
		Fix:     "Whoever configures the application puts `https://<vault>.vault.azure.net` there: over private link it leads to the private address by itself. Nothing about DNS has to change. Do not turn certificate validation off.",
		Verify: []string{
			"curl -i https://<vault>.privatelink.vaultcore.azure.net/healthstatus   # fails on the certificate's name",
			"curl -i https://<vault>.vault.azure.net/healthstatus   # works",
		},
		Article: notCovered,
		Errata:  "The article shows the alias in every answer and does not say that it is no name to use in a URL.",
		Sources: []string{
			"https://github.com/external-secrets/external-secrets/issues/1998",
			"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
		},
	},
	Eval: func(c *Case) Result {
		switch c.Journey.Name.Outcome {
		case fact.Unseen:
			return Unknown("which name the client uses is not known")
		case fact.PrivatelinkName:
			return Fail(fmt.Sprintf("the URL names %s, which the certificate of Key Vault does not cover; the vault's hostname is %s", c.Journey.Name.Host.Host(), c.Host.Host()),
				c.seen(c.Journey.Name.Host.Host(), "is the name in the private DNS zone %s", c.Service.Zone.Host()))
		}
		return Pass("the client uses " + c.Journey.Name.Host.Host())
	},
}
