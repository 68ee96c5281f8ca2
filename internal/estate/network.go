package estate

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// A region is a hub, its spokes, and how things are done there.
type region struct {
	index    int
	location string
	hub      *network
	spokes   []*network
	style    style
	// routed says that a firewall in the hub, which translates sources, takes
	// what the spokes have no peering for.
	routed   bool
	firewall netip.Addr
	gateway  bool
	sites    []*world.Site
	clients  *world.Gateway // whose address pool point-to-site clients are in
	zone     *world.Zone
	resolver netip.Addr // answers the questions of all; none where Azure DNS does
	entry    netip.Addr // answers those from outside Azure
	outside  int        // clients outside Azure
}

// A network is a VNet that is being made.
type network struct {
	vnet         *world.VNet
	region       *region
	subscription int
	group        string
	used         map[string]int // addresses given out, by subnet
	closed       bool           // requests do not get to the internet
	serves       bool           // a service endpoint for Key Vault
}

func (n *network) isHub() bool { return n == n.region.hub }

// plan is where subnets lie in a VNet's 4,096 addresses, and their lengths.
var plan = map[string]struct{ offset, bits int }{
	"servers":             {0, 24},
	"apps":                {256, 24},
	"AzureFirewallSubnet": {512, 26},
	"GatewaySubnet":       {576, 27},
	"resolver-in":         {640, 28},
	"resolver-out":        {656, 28},
	"integration":         {704, 26},
	"endpoints":           {2048, 21},
}

const vnetBits = 20

// after is the address so many after a.
func after(a netip.Addr, n int) netip.Addr {
	b := a.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	v += uint32(n)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

func (n *network) meta(kind, name string) world.Meta {
	return meta(n.subscription, n.group, kind, name)
}

// subnet returns a subnet, made when it is first asked for.
func (n *network) subnet(name string) *world.Subnet {
	for i := range n.vnet.Subnets {
		if n.vnet.Subnets[i].Name() == name {
			return &n.vnet.Subnets[i]
		}
	}
	p := netip.PrefixFrom(after(n.vnet.Prefixes[0].Addr(), plan[name].offset), plan[name].bits)
	n.vnet.Subnets = append(n.vnet.Subnets, world.Subnet{Meta: world.At(n.vnet.Path + "/subnets/" + name), Prefixes: []netip.Prefix{p}})
	return &n.vnet.Subnets[len(n.vnet.Subnets)-1]
}

// reserved is how many addresses Azure keeps at the start of a subnet
// (learn.microsoft.com/azure/virtual-network/virtual-networks-faq).
const reserved = 4

// address gives the next address of a subnet out.
func (n *network) address(subnet string) netip.Addr {
	s := n.subnet(subnet)
	n.used[subnet]++
	return after(s.Prefixes[0].Addr(), reserved+n.used[subnet]-1)
}

// room is how many addresses a subnet has left.
func (n *network) room(subnet string) int {
	return 1<<(32-plan[subnet].bits) - reserved - 1 - n.used[subnet]
}

var locations = map[string][]string{
	"AzureCloud":        {"eastus", "westeurope", "japaneast", "canadacentral", "northeurope", "australiaeast"},
	"AzureUSGovernment": {"usgovvirginia", "usgovarizona", "usgovtexas"},
	"AzureChinaCloud":   {"chinaeast2", "chinanorth3", "chinaeast3"},
}

// regions decides how many regions there are and how each works.
func (b *builder) regions() {
	places := locations[b.service.Cloud.Name]
	for i := range b.size.Regions {
		r := &region{index: i, location: places[i%len(places)], style: style(b.below(int(styles)))}
		r.routed = r.style == firewallProxy || b.percent(35)
		b.links.regions = append(b.links.regions, r)
	}
}

// networks makes the VNets and peers them.
func (b *builder) networks() {
	regions := b.links.regions
	for _, r := range regions {
		r.hub = b.network(r, fmt.Sprintf("hub-%d", r.index+1), 1)
		r.hub.subnet("servers")
	}
	for i := range b.size.Spokes {
		r := regions[i%len(regions)]
		n := b.network(r, fmt.Sprintf("spoke-%d-%d", r.index+1, len(r.spokes)+1), 2+i%40)
		r.spokes = append(r.spokes, n)
		peer(r.hub, n)
	}
	b.links.meshed = len(regions) <= fewRegions
	for i, r := range regions {
		for _, other := range regions[:i] {
			if b.links.meshed {
				peer(r.hub, other.hub)
			}
		}
		if r.routed || r.style == firewallProxy {
			b.inspect(r)
		}
		for _, n := range r.spokes {
			b.guard(n)
		}
	}
}

func (b *builder) network(r *region, name string, subscription int) *network {
	n := &network{region: r, subscription: subscription, group: "rg-" + name, used: make(map[string]int)}
	start := after(b.base.Addr(), len(b.all)<<(32-vnetBits))
	n.vnet = &world.VNet{
		Meta: n.meta("Microsoft.Network/virtualNetworks", name), Location: r.location,
		Prefixes: []netip.Prefix{netip.PrefixFrom(start, vnetBits)},
	}
	b.all = append(b.all, n)
	n.subnet("apps")
	n.subnet("endpoints")
	return n
}

// peer peers two VNets, both ways.
func peer(a, b *network) {
	for _, side := range [][2]*network{{a, b}, {b, a}} {
		from, to := side[0].vnet, side[1].vnet
		from.Peerings = append(from.Peerings, world.Peering{
			Meta: world.At(from.Path + "/virtualNetworkPeerings/to-" + to.Name()), Remote: to.ID,
			State: world.PeeringConnected, AllowAccess: true, AllowForwarded: true,
		})
	}
}

// gateways connects the sites, and point-to-site clients of some hubs.
func (b *builder) gateways() {
	regions := b.links.regions
	for i := range b.size.Sites {
		r := regions[i%len(regions)]
		name, prefix := fmt.Sprintf("office-%d", i+1), netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(i % 128), 0}), 24)
		site := &world.Site{
			Meta: world.Meta{ID: world.SiteID(name), Path: name}, Prefixes: []netip.Prefix{prefix},
			ConnectedTo: []world.ID{r.hub.vnet.ID}, Nameservers: []netip.Addr{after(prefix.Addr(), 10)},
			PublicAddress: netip.AddrFrom4([4]byte{198, 51, 100, byte(100 + i%128)}),
		}
		r.sites = append(r.sites, site)
		b.put(site)
	}
	for _, r := range regions {
		if len(r.sites) > 0 {
			b.gateway(r, "er", pick(b.dice, "ExpressRoute", "Vpn"))
		}
		if b.percent(30) {
			r.clients = b.gateway(r, "p2s", "Vpn")
			r.clients.Pool = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(128 + r.index%128), 0}), 24)}
		}
	}
}

// gateway puts a gateway into a region's hub and lets the spokes use it.
func (b *builder) gateway(r *region, name, kind string) *world.Gateway {
	r.gateway = true
	r.hub.subnet("GatewaySubnet")
	g := &world.Gateway{Meta: r.hub.meta("Microsoft.Network/virtualNetworkGateways", fmt.Sprintf("gw-%s-%d", name, r.index+1)), VNet: r.hub.vnet.ID, Kind: kind}
	b.put(g)
	for i := range r.hub.vnet.Peerings {
		r.hub.vnet.Peerings[i].AllowGateway = true
	}
	for _, n := range r.spokes {
		n.vnet.Peerings[0].UseRemoteGateways = true // a spoke's first peering is that with its hub
	}
	return g
}
