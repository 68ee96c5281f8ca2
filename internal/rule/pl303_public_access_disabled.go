package rule

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// PL303: a symptom, as PL302 is.
var pl303 = &Rule{
	Code: "PL303", Slug: "public-access-disabled", Severity: Error, Owner: OwnerVault, Stage: fact.StageAccess, Weight: 1, Symptom: true,
	Title: "public network access is disabled, and the request came by the public side",
	Doc: Doc{
		Symptom: "403 `ForbiddenByConnection`: `Public network access is disabled and request is not from a trusted service nor via an approved private link`, or `Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'`.",
		Cause:   "The vault takes requests over private link only, as it should, and this one came another way: the name resolved to the public address, a proxy took it, or the client is outside.",
		Apart:   "With PL302 the vault's firewall decides, with PL307 a perimeter. With PL704 the request did come through a private endpoint, of another vault or without an effective connection. With PL709 the network is good and the caller is not.",
		Fix:     "Find out why the request is not private: the cause that is named beside this finding says. Do not turn public access on for it.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus   # conn_type and addr tell how the request arrives: not PrivateLink",
			"host <vault>.vault.azure.net   # a public address",
			"az keyvault show --name <vault> --query properties.publicNetworkAccess   # Disabled",
		},
		Article: "3, Confirm that the key vault firewall is properly configured",
		Errata:  "The article knows only ForbiddenByFirewall.",
		Sources: []string{
			"https://github.com/microsoft/multimodal-ai/issues/171",
			"https://github.com/Azure/azure-cli/issues/31406",
			"https://learn.microsoft.com/azure/key-vault/general/network-security",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeNetwork("the request came %s, and public network access of %s is disabled", service.DeniedConnection)
	},
}
