package rule

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL304: advice.
var pl304 = &Rule{
	Code: "PL304", Slug: "firewall-rules-unneeded", Severity: Info, Owner: OwnerVault, Stage: fact.StageAccess, Aside: true,
	Title: "the vault's firewall lists VNets or addresses that private link does not need",
	Doc: Doc{
		Symptom: "Private link works, and the vault's firewall has rules.",
		Cause:   "Rules from before private link, or added while looking for a fault. Traffic through a private endpoint is not subject to them, and with public network access disabled they have no effect at all.",
		Apart:   "With PL305 a rule cannot match anything. With PL301 no rule is needed to get in.",
		Fix:     "The vault's owner removes the rules that no client without private link needs. The report names the clients of the configuration that are let in by a rule and would lose the vault; a rule may also stand for somebody whom the configuration does not show, and the vault's audit log has the addresses of all callers (`callerIpAddress`).",
		Verify: []string{
			"az keyvault network-rule list --name <vault>   # what it lists",
		},
		Article: "3, Confirm that the key vault firewall is properly configured",
		Errata:  "The article says that listed networks do not matter for private link, and not that public network access Disabled overrides them.",
		Sources: []string{article, "https://learn.microsoft.com/azure/key-vault/general/network-security", "https://learn.microsoft.com/azure/key-vault/general/logging"},
	},
	Eval: func(c *Case) Result {
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		rules := len(c.Resource.ACL.IPs) + len(c.Resource.ACL.Subnets) - len(c.neverMatching())
		switch {
		case rules <= 0:
			return Pass("the vault's firewall lists nothing")
		case !c.arrives():
			return NotApplicable("this client does not use private link: it may need the rules")
		}
		return Fail(fmt.Sprintf("the firewall of the key vault %s lists %d addresses and %d subnets, which private link does not need",
			c.Resource.Name(), len(c.Resource.ACL.IPs), len(c.Resource.ACL.Subnets)),
			read(c.Resource.Path, "ipRules: %s; virtualNetworkRules: %s", inWords(c.Resource.ACL.IPs), inWords(c.Resource.ACL.Subnets)))
	},
	Breaks: func(s Site) []Break {
		acl := s.Vault.ACL
		acl.Deny, acl.IPs = true, []netip.Prefix{netip.PrefixFrom(outside, 32)}
		return []Break{{change.SetFirewall{Vault: s.Vault.ID, ACL: acl}}}
	},
	Mends: func(c *Case) []change.Change {
		if c.Resource == nil {
			return nil
		}
		return []change.Change{change.SetFirewall{Vault: c.Resource.ID, ACL: world.NetworkACL{Deny: c.Resource.ACL.Deny, Bypass: c.Resource.ACL.Bypass}}}
	},
}
