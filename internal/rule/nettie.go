package rule

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A tie is one private endpoint connection of the vault, from both ends.
type tie struct {
	endpoint   *world.Endpoint   // nil where it was not read
	connection *world.Connection // nil where the vault has none any more
	reach      fact.Reason       // why the client's packets do not get to the endpoint
}

// status is the vault's word: it decides.
func (t tie) status() world.ConnectionStatus {
	if t.connection == nil {
		return world.Disconnected
	}
	return t.connection.Status
}

// provisioning is the state of the end that is not in order.
func (t tie) provisioning() string {
	if t.connection != nil && t.connection.Provisioning != world.Succeeded || t.endpoint == nil {
		return t.connection.Provisioning
	}
	return t.endpoint.Provisioning
}

func (t tie) effective() bool {
	return t.status() == world.Approved && t.provisioning() == world.Succeeded
}

func (t tie) name() string {
	if t.endpoint != nil {
		return t.endpoint.Name()
	}
	return world.At(t.connection.EndpointPath).Name()
}

func (t tie) id() world.ID {
	if t.endpoint != nil {
		return t.endpoint.ID
	}
	return t.connection.Endpoint
}

// evidence is what both ends say.
func (t tie) evidence() []Evidence {
	var ev []Evidence
	if t.connection != nil {
		ev = append(ev, read(t.connection.Path, "connection state %s, provisioning state %s", t.connection.Status, t.connection.Provisioning))
	}
	if t.endpoint != nil {
		ev = append(ev, read(t.endpoint.Path, "connection state %s, provisioning state %s", t.endpoint.Status, t.endpoint.Provisioning))
	}
	return ev
}

// ties returns the vault's connections, those of the endpoints nearest to the
// client first. They are found once and not to be changed.
func (c *Case) ties() []tie {
	if of := c.outlook(); c.tied.of != of {
		c.tied.of, c.tied.list = of, c.findTies()
	}
	return c.tied.list
}

func (c *Case) findTies() []tie {
	var ties []tie
	add := func(e *world.Endpoint, reach fact.Reason) {
		if !slices.ContainsFunc(ties, func(t tie) bool { return t.endpoint == e }) {
			connection, _ := c.Resource.ConnectionOf(e.ID)
			ties = append(ties, tie{e, connection, reach})
		}
	}
	for _, d := range c.Doors() {
		add(d.Endpoint, d.Connect.Reason)
	}
	for e := range c.World.EndpointsOf(c.Resource.ID) { // those without an address too
		add(e, fact.NoReason)
	}
	for i := range c.Resource.Connections {
		connection := &c.Resource.Connections[i]
		if _, known := c.World.Endpoint(connection.Endpoint); !known {
			ties = append(ties, tie{nil, connection, fact.NoReason})
		}
	}
	return ties
}

// stuck returns the connection that keeps this client from private link: none
// where an effective one is there to which some path exists.
func (c *Case) stuck() (tie, bool) {
	ties := c.ties()
	if slices.ContainsFunc(ties, func(t tie) bool { return t.effective() && t.reach != fact.NoPath }) {
		return tie{}, false
	}
	served, best := slices.ContainsFunc(ties, tie.effective), -1
	for i, t := range ties {
		if t.effective() || served && t.reach == fact.NoPath {
			continue
		}
		if best < 0 || c.relied(t) < c.relied(ties[best]) {
			best = i
		}
	}
	if best < 0 {
		return tie{}, false
	}
	return ties[best], true
}

// relied orders connections by how much speaks for it that this client was meant
// to use them: there is a path, DNS names the endpoint, DNS is its business.
func (c *Case) relied(t tie) int {
	n := 0
	if t.reach == fact.NoPath {
		n += 4
	}
	if t.endpoint == nil || !c.inUse(t.endpoint) {
		n += 2
	}
	if t.endpoint == nil || len(t.endpoint.Zones) == 0 {
		n++
	}
	return n
}

// judgeState is the Eval of a rule about a connection that is not approved.
func (c *Case) judgeState(status world.ConnectionStatus, fine string, why func(tie) string) Result {
	if c.approved() {
		return Pass("the vault's name has the alias of an approved connection, or a request arrived over one")
	}
	return c.judgeTie(is(status), fine, why)
}

// judgeTie is the Eval of a rule about the state of the vault's connections.
func (c *Case) judgeTie(fits func(tie) bool, fine string, why func(tie) string) Result {
	if c.arrives() {
		return Pass("requests arrive over private link")
	}
	if r, unknown := c.ofVault(); unknown {
		return r
	}
	t, ok := c.stuck()
	if r, unread := c.NotRead(endpointType); unread && (!ok || len(c.ties()) > 1) { // which of them this client relies on
		return r
	}
	if !ok || !fits(t) {
		return Pass(fine)
	}
	return Fail(why(t), t.evidence()...)
}

// tieOf returns the connection that a failing rule about one is about.
func (c *Case) tieOf(fits func(tie) bool) (tie, bool) {
	if c.World == nil || c.Resource == nil {
		return tie{}, false
	}
	t, ok := c.stuck()
	return t, ok && fits(t)
}

func is(s world.ConnectionStatus) func(tie) bool { return func(t tie) bool { return t.status() == s } }

// approve mends a connection that the vault's owner has not approved.
func (c *Case) approve(s world.ConnectionStatus) []change.Change {
	t, ok := c.tieOf(is(s))
	if !ok {
		return nil
	}
	return []change.Change{change.SetConnection{Vault: c.Resource.ID, Endpoint: t.id(), Status: world.Approved}}
}

// recreate mends a connection that nothing brings back.
func (c *Case) recreate(t tie) []change.Change {
	if t.endpoint != nil {
		return []change.Change{change.RecreateEndpoint{Endpoint: t.endpoint.ID}}
	}
	drop := change.RemoveConnection{Vault: c.Resource.ID, Endpoint: t.id()}
	return append([]change.Change{drop}, c.newEndpoint()...)
}

// into breaks a site by putting the connection of its endpoint into a state:
// with the endpoint's record as it was, without one, and with its address in the
// client's hosts file, which keeps it where the alias goes.
func (s Site) into(status world.ConnectionStatus, provisioning string) []Break {
	e, ok := s.Door()
	if !ok {
		return nil
	}
	step := change.SetConnection{Vault: s.Vault.ID, Endpoint: e.ID, Status: status, Provisioning: provisioning}
	breaks := s.alsoBare(e, Break{step})
	if s.keepsAlias(step) {
		return breaks
	}
	pinned := change.SetHostsLine{Host: s.Client.ID, Name: s.hostname(), Addr: e.Addresses[0]}
	return append(breaks, Break{pinned, step})
}

// keepsAlias tells whether the vault's public name still has its alias after
// some changes.
func (s Site) keepsAlias(changes ...change.Change) bool {
	v, ok := change.Apply(s.World, changes...).Vault(s.Vault.ID)
	return ok && v.HasAlias()
}

// alsoBare adds, to a Break that takes the alias away, the same without the
// endpoint's record: Azure writes it once the connection is approved.
func (s Site) alsoBare(e *world.Endpoint, b Break) []Break {
	bare := slices.Clip(b)
	for _, zone := range e.Zones {
		bare = append(bare, change.RemoveRecord{Zone: zone, Label: s.Vault.Name()})
	}
	if len(bare) == len(b) || s.keepsAlias(b...) {
		return []Break{b}
	}
	return []Break{b, bare}
}

// newEndpoint creates a private endpoint where the client gets at it.
func (c *Case) newEndpoint() []change.Change {
	subnet, ok := c.roomForEndpoint()
	if !ok {
		return nil
	}
	var zones []world.ID
	if z, ok := c.zoneFor(subnet.Parent()); ok {
		zones = []world.ID{z.ID}
	}
	return []change.Change{change.CreateEndpoint{Vault: c.Resource.ID, Subnet: subnet, Zones: zones, Name: c.freeName()}}
}

// freeName is a name that no endpoint in that place has, "" for the usual one.
func (c *Case) freeName() string {
	usual := "pe-" + c.Resource.Name()
	if c.World.EndpointCalled(usual) {
		return usual + "-2"
	}
	return ""
}

// ownZone is the zone of the required name that answers the client, else the
// one that fits it best.
func (c *Case) ownZone() (*world.Zone, bool) {
	if z, ok := c.linked(c.asked()); ok {
		return z, true
	}
	return c.BestZone()
}

// zoneFor is the zone of the required name for the record of an endpoint in a
// VNet: the one that answers the client, the one that answers that VNet, else
// the one that fits the client best.
func (c *Case) zoneFor(vnet world.ID) (*world.Zone, bool) {
	if z, ok := c.linked(vnet); ok && c.asked() == "" {
		return z, true
	}
	return c.ownZone()
}

// roomForEndpoint is a subnet for a private endpoint: in the client's VNet, else
// in one that its network is connected to, else in one whose resolver sees the
// zone.
func (c *Case) roomForEndpoint() (world.ID, bool) {
	for id := range c.nearVNets() {
		if v, ok := c.World.VNet(id); ok {
			if s, ok := c.Room(v, ForEndpoints); ok {
				return s, true
			}
		}
	}
	return "", false
}

// nearVNets yields all VNets, the nearest to the client first: there may be
// hundreds, and the first will mostly do.
func (c *Case) nearVNets() iter.Seq[world.ID] {
	return func(yield func(world.ID) bool) {
		near := make(map[world.ID]bool)
		for id := range c.byDistance() {
			if near[id] || !c.isVNet(id) {
				continue
			}
			near[id] = true
			if !yield(id) {
				return
			}
		}
	}
}

// byDistance yields the networks around the client, and then all VNets.
func (c *Case) byDistance() iter.Seq[world.ID] {
	return func(yield func(world.ID) bool) {
		around := []world.ID{c.home()}
		if g, ok := c.World.Gateway(c.home()); ok {
			around = append(around, g.VNet)
		}
		if s, ok := c.World.Site(c.home()); ok {
			around = append(around, s.ConnectedTo...)
		}
		if !each(around, yield) {
			return
		}
		if z, ok := c.ownZone(); ok {
			for _, l := range z.Links {
				if !yield(l.VNet) {
					return
				}
			}
		}
		for v := range c.World.VNets() {
			if !yield(v.ID) {
				return
			}
		}
	}
}

// each yields the ids of a list, and tells whether to go on.
func each(list []world.ID, yield func(world.ID) bool) bool {
	for _, id := range list {
		if !yield(id) {
			return false
		}
	}
	return true
}

// keptByAzure are the subnets that take nothing else than what their name says.
var keptByAzure = []string{"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "azurebastionsubnet", "routeserversubnet"}

// takesMachines tells whether anything may be put into a subnet.
func takesMachines(s *world.Subnet) bool {
	return len(s.Delegations) == 0 && !slices.Contains(keptByAzure, s.ID.Name())
}

// What a subnet is looked for.
const (
	ForEndpoints = 1
	ForMachines  = -1
)

// Room is a subnet of a VNet with a free address: endpoints go where endpoints
// are, machines rather do not, and both rather where no rules keep anybody out.
func (c *Case) Room(v *world.VNet, who int) (world.ID, bool) {
	var open []*world.Subnet
	for i := range v.Subnets {
		s := &v.Subnets[i]
		_, free := change.FreeAddress(c.World, s.ID)
		if free && takesMachines(s) {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return "", false
	}
	fit := func(s *world.Subnet) int {
		n := 0
		for e := range c.World.EndpointsIn(v.ID) {
			if e.Subnet == s.ID {
				n += 2 * who
			}
		}
		ruled := s.NSG != "" && (who == ForMachines || s.EndpointPolicies.NSG) || s.RouteTable != "" && (who == ForMachines || s.EndpointPolicies.Routes)
		if ruled {
			n -= 3
		}
		return n
	}
	return slices.MaxFunc(open, func(a, b *world.Subnet) int { return cmp.Compare(fit(a), fit(b)) }).ID, true
}

// counted is a number of connections in words.
func counted(n int) string {
	if n == 1 {
		return "1 private endpoint connection"
	}
	return fmt.Sprintf("%d private endpoint connections", n)
}
