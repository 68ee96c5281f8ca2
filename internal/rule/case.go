package rule

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A Door is one of the vault's private endpoints as the client finds it.
type Door struct {
	Endpoint  *world.Endpoint
	Addr      netip.Addr
	Effective bool            // the connection is approved and everything provisioned
	Connect   fact.ConnectHop // from the client, as predicted
}

// Reachable tells whether packets of the client get there.
func (d Door) Reachable() bool { return d.Connect.Outcome == fact.OK }

// An outlook is what doors depend on, and other things that are worked out once.
type outlook struct {
	world     *world.World
	vault     *world.Vault
	client    *world.Host
	predicted *fact.Observation
}

func (c *Case) outlook() outlook { return outlook{c.World, c.Resource, c.Client, c.Predicted} }

// Doors returns the vault's private endpoints, those that serve the client
// first: effective and reachable, then reachable or in the client's own VNet. They
// are found once and not to be changed.
func (c *Case) Doors() []Door {
	if c.World == nil || c.Resource == nil {
		return nil
	}
	if of := c.outlook(); c.doors.of != of {
		c.doors.of, c.doors.list = of, c.findDoors()
	}
	return c.doors.list
}

func (c *Case) findDoors() []Door {
	var doors []Door
	for e := range c.World.EndpointsOf(c.Resource.ID) {
		for _, addr := range e.Addresses[:min(1, len(e.Addresses))] {
			d := Door{Endpoint: e, Addr: addr, Effective: c.World.Effective(e)}
			if c.Predicted != nil {
				view, _ := c.Predicted.At(addr)
				d.Connect = view.Connect
			}
			doors = append(doors, d)
		}
	}
	slices.SortStableFunc(doors, func(a, b Door) int { return c.distance(a) - c.distance(b) })
	return doors
}

// distance orders doors by how near they are to serving the client.
func (c *Case) distance(d Door) int {
	switch {
	case d.Effective && d.Reachable():
		return 0
	case c.Client != nil && d.Endpoint.VNet() == c.World.Node(c.Client).Network:
		return 1
	case d.Connect.Reason != fact.NoPath:
		return 2
	}
	return 3
}

// Usable returns an endpoint that serves the client as things are.
func (c *Case) Usable() (Door, bool) {
	doors := c.Doors()
	if len(doors) == 0 || !doors[0].Effective || !doors[0].Reachable() {
		return Door{}, false
	}
	return doors[0], true
}

// Nearest returns the endpoint that would serve the client best, whatever
// stands in its way.
func (c *Case) Nearest() (Door, bool) {
	doors := c.Doors()
	if len(doors) == 0 {
		return Door{}, false
	}
	return doors[0], true
}

// IsEndpointAddress tells whether a is an address of some private endpoint of
// the vault. Without a configuration nobody knows.
func (c *Case) IsEndpointAddress(a netip.Addr) bool {
	return slices.ContainsFunc(c.Doors(), func(d Door) bool { return slices.Contains(d.Endpoint.Addresses, a) })
}

// EndpointsRead tells whether the configuration says which private endpoints the
// vault has.
func (c *Case) EndpointsRead() bool {
	_, unread := c.NotRead(endpointType)
	return !unread && c.Resource != nil
}

// AnswerPrivate tells whether the address that the client got is one that
// private link can be behind: an endpoint's, where the configuration is known,
// else one of a private range.
func (c *Case) AnswerPrivate() bool { return c.private(c.Journey.Answer) }

// private tells whether an answer is one that private link can be behind. A
// VNet may use public space: where the vault itself says that a request to the
// address came over private link, the address is private.
func (c *Case) private(a fact.AnswerHop) bool {
	if a.Outcome != fact.OK {
		return false
	}
	j := &c.Journey
	proven := j.Exchange.Conn == service.ConnPrivateLink && j.Connect.Addr == a.Addr
	return a.Class == fact.PrivateAddr || proven || c.IsEndpointAddress(a.Addr)
}

// ZoneVNet is the VNet whose Azure DNS decides what this client's resolver
// sees of private zones; "" where no Azure DNS takes part.
func (c *Case) ZoneVNet() world.ID {
	switch c.Journey.Answer.Reason {
	case fact.NoZoneLinked, fact.PublicRegistry, fact.NotRegistered, fact.FallenBack:
		if id := world.ID(c.Journey.Answer.By); c.isVNet(id) {
			return id
		}
	}
	if id := world.ID(c.Journey.Resolver.By); c.isVNet(id) {
		return id
	}
	return ""
}

func (c *Case) isVNet(id world.ID) bool {
	if c.World == nil {
		return false
	}
	_, ok := c.World.VNet(id)
	return ok
}

// RequiredZones returns the private DNS zones of the required name.
func (c *Case) RequiredZones() []*world.Zone {
	if c.World == nil {
		return nil
	}
	return slices.Collect(c.World.ZonesNamed(c.Service.Zone))
}

// BestZone returns the zone of the required name that fits the client best:
// one that holds a record of an endpoint of this vault that serves it, else one
// with any record of the vault, else any.
func (c *Case) BestZone() (*world.Zone, bool) {
	zones := c.RequiredZones()
	if len(zones) == 0 {
		return nil, false
	}
	score := func(z *world.Zone) int {
		r, ok := z.Record(c.Vault, world.TypeA)
		switch door, usable := c.Nearest(); {
		case ok && usable && slices.Contains(r.Addrs, door.Addr):
			return 0
		case ok:
			return 1
		}
		return 2
	}
	return slices.MinFunc(zones, func(a, b *world.Zone) int { return score(a) - score(b) }), true
}

// PublicCloud is Key Vault in the public cloud, whose names the documentation
// uses.
func PublicCloud() service.Service {
	s, _ := service.KeyVault("AzureCloud")
	return s
}

// NeedsWorld is the Result of a rule that judges the configuration when there
// is none.
func NeedsWorld() Result { return Unknown("the Azure configuration was not read") }

// NotRead returns an Unknown for a resource type, in lower case, that could
// not be read in full.
func (c *Case) NotRead(resourceType string) (Result, bool) {
	if c.World == nil {
		return NeedsWorld(), true
	}
	if id, elsewhere := c.ZoneElsewhere(); elsewhere && resourceType == zoneType {
		return Unknown(fmt.Sprintf("the zone %s, into which the vault's private endpoint writes its record, was not read", id)), true
	}
	if why, unread := c.Unread(resourceType); unread {
		return Unknown(resourceType + " could not be read: " + why), true
	}
	return Result{}, false
}

// ZoneElsewhere returns the private DNS zone into which a private endpoint of the
// vault writes its record, where that zone is in a subscription of which nothing
// was read: as a rule that of a central team.
func (c *Case) ZoneElsewhere() (world.ID, bool) {
	if c.World == nil || c.Resource == nil {
		return "", false
	}
	if of := c.outlook(); c.elsewhere.of != of {
		c.elsewhere.of, c.elsewhere.zone = of, c.findZoneElsewhere()
	}
	return c.elsewhere.zone, c.elsewhere.zone != ""
}

func (c *Case) findZoneElsewhere() world.ID {
	for e := range c.World.EndpointsOf(c.Resource.ID) {
		for _, id := range e.Zones {
			if _, read := c.World.Zone(id); !read && !c.readsFrom(id) {
				return id
			}
		}
	}
	return ""
}

// readsFrom tells whether anything was read of the subscription that an id is in.
func (c *Case) readsFrom(id world.ID) bool {
	subscription, _, ok := strings.Cut(strings.TrimPrefix(string(id), "/subscriptions/"), "/")
	return !ok || c.World.ReadsFrom(subscription)
}

// Name returns how a resource is called.
func (c *Case) Name(id world.ID) string {
	if c.World != nil {
		if r := c.World.Lookup(id); r != nil {
			return world.MetaOf(r).Name()
		}
	}
	return id.Name()
}
