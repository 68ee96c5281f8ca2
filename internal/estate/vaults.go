package estate

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// A vault is one of our own, and the VNets that its endpoints are in.
type vault struct {
	name  string
	doors []*network
}

var purposes = []string{"orders", "billing", "shop", "data", "web", "core", "hr", "ci", "app", "certs"}

// vaults makes the vaults: most with one endpoint, some with one in each of two
// regions, a few with none.
func (b *builder) vaults() {
	for i := range b.size.Vaults {
		r := b.links.regions[b.below(len(b.links.regions))]
		name := fmt.Sprintf("kv-%s-%d", pick(b.dice, purposes...), i+1)
		v := &world.Vault{
			Meta:     meta(2+i%40, "rg-vaults", "Microsoft.KeyVault/vaults", name),
			Location: r.location, RBAC: b.percent(80), Provisioning: world.Succeeded, Tenant: guid(9),
			PublicAccess: world.AccessDisabled, ACL: world.NetworkACL{Bypass: b.percent(80)},
		}
		v.Region = v.ShortRegion()
		v.PublicAddresses = []netip.Addr{v.DefaultFrontEnd()}
		b.put(v)
		made := vault{name: name}
		if i > 0 && b.percent(5) {
			b.open(v)
		} else {
			made.doors = b.doors(v, r)
		}
		b.stock = append(b.stock, made)
	}
	if b.percent(50) {
		b.partner()
	}
}

// doors makes a vault's private endpoints. In two regions there may be one each
// where each has a zone of its own: a zone holds one answer for a name.
func (b *builder) doors(v *world.Vault, r *region) []*network {
	if b.percent(40) {
		v.PublicAccess, v.ACL.Deny = world.AccessEnabled, b.percent(60)
	}
	where := []*region{r}
	if n := len(b.links.regions); n > 1 && !b.shared && b.percent(28) {
		where = append(where, b.links.regions[(r.index+1+b.below(n-1))%n])
	}
	var doors []*network
	for _, r := range where {
		if n := b.roomy(r); n != nil {
			b.endpoint(v, n)
			doors = append(doors, n)
		}
	}
	return doors
}

// roomy is a VNet of a region with room for an endpoint: the hub more often than
// a spoke. Nil, where none is left.
func (b *builder) roomy(r *region) *network {
	all := append([]*network{r.hub}, r.spokes...)
	first := 0
	if b.percent(50) {
		first = b.below(len(all))
	}
	for i := range all {
		if n := all[(first+i)%len(all)]; n.room("endpoints") > 0 {
			return n
		}
	}
	return nil
}

// endpoint makes a private endpoint, with what Azure writes of it: the vault's
// connection, the network interface, and by its zone group the record.
func (b *builder) endpoint(v *world.Vault, n *network) {
	name, id, zone := fmt.Sprintf("pe-%s-%d", v.Name(), n.region.index+1), guid(1000+b.number()), n.region.zone
	e := &world.Endpoint{
		Meta: n.meta("Microsoft.Network/privateEndpoints", name), GUID: id, Location: n.region.location,
		Subnet: n.subnet("endpoints").ID, Provisioning: world.Succeeded, Target: v.ID, TargetPath: v.Path, Status: world.Approved,
		GroupID: b.service.GroupID, Addresses: []netip.Addr{n.address("endpoints")}, Zones: []world.ID{zone.ID}, ZoneGroup: "default",
		NICs: []world.ID{n.meta("Microsoft.Network/networkInterfaces", name+".nic."+id).ID},
	}
	b.put(e)
	v.Connections = append(v.Connections, world.Connection{
		Meta:     world.At(v.Path + "/privateEndpointConnections/" + name),
		Endpoint: e.ID, EndpointPath: e.Path, Status: world.Approved, Provisioning: world.Succeeded,
	})
	zone.Records = append(zone.Records, world.Record{
		Meta: world.At(zone.Path + "/A/" + v.Name()), Label: v.Name(), Type: world.TypeA, TTL: 10, Addrs: e.Addresses,
		Creator: "created by private endpoint " + name + " with resource guid " + id,
	})
}

// open lets clients reach a vault without endpoints by its public side: all, or
// those with addresses and subnets of ours.
func (b *builder) open(v *world.Vault) {
	v.PublicAccess = world.AccessEnabled
	if b.percent(50) {
		return
	}
	v.ACL.Deny = true
	v.ACL.IPs = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} // that of all our public addresses
	for _, n := range b.all {
		if n.serves {
			v.ACL.Subnets = append(v.ACL.Subnets, n.subnet("apps").ID)
		}
	}
}

// partner is a vault of another tenant, open to all. It may have private
// endpoints there; then its name gets past our zones only where links fall back
// to the public DNS.
func (b *builder) partner() {
	v := &world.Vault{
		Meta: world.Meta{ID: world.ForeignID("partner-kv"), Path: "partner-kv"}, Foreign: true, Location: "eastus", RBAC: true,
		PublicAccess: world.AccessEnabled, ACL: world.NetworkACL{Bypass: true}, Provisioning: world.Succeeded, Alias: world.No,
	}
	if b.falls {
		v.Alias = world.Yes
	}
	v.Region = v.ShortRegion()
	v.PublicAddresses = []netip.Addr{v.DefaultFrontEnd()}
	b.put(v)
	b.foreign = append(b.foreign, v.Name())
}
