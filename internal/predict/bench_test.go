package predict

import (
	"fmt"
	"net/netip"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// estate is a world of VNets peered with a hub, each with a host, and of vaults
// whose endpoints are in the hub; one zone is linked everywhere.
func estate(t testing.TB, vaults, vnets int) *world.World {
	t.Helper()
	const prefix = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/estate/providers/"
	path := func(kind, name string) world.Meta { return world.At(prefix + kind + "/" + name) }
	hub := &world.VNet{Meta: path("Microsoft.Network/virtualNetworks", "hub"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/12")}}
	endpoints := world.At(hub.Path + "/subnets/endpoints")
	hub.Subnets = []world.Subnet{{Meta: endpoints, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/14")}}}
	svc := world.Empty().Service()
	zone := &world.Zone{Meta: path("Microsoft.Network/privateDnsZones", svc.Zone.Host()), Domain: svc.Zone}
	link := func(v *world.VNet) {
		zone.Links = append(zone.Links, world.Link{Meta: world.At(zone.Path + "/virtualNetworkLinks/" + v.Name()), VNet: v.ID})
	}
	link(hub)
	parts := []world.Resource{hub, zone}
	for i := range vnets {
		v := &world.VNet{Meta: path("Microsoft.Network/virtualNetworks", fmt.Sprintf("spoke%d", i))}
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 64 + byte(i/256), byte(i), 0}), 24)
		v.Prefixes = []netip.Prefix{p}
		subnet := world.At(v.Path + "/subnets/default")
		v.Subnets = []world.Subnet{{Meta: subnet, Prefixes: v.Prefixes}}
		peer(v, hub)
		peer(hub, v)
		link(v)
		name := fmt.Sprintf("host%d", i)
		parts = append(parts, v, &world.Host{
			Meta: world.Meta{ID: world.HostID(name), Path: name}, Network: v.ID, Subnet: subnet.ID,
			Address: p.Addr().Next().Next().Next().Next(), Runs: world.OnVM, Wants: world.WantPrivate,
		})
	}
	addr := netip.MustParseAddr("10.0.0.4")
	for i := range vaults {
		v := &world.Vault{Meta: path("Microsoft.KeyVault/vaults", fmt.Sprintf("vault%d", i)), PublicAccess: world.AccessDisabled, Region: "eus"}
		v.PublicAddresses = []netip.Addr{netip.MustParseAddr("52.168.109.101")}
		e := &world.Endpoint{
			Meta: path("Microsoft.Network/privateEndpoints", fmt.Sprintf("pe%d", i)), Subnet: endpoints.ID, Provisioning: world.Succeeded,
			Target: v.ID, Status: world.Approved, Addresses: []netip.Addr{addr},
		}
		v.Connections = []world.Connection{{Meta: world.At(v.Path + "/privateEndpointConnections/c"), Endpoint: e.ID, Status: world.Approved, Provisioning: world.Succeeded}}
		zone.Records = append(zone.Records, world.Record{Label: v.Name(), Type: world.TypeA, TTL: 10, Addrs: e.Addresses})
		parts = append(parts, v, e)
		addr = addr.Next()
	}
	w, err := world.New(world.Parts{Resources: parts})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func peer(from, to *world.VNet) {
	from.Peerings = append(from.Peerings, world.Peering{
		Meta: world.At(from.Path + "/virtualNetworkPeerings/to-" + to.Name()), Remote: to.ID, State: world.PeeringConnected, AllowAccess: true,
	})
}

// journeys predicts from one host after the other to one vault after the other.
func journeys(t testing.TB, w *world.World, vaults, vnets int) func() {
	clients := make([]*Client, vnets)
	for i := range clients {
		h, ok := w.Host(world.HostID(fmt.Sprintf("host%d", i)))
		if !ok {
			t.Fatal("no host")
		}
		clients[i] = From(w, h, Options{})
	}
	targets := make([]Target, vaults)
	for i := range targets {
		var err error
		if targets[i], err = NewTarget(w.Service(), fmt.Sprintf("vault%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	return func() {
		if j := clients[n%vnets].Journey(targets[(n/vnets+n)%vaults]); j.Verdict() != fact.Private {
			t.Fatalf("%+v", j)
		}
		n++
	}
}

// BenchmarkPredict predicts journeys in worlds of three sizes.
func BenchmarkPredict(b *testing.B) {
	for _, size := range [][2]int{{10, 3}, {100, 10}, {1000, 100}} {
		b.Run(fmt.Sprintf("vaults=%d/vnets=%d", size[0], size[1]), func(b *testing.B) {
			next := journeys(b, estate(b, size[0], size[1]), size[0], size[1])
			b.ReportAllocs()
			for b.Loop() {
				next()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "journeys/s")
		})
	}
}

// TestAllocationsStayConstant holds that a journey costs as much memory in a
// large world as in a small one.
func TestAllocationsStayConstant(t *testing.T) {
	small := testing.AllocsPerRun(200, journeys(t, estate(t, 10, 3), 10, 3))
	large := testing.AllocsPerRun(200, journeys(t, estate(t, 1000, 100), 1000, 100))
	if small != large {
		t.Errorf("%v allocations in a small world, %v in a large one", small, large)
	}
}
