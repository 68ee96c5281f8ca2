package arm

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

const (
	network = "/subscriptions/0000aaaa-0000-0000-0000-000000000001/resourceGroups/RG-Net/providers/Microsoft.Network/"
	vaultID = "/subscriptions/0000aaaa-0000-0000-0000-000000000001/resourceGroups/RG-Net/providers/Microsoft.KeyVault/vaults/Fabrikam"
)

func estate(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/estate.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t testing.TB, data string, opt Options) Result {
	t.Helper()
	result, err := Decode([]byte(data), opt)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func newWorld(t testing.TB, parts []world.Resource) *world.World {
	t.Helper()
	w, err := world.New(world.Parts{Resources: parts})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var equal = cmp.Options{
	cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{}, dnsname.Name{}),
	cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(world.Zone{}),
	cmpopts.SortSlices(func(a, b world.Link) bool { return a.ID < b.ID }),
	cmpopts.SortSlices(func(a, b world.ForwardingRule) bool { return a.ID < b.ID }),
	cmpopts.SortSlices(func(a, b world.ID) bool { return a < b }),
}

// TestEstate reads every type in the shapes of ARM and Resource Graph, children
// before and after their parents.
func TestEstate(t *testing.T) {
	result := decode(t, string(estate(t)), Options{})
	w := newWorld(t, result.Resources)
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	hub, spoke := world.MakeID(network+"virtualNetworks/hub"), world.MakeID(network+"virtualNetworks/spoke")
	zone := network + "privateDnsZones/privatelink.vaultcore.azure.net"
	want := []world.Resource{
		&world.Vault{
			Meta: world.At(vaultID), Location: "eastus2", Tenant: "t-1", Reads: []string{"o-1"}, PublicAccess: world.AccessDisabled,
			ACL: world.NetworkACL{
				Deny: true, IPs: []netip.Prefix{prefix("124.56.78.91/32"), prefix("124.56.78.92/32")},
				Subnets: []world.ID{spoke + "/subnets/default"},
			},
			Connections: []world.Connection{{
				Meta: world.At(vaultID + "/privateEndpointConnections/pe.1a2b"), Endpoint: world.MakeID(network + "privateEndpoints/pe"),
				EndpointPath: strings.Replace(strings.ToUpper(network+"privateEndpoints/pe"), "/SUBSCRIPTIONS", "/subscriptions", 1),
				Status:       world.Approved, Provisioning: world.Succeeded, Description: "Auto Approved",
			}},
			Provisioning: world.Succeeded, Region: "eus2", PublicAddresses: []netip.Addr{(&world.Vault{Region: "eus2"}).DefaultFrontEnd()},
		},
		&world.Endpoint{
			Meta: world.At(network + "privateEndpoints/pe"), Location: "eastus2", GUID: "g-1", Subnet: hub + "/subnets/endpoints",
			Provisioning: world.Succeeded, Target: world.MakeID(vaultID), TargetPath: vaultID, Manual: true, Status: world.Approved,
			GroupID: "vault", Addresses: []netip.Addr{addr("10.1.2.4")}, NICs: []world.ID{world.MakeID(network + "networkInterfaces/pe.nic.g")},
			Zones: []world.ID{world.MakeID(zone)}, ZoneGroup: "default",
		},
		&world.VNet{
			Meta: world.At(network + "virtualNetworks/hub"), Location: "eastus2",
			Prefixes:   []netip.Prefix{prefix("10.1.0.0/16"), prefix("fd00:1::/48")},
			DNSServers: []netip.Addr{addr("10.1.3.4")},
			Subnets: []world.Subnet{{
				Meta: world.At(network + "virtualNetworks/hub/subnets/endpoints"), Prefixes: []netip.Prefix{prefix("10.1.2.0/24")},
				EndpointPolicies: world.Policies{Routes: true},
			}, {
				Meta: world.At(network + "virtualNetworks/hub/subnets/app"), Prefixes: []netip.Prefix{prefix("10.1.0.0/24")},
				NSG: world.MakeID(network + "networkSecurityGroups/nsg"), RouteTable: world.MakeID(network + "routeTables/rt"),
				NATAddress: addr("198.51.100.4"), ServiceEndpoints: []string{"Microsoft.KeyVault"},
				Delegations: []string{"Microsoft.Web/serverFarms"},
			}},
			Peerings: []world.Peering{{
				Meta: world.At(network + "virtualNetworks/hub/virtualNetworkPeerings/to-spoke"), Remote: spoke,
				State: world.PeeringDisconnected, AllowForwarded: true, AllowGateway: true,
			}},
		},
		&world.VNet{
			Meta: world.At(network + "virtualNetworks/spoke"), Location: "westus", Prefixes: []netip.Prefix{prefix("10.2.0.0/16")},
			Subnets: []world.Subnet{{
				Meta: world.At(network + "virtualNetworks/spoke/subnets/default"), Prefixes: []netip.Prefix{prefix("10.2.0.0/24")},
			}},
			Peerings: []world.Peering{{
				Meta: world.At(network + "virtualNetworks/spoke/virtualNetworkPeerings/to-hub"), Remote: hub,
				State: world.PeeringConnected, AllowAccess: true, UseRemoteGateways: true,
			}},
		},
		&world.NSG{Meta: world.At(network + "networkSecurityGroups/nsg"), Rules: []world.NSGRule{{
			Name: "early", Priority: 100, Inbound: true, Protocol: "Tcp", Sources: []string{"10.0.0.0/8", "192.168.0.0/16"},
			Destinations: []string{"*"}, DestinationPorts: []string{"400-500", "80"},
		}, {
			Name: "late", Priority: 300, Allow: true, Protocol: "*", Sources: []string{"*"},
			Destinations: []string{"AzureKeyVault.EastUS2"}, DestinationPorts: []string{"443"},
		}}},
		&world.RouteTable{Meta: world.At(network + "routeTables/rt"), DisableBGP: true, Routes: []world.Route{
			{Name: "fw", Prefix: prefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: addr("10.1.3.4")},
			{Name: "kv", Tag: "AzureKeyVault", Hop: world.HopInternet},
		}},
		&world.Gateway{
			Meta: world.At(network + "virtualNetworkGateways/gw"), VNet: hub, Pool: []netip.Prefix{prefix("172.20.0.0/24")}, Kind: "Vpn",
		},
		&world.Firewall{
			Meta: world.At(network + "azureFirewalls/fw"), VNet: hub, Address: addr("10.1.3.4"), DNSProxy: true,
			Policy:     world.Policy{Meta: world.At(network + "firewallPolicies/fp"), Groups: []int{200}},
			DNSServers: []netip.Addr{addr("10.1.0.5")}, KeepSource: world.AlwaysTranslate(), Public: addr("198.51.100.5"),
			Allow: []world.FirewallRule{{ // network rules go first
				Name: "no-dns", Sources: []string{"*"}, Destinations: []string{"8.8.8.8"}, Ports: []string{"53"}, Protocols: []string{"UDP"},
			}, {
				Name: "vaults", Allow: true, Sources: []string{"10.0.0.0/8"}, FQDNs: []string{"*.vault.azure.net"},
				Ports: []string{"443"}, Protocols: []string{"Https"},
			}},
		},
		&world.Hub{
			Meta: world.At(network + "virtualHubs/vhub"), Prefix: prefix("10.9.0.0/23"), Connections: []world.ID{spoke},
			PrivateHop: world.MakeID(network + "azureFirewalls/hubfw"), InternetHop: world.MakeID(network + "azureFirewalls/hubfw"),
		},
		&world.Firewall{
			Meta: world.At(network + "azureFirewalls/hubfw"), VNet: world.MakeID(network + "virtualHubs/vhub"),
			Address: addr("10.9.0.132"), AllowAll: true, Public: addr("198.51.100.6"),
		},
		&world.Zone{
			Meta: world.At(zone), Domain: dnsname.MustParse("privatelink.vaultcore.azure.net"),
			Links: []world.Link{{
				Meta: world.At(zone + "/virtualNetworkLinks/l"), VNet: hub, VNetPath: network + "virtualNetworks/hub",
				Registration: true, Redirect: true, InProgress: true,
			}},
			Records: []world.Record{{
				Meta: world.At(zone + "/A/fabrikam"), Label: "fabrikam", Type: world.TypeA, TTL: 10,
				Addrs: []netip.Addr{addr("10.1.2.4")}, Creator: "created by private endpoint pe with resource guid g-1",
			}, {
				Meta: world.At(zone + "/AAAA/fabrikam"), Label: "fabrikam", Type: world.TypeAAAA, TTL: 10, Addrs: []netip.Addr{addr("fd00:1::4")},
			}, {
				Meta: world.At(strings.ToLower(zone) + "/a/rg"), Label: "rg", Type: world.TypeA, TTL: 300,
				Addrs: []netip.Addr{addr("10.1.2.5"), addr("10.1.2.6")}, Auto: true,
			}, {
				Meta: world.At(zone + "/CNAME/www"), Label: "www", Type: world.TypeCNAME, TTL: 3600,
				Alias: dnsname.MustParse("fabrikam.vault.azure.net"),
			}},
		},
		&world.Resolver{
			Meta: world.At(network + "dnsResolvers/dr"), VNet: hub, Inbound: []netip.Addr{addr("10.1.0.20")},
			Outbound: []world.ID{world.MakeID(network + "dnsResolvers/dr/outboundEndpoints/out")},
		},
		&world.Ruleset{
			Meta: world.At(network + "dnsForwardingRulesets/rs"), VNets: []world.ID{spoke},
			Outbound: []world.ID{world.MakeID(network + "dnsResolvers/dr/outboundEndpoints/out")},
			Rules: []world.ForwardingRule{{
				Meta:    world.At(network + "dnsForwardingRulesets/rs/forwardingRules/corp"),
				Domain:  dnsname.MustParse("corp.example"),
				Targets: []netip.AddrPort{netip.MustParseAddrPort("192.168.0.10:53"), netip.MustParseAddrPort("192.168.0.11:5353")},
			}},
		},
		&world.Perimeter{
			Meta: world.At(network + "networkSecurityPerimeters/nsp"), Resources: []world.ID{world.MakeID(vaultID)},
			Learning: []world.ID{world.MakeID(vaultID + "2")}, Inbound: []netip.Prefix{prefix("203.0.113.0/24")}, Inside: []string{"bbbb"},
		},
		&world.NIC{
			Meta: world.At(network + "networkInterfaces/vm1-nic"), Subnet: hub + "/subnets/app", Addresses: []netip.Addr{addr("10.1.0.9")},
			Machine: world.MakeID(strings.Replace(network, "Microsoft.Network/", "Microsoft.Compute/virtualMachines/vm1", 1)), Forwards: true,
		},
		&world.LoadBalancer{Meta: world.At(network + "loadBalancers/nva-lb"), Subnet: hub + "/subnets/app", Addresses: []netip.Addr{addr("10.1.0.10")}},
		&world.AppGateway{Meta: world.At(network + "applicationGateways/agw"), Subnet: spoke + "/subnets/default"},
		&world.WebApp{
			Meta:   world.At(strings.Replace(network, "Microsoft.Network/", "Microsoft.Web/sites/web", 1)),
			Subnet: hub + "/subnets/app", RouteAll: true,
		},
	}
	if diff := cmp.Diff(newWorld(t, want).Resources(), w.Resources(), equal); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	for _, list := range []struct {
		what string
		ids  []string
		want string
	}{
		{"unsupported", result.Unsupported, "hsm"},
		{"unknown", result.Unknown, "st"},
		{"orphans", result.Orphans, "alone"},
	} {
		if len(list.ids) != 1 || !strings.HasSuffix(list.ids[0], "/"+list.want) {
			t.Errorf("%s: %q", list.what, list.ids)
		}
	}
}

// TestOrder reads the same resources backwards.
func TestOrder(t *testing.T) {
	var page struct{ Data []json.RawMessage }
	if err := json.Unmarshal(estate(t), &page); err != nil {
		t.Fatal(err)
	}
	forwards := newWorld(t, decode(t, string(estate(t)), Options{}).Resources)
	slices.Reverse(page.Data)
	data, err := json.Marshal(page.Data)
	if err != nil {
		t.Fatal(err)
	}
	backwards := newWorld(t, decode(t, string(data), Options{}).Resources)
	if diff := cmp.Diff(forwards.Resources(), backwards.Resources(), equal); diff != "" {
		t.Errorf("forwards -, backwards +\n%s", diff)
	}
}
