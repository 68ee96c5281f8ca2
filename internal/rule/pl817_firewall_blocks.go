package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL817: the next hop is there, and drops.
var pl817 = &Rule{
	Code: "PL817", Slug: "firewall-blocks", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Weight: 2,
	Title: "a firewall or appliance on the way drops the traffic to the private endpoint",
	Doc: Doc{
		Symptom: "The name resolves to the private address; connections to port 443 time out, or are reset as soon as the TLS handshake names the vault.",
		Cause:   "The client's route leads to a firewall, and no network rule allows TCP 443 to the endpoint's address, nor an application rule the vault's name. A rule for the service tag AzureKeyVault does not cover a private endpoint: it is about public addresses. A firewall can cut the way to a DNS server (port 53) or a proxy as well; the finding then names that port.",
		Apart:   "With PL807 the next hop is gone, with PL818 the request passes and the reply does not come back through it, with PL806 a network security group denies, with PL808 or PL101 no peering carries the traffic. With PL205 the endpoint is not ready, with PL605 and PL611 the address is not its. All look the same from the client: see PL706. With PL816 the handshake hangs; a firewall that filters by name resets it.",
		Fix:     "Whoever manages the firewall allows TCP 443 from the client's subnet to the endpoint's address, or HTTPS to the vault's name. Where the firewall has a policy, the rule goes into the policy: one that has none takes classic rules.",
		Verify: []string{
			"az network watcher show-next-hop --vm <vm-id> --source-ip <client-address> --dest-ip <address>   # VirtualAppliance: the firewall",
			"az monitor log-analytics query --workspace <workspace-id> --analytics-query \"AZFWNetworkRule | where DestinationIp == '<address>' | project TimeGenerated, SourceIp, Action\"   # Deny",
		},
		Article: "8, Other things that may affect connectivity",
		Errata:  "The article mentions firewalls in general. A rule for the service tag AzureKeyVault does not help here.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall",
			"https://learn.microsoft.com/azure/firewall/rule-processing",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeStop(firewallType, fact.ByFirewall, "no firewall that was read drops the traffic", func(s stop) Result {
			if s.by == "" {
				return Fail("a firewall drops the packets " + s.way)
			}
			return Fail(fmt.Sprintf("the firewall %s drops the packets %s: no rule of it allows them", c.Name(s.by), s.way),
				read(c.written(s.by), "no rule allows %s port %d", s.to, s.port))
		})
	},
	Breaks: func(s Site) []Break {
		breaks := s.throughFirewall(false, true, func(id world.ID) change.Change { return change.RestrictFirewall{Firewall: id} })
		if vnet, _, addr, ok := s.besides(); ok && len(breaks) > 0 {
			byName := Break{change.AddFirewall{VNet: vnet, Addr: addr, SNAT: true, ByName: true}}
			breaks = append(breaks, append(byName, s.via(world.HopAppliance, addr)...))
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		s, ok := c.stopped(fact.ByFirewall)
		if !ok || s.by == "" || !s.to.IsValid() {
			return nil
		}
		port := s.port
		if port == 443 {
			port = 0
		}
		allow := change.AllowInspected{Machine: s.by, To: s.to, Port: port, From: c.ownRange()}
		f, ok := c.World.Firewall(s.by)
		switch {
		case !ok || !f.Keeps(s.to):
			return []change.Change{allow}
		case port == 0 && !slices.ContainsFunc(f.Allow, denies):
			allow.Name = c.Host
			return []change.Change{allow}
		}
		return []change.Change{allow, change.TranslateSource{Machine: s.by, On: true, To: s.to}}
	},
}

// denies tells whether a rule is one that application rules do not get past.
func denies(r world.FirewallRule) bool { return !r.Allow && !r.Application() }
