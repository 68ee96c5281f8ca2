package stock

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A builder puts a world together in the words of a drawing on a whiteboard.
type builder struct {
	service service.Service
	cloud   string
	parts   []world.Resource
	vnets   map[string]*world.VNet
	zone    *world.Zone
	last    *world.Host
	abroad  bool // the vaults are in a subscription of their own
}

func newBuilder(cloud string) *builder {
	s, ok := service.KeyVault(cloud)
	if !ok {
		s, _ = service.KeyVault("AzureCloud")
	}
	b := &builder{service: s, cloud: s.Cloud.Name, vnets: map[string]*world.VNet{}}
	b.zone = &world.Zone{Meta: b.meta("privateDnsZones", s.Zone.Host()), Domain: s.Zone}
	return b
}

func (b *builder) world() *world.World {
	parts := append(b.parts, b.zone)
	for _, v := range b.vnets {
		parts = append(parts, v)
	}
	return must(world.New(world.Parts{Cloud: b.cloud, Resources: parts}))
}

func (b *builder) put(r world.Resource) { b.parts = append(b.parts, r) }

func (b *builder) meta(kind, name string) world.Meta {
	return world.At("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/stock/providers/Microsoft.Network/" + kind + "/" + name)
}

func (b *builder) id(vnet string) world.ID { return b.vnets[vnet].ID }

// vnet adds a VNet with subnets written "name=prefix".
func (b *builder) vnet(name, prefix string, subnets ...string) {
	v := &world.VNet{Meta: b.meta("virtualNetworks", name), Location: "eastus", Prefixes: []netip.Prefix{netip.MustParsePrefix(prefix)}}
	for _, s := range subnets {
		label, p, _ := strings.Cut(s, "=")
		v.Subnets = append(v.Subnets, world.Subnet{Meta: world.At(v.Path + "/subnets/" + label), Prefixes: []netip.Prefix{netip.MustParsePrefix(p)}})
	}
	b.vnets[name] = v
}

func (b *builder) subnet(vnet, name string) *world.Subnet {
	v := b.vnets[vnet]
	i := slices.IndexFunc(v.Subnets, func(s world.Subnet) bool { return s.Name() == name })
	return &v.Subnets[i]
}

func (b *builder) peer(from, to string) {
	v := b.vnets[from]
	v.Peerings = append(v.Peerings, world.Peering{
		Meta: world.At(v.Path + "/virtualNetworkPeerings/to-" + to), Remote: b.id(to), State: world.PeeringConnected,
		AllowAccess: true, AllowForwarded: true,
	})
}

// hub adds a hub that holds the vault's endpoint and a spoke peered with it;
// the zone is linked to the VNets named.
func (b *builder) hub(linked ...string) {
	b.vnet("hub", "10.1.0.0/16", "servers=10.1.0.0/24", "endpoints=10.1.2.0/24", "firewall=10.1.3.0/24")
	b.vnet("spoke", "10.2.0.0/16", "default=10.2.0.0/24")
	b.peer("hub", "spoke")
	b.peer("spoke", "hub")
	b.vault("hub/endpoints", "10.1.2.4", linked...)
	b.subnet("hub", "endpoints").EndpointPolicies.Routes = true
}

// vault adds the vault with an approved endpoint in a subnet, its record, and
// the zone's links; and beside it another vault with an endpoint of its own.
func (b *builder) vault(subnet, address string, linked ...string) {
	b.vaultNamed(vaultName, subnet, addr(address))
	b.vaultNamed(neighbour, subnet, addr(address).Next())
	for _, name := range linked {
		v := b.vnets[name]
		b.zone.Links = append(b.zone.Links, world.Link{Meta: world.At(b.zone.Path + "/virtualNetworkLinks/to-" + name), VNet: v.ID, VNetPath: v.Path})
	}
}

func (b *builder) vaultNamed(name, subnet string, address netip.Addr) {
	network, part, _ := strings.Cut(subnet, "/")
	subscription := "00000000-0000-0000-0000-000000000001"
	if b.abroad {
		subscription = "00000000-0000-0000-0000-000000000002"
	}
	v := &world.Vault{
		Meta:     world.At("/subscriptions/" + subscription + "/resourceGroups/stock/providers/Microsoft.KeyVault/vaults/" + name),
		Location: "eastus", RBAC: true, PublicAccess: world.AccessDisabled, ACL: world.NetworkACL{Bypass: true},
		PublicAddresses: []netip.Addr{addr("52.168.109.101")}, Region: "eus", Provisioning: world.Succeeded,
	}
	e := &world.Endpoint{
		Meta: b.meta("privateEndpoints", "pe-"+name), GUID: "11111111-2222-3333-4444-" + name, Location: "eastus",
		Subnet: b.subnet(network, part).ID, Provisioning: world.Succeeded, Target: v.ID, TargetPath: v.Path,
		Status: world.Approved, GroupID: b.service.GroupID, Addresses: []netip.Addr{address}, Zones: []world.ID{b.zone.ID},
	}
	v.Connections = []world.Connection{{
		Meta:     world.At(v.Path + "/privateEndpointConnections/" + e.Name()),
		Endpoint: e.ID, EndpointPath: e.Path, Status: world.Approved, Provisioning: world.Succeeded,
	}}
	b.zone.Records = append(b.zone.Records, world.Record{
		Meta: world.At(b.zone.Path + "/A/" + name), Label: name, Type: world.TypeA, TTL: 10, Addrs: e.Addresses,
		Creator: "created by private endpoint " + e.Name() + " with resource guid " + e.GUID,
	})
	b.put(v)
	b.put(e)
}

// host adds a machine; in a VNet it gets the subnet that holds its address.
func (b *builder) host(h *world.Host) {
	for _, v := range b.vnets {
		if v.ID == h.Network {
			if s, ok := v.SubnetOf(h.Address); ok {
				h.Subnet = s.ID
			}
		}
	}
	if h.Runs == "" {
		h.Runs = world.OnVM
	}
	h.Wants, h.Identity = world.WantPrivate, world.Reader
	b.last = h
	b.put(h)
}

// client adds the client to a VNet or site.
func (b *builder) client(network, address string) {
	id := world.SiteID(network)
	if v, ok := b.vnets[network]; ok {
		id = v.ID
	}
	b.host(&world.Host{Meta: named("client"), Network: id, Address: addr(address), Runs: world.OnVM})
}

func (b *builder) site(name, prefix, hub, nameserver string) {
	b.put(&world.Gateway{Meta: b.meta("virtualNetworkGateways", "to-"+name), VNet: b.id(hub), Kind: "ExpressRoute"})
	b.put(&world.Site{
		Meta: world.Meta{ID: world.SiteID(name), Path: name}, Prefixes: []netip.Prefix{netip.MustParsePrefix(prefix)},
		ConnectedTo: []world.ID{b.id(hub)}, Nameservers: []netip.Addr{addr(nameserver)},
	})
}

// forwardService is a DNS server that forwards the service's public domains.
func (b *builder) forwardService(to netip.Addr) *world.DNSRole {
	role := &world.DNSRole{}
	for _, d := range b.service.ForwardZones {
		role.Forward = append(role.Forward, world.Forward{Domain: d, To: []netip.Addr{to}})
	}
	slices.SortFunc(role.Forward, func(a, b world.Forward) int { return len(b.Domain.String()) - len(a.Domain.String()) })
	return role
}
