package rule

import (
	"fmt"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// PL105: the suffix is that of another cloud. Which name a client uses is no
// part of a configuration, so nothing breaks or mends it.
var pl105 = &Rule{
	Code: "PL105", Slug: "wrong-cloud", Severity: Error, Owner: OwnerClient, Stage: fact.StageName,
	Title: "the name's suffix is another cloud's",
	Doc: Doc{
		Symptom: "The name does not exist (NXDOMAIN), or a vault of somebody else's answers, and the URL ends in the suffix of another cloud than the vault is in: `vault.azure.net`, `vault.usgovcloudapi.net`, `vault.azure.cn`.",
		Cause:   "Azure's clouds are apart: each has its own suffix for vaults, its own private DNS zone (`privatelink.vaultcore.azure.net`, `privatelink.vaultcore.usgovcloudapi.net`, `privatelink.vaultcore.azure.cn`) and its own login.",
		Apart:   "With PL104 the suffix is right and the name is not. A vault of the same name in another cloud proves nothing, since names are unique in each cloud only: the configuration decides, or the vault's own URI.",
		Fix:     "Whoever configures the application takes the vault's URI as the vault itself shows it, and sets the cloud of the credentials to match: the SDK's authority host (`AZURE_AUTHORITY_HOST`), `az cloud set` for the Azure CLI.",
		Verify: []string{
			"az cloud show --query \"{cloud:name, suffix:suffixes.keyvaultDns}\"",
			"az keyvault show --name <vault> --query properties.vaultUri --output tsv   # in the cloud that the vault is in",
		},
		Article: notCovered,
		Errata:  "The article names the domains of the public cloud only.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
			"https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates",
		},
	},
	Eval: func(c *Case) Result {
		name := c.Journey.Name
		switch name.Outcome {
		case fact.Unseen:
			return Unknown("which name the client uses is not known")
		case fact.OtherCloud:
			return Fail(fmt.Sprintf("%s is a name of %s, and the vault %s is in %s, where it is called %s",
				name.Host.Host(), cloudOf(name), c.Vault, c.Service.Cloud.Name, c.Host.Host()),
				c.seen(name.Host.Host(), "is not under %s", c.Service.Suffix.Host()))
		}
		if home, ok := c.otherCloud(); ok {
			right, _ := home.Host(c.Vault)
			return Fail(fmt.Sprintf("%s is a name of %s, and the vault %s is in %s, where it is called %s",
				c.Host.Host(), c.Service.Cloud.Name, c.Vault, home.Cloud.Name, right.Host()),
				read(c.Resource.Path, "is in %s", home.Cloud.Name))
		}
		return Pass("the suffix is that of " + c.Service.Cloud.Name)
	},
}

// otherCloud is the cloud of the configuration that holds the vault, where that
// is not the one in which it is looked for: a bare name says nothing of clouds.
func (c *Case) otherCloud() (service.Service, bool) {
	if c.World == nil || c.Resource == nil || c.Resource.Foreign {
		return service.Service{}, false
	}
	home := c.World.Service()
	return home, home.Cloud.Name != c.Service.Cloud.Name
}

// cloudOf names the cloud that a name belongs to.
func cloudOf(n fact.NameHop) string {
	for _, s := range service.KeyVaults() {
		if n.Host.Under(s.Suffix) || n.Host.Under(s.Core) {
			return s.Cloud.Name
		}
	}
	return "another cloud"
}
