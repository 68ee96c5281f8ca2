package rule_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// netCodes are the codes of all other families as the contract lists them.
var netCodes = []struct {
	code, slug, severity string
	symptom              bool
}{
	{"PL101", "client-outside", "error", false},
	{"PL102", "managed-client", "error", false},
	{"PL103", "privatelink-name-in-url", "error", false},
	{"PL104", "vault-not-found", "error", false},
	{"PL105", "wrong-cloud", "error", false},
	{"PL106", "vault-deleted", "error", false},
	{"PL201", "no-endpoint", "error", false},
	{"PL202", "connection-pending", "error", false},
	{"PL203", "connection-rejected", "error", false},
	{"PL204", "connection-disconnected", "error", false},
	{"PL205", "endpoint-not-provisioned", "error", false},
	{"PL206", "ineffective-connections", "info", false},
	{"PL207", "duplicate-endpoints", "warning", false},
	{"PL208", "provider-not-registered", "error", false},
	{"PL301", "public-access-open", "warning", false},
	{"PL302", "firewall-denies", "error", true},
	{"PL303", "public-access-disabled", "error", true},
	{"PL304", "firewall-rules-unneeded", "info", false},
	{"PL305", "firewall-rule-ineffective", "warning", false},
	{"PL306", "service-endpoint-path", "error", false},
	{"PL307", "perimeter-secured", "error", false},
	{"PL701", "not-key-vault", "error", true},
	{"PL702", "source-public", "error", true},
	{"PL703", "source-translated", "info", false},
	{"PL704", "connection-not-allowed", "error", true},
	{"PL705", "host-header-wrong", "error", false},
	{"PL706", "connect-timeout", "error", true},
	{"PL707", "connect-refused", "error", true},
	{"PL708", "tls-failed", "error", true},
	{"PL709", "not-authorized", "error", false},
	{"PL710", "not-authenticated", "error", false},
	{"PL711", "name-and-address-differ", "error", true},
	{"PL712", "stale-connection", "warning", false},
	{"PL804", "proxy-carries-request", "error", false},
	{"PL805", "tls-intercepted", "error", false},
	{"PL806", "nsg-denies", "error", false},
	{"PL807", "route-diverts", "error", false},
	{"PL808", "peering-broken", "error", false},
	{"PL816", "path-stalls", "error", false},
	{"PL817", "firewall-blocks", "error", false},
	{"PL818", "asymmetric-return", "error", false},
	{"PL819", "proxy-refuses", "error", false},
	{"PL820", "integration-bypassed", "error", false},
}

func TestNetRulesAreTheContracts(t *testing.T) {
	for _, row := range netCodes {
		x := ruleOf(t, row.code)
		if x.Slug != row.slug || string(x.Severity) != row.severity || x.Symptom != row.symptom {
			t.Errorf("%s is %s, %s, symptom %t; the contract says %s, %s, %t", row.code, x.Slug, x.Severity, x.Symptom, row.slug, row.severity, row.symptom)
		}
	}
}

// failing are the codes of netCodes that fail for a case.
func failing(t *testing.T, c *rule.Case) []string {
	t.Helper()
	var codes []string
	for _, row := range netCodes {
		result := ruleOf(t, row.code).Eval(c)
		if result.Why == "" {
			t.Errorf("%s says %s without a reason", row.code, result.Status)
		}
		if result.Status == rule.StatusFail {
			codes = append(codes, row.code)
		}
	}
	return codes
}

// information is what may be said of a world where all is well.
var information = []string{"PL703", "PL804"}

func TestNetRulesPassHealthyWorlds(t *testing.T) {
	for _, shape := range stock.Shapes("AzureCloud") {
		got := failing(t, inWorld(t, shape.World, shape.Client, shape.Vault))
		if got = slices.DeleteFunc(got, func(code string) bool { return slices.Contains(information, code) }); len(got) > 0 {
			t.Errorf("%s: %v", shape.Name, got)
		}
	}
}

// TestNothingSeen: what nobody looked at neither passes nor fails.
func TestNothingSeen(t *testing.T) {
	svc := rule.PublicCloud()
	host, _ := svc.Host("fabrikam")
	for _, row := range netCodes {
		switch r := ruleOf(t, row.code).Eval(&rule.Case{Service: svc, Vault: "fabrikam", Host: host}); r.Status {
		case rule.StatusUnknown, rule.StatusNotApplicable:
		default:
			t.Errorf("%s: %s (%s)", row.code, r.Status, r.Why)
		}
	}
}

// together are codes that fail beside another that covers their fault as well.
var together = map[string][]string{
	"PL306": {"PL201"}, // a subnet that has never left its service endpoint
}

// TestNetFaults brings every fault about in every stock world: its rule says so,
// no other code but symptoms does, and its repair brings the path back without
// opening the vault.
func TestNetFaults(t *testing.T) {
	for _, row := range netCodes {
		x := ruleOf(t, row.code)
		if x.Breaks == nil {
			continue
		}
		for _, shape := range stock.Shapes("AzureCloud") {
			for i, b := range x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault)) {
				t.Run(fmt.Sprintf("%s/%s/%d", row.code, shape.Name, i), func(t *testing.T) { netFault(t, x, shape, b) })
			}
		}
	}
}

func netFault(t *testing.T, x *rule.Rule, shape stock.Shape, b rule.Break) {
	t.Helper()
	for _, step := range b {
		if step.Title(shape.World) == "" {
			t.Errorf("%T has no title", step)
		}
	}
	broken := change.Apply(shape.World, b...)
	if broken == shape.World {
		t.Fatal("the Break changes nothing")
	}
	c := inWorld(t, broken, shape.Client, shape.Vault)
	advice := x.Severity != rule.Error
	if !advice && c.Journey.Verdict() == fact.Private && c.Journey.Access.Denial == service.NotDenied {
		return // the fault does not touch this client
	}
	if got := x.Eval(c); got.Status != rule.StatusFail || len(got.Evidence) == 0 && !strings.HasPrefix(got.Why, "a ") {
		t.Fatalf("%s (%s), evidence %v; journey %+v", got.Status, got.Why, got.Evidence, c.Journey)
	}
	for _, code := range failing(t, c) {
		if y := ruleOf(t, code); y != x && !y.Symptom && y.Severity == rule.Error && !slices.Contains(append(together[x.Code], information...), code) {
			t.Errorf("%s fails as well: %s", code, y.Eval(c).Why)
		}
	}
	if x.Mends == nil {
		return
	}
	repaired(t, x, c, shape)
}

func repaired(t *testing.T, x *rule.Rule, c *rule.Case, shape stock.Shape) {
	t.Helper()
	w := c.World
	for _, m := range x.Mends(c) {
		if m.Title(w) == "" {
			t.Errorf("%T has no title", m)
		}
		for _, command := range append(m.Commands(w), m.Verify(w)...) {
			if strings.Contains(command, "--public-network-access Enabled") || strings.Contains(command, "--default-action Allow") {
				t.Errorf("%T opens the vault: %s", m, command)
			}
		}
		w = m.Apply(w)
	}
	if w == c.World {
		t.Fatal("nothing mends it")
	}
	after := inWorld(t, w, shape.Client, shape.Vault)
	if v := after.Journey.Verdict(); v != fact.Private || after.Journey.Access.Outcome != fact.OK {
		t.Errorf("the repair ends at %s, %+v", v, after.Journey)
	}
	if got := x.Eval(after); got.Status == rule.StatusFail && !slices.Contains(information, x.Code) {
		t.Errorf("still fails after the repair: %s", got.Why)
	}
}

// TestSeenAlone: what the client sees decides where nothing else can.
func TestSeenAlone(t *testing.T) {
	svc := rule.PublicCloud()
	host, _ := svc.Host("fabrikam")
	alias, _ := svc.Alias("fabrikam")
	public := netip.MustParseAddr("52.168.109.101")
	name := fact.NameHop{Outcome: fact.OK, Host: host}
	connected := fact.ConnectHop{Outcome: fact.OK, Addr: public}
	for title, tt := range map[string]struct {
		seen fact.Observation
		want []string
	}{
		"privatelink name": {
			fact.Observation{Journey: fact.Journey{Name: fact.NameHop{Outcome: fact.PrivatelinkName, Host: alias}, TLS: fact.TLSHop{Outcome: fact.NameMismatch}}},
			[]string{"PL103", "PL708"},
		},
		"other cloud": {
			fact.Observation{Journey: fact.Journey{Name: fact.NameHop{Outcome: fact.OtherCloud, Host: host}}},
			[]string{"PL105"},
		},
		"a public server knows no such name": {
			fact.Observation{
				Journey: fact.Journey{Name: name, Resolver: fact.ResolverHop{Outcome: fact.OK}, Answer: fact.AnswerHop{Outcome: fact.NXDomain}},
				Servers: []fact.ServerView{{Role: fact.RolePublic, Host: fact.AnswerHop{Outcome: fact.NXDomain}}},
			},
			[]string{"PL104"},
		},
		"NXDOMAIN after the alias": {
			fact.Observation{Journey: fact.Journey{Name: name, Answer: fact.AnswerHop{Outcome: fact.NXDomain, Alias: true}}},
			nil,
		},
		"404 for a name that resolves": {
			fact.Observation{
				Journey:  fact.Journey{Name: name, Connect: connected, Exchange: fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink}},
				Requests: []fact.Request{{Denial: service.DeniedNoVault}},
			},
			[]string{"PL106"},
		},
		"interception": {
			fact.Observation{Journey: fact.Journey{Name: name, Connect: connected, TLS: fact.TLSHop{Outcome: fact.UntrustedIssuer, Issuer: "CN=Zscaler Root CA"}}},
			[]string{"PL805"},
		},
		"stalled": {
			fact.Observation{Journey: fact.Journey{Name: name, Connect: connected, TLS: fact.TLSHop{Outcome: fact.Stalled}}},
			[]string{"PL816"},
		},
		"service endpoint": {
			fact.Observation{Journey: fact.Journey{Name: name, Connect: connected, Exchange: fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnSubnet, Source: netip.MustParseAddr("10.0.0.5")}}},
			[]string{"PL306"},
		},
		"proxy wants credentials": {
			fact.Observation{Journey: fact.Journey{Name: name, Proxy: fact.ProxyHop{Outcome: fact.ProxyAuth, Server: "10.1.0.9:3128"}}},
			[]string{"PL819"},
		},
		"no role over private link": {
			fact.Observation{Journey: fact.Journey{
				Name: name, Connect: connected, Exchange: fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink},
				Access: fact.AccessHop{Outcome: fact.RefusedIdentity, Denial: service.DeniedRBAC},
			}},
			[]string{"PL709"},
		},
		"a token that is not accepted": {
			fact.Observation{Journey: fact.Journey{
				Name: name, Exchange: fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink},
				Access: fact.AccessHop{Outcome: fact.RefusedIdentity, Denial: service.DeniedToken},
			}},
			[]string{"PL710"},
		},
		"no token": {
			fact.Observation{Journey: fact.Journey{Name: name, Connect: connected, Exchange: fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink}}},
			nil,
		},
	} {
		seen := tt.seen
		c := &rule.Case{Service: svc, Vault: "fabrikam", Host: host, Seen: &seen, Journey: seen.Journey}
		if got := failing(t, c); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v fail, want %v", title, got, tt.want)
		}
	}
}

// TestInterceptorIsNamed: the product stands in the sentence, if it is known.
func TestInterceptorIsNamed(t *testing.T) {
	for issuer, product := range map[string]string{
		"CN=Zscaler Intermediate Root CA (zscaler.net)": "Zscaler",
		"CN=DO_NOT_TRUST_FiddlerRoot":                   "Fiddler",
		"CN=FG100FTK00000000,O=Fortinet":                "FortiGate",
		"CN=mitmproxy,O=mitmproxy":                      "mitmproxy",
		"CN=Corp Inspection CA":                         "somebody on the way",
	} {
		c := &rule.Case{Service: rule.PublicCloud(), Journey: fact.Journey{TLS: fact.TLSHop{Outcome: fact.UntrustedIssuer, Issuer: issuer}}}
		if why := ruleOf(t, "PL805").Eval(c).Why; !strings.Contains(why, product) || !strings.Contains(why, issuer) {
			t.Errorf("%s: %s", issuer, why)
		}
	}
}

// TestAppServiceAndCloudShell: who connects depends on the platform.
func TestAppServiceAndCloudShell(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[1] // hub and spoke
	client, _ := shape.World.Host(shape.Client)
	on := func(runs world.Runs, network world.ID) *rule.Case {
		h := *client
		h.Runs = runs
		w := shape.World.With(world.Put(&h))
		if network == world.Internet {
			w = change.MoveHost{Host: h.ID, Network: network, Addr: netip.MustParseAddr("203.0.113.9")}.Apply(w)
		}
		return inWorld(t, w, h.ID, shape.Vault)
	}
	for title, tt := range map[string]struct {
		runs    world.Runs
		network world.ID
		want    string
	}{
		"an integrated app":       {world.OnAppService, client.Network, ""},
		"an app of its own":       {world.OnAppService, world.Internet, "PL820"},
		"Cloud Shell":             {world.OnCloudShell, world.Internet, "PL102"},
		"Cloud Shell in the VNet": {world.OnCloudShell, client.Network, ""},
		"a laptop":                {world.OnVM, world.Internet, "PL101"},
	} {
		c := on(tt.runs, tt.network)
		got := slices.DeleteFunc(failing(t, c), func(code string) bool { return ruleOf(t, code).Symptom })
		if want := strings.Fields(tt.want); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", title, got, want)
		}
		if tt.want != "" {
			repaired(t, ruleOf(t, tt.want), c, shape)
		}
	}
}
