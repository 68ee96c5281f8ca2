package arm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pldoctor/internal/world"
)

// bare is a resource with next to nothing in it.
func bare(kind, properties string) string {
	var path strings.Builder
	path.WriteString("/subscriptions/s/resourceGroups/g/providers")
	namespace, rest, _ := strings.Cut(kind, "/")
	path.WriteString("/" + namespace)
	for i, part := range strings.Split(rest, "/") {
		fmt.Fprintf(&path, "/%s/x%d", part, i)
	}
	return fmt.Sprintf(`{"id": %q, "type": %q, "properties": %s}`, path.String(), kind, properties)
}

// TestAbsence holds what is left out to what Azure means by that.
func TestAbsence(t *testing.T) {
	const id = `{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"}`
	for _, tt := range []struct {
		name, data string
		get        func(world.Resource) any
		want       any
	}{
		{
			"networkAcls: all may come", bare(typeVault, `{}`),
			func(r world.Resource) any { return r.(*world.Vault).ACL },
			world.NetworkACL{Bypass: true},
		},
		{
			"bypass: AzureServices", bare(typeVault, `{"networkAcls": {"defaultAction": "deny"}}`),
			func(r world.Resource) any { return r.(*world.Vault).ACL },
			world.NetworkACL{Deny: true, Bypass: true},
		},
		{
			"publicNetworkAccess: Enabled", bare(typeVault, `{"publicNetworkAccess": null}`),
			func(r world.Resource) any { return r.(*world.Vault).PublicAccess }, world.AccessEnabled,
		},
		{
			"publicNetworkAccess in any case", bare(typeVault, `{"publicNetworkAccess": "securedbyPerimeter"}`),
			func(r world.Resource) any { return r.(*world.Vault).PublicAccess }, world.AccessPerimeter,
		},
		{
			"provisioningState: Succeeded", bare(typeVault, `{}`),
			func(r world.Resource) any { return r.(*world.Vault).Provisioning }, world.Succeeded,
		},
		{
			"a connection's status: nobody has approved it",
			bare(typeVault, `{"privateEndpointConnections": [{"name": "c", "properties": {}}]}`),
			func(r world.Resource) any { return r.(*world.Vault).Connections[0].Status }, world.Pending,
		},
		{
			"allowVirtualNetworkAccess: true, the other flags: false",
			bare(typeVNet, `{"virtualNetworkPeerings": [{"name": "p", "properties": {"remoteVirtualNetwork": `+id+`}}]}`),
			func(r world.Resource) any {
				p := r.(*world.VNet).Peerings[0]
				return []any{p.AllowAccess, p.AllowForwarded, p.AllowGateway, p.UseRemoteGateways, p.State}
			},
			[]any{true, false, false, false, world.PeeringConnected},
		},
		{
			"privateEndpointNetworkPolicies: Disabled",
			bare(typeVNet, `{"subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]}`),
			func(r world.Resource) any { return r.(*world.VNet).Subnets[0].EndpointPolicies },
			world.Policies{},
		},
		{
			"dhcpOptions: Azure-provided DNS", bare(typeVNet, `{}`),
			func(r world.Resource) any { return r.(*world.VNet).DNSServers }, []netip.Addr(nil),
		},
		{
			"forwardingRuleState: Enabled, port: 53",
			bare("Microsoft.Network/dnsForwardingRulesets", `{"forwardingRules": [{"name": "r", "properties":
				{"domainName": "a.", "targetDnsServers": [{"ipAddress": "10.0.0.1"}]}}]}`),
			func(r world.Resource) any {
				rule := r.(*world.Ruleset).Rules[0]
				return []any{rule.Enabled, rule.Targets}
			},
			[]any{true, []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:53")}},
		},
		{
			"a link's state: Completed, resolutionPolicy: Default, registrationEnabled: false",
			bare(typeZone, `{"virtualNetworkLinks": [{"name": "l", "properties": {"virtualNetwork": `+id+`}}]}`),
			func(r world.Resource) any {
				l := r.(*world.Zone).Links[0]
				return []any{l.InProgress, l.Redirect, l.Registration}
			},
			[]any{false, false, false},
		},
		{
			"a firewall's policy: nothing known restricts, DNS proxy off, private sources kept",
			bare(typeFirewall, `{}`),
			func(r world.Resource) any {
				f := r.(*world.Firewall)
				return []any{f.AllowAll, f.DNSProxy, f.Keeps(netip.MustParseAddr("10.9.9.9"))}
			},
			[]any{true, false, true},
		},
		{
			"a firewall without a policy says itself what it does",
			bare(typeFirewall, `{"additionalProperties": {"Network.DNS.EnableProxy": "true", "Network.DNS.Servers": "10.0.0.5,10.0.0.6",
				"Network.SNAT.PrivateRanges": "10.0.0.0/8, 192.168.0.9"}, "applicationRuleCollections": [],
				"networkRuleCollections": [{"name": "c", "properties": {"priority": 100, "action": {"type": "Allow"}, "rules": [
					{"name": "r", "sourceAddresses": ["*"], "destinationAddresses": ["10.1.2.3"], "destinationPorts": ["443"], "protocols": ["TCP"]}]}}]}`),
			func(r world.Resource) any {
				f := r.(*world.Firewall)
				return []any{f.AllowAll, f.DNSProxy, f.DNSServers, f.KeepSource, f.Allow}
			},
			[]any{
				false, true,
				[]netip.Addr{netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.6")},
				[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.0.9/32")},
				[]world.FirewallRule{{
					Name: "r", Allow: true, Sources: []string{"*"}, Destinations: []string{"10.1.2.3"}, Ports: []string{"443"}, Protocols: []string{"TCP"},
				}},
			},
		},
		{
			"vnetRouteAllEnabled: false", bare("Microsoft.Web/sites", `{}`),
			func(r world.Resource) any { return r.(*world.WebApp).RouteAll }, false,
		},
		{
			"addresses in one text, and one of them twice",
			bare("Microsoft.Web/sites", `{"outboundIpAddresses": "20.1.2.3,20.1.2.4, 20.1.2.3"}`),
			func(r world.Resource) any { return fmt.Sprint(r.(*world.WebApp).Outbound) }, "[20.1.2.3 20.1.2.4]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := strings.ReplaceAll(tt.data, `zones/x0`, `zones/a.example`)
			result := decode(t, strings.ReplaceAll(data, `Zones/x0`, `Zones/a.example`), Options{})
			if got := tt.get(result.Resources[0]); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEnvelopes(t *testing.T) {
	one := bare(typeVault, `{}`)
	two := strings.ReplaceAll(bare(typeVault, `{}`), "x0", "y")
	for _, data := range []string{
		one + two,
		"[" + one + "," + two + "]",
		`{"value": [` + one + "," + two + `], "nextLink": null}`,
		`{"data": [` + one + "," + two + `], "count": 2}`,
		"\xef\xbb\xbf" + `{"data": [` + one + `]}` + "\n" + `{"data": [` + two + `]}`,
		`[{"value": [` + one + `]}, [` + two + "]]",
		one + one + two, // the same again
	} {
		if got := len(decode(t, data, Options{}).Resources); got != 2 {
			t.Errorf("%.60s: %d resources", data, got)
		}
	}
	for _, data := range []string{"", "[]", `{"value": []}`} {
		if got := len(decode(t, data, Options{}).Resources); got != 0 {
			t.Errorf("%q: %d resources", data, got)
		}
	}
}

// TestAddresses finds an endpoint's address wherever it stands.
func TestAddresses(t *testing.T) {
	const target = `"subnet": {"id": "v/s"}, "privateLinkServiceConnections": [{"properties": {"privateLinkServiceId": "kv"}}]`
	opt := Options{Subscription: "s", Group: "g"}
	nic := bare(typeNIC, `{"ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.4"}}]}`)
	back := bare(typeNIC, `{"privateEndpoint": {"id": "x0"}, "ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.4"}}]}`)
	const custom = `"customDnsConfigs": [{"fqdn": "kv.vault.azure.net", "ipAddresses": ["10.0.0.5"]}]`
	for _, tt := range []struct{ name, data, want string }{
		{"its network interface", bare(typeEndpoint, `{`+target+`, "networkInterfaces": [{"id": "x0"}], `+custom+`}`) + nic, "[10.0.0.4]"},
		{"the interface that names it", bare(typeEndpoint, `{`+target+`, `+custom+`}`) + back, "[10.0.0.4]"},
		{"its DNS configuration", bare(typeEndpoint, `{`+target+`, "networkInterfaces": [{"id": "unread"}], `+custom+`}`), "[10.0.0.5]"},
		{"its static address", bare(typeEndpoint, `{`+target+`, "ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.6"}}]}`), "[10.0.0.6]"},
		{"nowhere", bare(typeEndpoint, `{`+target+`}`), "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := decode(t, tt.data, opt).Resources[0].(*world.Endpoint)
			if got := fmt.Sprint(e.Addresses); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestShorthand reads resources as people write them: names for ids.
func TestShorthand(t *testing.T) {
	opt := Options{Subscription: "S-1", Group: "Lab"}
	short := decode(t, `[
		{"type": "Microsoft.Network/privateEndpoints", "name": "pe", "properties": {"subnet": {"id": "spoke/default"},
			"privateLinkServiceConnections": [{"properties": {"privateLinkServiceId": "fabrikam"}}]}},
		{"type": "Microsoft.Network/privateDnsZones", "name": "a.example"},
		{"type": "Microsoft.Network/privateDnsZones/A", "name": "a.example/fabrikam", "properties": {"aRecords": [{"ipv4Address": "10.0.0.4"}]}},
		{"type": "Microsoft.KeyVault/vaults", "name": "other", "subscriptionId": "S-2", "resourceGroup": "far"}]`, opt)
	const lab = "/subscriptions/S-1/resourceGroups/Lab/providers/"
	e := short.Resources[0].(*world.Endpoint)
	z := short.Resources[1].(*world.Zone)
	v := short.Resources[2].(*world.Vault)
	for _, tt := range []struct{ got, want string }{
		{e.Path, lab + "Microsoft.Network/privateEndpoints/pe"},
		{string(e.Subnet), strings.ToLower(lab + "Microsoft.Network/virtualNetworks/spoke/subnets/default")},
		{e.TargetPath, lab + "Microsoft.KeyVault/vaults/fabrikam"},
		{z.Records[0].Path, lab + "Microsoft.Network/privateDnsZones/a.example/A/fabrikam"},
		{v.Path, "/subscriptions/S-2/resourceGroups/far/providers/Microsoft.KeyVault/vaults/other"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

// TestFaults holds each fault to the resource and the field that it names.
func TestFaults(t *testing.T) {
	const x = "/subscriptions/s/resourceGroups/g/providers/"
	for _, tt := range []struct{ name, data, want string }{
		{"no JSON", `{`, "is not JSON"},
		{"no list", `{"value": 3}`, "neither a resource"},
		{"nothing named", `{"a": 1}`, "neither a resource"},
		{"a table of Resource Graph", `{"data": {"columns": [], "rows": []}}`, "neither a resource"},
		{"a scalar", `[1]`, "in place of a resource"},
		{"lists in lists", `[[[[[]]]]]`, "lists in lists"},
		{"no id", `{"type": "Microsoft.KeyVault/vaults"}`, "resource 1: id is missing"},
		{"a broken id", `{"id": "/subscriptions//x", "type": "Microsoft.KeyVault/vaults"}`, "id is no resource id"},
		{"another type", `{"id": "` + x + `Microsoft.KeyVault/vaults/v", "type": "Microsoft.Network/virtualNetworks"}`, "type is"},
		{"id is no text", `{"id": 1, "type": "Microsoft.KeyVault/vaults"}`, "resource 1: id is 1, not a string"},
		{"properties", bare(typeVault, `"x"`), x + `Microsoft.KeyVault/vaults/x0: properties is "x", not an object`},
		{"enumeration", bare(typeVault, `{"publicNetworkAccess": "Off"}`), "properties.publicNetworkAccess is \"Off\", not one of Enabled"},
		{"address in a list", bare(typeVNet, `{"dhcpOptions": {"dnsServers": ["10.0.0.4", "dc1"]}}`), `properties.dhcpOptions.dnsServers[1] is "dc1", not an address`},
		{"prefix", bare(typeVNet, `{"addressSpace": {"addressPrefixes": [7]}}`), "addressPrefixes[0] is 7, not a string"},
		{"boolean", bare(typeVault, `{"enableRbacAuthorization": "yes"}`), "enableRbacAuthorization is \"yes\", not true or false"},
		{
			"a child's field", bare(typeVNet, `{"subnets": [{"name": "s", "properties": {"addressPrefix": true}}]}`),
			x + "Microsoft.Network/virtualNetworks/x0/subnets/s: properties.addressPrefix is true",
		},
		{
			"a child of another", bare(typeVNet, `{"subnets": [{"id": "`+x+`Microsoft.Network/virtualNetworks/y/subnets/s", "properties": {}}]}`),
			"Microsoft.Network/virtualNetworks/x0: properties.subnets[0].id is no child of the resource",
		},
		{"a short reference", bare(typeEndpoint, `{"subnet": {"id": "v/s"}}`), `properties.subnet.id is "v/s", which is no resource id`},
		{"a reference left out", bare(typeEndpoint, `{}`), "properties.subnet.id is missing"},
		{"number", bare("Microsoft.Network/networkSecurityGroups/securityRules", `{"priority": 1e9}`), "properties.priority is 1e9, not a number"},
		{"an IPv6 address in an A record", bare("Microsoft.Network/privateDnsZones/A", `{"aRecords": [{"ipv4Address": "::1"}]}`), "properties.aRecords[0].ipv4Address is ::1"},
		{"twice", bare(typeVault, `{}`) + bare(typeVault, `{"enableRbacAuthorization": true}`), "stands twice, with different contents"},
		{"depth", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "nested deeper than 64 levels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode([]byte(tt.data), Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if _, typed := errors.AsType[*Error](err); !typed {
				t.Errorf("%T is no *Error", err)
			}
		})
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var data strings.Builder
	for range 3 * maxErrors {
		data.WriteString(`{"type": "Microsoft.KeyVault/vaults"}`)
	}
	_, err := Decode([]byte(data.String()), Options{})
	if lines := strings.Count(err.Error(), "\n") + 1; lines != maxErrors {
		t.Errorf("%d errors", lines)
	}
}

// TestChildren reads a zone with its children inside, and beside it.
func TestChildren(t *testing.T) {
	opt := Options{Subscription: "s", Group: "g"}
	const link, record = `{"virtualNetwork": {"id": "hub"}}`, `{"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.4"}]}`
	inside := decode(t, `{"type": "Microsoft.Network/privateDnsZones", "name": "a.example", "properties": {
		"virtualNetworkLinks": [{"name": "l", "properties": `+link+`}], "A": [{"name": "kv", "properties": `+record+`}]}}`, opt)
	beside := decode(t, `[
		{"type": "microsoft.network/privateDnsZones/A", "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/a.example/A/kv", "properties": `+record+`},
		{"type": "Microsoft.Network/privateDnsZones", "name": "a.example"},
		{"type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "name": "a.example/l", "properties": `+link+`}]`, opt)
	if diff := cmp.Diff(inside.Resources, beside.Resources, equal); diff != "" {
		t.Errorf("inside -, beside +\n%s", diff)
	}
}

// FuzzDecode looks for panics, and for worlds that do not survive the way out
// and back.
func FuzzDecode(f *testing.F) {
	var page struct{ Data []json.RawMessage }
	if err := json.Unmarshal(estate(f), &page); err != nil {
		f.Fatal(err)
	}
	for _, raw := range page.Data {
		f.Add([]byte(raw), false)
	}
	for _, seed := range []string{
		bare(typeVault, `{"networkAcls": {"ipRules": [{"value": "1.2.3.4"}]}, "privateEndpointConnections": [{"name": "c", "properties": {}}]}`),
		bare(typeVNet, `{"subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}], "addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}}`),
		`{"value": [{"type": "Microsoft.Network/privateDnsZones/A", "name": "a/b", "properties": {"aRecords": [{"ipv4Address": "10.0.0.4"}]}}]}`,
		`[[{"data": [{"id": 1}]}]]`, `{"type": "Microsoft.Network/routeTables/routes", "name": "a/b", "properties": {"addressPrefix": 5}}`,
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, short bool) {
		opt := Options{}
		if short {
			opt = Options{Subscription: "s", Group: "g"}
		}
		result, err := Decode(data, opt)
		if err != nil {
			return
		}
		w, err := world.New(world.Parts{Resources: result.Resources})
		if err != nil {
			return
		}
		roundTrip(t, w)
	})
}
