package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL808: a peering exists, and does not carry the traffic.
var pl808 = &Rule{
	Code: "PL808", Slug: "peering-broken", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Weight: 1,
	Title: "the peering to the endpoint's VNet does not carry traffic: one side is missing, Initiated or Disconnected, or its flags forbid it",
	Doc: Doc{
		Symptom: "The name resolves to the private address, and connections to port 443 time out; DNS servers and proxies on the other side are out of reach as well.",
		Cause:   "A peering has two sides. When one was never created, the other stays Initiated; when one is deleted, the other becomes Disconnected, and Azure never reconnects it. `allowVirtualNetworkAccess` off stops traffic on a connected peering; gateway traffic needs `allowGatewayTransit` and `useRemoteGateways`.",
		Apart:   "With PL101 there is no peering at all. With PL806, PL807, PL817 and PL818 the peering is good and something else stops the packets; with PL205 the endpoint is not ready, with PL605 and PL611 the address is not its. All look the same from the client: see PL706. A DNS server on the other side falls silent as well (PL505), and one that answers publicly may step in: then it looks like PL801, PL802 or PL811.",
		Fix:     "Whoever manages the VNets creates the side that is missing. A side that is Disconnected is deleted and created again on both ends; a flag is set in place.",
		Verify: []string{
			"az network vnet peering list --resource-group <group> --vnet-name <vnet> --query \"[].{remote:remoteVirtualNetwork.id, state:peeringState, access:allowVirtualNetworkAccess, forwarded:allowForwardedTraffic}\" --output table   # on both sides: not Connected, or not True",
		},
		Article: "8, Other things that may affect connectivity",
		Errata:  "The article says that peering may have an impact. A peering that shows on one side may still carry nothing.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering",
			"https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeStop(vnetType, fact.PeeringState, "no peering on the way is at fault", func(s stop) Result {
			v, p, ok := c.peering(s.by)
			if !ok {
				return Fail("a peering on the way does not carry the packets " + s.way)
			}
			return Fail(fmt.Sprintf("the peering between %s and %s does not carry the packets %s: %s", v.Name(), c.Name(p.Remote), s.way, c.faultOf(v, p)),
				read(p.Path, "peeringState %s, allowVirtualNetworkAccess %t, useRemoteGateways %t, allowGatewayTransit %t", p.State, p.AllowAccess, p.UseRemoteGateways, p.AllowGateway))
		})
	},
	Breaks: func(s Site) []Break {
		door, ok := s.Door()
		home, inVNet := s.vnet()
		subnet, _ := s.subnet()
		if !ok || !inVNet || home.ID == door.VNet() || subnet != nil && subnet.RouteTable != "" {
			return nil
		}
		if _, peered := home.PeeringTo(door.VNet()); !peered {
			return nil
		}
		return []Break{
			{change.SetPeeringState{VNet: home.ID, Remote: door.VNet(), State: world.PeeringInitiated}},
			{change.SetPeeringState{VNet: home.ID, Remote: door.VNet(), State: world.PeeringDisconnected}},
			{change.SetPeeringState{VNet: door.VNet(), Remote: home.ID, State: world.PeeringDisconnected}},
		}
	},
	Mends: func(c *Case) []change.Change {
		s, ok := c.stopped(fact.PeeringState)
		if !ok || c.World == nil {
			return nil
		}
		v, p, ok := c.peering(s.by)
		if !ok {
			return nil
		}
		if !c.connects(v, p) {
			return []change.Change{change.Peer{A: v.ID, B: p.Remote}}
		}
		if _, gateway := c.World.GatewayIn(v.ID); gateway {
			return []change.Change{change.AllowTransit{Spoke: p.Remote, Hub: v.ID}}
		}
		return []change.Change{change.AllowTransit{Spoke: v.ID, Hub: p.Remote}}
	},
}

// peering returns a side of a peering by its id, and the VNet that it is of.
func (c *Case) peering(id world.ID) (*world.VNet, *world.Peering, bool) {
	v, ok := c.World.VNet(id.Parent())
	if !ok {
		return nil, nil, false
	}
	for i := range v.Peerings {
		if v.Peerings[i].ID == id {
			return v, &v.Peerings[i], true
		}
	}
	return nil, nil, false
}

// connects tells whether both sides of a peering are connected and allow
// access, so that only the flags for gateways can be at fault.
func (c *Case) connects(v *world.VNet, p *world.Peering) bool {
	remote, ok := c.World.VNet(p.Remote)
	if !ok {
		return false
	}
	back, ok := remote.PeeringTo(v.ID)
	works := func(p *world.Peering) bool { return p.State == world.PeeringConnected && p.AllowAccess }
	return ok && works(p) && works(back)
}

// faultOf says what is wrong with a peering.
func (c *Case) faultOf(v *world.VNet, p *world.Peering) string {
	remote, read := c.World.VNet(p.Remote)
	back := false
	if read {
		_, back = remote.PeeringTo(v.ID)
	}
	switch {
	case read && !back:
		return fmt.Sprintf("%s has no side of it, and that of %s is %s", c.Name(p.Remote), v.Name(), p.State)
	case p.State != world.PeeringConnected:
		return fmt.Sprintf("the side of %s is %s", v.Name(), p.State)
	case !p.AllowAccess:
		return fmt.Sprintf("the side of %s does not allow access", v.Name())
	}
	return "its flags do not let traffic use the gateway"
}
