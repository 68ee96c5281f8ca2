// Package estate makes plausible, healthy estates from a seed, of any size:
// regions with a hub and spokes, sites, DNS in the ways that Microsoft
// documents, vaults with private endpoints, and clients of every kind. Each
// client has vaults that it is meant to reach, and reaches them.
package estate

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A Size is how much of everything an estate has. A VNet has room for 2,000
// private endpoints and 250 clients.
type Size struct {
	Regions int // each with a hub; 128 at most
	Spokes  int // VNets beside the hubs, spread over the regions; 3,800 at most with the hubs
	Sites   int // networks outside Azure; 128 at most
	Vaults  int // our own; where each region has its own zone, one in four has two endpoints
	Clients int // machines that ask for vaults, beside the servers
	Zones   int // private DNS zones; those that Key Vault does not need are of other services
}

// Plausible is a small size that a seed decides: what a session of a person
// could be about.
func Plausible(seed uint64) Size {
	d := &dice{seed ^ 0x517e} // another sequence than that of Generate
	s := Size{Regions: pick(d, 1, 1, 2, 3), Sites: pick(d, 0, 1, 1, 2), Vaults: pick(d, 1, 2, 3, 5, 8, 20, 50)}
	s.Spokes = s.Regions * d.between(1, 3)
	s.Clients, s.Zones = d.between(2, 8), d.between(1, 5)
	return s
}

// An Estate is a healthy World, and who is meant to reach what in it.
type Estate struct {
	World   *world.World
	clients []client
	vaults  []vault
	foreign []string // vaults of other tenants that clients may ask for
	links   links
}

// Generate makes the estate of a seed and a size: the same at every call.
func Generate(seed uint64, size Size) *Estate {
	b := newBuilder(seed, size)
	b.regions()
	b.networks()
	b.gateways()
	b.nameService()
	b.vaults()
	b.clients()
	b.otherZones()
	w, err := world.New(world.Parts{Cloud: b.service.Cloud.Name, Resources: b.resources()})
	if err != nil {
		panic(fmt.Sprintf("estate %d of %+v: %v", seed, size, err)) // this program wrote it itself
	}
	return &Estate{World: w, clients: b.people, vaults: b.stock, foreign: b.foreign, links: b.links}
}

// Clients are the ids of the machines that ask for vaults, in a fixed order.
func (e *Estate) Clients() []world.ID {
	var ids []world.ID
	for _, c := range e.clients {
		ids = append(ids, c.id)
	}
	return ids
}

// Uses returns the names of the vaults that a client is meant to reach: over
// private link, or, by a client that wants any path, by the public side too.
func (e *Estate) Uses(id world.ID) []string {
	i := slices.IndexFunc(e.clients, func(c client) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	c := e.clients[i]
	var names []string
	for _, v := range e.vaults {
		if e.links.serves(c, v) || c.any && len(v.doors) == 0 {
			names = append(names, v.name)
		}
	}
	if c.any {
		names = append(names, e.foreign...)
	}
	return names
}

// A builder puts an estate together.
type builder struct {
	*dice
	size    Size
	service service.Service
	base    netip.Prefix // the address space of all VNets
	parts   []world.Resource
	all     []*network
	zones   []*world.Zone
	shared  bool // one zone of Key Vault for all regions
	falls   bool // links fall back to the public DNS (NxDomainRedirect)
	links   links
	people  []client
	stock   []vault
	foreign []string
	count   int // of names and addresses given out
}

func newBuilder(seed uint64, size Size) *builder {
	b := &builder{dice: &dice{seed}, size: size}
	size.Regions = max(size.Regions, 1)
	b.size = size
	b.service, _ = service.KeyVault(pick(b.dice, "AzureCloud", "AzureCloud", "AzureCloud", "AzureUSGovernment", "AzureChinaCloud"))
	b.base = netip.MustParsePrefix("10.0.0.0/8")
	if size.Regions+size.Spokes < 200 {
		b.base = netip.MustParsePrefix(pick(b.dice, "10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10"))
	}
	b.shared = size.Regions <= fewRegions && b.percent(60)
	b.falls = b.percent(40)
	return b
}

// fewRegions are peered with one another and may share a zone; more are those
// of business units that keep to themselves.
const fewRegions = 8

func (b *builder) put(r world.Resource) { b.parts = append(b.parts, r) }

func (b *builder) resources() []world.Resource {
	all := b.parts
	for _, n := range b.all {
		all = append(all, n.vnet)
	}
	for _, z := range b.zones {
		all = append(all, z)
	}
	return all
}

// number is a number that was not given out before.
func (b *builder) number() int {
	b.count++
	return b.count
}

// guid is a GUID made of a number.
func guid(n int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n) }

// meta names a resource in the resource group of what it belongs to.
func meta(subscription int, group, kind, name string) world.Meta {
	return world.At("/subscriptions/" + guid(subscription) + "/resourceGroups/" + group + "/providers/" + kind + "/" + name)
}

// machine names a host.
func machine(name string) world.Meta { return world.Meta{ID: world.HostID(name), Path: name} }
