package rule

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL101: nothing leads from the client's network to an endpoint. It comes before
// DNS: a private address would not help this client.
var pl101 = &Rule{
	Code: "PL101", Slug: "client-outside", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageName, Weight: 4,
	Title: "this client is in no network that holds, peers with or connects to one with an endpoint of this vault",
	Doc: Doc{
		Symptom: "From the internet the name resolves to a public address, and the vault refuses with 403 `ForbiddenByConnection` or `ForbiddenByFirewall`. From another VNet it may resolve to the endpoint's private address, and connections then time out.",
		Cause:   "A private endpoint has an address in one VNet. Only machines in that VNet, in VNets peered with it directly, and in networks connected to it by VPN, ExpressRoute or Virtual WAN get there. Peering is not transitive: two spokes of one hub do not see each other. VNets whose address spaces overlap can't be peered at all; packets to the endpoint then stay in the client's own VNet.",
		Apart:   "With PL808 a peering exists, and its state or flags are wrong. With PL820 an App Service app is not integrated with its VNet, with PL102 the platform connects from networks of its own. Where the name resolves to a public address, a missing zone or link looks the same: see PL502; there the path exists, and only the name leads elsewhere. Where connections time out, a closed path looks the same: see PL706. Where only a DNS server is asked over there, its silence is seen first (PL505). A proxy over there can't be reached either: with PL819 it is the proxy that fails, and other machines in the same place get to the endpoint.",
		Fix:     "Whoever manages the networks runs the client in one that reaches the endpoint, connects the client's network to the endpoint's VNet (peering, VPN, ExpressRoute), routes through a hub's firewall that translates the source, or creates another private endpoint for the vault in the client's own VNet: the one way where address spaces overlap. That endpoint needs a private DNS zone apart, since a zone holds one record of the vault. In a VNet that is new to it the zone has to be linked as well.",
		Verify: []string{
			"nc -vz -w 5 <address-of-the-endpoint> 443   # from the client: a time-out, if nothing leads there",
			"az network vnet peering list --resource-group <group> --vnet-name <vnet> --query \"[].{remote:remoteVirtualNetwork.id, state:peeringState}\" --output table",
			"az network nic show-effective-route-table --resource-group <group> --name <nic> --output table   # the endpoint's address is under no next hop but Internet or None",
		},
		Article: "1, Confirm that your client runs at the virtual network",
		Errata:  "The article wants the client in the VNet that holds the endpoint, and mentions peering in one line. Networks connected to that VNet will do; those beyond a peered one will not.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-overview",
		},
	},
	Eval: func(c *Case) Result {
		switch {
		case c.arrives():
			return Pass("requests arrive over private link")
		case c.Journey.Verdict() == fact.ServiceEndpoint:
			return NotApplicable("requests arrive through a service endpoint of the client's own subnet")
		case c.onForeignGround():
			return NotApplicable("the platform that the client runs on makes the connection")
		case c.Client != nil && c.Client.Proxy != nil:
			return NotApplicable("it is about the client's place, not its proxy's")
		case c.proxyReached():
			return NotApplicable("the proxy connects in the client's place, and is reached")
		}
		if r, unread := c.NotRead(vnetType); unread {
			return r
		}
		if r, judged := c.strange(); judged {
			return r
		}
		doors := c.Doors()
		switch {
		case c.Predicted == nil:
			return Unknown("where this client stands in the configuration is not known")
		case len(doors) == 0:
			return NotApplicable("no private endpoint of this vault is known")
		}
		if i := slices.IndexFunc(doors, c.connected); i >= 0 {
			return Pass("a path leads from " + c.place() + " to the private endpoint " + doors[i].Endpoint.Name())
		}
		return Fail(c.noWay(doors), c.whereDoorsAre(doors)...)
	},
	Breaks: func(s Site) []Break {
		breaks := []Break{
			{change.MoveHost{Host: s.Client.ID, Network: world.Internet, Addr: outside}},
			{change.TakeHome{Host: s.Client.ID}},
		}
		door, ok := s.Door()
		home, inVNet := s.vnet()
		subnet, _ := s.subnet()
		routed := subnet != nil && subnet.RouteTable != "" // the packets would still go to its next hop
		if ok && inVNet && !routed && home.ID != door.VNet() {
			breaks = append(breaks, Break{change.Unpeer{A: home.ID, B: door.VNet()}})
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		door, ok := c.bestFarDoor()
		if !ok {
			return c.requestEndpoint()
		}
		if c.isVNet(c.home()) {
			return c.connect(door)
		}
		subnet, ok := c.placeFor(door)
		if !ok {
			return nil
		}
		return []change.Change{change.MoveHost{Host: c.Client.ID, Network: subnet.Parent(), Subnet: subnet}}
	},
}

// placeFor is a subnet for the client from which it reaches a door, or its proxy,
// which does so for it.
func (c *Case) placeFor(door Door) (world.ID, bool) {
	if at, err := netip.ParseAddrPort(c.Journey.Proxy.Server); err == nil {
		if proxy, ok := (Site{World: c.World}).Server(at.Addr()); ok && c.isVNet(proxy.Network) {
			return c.placeNear(proxy.Network)
		}
	}
	return c.placeNear(door.Endpoint.VNet())
}

// placeNear is a subnet for a machine that uses an endpoint in a VNet: there or
// in a peered one, and rather in one whose resolver sees the zone.
func (c *Case) placeNear(vnet world.ID) (world.ID, bool) {
	v, ok := c.World.VNet(vnet)
	if !ok {
		return "", false
	}
	near := []world.ID{vnet}
	for _, p := range v.Peerings {
		near = append(near, p.Remote)
	}
	var found world.ID
	for _, id := range near {
		at, read := c.World.VNet(id)
		if !read {
			continue
		}
		subnet, ok := c.Room(at, ForMachines)
		if !ok {
			continue
		}
		if _, linked := c.linked(id); linked || len(at.DNSServers) > 0 {
			return subnet, true
		}
		if found == "" {
			found = subnet
		}
	}
	return found, found != ""
}

// onForeignGround tells whether the client's platform connects outside the
// customer's networks: rules of their own say so.
func (c *Case) onForeignGround() bool {
	runs := c.runs()
	cutOff := c.Client != nil && (c.Client.Integrated == world.No || c.home() == world.Internet)
	return onPlatform(runs) && !c.isVNet(c.home()) || onAppService(runs) && cutOff
}

// connected tells whether some path leads to a door, whatever stands in it.
func (c *Case) connected(d Door) bool {
	if c.Seen != nil {
		if v, ok := c.Seen.At(d.Addr); ok && v.Connect.Outcome == fact.OK {
			return true
		}
	}
	switch d.Connect.Reason {
	case fact.NoPath, fact.NobodyThere: // the packets stayed in a network that has the same addresses
		return false
	case fact.ByRoute, fact.ByNSG, fact.ByFirewall: // before it comes to light that nothing leads on
		return !c.apart(d.Endpoint.VNet())
	}
	return true
}

// outside tells whether the vault has endpoints and no path leads to any.
func (c *Case) outside() bool {
	return len(c.Doors()) > 0 && !slices.ContainsFunc(c.Doors(), c.connected)
}

// apart tells whether the client's VNet is another one than a VNet and neither
// peered with it nor with what it is connected to.
func (c *Case) apart(vnet world.ID) bool {
	home, ok := c.World.VNet(c.home())
	if !ok || home.ID == vnet {
		return false
	}
	if _, hub := c.World.HubOf(home.ID); hub {
		return false
	}
	_, ours := home.PeeringTo(vnet)
	_, between := c.between(vnet)
	return !ours && !between
}

func listed(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

func (c *Case) whereDoorsAre(doors []Door) []Evidence {
	var ev []Evidence
	for _, d := range doors {
		ev = append(ev, read(d.Endpoint.Path, "has the address %s in the VNet %s", d.Addr, c.Name(d.Endpoint.VNet())))
	}
	return ev
}
