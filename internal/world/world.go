package world

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
)

// A Resource is a part of a World: *VNet, *NSG, *RouteTable, *Firewall,
// *Gateway, *Hub, *Site, *Vault, *Endpoint, *Perimeter, *Zone, *Resolver,
// *Ruleset, *WebApp, *AppGateway, *NIC, *LoadBalancer, *Provider, *Host. It must not be changed once a World
// holds it: copy the struct, and the slices that differ, and put it with With.
type Resource interface {
	meta() Meta
	keys() []key // what it can be found by
	check(w *World, p *problems)
}

// A World is an immutable model. It is safe for use by many goroutines.
type World struct {
	service   service.Service
	resources table[ID, Resource]
	index     table[key, []Resource] // ordered by id
	counts    map[string]int         // how many resources of the base a subscription has
	gaps      []Gap
	horizon   []string
	assume    Assumptions
}

// Assumptions decide what Azure leaves unknown. The zero value is what
// seems likeliest.
//
// Without a switch, package gate assumes further of Key Vault:
//   - /healthstatus answers 200 and true to everybody: past the firewall, with
//     any Host, and through an endpoint of another vault.
//   - A Host header that names no vault gets "This TCP connection does not
//     allow access to …", with a token or without: no vault, no tenant to send
//     the client to. On the public side too.
//   - A request without a token gets 401 through the endpoint of another vault
//     as well, since a firewall does not keep it from the challenge either.
//   - A soft-deleted vault answers 404 VaultNotFound.
//   - A token of another tenant is refused for the network first, then with
//     AKV10032.
//   - The subnet field of x-ms-keyvault-network-info is the subnet's ARM id;
//     conn_type is Ipv6 for public IPv6, and a perimeter leaves it as it is.
//   - SecuredByPerimeter without a perimeter in enforced mode admits nobody.
//     Perimeter rules by subscription look at the caller's identity, which is
//     not modelled.
type Assumptions struct {
	// OldNetworkInfo leaves conn_type and private_endpoint out of the header,
	// as versions of the service before 2020 did.
	OldNetworkInfo bool
	// TCPDenialInner is the inner code beside "This TCP connection does not
	// allow access to …"; public material does not hold one. Default:
	// ForbiddenByConnection.
	TCPDenialInner string
	// DeadEndpointAnswers says that an endpoint without an effective
	// connection completes TCP, and the service refuses with the TCP text.
	// Default: packets to it vanish. Sources contradict each other.
	DeadEndpointAnswers bool
	// DenyGarbageToken says that a token that is not valid is refused for the
	// network first. Default: 401.
	DenyGarbageToken bool
}

// Parts is what a World is made of.
type Parts struct {
	Cloud     string // default AzureCloud
	Resources []Resource
	Gaps      []Gap
	Horizon   []string // see World.Horizon
	Assume    Assumptions
}

// New checks the parts and makes a World of them. The error joins a *Problem
// for each fault found.
func New(parts Parts) (*World, error) {
	svc, ok := service.KeyVault(cmp.Or(parts.Cloud, "AzureCloud"))
	if !ok {
		return nil, &Problem{Field: "cloud", What: fmt.Sprintf("%q is not one of %v", parts.Cloud, service.Clouds())}
	}
	w := &World{service: svc, gaps: slices.Clone(parts.Gaps), horizon: slices.Clone(parts.Horizon), assume: parts.Assume}
	w.resources.base = make(map[ID]Resource, len(parts.Resources))
	w.index.base = make(map[key][]Resource, 2*len(parts.Resources))
	var p problems
	for _, r := range parts.Resources {
		m := r.meta()
		if m.ID == "" {
			p.add(m, "id", "is missing")
			continue
		}
		if _, twice := w.resources.base[m.ID]; twice {
			p.add(m, "id", "stands twice")
			continue
		}
		r = ordered(r)
		if z, ok := r.(*Zone); ok {
			r = labelled(z)
		}
		w.resources.base[m.ID] = r
		for _, k := range r.keys() {
			w.index.base[k] = append(w.index.base[k], r)
		}
	}
	w.counts = tally(w.resources.base)
	for _, found := range w.index.base {
		slices.SortFunc(found, func(a, b Resource) int { return cmp.Compare(a.meta().ID, b.meta().ID) })
	}
	for _, r := range parts.Resources {
		r.check(w, &p)
	}
	return w, errors.Join(p...)
}

// Empty is a World of one cloud with nothing in it.
func Empty() *World {
	w, err := New(Parts{})
	if err != nil {
		panic(err)
	}
	return w
}

// An Edit is one change to a World: put a resource in, in place of one with
// the same id, or take one out.
type Edit struct {
	put    Resource
	remove ID
}

// Put puts r in.
func Put(r Resource) Edit { return Edit{put: r} }

// Remove takes the resource of that id out, if it is there.
func Remove(id ID) Edit { return Edit{remove: id} }

// With returns a changed copy; w stays as it is. The cost is that of the
// change, not of the World. Edits are made by this program and not checked.
func (w *World) With(edits ...Edit) *World {
	c := *w
	c.resources, c.index = w.resources.changed(), w.index.changed()
	for _, e := range edits {
		id := e.remove
		if e.put != nil {
			e.put = ordered(e.put)
			id = e.put.meta().ID
		}
		old, _ := c.resources.get(id)
		c.reindex(old, e.put)
		if e.put == nil {
			c.resources.remove(id)
			continue
		}
		c.resources.set(id, e.put)
	}
	if c.resources.grown() || c.index.grown() {
		c.fold()
	}
	return &c
}

// Folded returns the same World without a trace of the changes that made it. That
// costs as much as the World is large, and who asks a lot of it gets quicker
// answers.
func (w *World) Folded() *World {
	c := *w
	c.fold()
	return &c
}

// fold makes all changes part of the base.
func (w *World) fold() {
	index := w.index.folded()
	for k, found := range index.base {
		latest := make([]Resource, len(found))
		for i, r := range found {
			latest[i] = w.latest(r)
		}
		index.base[k] = latest
	}
	w.resources, w.index = w.resources.folded(), index
	w.counts = tally(w.resources.base)
}

// latest is the resource that has the id of one that the index holds: whatever is
// found as before need not be put into the index again.
func (w *World) latest(r Resource) Resource {
	if w.resources.untouched() {
		return r
	}
	if e, differs := w.resources.difference(r.meta().ID); differs {
		return e.value
	}
	return r
}

// WithAssumptions returns a copy under other assumptions.
func (w *World) WithAssumptions(a Assumptions) *World {
	c := *w
	c.assume = a
	return &c
}

// WithGaps returns a copy in which these parts count as not read.
func (w *World) WithGaps(gaps ...Gap) *World {
	c := *w
	c.gaps = append(slices.Clone(w.gaps), gaps...)
	return &c
}

// reindex makes r found in the place of old; either may be nil. What both are
// found by stays as it is, since the latest of an id is what is found.
func (w *World) reindex(old, r Resource) {
	if samePlace(old, r) {
		return
	}
	all := keysOf(r)
	before, after := differing(keysOf(old), all)
	for _, k := range before {
		if slices.Contains(all, k) {
			continue
		}
		found, _ := w.index.get(k)
		w.index.set(k, slices.DeleteFunc(slices.Clone(found), func(x Resource) bool { return x.meta().ID == old.meta().ID }))
	}
	for _, k := range after {
		found, _ := w.index.get(k)
		w.index.set(k, placed(found, r))
	}
}

// differing leaves out of two lists what they begin with and end with alike.
func differing(a, b []key) (x, y []key) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

func keysOf(r Resource) []key {
	if r == nil {
		return nil
	}
	return r.keys()
}

// placed returns a copy of resources ordered by id with r among them, in place of
// the one with its id.
func placed(found []Resource, r Resource) []Resource {
	at, known := slices.BinarySearchFunc(found, r.meta().ID, func(x Resource, id ID) int { return cmp.Compare(x.meta().ID, id) })
	after := at
	if known {
		after++
	}
	list := make([]Resource, 0, len(found)+1)
	return append(append(append(list, found[:at]...), r), found[after:]...)
}

// Service is Key Vault in the World's cloud.
func (w *World) Service() service.Service { return w.service }

// Assume returns the World's assumptions.
func (w *World) Assume() Assumptions { return w.assume }

// Horizon returns the subscriptions that were looked into, where nobody can
// tell whether there are more: Azure leaves those in silence that its caller may
// not read. It is empty for a World that is known as a whole.
func (w *World) Horizon() []string { return w.horizon }

// WithoutHorizon returns a copy that counts as known as a whole.
func (w *World) WithoutHorizon() *World {
	c := *w
	c.horizon = nil
	return &c
}

// Gaps returns what was not read.
func (w *World) Gaps() []Gap { return w.gaps }

// Unread tells whether resources of a type, given in lower case, may exist
// anywhere that were not read, and why.
func (w *World) Unread(resourceType string) (why string, unread bool) {
	for _, g := range w.gaps {
		if g.Near == "" && (g.Type == "" || g.Type == resourceType) {
			return g.Why, true
		}
	}
	return "", false
}

// Resources returns all of them, ordered by id.
func (w *World) Resources() []Resource {
	var all []Resource
	for _, r := range w.resources.all() {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Resource) int { return cmp.Compare(a.meta().ID, b.meta().ID) })
	return all
}

// MetaOf returns the Meta of any resource.
func MetaOf(r Resource) Meta { return r.meta() }

// Lookup returns the resource of that id, or nil.
func (w *World) Lookup(id ID) Resource {
	r, _ := w.resources.get(id)
	return r
}

// find returns the resource of that id if it is a T.
func find[T Resource](w *World, id ID) (t T, ok bool) {
	if id == "" {
		return t, false
	}
	r, ok := w.resources.get(id)
	if !ok {
		return t, false
	}
	t, ok = r.(T)
	return t, ok
}

// A key is what resources are found by.
type key struct {
	id   ID
	name dnsname.Name
	addr netip.Addr // beside kind, with which it is hashed at one go
	kind kind
}

type kind uint8

const (
	ofType     kind = iota // id: the type's name
	named                  // id: the name of a vault or app
	called                 // id: the name of an endpoint
	guided                 // id: the GUID of an endpoint
	anywhere               // addr: of an endpoint in any VNet
	targeting              // id: the vault of an endpoint
	within                 // id: the VNet of an endpoint
	linkedTo               // id: the VNet of a zone's link; name: the zone's domain, or none
	ruling                 // id: the VNet of a ruleset's link
	domain                 // name: of a zone
	holding                // id: a network, addr: in it
	publicly               // addr: a vault's front end
	connecting             // id: what a gateway, site or hub is connected to
	peering                // id: the other VNet of a VNet's peering
	securing               // id: what a perimeter holds
	outbound               // id: of an outbound endpoint
	bearing                // id: the node of a pod
	clustered              // id: the network of a pod's node, addr: the pod's
	plugged                // id: a VNet, addr: of an interface or a load balancer in it; id: a subscription
	attached               // id: a virtual machine
)
