package scenario

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

var addr = netip.MustParseAddr

const hub world.ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/lab/providers/microsoft.network/virtualnetworks/hub"

func parse(t testing.TB, data string, fsys fs.FS) *Scenario {
	t.Helper()
	s, err := Parse("test.yaml", []byte(data), fsys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestKeys reads a file in which every key stands.
func TestKeys(t *testing.T) {
	files := os.DirFS("testdata")
	data, err := fs.ReadFile(files, "all-keys.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(data), files)
	host := func(name string) world.Host {
		h, _ := s.World.Host(world.HostID(name))
		return *h
	}
	vault := func(name string) world.Vault {
		v, _ := s.World.VaultNamed(name)
		return *v
	}
	site, _ := s.World.Site(world.SiteID("office"))
	name := dnsname.MustParse
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"title", s.Title, "Every key"},
		{"cases", strings.Join(s.Cases, " "), "field-5b peers-13"},
		{"cloud", s.World.Service().Cloud.Name, "AzureUSGovernment"},
		{"hosts", strings.Join(s.Hosts, " "), "app dc1 plain-dns squid nva node1 pod shop lonely remote"},
		{"vaults", strings.Join(s.Vaults, " "), "fabrikam gone contoso litware"},
		{"unsupported", len(s.Unsupported), 1},
		{"a managed HSM", s.IsUnsupported(strings.ToUpper(s.Unsupported[0][strings.LastIndexByte(s.Unsupported[0], '/')+1:])), true},
		{"no managed HSM", s.IsUnsupported("fabrikam"), false},
		{"default host", s.DefaultHost().Name(), "app"},
		{"assume", s.World.Assume(), world.Assumptions{OldNetworkInfo: true, TCPDenialInner: "Other", DeadEndpointAnswers: true, DenyGarbageToken: true}},
		{"app", host("app"), world.Host{
			Meta: world.Meta{ID: "host:app", Path: "app"}, Network: hub, Subnet: hub + "/subnets/default",
			Address: addr("10.1.1.4"), Addresses: []netip.Addr{addr("fd00:1::4")}, PublicAddress: addr("203.0.113.7"),
			Runs: world.OnContainer, Wants: world.WantAny, Identity: world.NoRole, Nameservers: []netip.Addr{addr("10.1.0.4")},
			Split: []world.Forward{
				{Domain: name("vault.azure.net"), To: []netip.Addr{addr("10.1.0.4")}},
				{Domain: name("azure.net"), To: []netip.Addr{addr("10.1.0.5")}},
			},
			Search: []string{"corp.example"}, Ndots: 5,
			HostsFile:  "10.1.2.3 fabrikam.vault.usgovcloudapi.net\n",
			Hosts:      []settings.HostsEntry{{Name: name("fabrikam.vault.usgovcloudapi.net"), Addr: addr("10.1.2.3"), Line: 1}},
			Environ:    map[string]string{"HTTPS_PROXY": "http://10.1.0.9:3128", "EMPTY": ""},
			HostHeader: "10.1.2.3", Open: []netip.Addr{addr("52.168.109.101")},
			Cached: map[dnsname.Name]world.CachedAnswer{
				name("fabrikam.vault.usgovcloudapi.net"): {Addr: addr("52.168.109.101"), TTL: time.Hour},
			},
		}},
		{"dc1's places", [2]world.ID{host("dc1").Network, host("dc1").Subnet}, [2]world.ID{hub, hub + "/subnets/servers"}},
		{"dns", host("dc1").DNS, &world.DNSRole{
			Forward: []world.Forward{
				{Domain: name("corp.example"), To: []netip.Addr{addr("192.168.0.10"), addr("192.168.0.11")}},
				{Domain: dnsname.Root, To: []netip.Addr{addr("168.63.129.16")}},
			},
			Records:       map[dnsname.Name][]netip.Addr{name("intranet.corp.example"): {addr("192.168.0.80")}},
			FilterPrivate: true, FilterWhole: true, Validate: true, Delay: 20 * time.Millisecond, UpstreamTimeout: 2 * time.Second, Fallback: true,
			Cache: 30 * time.Second, Chases: true, Truncates: true, NoTCP: true,
		}},
		{"dns that recurses", host("plain-dns").DNS, &world.DNSRole{}},
		{"exec", s.Exec, map[string]Exec{
			"dc1": {
				Command: []string{"named", "-g", "-c", "named.conf"}, Package: "bind9",
				Files: map[string]string{"named.conf": "options { };\n", "zones/empty": ""},
			},
			"plain-dns": {Command: []string{"unbound"}, Package: "unbound", Files: map[string]string{}},
		}},
		{"proxy", host("squid").Proxy, &world.ProxyRole{
			Port: 8080, InterceptTLS: true, Issuer: "CN=Corp Inspection CA", Trusted: true, Answers: 407, RewriteHost: "wrong",
		}},
		{"forwards", host("nva").Forward, &world.ForwardRole{
			SNAT: true, Blocks: []netip.Prefix{netip.MustParsePrefix("10.1.2.0/24")}, InterceptTLS: true, Issuer: "CN=NVA", Stalls: true,
		}},
		{"defaults", host("node1"), world.Host{
			Meta: world.Meta{ID: "host:node1", Path: "node1"}, Network: hub, Subnet: hub + "/subnets/default", Address: addr("10.1.1.8"),
			Runs: world.OnVM, Wants: world.WantPrivate, Identity: world.Reader,
		}},
		{"pod", host("pod"), world.Host{
			Meta: world.Meta{ID: "host:pod", Path: "pod"}, Network: hub, Address: addr("10.244.0.7"), Runs: world.OnAKS,
			Behind: "host:node1", Wants: world.WantPrivate, Identity: world.Reader,
		}},
		{"integrated app", host("shop"), world.Host{
			Meta: world.Meta{ID: "host:shop", Path: "shop"}, Network: hub, Subnet: hub + "/subnets/apps", Address: addr("10.1.4.4"),
			Runs: world.OnAppService, Integrated: world.Yes, RouteAll: true, Wants: world.WantPrivate, Identity: world.Reader,
		}},
		{"app in the internet", [3]any{host("lonely").Network, host("lonely").Address, host("lonely").Integrated}, [3]any{world.Internet, addr("203.0.113.30"), world.Unknown}},
		{"point to site", host("remote").Network.Name(), "p2s"},
		{"site", *site, world.Site{
			Meta: world.Meta{ID: "site:office", Path: "office"}, Nameservers: []netip.Addr{addr("192.168.0.10")}, PublicAddress: addr("203.0.113.20"),
			Prefixes:    []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fd00:9::/64")},
			ConnectedTo: []world.ID{hub, world.MakeID(strings.Replace(string(hub), "virtualnetworks/hub", "virtualhubs/whub", 1))},
		}},
		{"facts", []any{vault("fabrikam").PublicAddresses, vault("fabrikam").Region, vault("fabrikam").Alias}, []any{[]netip.Addr{addr("192.0.2.9"), addr("192.0.2.10")}, "usv", world.Yes}},
		{"deleted", []any{vault("gone").Deleted, vault("gone").Alias}, []any{true, world.No}},
		{"foreign", []any{vault("contoso").Foreign, vault("contoso").Alias, vault("contoso").PublicAccess}, []any{true, world.Yes, world.AccessDisabled}},
		{"foreign by default", []any{vault("litware").Alias, vault("litware").PublicAccess, vault("litware").PublicAddresses}, []any{world.No, world.AccessEnabled, []netip.Addr{addr("192.0.2.80")}}},
		{"expect app", s.Expect["app"], Expectation{
			Vault: "fabrikam", Verdict: fact.NotReached, Access: fact.AccessUntested,
			RootCauses: []string{"PL803"}, Candidates: []string{}, Advice: []string{"PL301"},
		}},
		{"expect pod", s.Expect["pod"], Expectation{Vault: "contoso", Verdict: fact.Public, RootCauses: []string{"PL603"}}},
	} {
		if diff := cmp.Diff(tt.want, tt.got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, dnsname.Name{})); diff != "" {
			t.Errorf("%s: want -, got +\n%s", tt.what, diff)
		}
	}
}

const network = `
resources:
  - type: Microsoft.Network/virtualNetworks
    name: v
    properties:
      addressSpace: {addressPrefixes: [10.0.0.0/8]}
      subnets: [{name: s, properties: {addressPrefix: 10.0.0.0/24}}]
  - {type: Microsoft.KeyVault/vaults, name: kv}
`

// TestFaults holds each fault to the line, the resource and the field named.
func TestFaults(t *testing.T) {
	files := fstest.MapFS{
		"bad.json":   {Data: []byte(`{`)},
		"fault.json": {Data: []byte(`[{"type": "Microsoft.KeyVault/vaults", "name": "kv", "properties": {"publicNetworkAccess": 1}}]`)},
		"fault.yaml": {Data: []byte("# a comment\n- {type: Microsoft.KeyVault/vaults, name: kv, properties: {publicNetworkAccess: 1}}")},
	}
	const kv = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lab/providers/Microsoft.KeyVault/vaults/kv"
	for _, tt := range []struct{ name, data, want string }{
		{"empty", "", "test.yaml: is empty"},
		{"no YAML", "a: [", "test.yaml:1: is not YAML:"},
		{"two documents", "title: a\n---\ntitle: b", "test.yaml:2: holds a second document"},
		{"a list", "- a", "test.yaml:1: is not a list of keys and values"},
		{"unknown key", "title: a\ntitel: b", "test.yaml:2: titel is not a key; known here: assume, breaks, cases, cloud,"},
		{"unknown key of a host", "hosts:\n  - name: a\n    addr: 10.0.0.1", "test.yaml:3: host a: hosts[0].addr is not a key"},
		{"key twice", "hosts:\n  - {name: a, name: b}", "hosts[0].name stands twice"},
		{"case", "cases: [field-16]", `test.yaml:1: cases[0] is "field-16", not field-1 to field-15`},
		{"cloud", "cloud: Azure", `test.yaml: cloud "Azure" is not one of`},
		{"address", network + "hosts: [{name: a, in: v, address: 10.0.0}]", "test.yaml:9: host a: hosts[0].address is not an address"},
		{"no address", network + "hosts: [{name: a, in: v}]", "host a: hosts[0].address is missing"},
		{"address outside", network + "hosts: [{name: a, in: v, address: 11.0.0.1}]", "test.yaml:9: host a: hosts[0].address 11.0.0.1 is outside v"},
		{"no network", network + "hosts: [{name: a, in: w, address: 10.0.0.4}]", `host a: hosts[0].in names "w", which is no VNet, site or gateway`},
		{"network left out", network + "hosts: [{name: a, address: 10.0.0.4}]", "host a: hosts[0].in is missing"},
		{"another subnet", network + "hosts: [{name: a, in: v, subnet: t, address: 10.0.0.4}]", "host a: hosts[0].subnet t does not hold 10.0.0.4"},
		{"no node", network + "hosts: [{name: a, behind: b}]", "host a: hosts[0].behind names host:b"},
		{"twice", network + "hosts:\n  - {name: a, in: v, address: 10.0.0.4}\n  - {name: A, in: v, address: 10.0.0.5}", "id stands twice"},
		{"exec without a role", network + "hosts: [{name: a, in: v, address: 10.0.0.4, exec: {command: [named]}}]", "test.yaml:9: host a: hosts[0].exec stands beside neither dns nor proxy"},
		{"exec without a command", network + "hosts: [{name: a, in: v, address: 10.0.0.4, dns: {}, exec: {}}]", "host a: hosts[0].exec has no command"},
		{"exec with a file elsewhere", network + "hosts: [{name: a, in: v, address: 10.0.0.4, dns: {}, exec: {command: [named], files: {/etc/x: y}}}]", "hosts[0].exec.files./etc/x is no name in the directory"},
		{"runs", "hosts: [{name: a, runs: toaster}]", `hosts[0].runs is "toaster", not one of [vm container`},
		{"nameless", "hosts: [{in: internet}]", "test.yaml:1: host: hosts[0] has no name"},
		{"delay", "hosts: [{name: a, dns: {delay: 5}}]", "hosts[0].dns.delay is not a duration"},
		{"flag", "hosts: [{name: a, dns: {tcp: maybe}}]", "hosts[0].dns.tcp is neither true nor false"},
		{"domain", "hosts: [{name: a, dns: {forward: {a..b: [1.1.1.1]}}}]", "hosts[0].dns.forward.a..b is no DNS name"},
		{"port", "hosts: [{name: a, proxy: {port: 70000}}]", "hosts[0].proxy.port is not a number from 0 to 65535"},
		{"CONNECT", "hosts: [{name: a, proxy: {answers: 500}}]", "hosts[0].proxy.answers is \"500\", not one of"},
		{"site to nowhere", "sites: [{name: o, prefixes: [192.168.0.0/16], connectedTo: [hub]}]", `test.yaml:1: site o: sites[0] names "hub"`},
		{"prefix with host bits", "sites: [{name: o, prefixes: [192.168.0.1/16]}]", "sites[0].prefixes[0] is not a prefix"},
		{"facts of nothing", "vaults: {fabrikam: {region: eus}}", "vaults.fabrikam is of a vault that is not among the resources"},
		{"deleted", network + "vaults: {kv: {deleted: hard}}", `vaults.kv.deleted is "hard"`},
		{"assumption", "assume: {mood: good}", "assume.mood is not a key"},
		{"code", "breaks: [603]", "breaks[0] is \"603\", which is no finding code"},
		{"code of nothing", network + "breaks: [PL999]", "test.yaml:9: breaks[0] is PL999, which is no finding code of this program"},
		{"nobody to break", network + "breaks: [PL603]", "breaks[0] needs a host that is no server, and a vault"},
		{"cannot happen", network + "hosts: [{name: a, in: v, address: 10.0.0.4}]\nbreaks: [PL603]", "breaks[0] is PL603, which cannot happen in this world"},
		{"verdict", "expect: {a: {verdict: good}}", `expect.a.verdict is "good", not one of`},
		{"no verdict", "expect: {a: {rootCauses: []}}", "expect.a has no verdict"},
		{"expected of nobody", "expect: {a: {verdict: public}}", "test.yaml:1: expect.a is of a, which is no host"},
		{"expected of no vault", network + "hosts: [{name: a, in: v, address: 10.0.0.4}]\nexpect: {a: {verdict: public, vault: x}}", `expect.a is about the vault "x"`},
		{"ARM", "resources:\n  - {type: Microsoft.KeyVault/vaults, name: kv, properties: {publicNetworkAccess: Off}}", "test.yaml:2: " + kv + `: properties.publicNetworkAccess is "Off", not one of Enabled`},
		{"ARM without a name", "resources:\n  - {type: Microsoft.KeyVault/vaults}", `test.yaml:2: name is "", from which no id of a Microsoft.KeyVault/vaults can be made`},
		{"child alone", "resources:\n  - {type: Microsoft.Network/privateDnsZones/A, name: z.example/kv}", "test.yaml:2: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lab/providers/Microsoft.Network/privateDnsZones/z.example/A/kv: id is that of a child"},
		{"subnet outside", strings.Replace(network, "10.0.0.0/24", "11.0.0.0/24", 1), "test.yaml:3: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lab/providers/Microsoft.Network/virtualNetworks/v/subnets/s: addressPrefix 11.0.0.0/24 is outside"},
		{"no such file", "resources: [net.json]", "test.yaml:1: resources[0] names net.json, which cannot be read: file does not exist"},
		{"file outside", "resources: ../net.json", "names ../net.json, which cannot be read: file does not exist"},
		{"a file that is no JSON", "resources: bad.json", "bad.json: is not JSON"},
		{"a fault in a JSON file", "resources: fault.json", "fault.json: " + kv + ": properties.publicNetworkAccess is 1"},
		{"a fault in a YAML file", "resources: [fault.yaml]", "fault.yaml:2: " + kv + ": properties.publicNetworkAccess is 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("test.yaml", []byte(tt.data), files)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got\n%v\nwant\n%s", err, tt.want)
			}
			if _, typed := errors.AsType[*Error](err); !typed {
				t.Errorf("%T is no *Error", err)
			}
		})
	}
}

// TestBreaks applies a Break to the world and leaves the base alone.
func TestBreaks(t *testing.T) {
	data, err := fs.ReadFile(Shipped(), "healthy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(data)+"\nbreaks: [PL603]", Shipped())
	vnet := s.DefaultHost().Network
	links := func(w *world.World) (n int) {
		for z := range w.ZonesLinked(vnet) {
			n += len(z.Links)
		}
		return n
	}
	if links(s.Base) != 1 || links(s.World) != 0 || !reflect.DeepEqual(s.Breaks, []string{"PL603"}) {
		t.Errorf("%v: %d links before, %d after", s.Breaks, links(s.Base), links(s.World))
	}
}

// TestBombs reads small files that mean to be large ones.
func TestBombs(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("resources:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		prev := strings.Repeat("*a"+string(rune('0'+i))+", ", 10)
		laughs.WriteString("  - &a" + string(rune('1'+i)) + " [" + prev + "]\n")
	}
	for name, tt := range map[string]struct{ data, want string }{
		"laughs": {laughs.String(), "holds more than 500000 values"},
		"cycle":  {"resources:\n  - &a {type: t, name: n, properties: *a}", "nested deeper than 64 levels"},
		"depth":  {"resources: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested deeper than 64 levels"},
	} {
		if _, err := Parse("test.yaml", []byte(tt.data), nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %.300v", name, err)
		}
	}
}

// FuzzParse looks for panics.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, err := fs.ReadFile(Shipped(), name+".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	data, err := os.ReadFile("testdata/all-keys.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("hosts: [{name: a, behind: b}, {name: b, behind: a}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("test.yaml", data, Shipped())
		if (s == nil) == (err == nil) {
			t.Errorf("%v, %v", s, err)
		}
		if s != nil {
			s.DefaultHost()
		}
	})
}
