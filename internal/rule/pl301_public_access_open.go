package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL301: advice. An open vault makes no journey bad.
var pl301 = &Rule{
	Code: "PL301", Slug: "public-access-open", Severity: Warning, Owner: OwnerVault, Stage: fact.StageAccess, Aside: true,
	Title: "private link works, and the vault still accepts the internet",
	Doc: Doc{
		Symptom: "Nothing is wrong from this client. Anybody with a token gets the same from anywhere.",
		Cause:   "A private endpoint adds a way in and closes none. The public side has two gates of its own, `publicNetworkAccess` and the firewall's `defaultAction`, and both are open.",
		Apart:   "With PL304 the public side is shut but for listed addresses and subnets.",
		Fix:     "Once every client uses private link, the vault's owner sets public network access to Disabled. The report names the clients of the configuration that still use the public side and would lose the vault; the vault's audit log has the addresses of all callers (`callerIpAddress`). Trusted services still pass while the firewall's bypass is `AzureServices`.",
		Verify: []string{
			"az keyvault show --name <vault> --query \"properties.{public:publicNetworkAccess, default:networkAcls.defaultAction}\"   # not Disabled, and not Deny",
		},
		Article: "3, Confirm that the key vault firewall is properly configured",
		Errata:  "The article shows one switch of the portal. There are two gates, and Disabled still lets trusted services pass while bypass is AzureServices.",
		Sources: []string{article, "https://learn.microsoft.com/azure/key-vault/general/network-security", "https://learn.microsoft.com/azure/key-vault/general/logging"},
	},
	Eval: func(c *Case) Result {
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		_, secured := c.World.PerimeterOf(c.Resource.ID)
		switch {
		case !open(c.Resource) || secured:
			return Pass("the vault does not accept just anybody on the internet")
		case !c.arrives():
			return NotApplicable("this client does not use private link: closing the public side would shut it out")
		}
		return Fail(fmt.Sprintf("private link works, but the key vault %s also accepts requests from the internet: public network access is enabled and its firewall's default action is Allow",
			c.Resource.Name()), read(c.Resource.Path, "publicNetworkAccess %s, networkAcls.defaultAction Allow", c.Resource.PublicAccess))
	},
	Breaks: func(s Site) []Break {
		return []Break{{change.SetPublicAccess{Vault: s.Vault.ID, Access: world.AccessEnabled}}}
	},
	Mends: func(c *Case) []change.Change {
		if c.Resource == nil {
			return nil
		}
		return []change.Change{change.SetPublicAccess{Vault: c.Resource.ID, Access: world.AccessDisabled}}
	},
}
