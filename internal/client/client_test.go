package client

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

const group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"

func addrs(list ...string) (all []netip.Addr) {
	for _, a := range list {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

func vnet(name, prefix string, servers ...string) *world.VNet {
	p := netip.MustParsePrefix(prefix)
	return &world.VNet{
		Meta: world.At(group + "virtualNetworks/" + name), Prefixes: []netip.Prefix{p}, DNSServers: addrs(servers...),
		Subnets: []world.Subnet{{
			Meta:     world.At(group + "virtualNetworks/" + name + "/subnets/default"),
			Prefixes: []netip.Prefix{netip.PrefixFrom(p.Addr(), 24)},
		}},
	}
}

func gateway(in, kind string, pool ...string) *world.Gateway {
	g := &world.Gateway{Meta: world.At(group + "virtualNetworkGateways/gw"), VNet: world.At(group + "virtualNetworks/" + in).ID, Kind: kind}
	for _, p := range pool {
		g.Pool = append(g.Pool, netip.MustParsePrefix(p))
	}
	return g
}

func machine(name string) world.ID {
	return world.MakeID("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/" + name)
}

func nic(in *world.VNet, vm string, at ...string) *world.NIC {
	return &world.NIC{Meta: world.At(group + "networkInterfaces/" + vm + "-nic"), Subnet: in.Subnets[0].ID, Addresses: addrs(at...), Machine: machine(vm)}
}

func of(t *testing.T, parts ...world.Resource) *world.World {
	t.Helper()
	w, err := world.New(world.Parts{Resources: parts})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestFind: where a machine is said to be, and that nothing is guessed.
func TestFind(t *testing.T) {
	hub, spoke, twin := vnet("hub", "10.1.0.0/16"), vnet("spoke", "10.2.0.0/16"), vnet("twin", "10.2.0.0/16", "10.2.0.53")
	wide := vnet("wide", "10.2.0.0/16")
	wide.Subnets[0].Prefixes = wide.Prefixes
	office := &world.Site{Meta: world.Meta{ID: world.SiteID("office"), Path: "office"}, Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}, ConnectedTo: []world.ID{hub.ID}}
	site := of(t, hub, spoke, office, gateway("hub", "Vpn", "172.16.9.0/24"))
	app := &world.WebApp{Meta: world.At("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop"), Subnet: spoke.Subnets[0].ID}
	gap := world.Gap{Type: "microsoft.network/virtualnetworks", Why: "403"}
	for name, tt := range map[string]struct {
		w    *world.World
		m    Machine
		want string // "network address: by", or the error
	}{
		"in one VNet":        {site, Machine{Addresses: addrs("10.2.0.4")}, "spoke 10.2.0.4: its address 10.2.0.4, which of the networks that were read only spoke has in a subnet"},
		"between the others": {site, Machine{Addresses: addrs("172.17.0.1", "10.1.0.9")}, "hub 10.1.0.9: its address 10.1.0.9, which of the networks that were read only hub has in a subnet"},
		"in a site":          {site, Machine{Addresses: addrs("192.168.7.7")}, "office 192.168.7.7: its address 192.168.7.7, which of the networks that were read only office has in a subnet"},
		"in a pool":          {site, Machine{Addresses: addrs("172.16.9.3")}, "gw 172.16.9.3: its address 172.16.9.3, which of the networks that were read only gw has in a subnet"},
		"in a VNet but in no subnet of it": {
			of(t, hub, spoke), Machine{Addresses: addrs("10.2.9.4")}, "internet 10.2.9.4: its addresses, which no network that was read holds",
		},
		"in two VNets": {
			of(t, spoke, twin),
			Machine{Addresses: addrs("10.2.0.4")},
			"several networks hold this machine's address 10.2.0.4: " + spoke.Path + ", " + twin.Path + "; say which with --network",
		},
		"in two VNets, and its interface is known": {
			of(t, spoke, twin, nic(spoke, "other", "10.2.0.4"), nic(twin, "vm", "10.2.0.4")),
			Machine{Addresses: addrs("10.2.0.4"), VM: machine("vm")},
			"twin 10.2.0.4: instance metadata and the network interface vm-nic",
		},
		"in two VNets, and another's interface is known": {
			of(t, spoke, twin, nic(spoke, "other", "10.2.0.4")),
			Machine{
				Addresses: addrs("10.2.0.4"), VM: machine("vm"), Platform: addrs("10.2.0.4"),
				Subnets: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24")},
			},
			"twin 10.2.0.4: instance metadata",
		},
		"in two VNets with DNS servers of their own": {
			of(t, spoke, twin),
			Machine{Addresses: addrs("10.2.0.4"), Servers: addrs("10.2.0.53")},
			"twin 10.2.0.4: its address 10.2.0.4 and the DNS servers that the network hands out",
		},
		"named":              {site, Machine{Network: "HUB", Addresses: addrs("10.2.0.4")}, "hub 10.1.0.4: what its user says"},
		"named by id":        {site, Machine{Network: spoke.Path, Addresses: addrs("10.2.0.7")}, "spoke 10.2.0.7: what its user says"},
		"named a site":       {site, Machine{Network: "office"}, "office 192.168.0.4: what its user says"},
		"named the internet": {site, Machine{Network: "internet", Addresses: addrs("192.168.7.7")}, "internet 192.168.7.7: what its user says"},
		"named wrongly":      {site, Machine{Network: "spook"}, `no network that was read is called "spook"; there are hub, spoke, office, gw, internet`},
		"told by metadata":   {of(t, wide, twin), Machine{Addresses: addrs("10.2.0.4"), Platform: addrs("10.2.0.4"), Subnets: twin.Subnets[0].Prefixes}, "twin 10.2.0.4: instance metadata"},
		"named a gateway":    {site, Machine{Network: "GW", Addresses: addrs("172.16.9.9")}, "gw 172.16.9.9: what its user says"},
		"named a gateway without a pool": {
			of(t, hub, gateway("hub", "ExpressRoute")),
			Machine{Network: "gw", Addresses: addrs("192.168.1.2")},
			"behind the gateway 192.168.1.2: what its user says",
		},
		"an app": {
			of(t, spoke, app), Machine{App: "Shop", Addresses: addrs("169.254.130.2")}, "spoke 10.2.0.4: the app's VNet integration",
		},
		"an app that was not read": {
			of(t, spoke),
			Machine{App: "shop", Addresses: addrs("169.254.130.2"), Private: addrs("10.2.0.7")[0]},
			"spoke 10.2.0.7: its address 10.2.0.7, which of the networks that were read only spoke has in a subnet",
		},
		"an app without integration": {
			of(t, spoke),
			Machine{App: "shop", Addresses: addrs("169.254.130.2")},
			"internet 169.254.130.2: App Service, which tells this app no address in a VNet: it has no VNet integration",
		},
		"in a VNet that was not read": {
			of(t, hub),
			Machine{Addresses: addrs("10.9.0.4"), Azure: true},
			"this machine is in Azure, in a VNet that is not among what was read: its account may lack the right to read that subscription; say with --network where it is",
		},
		"at home": {of(t, hub), Machine{Addresses: addrs("192.168.1.2")}, "internet 192.168.1.2: its addresses, which no network that was read holds"},
		"behind a gateway, perhaps": {
			of(t, hub, gateway("hub", "ExpressRoute")),
			Machine{Addresses: addrs("192.168.1.2")},
			"this machine's address 192.168.1.2 is in no VNet that was read; it may be in a network behind a gateway, whose address space Azure does not tell: say with --network by which gateway it comes, or internet",
		},
		"in a network that was not read, perhaps": {
			of(t, hub).WithGaps(gap),
			Machine{Addresses: addrs("192.168.1.2")},
			"this machine is in no network that was read, and not all networks were: say with --network where it is",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Find(tt.w, tt.m)
			got := p.Network.Name() + " " + p.Address.String() + ": " + p.By
			if p.Network == world.Internet {
				got = "internet " + strings.TrimPrefix(got, p.Network.Name()+" ")
			}
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if err == nil {
				if h, ok := Put(tt.w, tt.m, p).Host(ID); !ok || h.Network != p.Network {
					t.Errorf("put %+v", h)
				}
			}
		})
	}
}

// TestPod: a pod of an overlay stands behind its node, one with an address of
// the VNet stands there itself.
func TestPod(t *testing.T) {
	w := of(t, vnet("aks", "10.4.0.0/16"))
	for a, behind := range map[string]bool{"10.244.0.7": true, "10.4.0.9": false} {
		m := Machine{
			Addresses: addrs(a), Platform: addrs("10.4.0.9"), Subnets: []netip.Prefix{netip.MustParsePrefix("10.4.0.0/24")}, Runs: settings.RunsAKS,
		}
		p, err := Find(w, m)
		if err != nil {
			t.Fatal(err)
		}
		h, _ := Put(w, m, p).Host(ID)
		if (h.Behind != "") != behind || h.Address.String() != a {
			t.Errorf("%s: %+v", a, h)
		}
	}
}

// TestPopulate: whom a configuration names that Azure does not tell of.
func TestPopulate(t *testing.T) {
	hub, spoke := vnet("hub", "10.1.0.0/16"), vnet("spoke", "10.2.0.0/16", "10.1.0.53", "192.168.0.10", "168.63.129.16", "8.8.8.8", "10.1.0.132")
	spoke.Peerings = []world.Peering{{Meta: world.At(spoke.Path + "/virtualNetworkPeerings/hub"), Remote: hub.ID}}
	spoke.Subnets[0].RouteTable = world.At(group + "routeTables/rt").ID
	table := &world.RouteTable{Meta: world.At(group + "routeTables/rt"), Routes: []world.Route{
		{Name: "inspect", Prefix: netip.MustParsePrefix("10.1.0.0/16"), Hop: world.HopAppliance, Address: netip.MustParseAddr("10.1.0.53")},
		{Name: "nva", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: netip.MustParseAddr("10.1.0.8")},
		{Name: "none", Prefix: netip.MustParsePrefix("10.9.0.0/16"), Hop: world.HopNone},
	}}
	resolver := &world.Resolver{Meta: world.At(group + "dnsResolvers/r"), VNet: hub.ID, Inbound: addrs("10.1.0.132")}
	w := Populate(of(t, hub, spoke, table, resolver, gateway("hub", "Vpn")))
	var got []string
	for h := range w.Hosts() {
		role := ""
		if h.DNSUnread {
			role += " dns"
		}
		if h.Forward != nil {
			role += " forwards"
		}
		got = append(got, h.Name()+" in "+h.Network.Name()+role)
	}
	want := "10.1.0.53 in hub dns forwards, 10.1.0.8 in hub forwards, 192.168.0.10 in behind the gateway dns"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
	if s, ok := w.Site(world.SiteID(beyond)); !ok || len(s.Prefixes) != 1 || len(s.ConnectedTo) != 1 {
		t.Errorf("%+v", s)
	}
}
