package route

import (
	"net/netip"
	"strings"

	"pldoctor/internal/world"
)

// A place is where a packet is, and the machine that sends it on from there.
// At most one of vnet, hub, site and clients is set; none, and the network is
// the internet or one that is not in the World.
type place struct {
	network world.ID
	vnet    *world.VNet
	subnet  *world.Subnet // of vnet; nil where it is not known
	hub     *world.Hub
	site    *world.Site
	clients *world.Gateway // the network of those connected to it, point to site
	// entering says that the packet came in through the gateway of vnet or hub.
	entering bool

	machine world.ID
	addr    netip.Addr // of machine
	public  netip.Addr // what the internet sees of it
}

// locate finds the place of an origin.
func locate(w *world.World, o Origin) place {
	p := place{network: o.Network, machine: o.Machine, addr: o.Addr, public: o.Public}
	switch n := w.Lookup(o.Network).(type) {
	case *world.VNet:
		p.vnet, p.subnet = n, subnetOf(n, o.Subnet)
	case *world.Hub:
		p.hub = n
	case *world.Site:
		p.site = n
	case *world.Gateway:
		p.clients = n
	}
	return p
}

func subnetOf(v *world.VNet, id world.ID) *world.Subnet {
	for i := range v.Subnets {
		if v.Subnets[i].ID == id {
			return &v.Subnets[i]
		}
	}
	return nil
}

// enter finds the place of a packet that comes into a network through a
// gateway: the gateway's subnet, whose routes then decide, or, for what is
// tunnelled out of Azure, the site.
func enter(w *world.World, network world.ID) place {
	p := locate(w, Origin{Network: network})
	if p.site != nil {
		p.public = egress(w, network, "")
		return p
	}
	p.entering = true
	if p.vnet != nil {
		p.subnet = gatewaySubnet(p.vnet)
	}
	return p
}

func gatewaySubnet(v *world.VNet) *world.Subnet {
	for i := range v.Subnets {
		if strings.EqualFold(v.Subnets[i].ID.Name(), "GatewaySubnet") {
			return &v.Subnets[i]
		}
	}
	return nil
}

// spot finds the place of a machine that has an address in a network.
func spot(w *world.World, network world.ID, a netip.Addr) place {
	p := locate(w, Origin{Network: network, Addr: a})
	if p.vnet != nil {
		if s, ok := p.vnet.SubnetOf(a); ok {
			p.subnet = s
		}
	}
	return p
}

// table is the route table of the packet's subnet, if there is one.
func (r router) table(at *place) (*world.RouteTable, bool) {
	if at.subnet == nil || at.subnet.RouteTable == "" {
		return nil, false
	}
	return r.w.RouteTable(at.subnet.RouteTable)
}

// Ranges that the internet does not carry: RFC 1918, RFC 6598, RFC 3927, and
// RFC 4193 and RFC 4291 of IPv6.
var (
	private = [...]netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
	}
)

// isPrivate tells whether the internet carries nothing to a.
func isPrivate(a netip.Addr) bool {
	_, ok := longest(private[:], a)
	return ok
}

// longest is the length of the longest prefix that covers a.
func longest(prefixes []netip.Prefix, a netip.Addr) (bits int, ok bool) {
	for _, p := range prefixes {
		if p.Contains(a) && (!ok || p.Bits() > bits) {
			bits, ok = p.Bits(), true
		}
	}
	return bits, ok
}
