package arm

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

func roundTrip(t *testing.T, w *world.World) {
	t.Helper()
	data, err := json.Marshal(Encode(w))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Decode(data, Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	var want []world.Resource
	for _, r := range w.Resources() {
		if world.MetaOf(r).ID[0] == '/' { // of ARM
			want = append(want, withGroupName(r))
		}
	}
	if diff := cmp.Diff(want, newWorld(t, result.Resources).Resources(), equal); diff != "" {
		t.Errorf("before -, after +\n%s", diff)
	}
	if len(result.Unknown)+len(result.Orphans) > 0 {
		t.Errorf("unknown %q, orphans %q", result.Unknown, result.Orphans)
	}
}

// withGroupName names the zone group that writes an endpoint's records, since in
// Azure none is without a name.
func withGroupName(r world.Resource) world.Resource {
	e, ok := r.(*world.Endpoint)
	if !ok || len(e.Zones) == 0 || e.ZoneGroup != "" {
		return r
	}
	c := *e
	c.ZoneGroup = "default"
	return &c
}

func TestRoundTrip(t *testing.T) {
	t.Run("estate", func(t *testing.T) {
		roundTrip(t, newWorld(t, decode(t, string(estate(t)), Options{}).Resources))
	})
	for _, s := range stock.Shapes("AzureCloud") {
		t.Run(s.Name, func(t *testing.T) { roundTrip(t, s.World) })
	}
}

func TestEncodeIsOrdered(t *testing.T) {
	var ids []string
	for _, raw := range Encode(newWorld(t, decode(t, string(estate(t)), Options{}).Resources)) {
		var d struct{ ID, Name, Type string }
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		if d.Name == "" || !strings.EqualFold(d.Type, typeOf(d.ID)) {
			t.Errorf("%s: name %q, type %q", d.ID, d.Name, d.Type)
		}
		ids = append(ids, strings.ToLower(d.ID))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != len(ids) {
		t.Errorf("not ordered by id, or an id stands twice: %q", ids)
	}
}

// TestSite: Azure knows the address space of a network behind a VPN gateway, and
// nothing of one behind ExpressRoute.
func TestSite(t *testing.T) {
	const network = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"
	for kind, want := range map[string][]string{
		"Vpn":          {network + "connections/gw-office", network + "localNetworkGateways/gw-office"},
		"ExpressRoute": nil,
	} {
		vnet := &world.VNet{Meta: world.At(network + "virtualNetworks/hub"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}
		w := newWorld(t, []world.Resource{
			vnet, &world.Gateway{Meta: world.At(network + "virtualNetworkGateways/gw"), VNet: vnet.ID, Kind: kind},
			&world.Site{
				Meta: world.Meta{ID: world.SiteID("office"), Path: "office"}, ConnectedTo: []world.ID{vnet.ID},
				Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}, PublicAddress: netip.MustParseAddr("203.0.113.7"),
			},
		})
		var got []string
		for _, raw := range Encode(w) {
			var d struct {
				ID, Type   string
				Properties struct {
					LocalNetworkAddressSpace struct{ AddressPrefixes []string }
					GatewayIPAddress         string
				}
			}
			if err := json.Unmarshal(raw, &d); err != nil {
				t.Fatal(err)
			}
			switch d.Type {
			case "Microsoft.Network/localNetworkGateways":
				if !slices.Equal(d.Properties.LocalNetworkAddressSpace.AddressPrefixes, []string{"192.168.0.0/16"}) || d.Properties.GatewayIPAddress != "203.0.113.7" {
					t.Errorf("%s", raw)
				}
				got = append(got, d.ID)
			case "Microsoft.Network/connections":
				got = append(got, d.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}
