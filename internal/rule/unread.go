package rule

import (
	"fmt"
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
	for _, g := range c.World.Gaps() {
		if g.Type != zoneGroups && g.Of(resourceType) && c.concerns(g) {
			return g.Why, true
		}
	}
	if n := len(c.World.Horizon()); resourceType == vaultType && c.Resource == nil && n > 0 {
		return fmt.Sprintf("no vault %s is in the %d subscriptions that were read", c.Vault, n), true
	}
	return "", false
}

// concerns tells whether a gap is where the request could come by.
func (c *Case) concerns(g world.Gap) bool {
	if g.Near == "" || !slices.ContainsFunc(scattered, g.Of) {
		return true
	}
	near := c.nearby()
	for id := g.Near; id != ""; id = id.Parent() {
		if slices.Contains(near, id) {
			return true
		}
	}
	return false
}

// nearby are the resources that the request could meet, read or not: the vault
// with its endpoints and their zones, the zones of the vault's names, their
// subnets and the client's, and the VNets on the way between them.
func (c *Case) nearby() []world.ID {
	var ids []world.ID
	if c.Resource != nil {
		ids = append(ids, c.Resource.ID)
		for i := range c.Resource.Connections {
			ids = append(ids, c.Resource.Connections[i].Endpoint)
		}
		for e := range c.World.EndpointsOf(c.Resource.ID) {
			ids = append(append(ids, e.ID, e.VNet()), e.Zones...)
			ids = append(ids, c.guards(e.Subnet)...)
		}
	}
	for _, name := range [...]dnsname.Name{c.Host, c.Service.Zone, c.Service.Suffix} {
		for ; !name.IsZero(); name = name.Parent() {
			for z := range c.World.ZonesNamed(name) {
				ids = append(ids, z.ID)
			}
		}
	}
	if c.Client == nil {
		return ids
	}
	own := c.World.Node(c.Client)
	ids = append(append(ids, own.Network), c.guards(own.Subnet)...)
	if v, ok := c.World.VNet(own.Network); ok && !c.adjacent(v) {
		for i := range v.Peerings {
			ids = append(ids, v.Peerings[i].Remote)
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

// adjacent tells whether a VNet asks Azure DNS itself and an endpoint of the
// vault is in it or in one that it is peered with: VNets further off do not
// matter then.
func (c *Case) adjacent(v *world.VNet) bool {
	if len(v.DNSServers) > 0 || c.Resource == nil {
		return false
	}
	for e := range c.World.EndpointsOf(c.Resource.ID) {
		if _, peered := v.PeeringTo(e.VNet()); peered || e.VNet() == v.ID {
			return true
		}
	}
	return false
}
