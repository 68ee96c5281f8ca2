package rule

import (
	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// PL307: the perimeter denies what comes by the public side. Private link is
// exempt, so nothing here opens the perimeter.
var pl307 = &Rule{
	Code: "PL307", Slug: "perimeter-secured", Severity: Error, Owner: OwnerVault, Stage: fact.StageAccess,
	Title: "a network security perimeter denies the request, which came by the public side",
	Doc: Doc{
		Symptom: "403, with a message that names NSP rules, such as `Request was not allowed by NSP rules and the client address is not authorized …`; inner code and wording are known from a few reports only, and public material does not show whether all versions of the service say the same.",
		Cause:   "The vault is in a network security perimeter in enforced mode, or its public network access is `SecuredByPerimeter`: the perimeter's rules take the place of the vault's own and of the bypass for trusted services. Traffic through private endpoints is exempt.",
		Apart:   "In transition mode (learning) the perimeter only logs, and PL302 or PL303 decide. In each of them the question is the same: why is the request not private? With PL709 the network is good and the caller is not.",
		Fix:     "Let the client use private link. A client that cannot needs an inbound access rule of the perimeter, which is its administrator's decision.",
		Verify: []string{
			"az keyvault show --name <vault> --query properties.publicNetworkAccess   # SecuredByPerimeter",
			"az network perimeter association list --resource-group <group> --perimeter-name <perimeter> --query \"[].{resource:privateLinkResource.id, mode:accessMode}\" --output table   # Enforced",
		},
		Article: notCovered,
		Errata:  "The article is older than network security perimeters.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/network-security-perimeter-concepts",
			"https://learn.microsoft.com/azure/key-vault/general/network-security",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeNetwork("the request came %s, and the network security perimeter of %s does not admit it", service.DeniedPerimeter)
	},
	Breaks: func(s Site) []Break { return []Break{{change.Secure{Vault: s.Vault.ID}}} },
}
