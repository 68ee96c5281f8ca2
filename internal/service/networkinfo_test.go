package service_test

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/service"
)

const endpointPath = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-platform-baseline/" +
	"providers/Microsoft.Network/privateEndpoints/pe-kv-plat-dev-001"

// networkInfos are header values seen in public, each with what it says.
var networkInfos = []struct {
	name, value string
	want        service.NetworkInfo
}{
	{
		"private link, 2026", "conn_type=PrivateLink;private_endpoint=" + endpointPath + ";addr=10.10.1.5;act_addr_fam=InterNetworkV6;",
		service.NetworkInfo{Conn: service.ConnPrivateLink, Endpoint: endpointPath, Addr: netip.MustParseAddr("10.10.1.5"), Family: "InterNetworkV6"},
	},
	{
		"service endpoint, 2021", "conn_type=Subnet;subnet=xxxxx;addr=10.0.0.5;act_addr_fam=InterNetworkV6;",
		service.NetworkInfo{Conn: service.ConnSubnet, Subnet: "xxxxx", Addr: netip.MustParseAddr("10.0.0.5"), Family: "InterNetworkV6"},
	},
	{
		"public, 2020", "conn_type=Ipv4;addr=20.65.162.175;act_addr_fam=InterNetwork;",
		service.NetworkInfo{Conn: service.ConnIPv4, Addr: netip.MustParseAddr("20.65.162.175"), Family: "InterNetwork"},
	},
	{
		"public, 2018", "addr=131.107.174.199;act_addr_fam=InterNetwork;",
		service.NetworkInfo{Addr: netip.MustParseAddr("131.107.174.199"), Family: "InterNetwork"},
	},
	{
		"the article", "addr=10.4.5.6;act_addr_fam=InterNetworkV6;",
		service.NetworkInfo{Addr: netip.MustParseAddr("10.4.5.6"), Family: "InterNetworkV6"},
	},
	{
		"public IPv6", "conn_type=Ipv6;addr=2001:db8::1;",
		service.NetworkInfo{Conn: service.ConnIPv6, Addr: netip.MustParseAddr("2001:db8::1")},
	},
}

func TestNetworkInfoBothWays(t *testing.T) {
	for _, c := range networkInfos {
		if got := c.want.String(); got != c.value {
			t.Errorf("%s: wrote\n%s, want\n%s", c.name, got, c.value)
		}
		if got, ok := service.ParseNetworkInfo(c.value); !ok || got != c.want {
			t.Errorf("%s: read %+v, %t", c.name, got, ok)
		}
	}
}

func TestParseNetworkInfoIsLenient(t *testing.T) {
	for value, want := range map[string]string{
		"addr=50.35.231.105": "addr=50.35.231.105;", // Managed HSM
		"conn_type=Subnet;subnet=x;addr=10.0.0.5;act_addr_fam=InterNetworkV6": "conn_type=Subnet;subnet=x;addr=10.0.0.5;act_addr_fam=InterNetworkV6;",
		" ACT_ADDR_FAM = internetwork ; Addr = 1.2.3.4 ; CONN_TYPE=IPV4":      "conn_type=Ipv4;addr=1.2.3.4;act_addr_fam=InterNetwork;",
		"addr=::ffff:10.1.2.4":                              "addr=10.1.2.4;",
		"addr=[fde4:8dba:1200:98db:6a12:300:a02:126]:27842": "addr=fde4:8dba:1200:98db:6a12:300:a02:126;",
		"addr=[2001:db8::1]":                                "addr=2001:db8::1;",
		"addr=fe80::1%eth0":                                 "addr=fe80::1;",
		"addr=10.0.0.4;addr=6.6.6.6;addr=":                  "addr=10.0.0.4;",
		"nsp=none;;=;addr=10.0.0.4;x":                       "addr=10.0.0.4;",
		"conn_type=Quantum;addr=10.0.0.4;":                  "conn_type=Quantum;addr=10.0.0.4;",
		"conn_type=PrivateLink;private_endpoint=/a\x1b[2J;addr=not an address;": "conn_type=PrivateLink;",
	} {
		got, ok := service.ParseNetworkInfo(value)
		if !ok || got.String() != want {
			t.Errorf("%q: read as %q, %t, want %q", value, got, ok, want)
		}
	}
	for _, value := range []string{
		"", ";;;", "addr", "addr=", "addr=1.2.3.4.5", "hello=world;", "conn_type=\xff\xfe",
		"addr=10.0.0.1;" + strings.Repeat("x", 1<<20),
	} {
		if got, ok := service.ParseNetworkInfo(value); ok {
			t.Errorf("%.40q: read as %+v", value, got)
		}
	}
}

func FuzzParseNetworkInfo(f *testing.F) {
	for _, c := range networkInfos {
		f.Add(c.value)
	}
	f.Add(" CONN_TYPE = privatelink;addr=[fe80::1%x]:443;=;subnet=a=b;;")
	f.Add("addr=\x00;conn_type=\u2028;private_endpoint=\xff")
	f.Fuzz(func(t *testing.T, value string) {
		n, ok := service.ParseNetworkInfo(value)
		if ok != (n != service.NetworkInfo{}) {
			t.Fatalf("ok is %t of %+v", ok, n)
		}
		if again, ok2 := service.ParseNetworkInfo(n.String()); ok2 != ok || again != n {
			t.Fatalf("%+v is written as %q and read as %+v", n, n, again)
		}
	})
}
