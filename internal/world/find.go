package world

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
)

// each yields the resources of type T found by a key, ordered by id.
func each[T Resource](w *World, k key) iter.Seq[T] {
	return func(yield func(T) bool) {
		found, _ := w.index.get(k)
		for _, r := range found {
			if t, ok := w.latest(r).(T); ok && !yield(t) {
				return
			}
		}
	}
}

// one returns the first resource of type T found by a key, or the zero T.
func one[T Resource](w *World, k key) (t T, ok bool) {
	for t := range each[T](w, k) {
		return t, true
	}
	return t, false
}

// VNet returns the VNet of that id.
func (w *World) VNet(id ID) (*VNet, bool) { return find[*VNet](w, id) }

// VNets yields all VNets.
func (w *World) VNets() iter.Seq[*VNet] { return each[*VNet](w, key{kind: ofType, id: "vnet"}) }

// Subnet returns the subnet of that id and its VNet.
func (w *World) Subnet(id ID) (*Subnet, *VNet, bool) {
	v, ok := w.VNet(id.Parent())
	if !ok {
		return nil, nil, false
	}
	for i := range v.Subnets {
		if v.Subnets[i].ID == id {
			return &v.Subnets[i], v, true
		}
	}
	return nil, nil, false
}

// SubnetOf returns the subnet of v that holds an address.
func (v *VNet) SubnetOf(a netip.Addr) (*Subnet, bool) {
	for i := range v.Subnets {
		if contains(v.Subnets[i].Prefixes, a) {
			return &v.Subnets[i], true
		}
	}
	return nil, false
}

// Holds tells whether a is in the VNet's address space.
func (v *VNet) Holds(a netip.Addr) bool { return contains(v.Prefixes, a) }

// Holds tells whether a is in the site's address space.
func (s *Site) Holds(a netip.Addr) bool { return contains(s.Prefixes, a) }

// PeeringTo returns v's side of its peering with another VNet.
func (v *VNet) PeeringTo(remote ID) (*Peering, bool) {
	i, ok := slices.BinarySearchFunc(v.Peerings, remote, func(p Peering, id ID) int { return cmp.Compare(p.Remote, id) })
	if !ok {
		return nil, false
	}
	return &v.Peerings[i], true
}

// PeeredVNets returns the VNets that have a side of a peering with v, or v with
// them, ordered by id.
func (w *World) PeeredVNets(v *VNet) []*VNet {
	list := slices.Collect(each[*VNet](w, key{kind: peering, id: v.ID}))
	for i := range v.Peerings {
		remote, ok := w.VNet(v.Peerings[i].Remote)
		if !ok {
			continue
		}
		if _, back := remote.PeeringTo(v.ID); !back {
			list = append(list, remote)
		}
	}
	slices.SortFunc(list, func(a, b *VNet) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// NSG returns the network security group of that id.
func (w *World) NSG(id ID) (*NSG, bool) { return find[*NSG](w, id) }

// RouteTable returns the route table of that id.
func (w *World) RouteTable(id ID) (*RouteTable, bool) { return find[*RouteTable](w, id) }

// Firewall returns the firewall of that id.
func (w *World) Firewall(id ID) (*Firewall, bool) { return find[*Firewall](w, id) }

// Gateway returns the gateway of that id.
func (w *World) Gateway(id ID) (*Gateway, bool) { return find[*Gateway](w, id) }

// GatewayIn returns a gateway of a VNet.
func (w *World) GatewayIn(vnet ID) (*Gateway, bool) {
	return one[*Gateway](w, key{kind: connecting, id: vnet})
}

// GatewaysIn yields the gateways of a VNet or hub: ExpressRoute and VPN can
// stand side by side.
func (w *World) GatewaysIn(id ID) iter.Seq[*Gateway] {
	return each[*Gateway](w, key{kind: connecting, id: id})
}

// Hub returns the virtual hub of that id.
func (w *World) Hub(id ID) (*Hub, bool) { return find[*Hub](w, id) }

// HubOf returns the virtual hub that a VNet is connected to.
func (w *World) HubOf(vnet ID) (*Hub, bool) { return one[*Hub](w, key{kind: connecting, id: vnet}) }

// Site returns the site of that id.
func (w *World) Site(id ID) (*Site, bool) { return find[*Site](w, id) }

// SitesOn yields the sites that are connected to a VNet or hub.
func (w *World) SitesOn(id ID) iter.Seq[*Site] {
	return each[*Site](w, key{kind: connecting, id: id})
}

// Sites yields all sites.
func (w *World) Sites() iter.Seq[*Site] { return each[*Site](w, key{kind: ofType, id: "site"}) }

// Vault returns the vault of that id.
func (w *World) Vault(id ID) (*Vault, bool) { return find[*Vault](w, id) }

// VaultNamed returns the vault of that name, our own before one of another
// tenant. Vault names are unique in a cloud.
func (w *World) VaultNamed(name string) (*Vault, bool) {
	return one[*Vault](w, key{kind: named, id: ID(strings.ToLower(name))})
}

// Vaults yields all vaults.
func (w *World) Vaults() iter.Seq[*Vault] { return each[*Vault](w, key{kind: ofType, id: "vault"}) }

// VaultsAt yields the vaults whose public front end has that address: front
// ends are shared.
func (w *World) VaultsAt(a netip.Addr) iter.Seq[*Vault] {
	return each[*Vault](w, key{kind: publicly, addr: a})
}

// Endpoint returns the private endpoint of that id.
func (w *World) Endpoint(id ID) (*Endpoint, bool) { return find[*Endpoint](w, id) }

// Endpoints yields all private endpoints.
func (w *World) Endpoints() iter.Seq[*Endpoint] {
	return each[*Endpoint](w, key{kind: ofType, id: "endpoint"})
}

// EndpointCalled tells whether there is a private endpoint of that name, compared
// without case; names are unique in a resource group only.
func (w *World) EndpointCalled(name string) bool {
	_, ok := one[*Endpoint](w, key{kind: called, id: ID(strings.ToLower(name))})
	return ok
}

// EndpointsOf yields the private endpoints that target a vault.
func (w *World) EndpointsOf(vault ID) iter.Seq[*Endpoint] {
	return each[*Endpoint](w, key{kind: targeting, id: vault})
}

// EndpointsIn yields the private endpoints in a VNet.
func (w *World) EndpointsIn(vnet ID) iter.Seq[*Endpoint] {
	return each[*Endpoint](w, key{kind: within, id: vnet})
}

// EndpointsWith yields the endpoints that have an address, in whatever VNet.
func (w *World) EndpointsWith(a netip.Addr) iter.Seq[*Endpoint] {
	return each[*Endpoint](w, key{kind: anywhere, addr: a})
}

// Writes tells whether there is an endpoint of a GUID, or one of a name whose GUID
// is not known: that is how a DNS zone group signs its records.
func (w *World) Writes(name, guid string) bool {
	if _, ok := one[*Endpoint](w, key{kind: guided, id: ID(strings.ToLower(guid))}); ok {
		return true
	}
	for e := range each[*Endpoint](w, key{kind: called, id: ID(strings.ToLower(name))}) {
		if e.GUID == "" {
			return true
		}
	}
	return false
}

// EndpointAt returns the private endpoint that has an address in a VNet.
func (w *World) EndpointAt(vnet ID, a netip.Addr) (*Endpoint, bool) {
	return one[*Endpoint](w, key{kind: holding, id: vnet, addr: a})
}

// VNet is the id of the VNet that the endpoint is in.
func (e *Endpoint) VNet() ID { return e.Subnet.Parent() }

// ConnectionOf returns the vault's connection of an endpoint.
func (v *Vault) ConnectionOf(endpoint ID) (*Connection, bool) {
	for i := range v.Connections {
		if v.Connections[i].Endpoint == endpoint {
			return &v.Connections[i], true
		}
	}
	return nil, false
}

// Effective tells whether traffic through e reaches its vault: the vault holds
// an approved and succeeded connection of it, and the endpoint is provisioned.
// Of a vault that was not read, the endpoint's own word is taken.
func (w *World) Effective(e *Endpoint) bool {
	v, ok := w.Vault(e.Target)
	switch {
	case e.Provisioning != Succeeded:
		return false
	case !ok:
		return e.Status == Approved
	}
	c, ok := v.ConnectionOf(e.ID)
	return ok && c.Effective()
}

// HasAlias tells whether the vault's public registration points into the
// private zone: by default, when some connection of it is approved.
func (v *Vault) HasAlias() bool {
	if v.Alias != Unknown {
		return v.Alias == Yes
	}
	for _, c := range v.Connections {
		if c.Status == Approved {
			return true
		}
	}
	return false
}

// Zone returns the private DNS zone of that id.
func (w *World) Zone(id ID) (*Zone, bool) { return find[*Zone](w, id) }

// Zones yields all private DNS zones.
func (w *World) Zones() iter.Seq[*Zone] { return each[*Zone](w, key{kind: ofType, id: "zone"}) }

// ZonesNamed yields the private DNS zones of a domain: there may be many.
func (w *World) ZonesNamed(n dnsname.Name) iter.Seq[*Zone] {
	return each[*Zone](w, key{kind: domain, name: n})
}

// ZonesLinked yields the private DNS zones that are linked to a VNet.
func (w *World) ZonesLinked(vnet ID) iter.Seq[*Zone] {
	return each[*Zone](w, key{kind: linkedTo, id: vnet})
}

// ZonesLinkedAs yields the private DNS zones of a domain that are linked to a
// VNet: Azure allows one.
func (w *World) ZonesLinkedAs(domain dnsname.Name, vnet ID) iter.Seq[*Zone] {
	return each[*Zone](w, key{kind: linkedTo, id: vnet, name: domain})
}

// LinkTo returns the zone's link to a VNet.
func (z *Zone) LinkTo(vnet ID) (*Link, bool) {
	i, ok := slices.BinarySearchFunc(z.Links, vnet, func(l Link, id ID) int { return cmp.Compare(l.VNet, id) })
	if !ok {
		return nil, false
	}
	return &z.Links[i], true
}

// RulesetsLinked yields the forwarding rulesets that are linked to a VNet.
func (w *World) RulesetsLinked(vnet ID) iter.Seq[*Ruleset] {
	return each[*Ruleset](w, key{kind: ruling, id: vnet})
}

// Forwards tells whether an enabled rule of some forwarding ruleset sends
// questions about the service's names to an address. The rule "." does not: it
// passes over names that are reserved for Azure
// (learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets).
func (w *World) Forwards(a netip.Addr) bool {
	for rs := range each[*Ruleset](w, key{kind: ofType, id: "ruleset"}) {
		for _, r := range rs.Rules {
			if !r.Enabled || !w.concerns(r.Domain) {
				continue
			}
			for _, target := range r.Targets {
				if target.Addr() == a {
					return true
				}
			}
		}
	}
	return false
}

// concerns tells whether names of the service are below a domain, or the other
// way round.
func (w *World) concerns(domain dnsname.Name) bool {
	if domain == dnsname.Root {
		return false
	}
	for _, own := range [...]dnsname.Name{w.service.Suffix, w.service.Core} {
		if own.Under(domain) || domain.Under(own) {
			return true
		}
	}
	return false
}

// ResolverAt returns the Private Resolver that has an inbound endpoint with an
// address in a VNet.
func (w *World) ResolverAt(vnet ID, a netip.Addr) (*Resolver, bool) {
	return one[*Resolver](w, key{kind: holding, id: vnet, addr: a})
}

// ResolverOf returns the Private Resolver that owns an outbound endpoint.
func (w *World) ResolverOf(outboundEndpoint ID) (*Resolver, bool) {
	return one[*Resolver](w, key{kind: outbound, id: outboundEndpoint})
}

// FirewallAt returns the firewall that has an address in a VNet or hub.
func (w *World) FirewallAt(network ID, a netip.Addr) (*Firewall, bool) {
	return one[*Firewall](w, key{kind: holding, id: network, addr: a})
}

// MayAnswer yields what may answer DNS for others: Private Resolvers, firewalls
// and hosts, ordered by id.
func (w *World) MayAnswer() iter.Seq[Resource] { return each[Resource](w, typed("answering")) }

// Host returns the host of that id.
func (w *World) Host(id ID) (*Host, bool) { return find[*Host](w, id) }

// Hosts yields all hosts, ordered by name.
func (w *World) Hosts() iter.Seq[*Host] { return each[*Host](w, key{kind: ofType, id: "host"}) }

// HostAt returns the host that has an address in a network.
func (w *World) HostAt(network ID, a netip.Addr) (*Host, bool) {
	return one[*Host](w, key{kind: holding, id: network, addr: a})
}

// PodAt returns the pod that an address means to a node in a network and to the
// pods on it: one of its own before one of another node. A service's address is
// that of the pod which stands for those behind it. To other machines it means
// nothing.
func (w *World) PodAt(network, node ID, a netip.Addr) (pod *Host, ok bool) {
	for h := range each[*Host](w, key{kind: clustered, id: network, addr: a}) {
		if h.Behind == node {
			return h, true
		}
		if pod == nil {
			pod = h
		}
	}
	if pod == nil {
		return nil, false
	}
	_, bears := one[*Host](w, key{kind: bearing, id: node})
	return pod, bears
}

// PerimeterOf returns the network security perimeter of a resource.
func (w *World) PerimeterOf(id ID) (*Perimeter, bool) {
	return one[*Perimeter](w, key{kind: securing, id: id})
}

// WebAppNamed returns the App Service or Functions app of that name, which is
// unique in a cloud.
func (w *World) WebAppNamed(name string) (*WebApp, bool) {
	return one[*WebApp](w, key{kind: named, id: ID(strings.ToLower(name))})
}

// WebApps yields all App Service and Functions apps.
func (w *World) WebApps() iter.Seq[*WebApp] { return each[*WebApp](w, key{kind: ofType, id: "webapp"}) }

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
