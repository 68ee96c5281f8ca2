package rule

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL807: the next hop does not deliver. One that drops by a rule is PL817.
var pl807 = &Rule{
	Code: "PL807", Slug: "route-diverts", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Weight: 1,
	Title: "a route sends the traffic to the private endpoint elsewhere",
	Doc: Doc{
		Symptom: "The name resolves to the private address, and connections to port 443 time out.",
		Cause:   "A user-defined route on the client's subnet covers the endpoint's address and leads to None, or to an appliance that is gone or does not forward. A route takes the place of the endpoint's own /32 only if it is as long, or, where the endpoint's subnet has network policies for routes, as long as the VNet's address space; 0.0.0.0/0 never does.",
		Apart:   "With PL817 the next hop is there and drops by a rule, with PL818 only the reply is lost, with PL806 a network security group denies, with PL808 or PL101 no peering carries the traffic. With PL205 the endpoint is not ready, with PL605 and PL611 the address is not its. All look the same from the client: see PL706.",
		Fix:     "Whoever manages the route table corrects the next hop, where the traffic is meant to be inspected: it names the address of the appliance or firewall that is in use now. Where it is not, they remove the route, or add a longer one for the endpoint (its /32 to VnetLocal); what goes to the endpoint is then inspected by nobody.",
		Verify: []string{
			"az network nic show-effective-route-table --resource-group <group> --name <nic> --output table   # the longest prefix that holds the address",
			"az network watcher show-next-hop --vm <vm-id> --source-ip <client-address> --dest-ip <address>   # None, or an appliance",
		},
		Article: "8, Other things that may affect connectivity",
		Errata:  "The article mentions routing in general. A default route does not take an endpoint's traffic, a /32 does.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview",
			"https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeStop(routesType, fact.ByRoute, "no route on the way leads elsewhere", func(s stop) Result {
			t, ok := c.World.RouteTable(s.by)
			if !ok {
				return Fail("a route leads the packets " + s.way + " nowhere")
			}
			route, found := longestRoute(t, s.to)
			if !found {
				return Fail(fmt.Sprintf("the route table %s lets no route of the gateway through, so the packets %s have nowhere to go", t.Name(), s.way),
					read(t.Path, "disableBgpRoutePropagation %t", t.DisableBGP))
			}
			return Fail(fmt.Sprintf("the route %s of the route table %s sends the packets %s to %s, which does not deliver them", route.Name, t.Name(), s.way, nextHop(route)),
				read(t.Path, "%s → %s", route.Prefix, nextHop(route)))
		})
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		if b := s.via(world.HopNone, netip.Addr{}); len(b) > 0 {
			breaks = append(breaks, b)
		}
		if _, _, nobody, ok := s.besides(); ok {
			breaks = append(breaks, s.via(world.HopAppliance, nobody))
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		s, ok := c.stopped(fact.ByRoute)
		if !ok || c.World == nil {
			return nil
		}
		t, ok := c.World.RouteTable(s.by)
		if !ok || !s.to.IsValid() {
			return nil
		}
		whole := netip.PrefixFrom(s.to, s.to.BitLen())
		route, found := longestRoute(t, s.to)
		f, moved := c.successor(route, s.to)
		switch {
		case !found && t.DisableBGP:
			return []change.Change{change.PropagateRoutes{Table: t.ID}}
		case found && moved && s.port == 443:
			return append(c.letPass(f, s.to), change.SetRoute{Table: t.ID, Prefix: route.Prefix, Hop: world.HopAppliance, Address: f.Address})
		case found && route.Prefix == whole:
			return []change.Change{change.RemoveRoute{Table: t.ID, Prefix: whole}}
		}
		return []change.Change{change.SetRoute{Table: t.ID, Prefix: whole, Hop: world.HopVNet}}
	},
}

// successor finds, for a route to an appliance that is gone, a firewall in the same
// VNet that can take its place: one through which replies come back.
func (c *Case) successor(route world.Route, to netip.Addr) (*world.Firewall, bool) {
	for f := range c.World.Firewalls() {
		v, ok := c.World.VNet(f.VNet)
		if ok && route.Hop == world.HopAppliance && v.Holds(route.Address) && f.Address.IsValid() && f.Address != route.Address && !f.Keeps(to) {
			return f, true
		}
	}
	return nil, false
}

// longestRoute is the route of a table that holds for an address.
func longestRoute(t *world.RouteTable, a netip.Addr) (best world.Route, ok bool) {
	for _, r := range t.Routes {
		if r.Tag == "" && r.Prefix.Contains(a) && (!ok || r.Prefix.Bits() > best.Prefix.Bits()) {
			best, ok = r, true
		}
	}
	return best, ok
}

func nextHop(r world.Route) string {
	if r.Address.IsValid() {
		return fmt.Sprintf("%s %s", r.Hop, r.Address)
	}
	return string(r.Hop)
}
