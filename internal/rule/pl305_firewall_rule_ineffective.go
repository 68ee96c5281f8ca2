package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL305: advice. A rule that never matches is seldom why a journey is bad, but
// it is why people think that the vault is at fault.
var pl305 = &Rule{
	Code: "PL305", Slug: "firewall-rule-ineffective", Severity: Warning, Owner: OwnerVault, Stage: fact.StageAccess, Weight: 2,
	Title: "a rule of the vault's firewall can never match",
	Doc: Doc{
		Symptom: "The address or the subnet is listed, and the vault still answers `ForbiddenByFirewall`, sometimes with `from unknown subnet`.",
		Cause:   "A listed public address does not match once the subnet has a service endpoint for Key Vault: the vault then sees the private address and the subnet. A listed subnet does not match until it has one.",
		Apart:   "With PL302 nothing is listed for this client. Over private link neither kind of rule matters (PL304).",
		Fix:     "Use private link and remove the rule; without private link, list the subnet when it has the service endpoint, and the address when it has not.",
		Verify: []string{
			"az keyvault network-rule list --name <vault>   # what is listed",
			"az network vnet subnet show --resource-group <group> --vnet-name <vnet> --name <subnet> --query \"serviceEndpoints[].service\"   # with Microsoft.KeyVault in it, no listed address matches",
		},
		Article: notCovered,
		Errata:  "The article says nothing of service endpoints that hide a listed address.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/network-security",
			"https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview",
		},
	},
	Eval: func(c *Case) Result {
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		dead := c.neverMatching()
		if id, unread := c.unreadRule(); len(dead) == 0 && unread {
			return Unknown(fmt.Sprintf("the firewall of the key vault %s lists the subnet %s, which was not read", c.Resource.Name(), id))
		}
		if len(dead) == 0 && len(c.Resource.ACL.IPs) > 0 && c.Client == nil {
			return Unknown("whether a listed address is one that a service endpoint hides depends on the client, which is not known")
		}
		if len(dead) == 0 {
			return Pass("no rule of the vault's firewall is known to be without effect")
		}
		return Fail(fmt.Sprintf("the firewall of the key vault %s has a rule that can never match: %s", c.Resource.Name(), dead[0].What), dead...)
	},
	Breaks: func(s Site) []Break {
		subnet, ok := s.subnet()
		if !ok || hasServiceEndpoint(subnet) {
			return nil
		}
		acl := s.Vault.ACL
		acl.Deny, acl.Subnets = true, []world.ID{subnet.ID}
		return some(Break{change.SetFirewall{Vault: s.Vault.ID, ACL: acl}})
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Resource == nil {
			return nil
		}
		acl := c.Resource.ACL
		acl.Subnets = slices.DeleteFunc(slices.Clone(acl.Subnets), c.unserved)
		acl.IPs = slices.DeleteFunc(slices.Clone(acl.IPs), c.hidden)
		return []change.Change{change.SetFirewall{Vault: c.Resource.ID, ACL: acl}}
	},
}

// neverMatching are the rules without effect, as evidence.
func (c *Case) neverMatching() []Evidence {
	var dead []Evidence
	for _, id := range c.Resource.ACL.Subnets {
		if c.unserved(id) {
			dead = append(dead, read(c.written(id), "the subnet %s is listed and has no service endpoint for Key Vault", id.Name()))
		}
	}
	for _, p := range c.Resource.ACL.IPs {
		if c.hidden(p) {
			dead = append(dead, read(p.String(), "the public address of %s is listed, and the service endpoint of its subnet hides it", c.who()))
		}
	}
	return dead
}

// unreadRule returns a listed subnet that is not in what was read.
func (c *Case) unreadRule() (world.ID, bool) {
	for _, id := range c.Resource.ACL.Subnets {
		if _, _, ok := c.World.Subnet(id); !ok {
			return id, true
		}
	}
	return "", false
}

// unserved tells whether a subnet is without the service endpoint that a rule
// about it needs.
func (c *Case) unserved(id world.ID) bool {
	s, _, ok := c.World.Subnet(id)
	return ok && !hasServiceEndpoint(s)
}

// hidden tells whether a listed address is the client's, which its subnet's
// service endpoint hides.
func (c *Case) hidden(p netip.Prefix) bool {
	s, ok := c.homeSubnet()
	return ok && hasServiceEndpoint(s) && p.Contains(c.World.Egress(c.Client))
}
