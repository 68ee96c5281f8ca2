package rule

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// PL302: a symptom. Private link is not subject to the firewall, so the question
// is why the request came by the public side.
var pl302 = &Rule{
	Code: "PL302", Slug: "firewall-denies", Severity: Error, Owner: OwnerVault, Stage: fact.StageAccess, Weight: 1, Symptom: true,
	Title: "the vault's firewall denies: the request came by the public side, and its address or subnet is not listed",
	Doc: Doc{
		Symptom: "403 `ForbiddenByFirewall`: `Client address is not authorized and caller is not a trusted service`, or `… caller was ignored because bypass is set to None`.",
		Cause:   "The request did not come over private link. The vault's firewall looked at its address, or at its subnet when a service endpoint carried it, and found neither on its lists.",
		Apart:   "With PL303 public access is off altogether, with PL307 a perimeter decides. With PL305 the address or subnet is listed, and the rule cannot match. With PL709 the network is good and the caller is not.",
		Fix:     "Find out why the request is not private: the cause that is named beside this finding says. Listing the client's address is for clients that are not meant to use private link.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus   # conn_type and addr tell how the request arrives",
			"az keyvault network-rule list --name <vault>   # neither addr nor the subnet is in it",
		},
		Article: "3, Confirm that the key vault firewall is properly configured",
		Errata:  "The article speaks of ForbiddenByFirewall with a private address; a request through a private endpoint never gets it, one through a service endpoint does.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/key-vault/general/common-error-codes",
			"https://github.com/hashicorp/terraform-provider-azurerm/issues/20742",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeNetwork("the request came %s, and the firewall of %s does not list that", service.DeniedFirewall)
	},
}
