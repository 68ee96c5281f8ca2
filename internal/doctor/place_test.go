package doctor

import (
	"net/netip"
	"slices"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

const network = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// estate has two VNets, of which one hands out a DNS server, and a third with
// the space of the second.
func estate(t *testing.T) *world.World {
	t.Helper()
	prefix := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	vnet := func(name, space string) *world.VNet {
		v := &world.VNet{Meta: world.At(network + "virtualNetworks/" + name), Prefixes: prefix(space)}
		v.Subnets = []world.Subnet{{Meta: world.At(v.Path + "/subnets/default"), Prefixes: prefix(space)}}
		return v
	}
	hub, spoke, twin := vnet("hub", "10.1.0.0/16"), vnet("spoke", "10.2.0.0/16"), vnet("twin", "10.2.0.0/16")
	spoke.DNSServers = []netip.Addr{addr("10.1.0.4"), addr("10.1.0.5"), addr("192.168.0.10")}
	w, err := world.New(world.Parts{Resources: []world.Resource{
		hub, spoke, twin,
		&world.Vault{Meta: world.At("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/fabrikam"), PublicAddresses: []netip.Addr{addr("52.168.109.101")}},
		&world.Resolver{Meta: world.At(network + "dnsResolvers/r"), VNet: hub.ID, Inbound: []netip.Addr{addr("10.1.0.5")}},
		&world.RouteTable{Meta: world.At(network + "routeTables/t"), Routes: []world.Route{
			{Name: "a", Hop: world.HopAppliance, Address: addr("10.1.0.4")}, {Name: "b", Hop: world.HopAppliance, Address: addr("10.1.0.9")}, {Name: "c", Hop: world.HopNone},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func observed(addresses ...string) *fact.Observation {
	o := &fact.Observation{Client: fact.Client{Host: "this machine", Runs: "vm"}}
	o.Journey.Name.Host = dnsname.MustParse("fabrikam.vault.azure.net")
	for _, a := range addresses {
		o.Client.Addresses = append(o.Client.Addresses, addr(a))
	}
	return o
}

// TestFronts: the public address at which the vault answered is known then, and
// no other is taken for one.
func TestFronts(t *testing.T) {
	o := observed("10.1.7.7")
	view := func(a string, conn service.ConnType, outcome fact.Outcome) fact.AddressView {
		return fact.AddressView{Addr: addr(a), Exchange: fact.ExchangeHop{Outcome: outcome, Conn: conn}}
	}
	o.Addresses = []fact.AddressView{
		view("20.1.2.3", service.ConnIPv4, fact.OK), view("20.1.2.4", service.ConnPrivateLink, fact.OK),
		view("20.1.2.5", service.ConnIPv4, fact.NotKeyVault), view("10.1.2.3", service.ConnIPv4, fact.OK),
	}
	w := Case{World: estate(t)}.Placed(o).World
	if v, _ := w.VaultNamed("fabrikam"); !slices.Equal(v.PublicAddresses, []netip.Addr{addr("20.1.2.3")}) {
		t.Errorf("%v", v.PublicAddresses)
	}
}

// TestPlaced: a case that knows its client stays as it is; another is put where
// its addresses are, or the case says why not.
func TestPlaced(t *testing.T) {
	w := estate(t)
	for _, c := range []Case{{}, {World: w, Client: "host:x"}} {
		if placed := c.Placed(observed("10.1.7.7")); placed.World != c.World || placed.Client != c.Client || placed.PlacedBy != "" {
			t.Errorf("%+v", placed)
		}
	}
	placed := Case{World: w}.Placed(observed("172.17.0.1", "10.1.7.7"))
	h, ok := placed.World.Host(placed.Client)
	if !ok || h.Network.Name() != "hub" || h.Subnet.Name() != "default" || h.Address != addr("10.1.7.7") || !slices.Equal(h.Addresses, []netip.Addr{addr("172.17.0.1")}) || placed.PlacedBy == "" {
		t.Errorf("%+v, %s", h, placed.PlacedBy)
	}
	if placed := (Case{World: w}).Placed(observed("10.2.0.7")); placed.Client != "" || placed.World == nil || placed.PlacedBy == "" {
		t.Errorf("%s, %s", placed.Client, placed.PlacedBy)
	}
}
