package rule

import (
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/world"
)

// subnet is where the client's packets start, if that is in a VNet.
func (s Site) subnet() (*world.Subnet, bool) { return subnetOf(s.World, s.Client) }

// via returns the changes that lead the packets of the client's subnet to the
// vault's endpoint through a machine at an address.
func (s Site) via(hop world.NextHop, machine netip.Addr) []change.Change {
	subnet, ok := s.subnet()
	door, effective := s.Door()
	if !ok || !effective {
		return nil
	}
	var steps []change.Change
	table := subnet.RouteTable
	if table == "" {
		table = change.RouteTableFor(s.World, subnet.ID)
		steps = append(steps, change.AttachRouteTable{Table: table, Subnet: subnet.ID})
	}
	to := door.Addresses[0]
	return append(steps, change.SetRoute{Table: table, Prefix: netip.PrefixFrom(to, to.BitLen()), Hop: hop, Address: machine})
}

// besides is a free address for a machine that the client's packets go through:
// in the endpoint's VNet where the client's is peered with it, else in the
// client's own; not in the client's own subnet, whose routes would hold for the
// machine too, nor in one that takes no machines.
func (s Site) besides() (vnet, subnet world.ID, addr netip.Addr, ok bool) {
	door, found := s.Door()
	own, inVNet := s.subnet()
	if !found || !inVNet {
		return "", "", netip.Addr{}, false
	}
	home := own.ID.Parent()
	for _, id := range [...]world.ID{door.VNet(), home} {
		v, found := s.World.VNet(id)
		if !found || id != home && !s.peered(home, v) {
			continue
		}
		for i := range v.Subnets {
			if v.Subnets[i].ID == own.ID || !takesMachines(&v.Subnets[i]) {
				continue
			}
			if addr, ok := change.FreeAddress(s.World, v.Subnets[i].ID); ok {
				return v.ID, v.Subnets[i].ID, addr, true
			}
		}
	}
	return "", "", netip.Addr{}, false
}

func (s Site) peered(home world.ID, with *world.VNet) bool {
	v, ok := s.World.VNet(home)
	if !ok {
		return false
	}
	_, out := v.PeeringTo(with.ID)
	_, back := with.PeeringTo(home)
	return out && back
}

// confined tells whether the client's packets to the internet are kept back: by
// a security group, or by a route that leads elsewhere.
func (s Site) confined() bool {
	subnet, ok := s.subnet()
	if !ok {
		return false
	}
	if group, ok := s.World.NSG(subnet.NSG); ok && slices.ContainsFunc(group.Rules, func(r world.NSGRule) bool {
		return !r.Inbound && !r.Allow && (slices.Contains(r.Destinations, "Internet") || slices.Contains(r.Destinations, "*"))
	}) {
		return true
	}
	table, ok := s.World.RouteTable(subnet.RouteTable)
	if !ok {
		return false
	}
	fw, inspected := s.firewall()
	return slices.ContainsFunc(table.Routes, func(r world.Route) bool {
		return r.Prefix.IsValid() && r.Prefix.Bits() == 0 && r.Hop != world.HopInternet && (!inspected || !fw.AllowAll)
	})
}

// throughAppliance is a Break in which the client's packets go through an
// appliance that does something to them; one that stands on the way already is
// given to spoil instead.
func (s Site) throughAppliance(role world.ForwardRole, spoil func(world.ID) change.Change) []Break {
	var breaks []Break
	for h := range s.World.Hosts() {
		if h.Forward != nil {
			breaks = append(breaks, Break{spoil(h.ID)})
		}
	}
	vnet, subnet, addr, ok := s.besides()
	if len(breaks) > 0 || !ok {
		return breaks
	}
	b := Break{change.AddAppliance{Name: "added-appliance", VNet: vnet, Subnet: subnet, Addr: addr, Role: role}}
	return some(append(b, s.via(world.HopAppliance, addr)...))
}

// throughFirewall is a Break in which the client's packets go through an Azure
// Firewall; one that stands already is given to spoil instead.
func (s Site) throughFirewall(allowAll, snat bool, spoil func(world.ID) change.Change) []Break {
	if f, ok := s.firewall(); ok {
		if b := (Break{spoil(f.ID)}); change.Apply(s.World, b...) != s.World {
			return []Break{b}
		}
		return nil
	}
	vnet, _, addr, ok := s.besides()
	if !ok {
		return nil
	}
	b := Break{change.AddFirewall{VNet: vnet, Addr: addr, AllowAll: allowAll, SNAT: snat}}
	return some(append(b, s.via(world.HopAppliance, addr)...))
}

// firewall is the Azure Firewall that the client's route table names.
func (s Site) firewall() (*world.Firewall, bool) {
	subnet, ok := s.subnet()
	if !ok {
		return nil, false
	}
	table, ok := s.World.RouteTable(subnet.RouteTable)
	if !ok {
		return nil, false
	}
	for _, r := range table.Routes {
		for v := range s.World.VNets() {
			if f, ok := s.World.FirewallAt(v.ID, r.Address); ok {
				return f, true
			}
		}
	}
	return nil, false
}

// proxy is the explicit proxy that the client uses.
func (s Site) proxy() (*world.Host, bool) {
	return change.ProxyOf(s.World, s.Client, s.hostname())
}

// somewhere is a proxy on the internet, in a range that RFC 5737 keeps for
// examples.
var somewhere = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, 80}), 3128)

// outside is an address of a machine on the internet, of the same range.
var outside = netip.AddrFrom4([4]byte{203, 0, 113, 57})
