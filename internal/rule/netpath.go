package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// noWay says why nothing leads to the doors.
func (c *Case) noWay(doors []Door) string {
	var nets []string
	for _, d := range doors {
		if name := c.Name(d.Endpoint.VNet()); !slices.Contains(nets, name) {
			nets = append(nets, name)
		}
	}
	text := fmt.Sprintf("%s runs in %s, and no peering, VPN, ExpressRoute or virtual hub leads from there to %s, where the private endpoints of %s are",
		c.who(), c.place(), listed(nets), c.Vault)
	if ours, theirs, ok := change.Overlap(c.World, c.home(), doors[0].Endpoint.VNet()); ok {
		return text + fmt.Sprintf("; their address spaces overlap (%s and %s), so Azure does not peer them", ours, theirs)
	}
	if hub, ok := c.between(doors[0].Endpoint.VNet()); ok {
		text += fmt.Sprintf("; both are peered with %s, but peering is not transitive", c.Name(hub))
	}
	return text
}

// between finds a VNet that is peered with the client's and with another.
func (c *Case) between(other world.ID) (world.ID, bool) {
	home, ok := c.World.VNet(c.home())
	if !ok {
		return "", false
	}
	for _, p := range home.Peerings {
		hub, ok := c.World.VNet(p.Remote)
		if !ok {
			continue
		}
		if _, also := hub.PeeringTo(other); also {
			return hub.ID, true
		}
	}
	return "", false
}

// bestFarDoor is the endpoint to make a way to: one that works, if there is one.
func (c *Case) bestFarDoor() (Door, bool) {
	doors := c.Doors()
	if i := slices.IndexFunc(doors, func(d Door) bool { return d.Effective }); i >= 0 {
		return doors[i], true
	}
	return c.Nearest()
}

// connect makes a way from the client's VNet to a door: through the firewall of a
// hub, where that is how spokes reach one another; else by a peering; and where
// the address spaces overlap, by another door in the client's own VNet.
func (c *Case) connect(door Door) []change.Change {
	if _, _, overlap := change.Overlap(c.World, c.home(), door.Endpoint.VNet()); overlap {
		return c.doorOfItsOwn()
	}
	if f, ok := c.firewallBetween(door); ok {
		return append(c.routeThrough(f, door.Addr), c.linkMissing()...)
	}
	return append([]change.Change{change.Peer{A: c.home(), B: door.Endpoint.VNet()}}, c.linkMissing()...)
}

// firewallBetween finds a firewall in a VNet that is peered with the client's and
// with the door's, and through which replies come back: it translates the source.
func (c *Case) firewallBetween(door Door) (*world.Firewall, bool) {
	hub, ok := c.between(door.Endpoint.VNet())
	if !ok {
		return nil, false
	}
	for f := range c.World.Firewalls() {
		if f.VNet == hub && f.Address.IsValid() && !f.Keeps(door.Addr) {
			return f, true
		}
	}
	return nil, false
}

// routeThrough leads what the client's subnet sends to an address through a
// firewall, which lets it pass.
func (c *Case) routeThrough(f *world.Firewall, to netip.Addr) []change.Change {
	subnet, ok := c.homeSubnet()
	if !ok {
		return nil
	}
	steps := c.letPass(f, to)
	table := subnet.RouteTable
	if table == "" {
		table = change.RouteTableFor(c.World, subnet.ID)
		steps = append(steps, change.AttachRouteTable{Table: table, Subnet: subnet.ID})
	}
	return append(steps, change.SetRoute{Table: table, Prefix: netip.PrefixFrom(to, to.BitLen()), Hop: world.HopAppliance, Address: f.Address})
}

// letPass lets a firewall pass HTTPS from the client's range to an address, where it
// does not yet.
func (c *Case) letPass(f *world.Firewall, to netip.Addr) []change.Change {
	allow := change.AllowInspected{Machine: f.ID, To: to, From: c.ownRange()}
	if allow.Stands(c.World) {
		return nil
	}
	return []change.Change{allow}
}

// doorOfItsOwn creates a private endpoint in the client's VNet, with a zone apart:
// one zone holds one record of the vault, and the other VNets need theirs. Where
// another VNet's Azure DNS answers the client, no zone is the client's alone.
func (c *Case) doorOfItsOwn() []change.Change {
	home, like := c.home(), (*world.Zone)(nil)
	v, ok := c.World.VNet(home)
	if z, linked := c.linked(home); linked {
		like = z
	} else if z, best := c.BestZone(); best {
		like = z
	}
	if !ok || like == nil || c.asked() != home {
		return nil
	}
	subnet, ok := c.Room(v, ForEndpoints)
	if !ok {
		return nil
	}
	second := change.SecondZone{Like: like.ID, For: home, WithRecords: true, Except: c.Vault}
	id := second.ID(c.World)
	steps := []change.Change{second, change.CreateEndpoint{Vault: c.Resource.ID, Subnet: subnet, Zones: []world.ID{id}, Name: c.freeName()}}
	if _, linked := like.LinkTo(home); linked {
		return append(steps, change.MoveLink{From: like.ID, To: id, VNet: home})
	}
	return append(steps, change.LinkZone{Zone: id, VNet: home})
}

// linkMissing links the zone where the answer was lost for want of a link.
func (c *Case) linkMissing() []change.Change {
	vnet, zone := c.ZoneVNet(), (*world.Zone)(nil)
	if z, ok := c.BestZone(); ok {
		zone = z
	}
	if zone == nil || vnet == "" || c.Journey.Answer.Reason != fact.NoZoneLinked {
		return nil
	}
	return []change.Change{change.LinkZone{Zone: zone.ID, VNet: vnet}}
}
