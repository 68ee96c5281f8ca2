package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL806: a network security group stands in the way.
var pl806 = &Rule{
	Code: "PL806", Slug: "nsg-denies", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Weight: 2,
	Title: "a network security group denies the traffic to the private endpoint",
	Doc: Doc{
		Symptom: "The name resolves to the private address, and connections to port 443 time out.",
		Cause:   "A rule of the group on the client's subnet denies the way out, or one of the group on the endpoint's subnet denies the way in. The latter counts only where the subnet's private endpoint network policies are enabled for network security groups; by default they are not. A group can cut the way to a DNS server (port 53) or a proxy as well; the finding then names that port.",
		Apart:   "With PL807 a route leads elsewhere, with PL817 a firewall drops, with PL818 only the reply is lost, with PL808 the peering is at fault, with PL101 there is none. With PL205 the endpoint is not ready, with PL605 and PL611 the address is not its. All look the same from the client: see PL706. Behind a proxy that answers 502, which is all that is seen of its way, PL104, PL604, PL608 and PL819 look the same.",
		Fix:     "Whoever manages the group allows TCP 443 to the endpoint's address, with a free priority ahead of the rule that denies; other rules stay where they are.",
		Verify: []string{
			"az network nic list-effective-nsg --resource-group <group> --name <nic>",
			"az network vnet subnet show --resource-group <group> --vnet-name <vnet> --name <subnet-of-the-endpoint> --query \"{group:networkSecurityGroup.id, policies:privateEndpointNetworkPolicies}\"",
			"az network watcher test-ip-flow --vm <vm-id> --direction Outbound --protocol TCP --local <client-address>:60000 --remote <address>:443   # Deny, and by which rule",
		},
		Article: "8, Other things that may affect connectivity",
		Errata:  "The article does not mention that network security groups hold for private endpoints only where the subnet says so.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy",
			"https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeStop(nsgType, fact.ByNSG, "no network security group on the way denies the traffic", func(s stop) Result {
			if s.by == "" {
				return Fail("a network security group drops the packets " + s.way)
			}
			return Fail(fmt.Sprintf("the network security group %s drops the packets %s", c.Name(s.by), s.way),
				read(c.written(s.by), "no rule ahead of the one that denies allows them"))
		})
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		door, ok := s.Door()
		if !ok {
			return nil
		}
		if subnet, inVNet := s.subnet(); inVNet {
			breaks = append(breaks, s.deny(subnet, false))
		}
		if subnet, _, known := s.World.Subnet(door.Subnet); known {
			policies := change.SetEndpointPolicies{Subnet: subnet.ID, Policies: world.Policies{NSG: true, Routes: subnet.EndpointPolicies.Routes}}
			breaks = append(breaks, append(s.deny(subnet, true), policies))
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		s, ok := c.stopped(fact.ByNSG)
		if !ok || c.World == nil || s.by == "" || !s.to.IsValid() {
			return nil
		}
		return c.allow(s)
	},
}

// deny is a Break in which a subnet's group denies the vault's endpoint.
func (s Site) deny(subnet *world.Subnet, inbound bool) Break {
	door, _ := s.Door()
	var b Break
	group := subnet.NSG
	if group == "" {
		group = change.NSGFor(s.World, subnet.ID)
		b = append(b, change.AttachNSG{NSG: group, Subnet: subnet.ID})
	}
	return append(b, change.SetNSGRule{NSG: group, Inbound: inbound, To: door.Addresses[0]})
}

// allow lets packets past a group: into the subnet that holds their
// destination, out of any other.
func (c *Case) allow(s stop) []change.Change {
	var steps []change.Change
	port := s.port
	if port == 443 {
		port = 0
	}
	for v := range c.World.VNets() {
		for i := range v.Subnets {
			if v.Subnets[i].NSG != s.by {
				continue
			}
			to, holds := v.SubnetOf(s.to)
			inbound := holds && to.ID == v.Subnets[i].ID
			step := change.SetNSGRule{NSG: s.by, Inbound: inbound, Allow: true, To: s.to, Port: port}
			if !slices.Contains(steps, change.Change(step)) {
				steps = append(steps, step)
			}
		}
	}
	return steps
}
