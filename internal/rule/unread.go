package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// zoneGroups say who writes a record, and not what stands in it: where they
// were not read, the way of a request is known all the same.
const zoneGroups = endpointType + "/privatednszonegroups"

// scattered are the types of resources of which many stand in an estate that a
// request never meets: one that was not read matters only where it could.
var scattered = []string{vaultType, endpointType, zoneType, vnetType, nsgType, routesType, "microsoft.network/connections"}

// Unread tells whether resources of a type, given in lower case, were not read
// that could matter to this request, and why.
func (c *Case) Unread(resourceType string) (why string, unread bool) {
	if g, found := c.Gap(resourceType); found {
		return c.World.Gaps()[g].Why, true
	}
	if resourceType == vaultType {
		return c.Unseen()
	}
	return "", false
}

// Unseen tells whether the vault is in none of the subscriptions that were read,
// so that it may be in another one, and says so.
func (c *Case) Unseen() (why string, unseen bool) {
	if c.World == nil || c.Resource != nil || len(c.World.Horizon()) == 0 {
		return "", false
	}
	if n := len(c.World.Horizon()); n > 1 {
		return fmt.Sprintf("no vault %s is in the %d subscriptions that were read", c.Vault, n), true
	}
	return fmt.Sprintf("no vault %s is in the one subscription that was read", c.Vault), true
}

// Gap returns the place of the first of the World's gaps in which resources of
// some of the types, given in lower case, could be that matter to this request. Of
// a Case without a client, those are the resources around the vault; of one
// without a Resource, those around the client.
func (c *Case) Gap(types ...string) (place int, found bool) {
	var around []world.ID
	for i, g := range c.World.Gaps() {
		if g.Type == zoneGroups && !slices.Contains(types, zoneGroups) || !slices.ContainsFunc(types, g.Of) {
			continue
		}
		if g.Near == "" || !slices.ContainsFunc(scattered, g.Of) || c.named(g.Near) {
			return i, true
		}
		if around == nil {
			around = c.around()
		}
		for id := g.Near; id != ""; id = id.Parent() {
			if slices.Contains(around, id) {
				return i, true
			}
		}
	}
	return 0, false
}

// named tells whether an id is that of a private DNS zone, or in one, that a name
// of the request could be in, or that was meant to be such.
func (c *Case) named(id world.ID) bool {
	for id.Type() != zoneType {
		if id = id.Parent(); id == "" {
			return false
		}
	}
	domain, err := dnsname.Parse(id.Name())
	return err == nil && (near(domain, c.Service.Zone) || slices.ContainsFunc([]dnsname.Name{c.Host, c.Service.Zone, c.Service.Suffix, c.Service.Core}, func(n dnsname.Name) bool {
		return !n.IsZero() && n.Under(domain)
	}))
}

// around is nearby, found once.
func (c *Case) around() []world.ID {
	if of := c.outlook(); c.near.of != of {
		c.near.of, c.near.ids = of, c.nearby()
	}
	return c.near.ids
}

// nearby are the resources that the request could meet, read or not: the vault
// with its endpoints and their zones, their subnets and the client's, the VNets on
// the way between them, and what keeps the machines there from one another.
func (c *Case) nearby() []world.ID {
	ids := []world.ID{}
	if c.Resource != nil {
		ids = append(ids, c.Resource.ID)
		for i := range c.Resource.Connections {
			ids = append(ids, c.Resource.Connections[i].Endpoint)
		}
		for e := range c.World.EndpointsOf(c.Resource.ID) {
			ids = append(append(ids, e.ID, e.VNet()), e.Zones...)
			ids = append(ids, c.guards(e.Subnet)...)
			ids = append(ids, c.neighbours(e.VNet())...)
		}
	}
	if c.Client == nil {
		return ids
	}
	own := c.World.Node(c.Client)
	ids = append(append(ids, own.Network), c.guards(own.Subnet)...)
	ids = append(ids, c.servers(c.World.Nameservers(c.Client), maxServers)...)
	if s, ok := c.World.Site(own.Network); ok {
		for _, id := range s.ConnectedTo {
			ids = append(append(ids, id), c.neighbours(id)...)
		}
	}
	if g, ok := c.World.Gateway(own.Network); ok {
		ids = append(append(ids, g.VNet), c.neighbours(g.VNet)...)
	}
	if !c.adjacent() {
		ids = append(ids, c.neighbours(own.Network)...)
	}
	return ids
}

// neighbours are the VNets that one is peered with, and the guards of the machines
// in those and in itself.
func (c *Case) neighbours(vnet world.ID) []world.ID {
	ids := c.shields(vnet)
	if v, ok := c.World.VNet(vnet); ok {
		for i := range v.Peerings {
			ids = append(append(ids, v.Peerings[i].Remote), c.shields(v.Peerings[i].Remote)...)
		}
	}
	return ids
}

// shields are the guards of a VNet's subnets, if it is one that carries packets
// between others, or something in it serves those.
func (c *Case) shields(vnet world.ID) (ids []world.ID) {
	v, ok := c.World.VNet(vnet)
	if !ok || len(v.Peerings) < 2 && !c.serves(vnet) {
		return nil
	}
	for i := range v.Subnets {
		ids = append(ids, v.Subnets[i].NSG, v.Subnets[i].RouteTable)
	}
	return ids
}

// serves tells whether there is a gateway, a firewall or a Private Resolver in a
// VNet.
func (c *Case) serves(vnet world.ID) bool {
	if _, ok := c.World.GatewayIn(vnet); ok {
		return true
	}
	for r := range c.World.MayAnswer() {
		f, firewall := r.(*world.Firewall)
		p, resolver := r.(*world.Resolver)
		if firewall && f.VNet == vnet || resolver && p.VNet == vnet {
			return true
		}
	}
	return false
}

// maxServers bounds how many DNS servers in a row are looked for.
const maxServers = 3

// servers are the VNets of DNS servers and of those that these are handed, and
// the guards of their subnets.
func (c *Case) servers(addrs []netip.Addr, depth int) (ids []world.ID) {
	if depth == 0 {
		return nil
	}
	for _, a := range addrs {
		if a == world.AzureDNS {
			continue
		}
		for v := range c.World.VNets() {
			if !v.Holds(a) {
				continue
			}
			ids = append(ids, v.ID)
			if s, ok := v.SubnetOf(a); ok {
				ids = append(ids, c.guards(s.ID)...)
			}
			if !slices.Contains(v.DNSServers, a) {
				ids = append(ids, c.servers(v.DNSServers, depth-1)...)
			}
		}
	}
	return ids
}

// guards are what a subnet says about packets.
func (c *Case) guards(subnet world.ID) []world.ID {
	if s, _, ok := c.World.Subnet(subnet); ok {
		return []world.ID{s.NSG, s.RouteTable}
	}
	return nil
}

// adjacent tells whether an endpoint of the vault adjoins the client.
func (c *Case) adjacent() bool {
	if c.Resource == nil {
		return false
	}
	adjoining := c.Adjoining()
	for e := range c.World.EndpointsOf(c.Resource.ID) {
		if slices.Contains(adjoining, e.VNet()) {
			return true
		}
	}
	return false
}

// Adjoining are the client's VNet and those that it is peered with, where it asks
// Azure DNS itself: with an endpoint of the vault in one of them, VNets further
// off do not matter.
func (c *Case) Adjoining() []world.ID {
	v, ok := c.World.VNet(c.World.Node(c.Client).Network)
	if !ok || len(v.DNSServers) > 0 {
		return nil
	}
	ids := []world.ID{v.ID}
	for i := range v.Peerings {
		ids = append(ids, v.Peerings[i].Remote)
	}
	return ids
}

// unforeseen is the Result of a rule that goes by who decided the answer, where
// nothing could be predicted: then nobody knows.
func (c *Case) unforeseen() (Result, bool) {
	a := c.Journey.Answer
	if c.Predicted != nil || a.Reason != "" || c.private(a) {
		return Result{}, false
	}
	return Unknown("whose Azure DNS answers this client, if any, is not known"), true
}
