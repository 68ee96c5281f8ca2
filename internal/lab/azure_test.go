package lab

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/service"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

const management = "https://management.azure.com"

// shape is one of the stock worlds.
func shape(t *testing.T, name string) stock.Shape {
	t.Helper()
	for _, s := range stock.Shapes("AzureCloud") {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no shape %s", name)
	return stock.Shape{}
}

// live runs a test in a bubble on a live world.
func live(t *testing.T, w *world.World, opt Options, f func(t *testing.T, l *Lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := Start(w, opt)
		t.Cleanup(l.Close)
		f(t, l)
	})
}

func TestOperator(t *testing.T) {
	live(t, shape(t, "single-vnet").World, Options{RTT: 20 * time.Millisecond}, func(t *testing.T, l *Lab) {
		r := newReader(t, l.Operator())
		if got := r.get("/subscriptions?api-version=2022-12-01"); got.StatusCode != http.StatusOK || got.count("value") != 1 {
			t.Errorf("subscriptions: %s %v", got.Status, got.body)
		}
		got := r.query("resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name, properties.vaultUri | order by name asc")
		if got.StatusCode != http.StatusOK || got.get("data", 1, "properties_vaultUri") != "https://stockvault.vault.azure.net/" {
			t.Errorf("vaults: %s %v", got.Status, got.body)
		}
	})
}

// TestReachAzure: who gets to Azure's own hosts is decided on the way there.
func TestReachAzure(t *testing.T) {
	closed := func(w *world.World, rules ...world.NSGRule) *world.World {
		v, _ := w.VNet(shapeID("virtualNetworks/main"))
		changed := *v
		changed.Subnets = append([]world.Subnet{}, v.Subnets...)
		nsg := &world.NSG{Meta: world.At(string(shapeID("networkSecurityGroups/closed")))}
		nsg.Rules = append(rules, world.NSGRule{Name: "no", Priority: 4000, Destinations: []string{"Internet"}, Protocol: "*"})
		for i := range changed.Subnets {
			changed.Subnets[i].NSG = nsg.ID
		}
		return w.With(world.Put(nsg), world.Put(&changed))
	}
	allow := func(tag string) world.NSGRule {
		return world.NSGRule{Name: tag, Priority: 100, Allow: true, Protocol: "Tcp", Destinations: []string{tag}, DestinationPorts: []string{"443"}}
	}
	w := shape(t, "single-vnet").World
	for name, tt := range map[string]struct {
		world *world.World
		host  string
		want  string
	}{
		"from a VNet":            {w, "client", "management authority metadata"},
		"from an operator":       {w, "", "management authority"},
		"from a site":            {shape(t, "on-premises").World, "client", "management authority"},
		"closed":                 {closed(w), "client", "metadata"},
		"closed but for ARM":     {closed(w, allow("AzureResourceManager")), "client", "management metadata"},
		"closed but for Entra":   {closed(w, allow("AzureActiveDirectory")), "client", "authority metadata"},
		"closed but for Azure":   {closed(w, allow("AzureCloud")), "client", "management authority metadata"},
		"no metadata":            {closed(w, world.NSGRule{Name: "x", Priority: 100, Protocol: "*", Destinations: []string{"AzurePlatformIMDS"}}, allow("AzureCloud")), "client", "management authority"},
		"no way to the internet": {shape(t, "no-way-to-the-internet").World, "client", "metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, tt.world, Options{}, func(t *testing.T, l *Lab) {
				e := l.Operator()
				if tt.host != "" {
					var err error
					if e, err = l.Env(world.HostID(tt.host)); err != nil {
						t.Fatal(err)
					}
				}
				var got []string
				for _, to := range []struct{ name, addr string }{
					{"management", world.ManagementAddress.String() + ":443"},
					{"authority", world.AuthorityAddress.String() + ":443"},
					{"metadata", world.InstanceMetadata.String() + ":80"},
				} {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					if c, err := e.Dial(ctx, "tcp", to.addr); err == nil {
						got = append(got, to.name)
						_ = c.Close()
					}
					cancel()
				}
				if got := strings.Join(got, " "); got != tt.want {
					t.Errorf("reaches %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func shapeID(of string) world.ID {
	return world.MakeID("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/stock/providers/Microsoft.Network/" + of)
}

const metadata = "http://169.254.169.254/metadata/"

func TestInstanceMetadata(t *testing.T) {
	s := shape(t, "single-vnet")
	live(t, s.World, Options{}, func(t *testing.T, l *Lab) {
		e, err := l.Env(s.Client)
		if err != nil {
			t.Fatal(err)
		}
		r := newReader(t, e)
		ours := map[string]string{"Metadata": "true"}
		got := r.do("GET", metadata+"instance?api-version=2021-02-01", ours, nil)
		for _, tt := range []struct {
			want string
			keys []any
		}{
			{"00000000-0000-0000-0000-000000000001", []any{"compute", "subscriptionId"}},
			{"stock", []any{"compute", "resourceGroupName"}},
			{"client", []any{"compute", "name"}},
			{"eastus", []any{"compute", "location"}},
			{"AzurePublicCloud", []any{"compute", "azEnvironment"}},
			{"10.1.1.4", []any{"network", "interface", 0, "ipv4", "ipAddress", 0, "privateIpAddress"}},
			{"10.1.1.0", []any{"network", "interface", 0, "ipv4", "subnet", 0, "address"}},
			{"24", []any{"network", "interface", 0, "ipv4", "subnet", 0, "prefix"}},
		} {
			if v := got.get(tt.keys...); v != tt.want {
				t.Errorf("%v is %v, want %s", tt.keys, v, tt.want)
			}
		}
		for _, tt := range []struct {
			path    string
			headers map[string]string
			status  int
		}{
			{"instance?api-version=2021-02-01", nil, 400},
			{"instance?api-version=2021-02-01", map[string]string{"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}, 400},
			{"instance", ours, 400},
			{"instance/network/interface/0?api-version=2021-02-01", ours, 200},
			{"instance/nothing?api-version=2021-02-01", ours, 404},
			{"instance/compute/name?api-version=2021-02-01", ours, 400},
			{"identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net", ours, 200},
			{"identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net&client_id=other", ours, 400},
			{"identity/oauth2/token?api-version=2018-02-01", ours, 400},
			{"identity/oauth2/token?resource=https://vault.azure.net", ours, 400},
		} {
			if got := r.do("GET", metadata+tt.path, tt.headers, nil); got.StatusCode != tt.status {
				t.Errorf("%s: %s %v", tt.path, got.Status, got.body)
			}
		}
	})
}

// TestEntra signs in as a service principal, and in vain.
func TestEntra(t *testing.T) {
	live(t, shape(t, "single-vnet").World, Options{}, func(t *testing.T, l *Lab) {
		r := newReader(t, l.Operator())
		app, base := guid("app", world.HostID("client")), "https://login.microsoftonline.com/"
		if got := r.get(base + "common/discovery/instance?api-version=1.1"); got.get("metadata", 0, "preferred_network") != "login.microsoftonline.com" {
			t.Errorf("discovery: %v", got.body)
		}
		if got := r.get(base + l.tenant() + "/v2.0/.well-known/openid-configuration"); got.get("token_endpoint") != base+l.tenant()+"/oauth2/v2.0/token" {
			t.Errorf("configuration: %v", got.body)
		}
		for _, tt := range []struct {
			path, form string
			status     int
			want       string // the audience or the error
		}{
			{l.tenant() + "/oauth2/v2.0/token", "grant_type=client_credentials&client_secret=x&scope=https://vault.azure.net/.default&client_id=" + app, 200, "https://vault.azure.net"},
			{l.tenant() + "/oauth2/token", "grant_type=client_credentials&client_assertion=x&resource=https://management.azure.com/&client_id=" + app, 200, "https://management.azure.com/"},
			{l.tenant() + "/oauth2/v2.0/token", "grant_type=client_credentials&client_secret=x&scope=a/.default&client_id=nobody", 400, "unauthorized_client"},
			{l.tenant() + "/oauth2/v2.0/token", "grant_type=client_credentials&scope=a/.default&client_id=" + app, 401, "invalid_client"},
			{l.tenant() + "/oauth2/v2.0/token", "grant_type=client_credentials&client_secret=x&client_id=" + app, 400, "invalid_request"},
			{l.tenant() + "/oauth2/v2.0/token", "grant_type=password&client_id=" + app, 400, "unsupported_grant_type"},
			{"nosuch/oauth2/v2.0/token", "grant_type=client_credentials", 400, "invalid_tenant"},
			{l.tenant() + "/oauth2/v2.0/devicecode", "", 404, "invalid_request"},
		} {
			got := r.post(base+tt.path, tt.form)
			outcome, _ := got.get("error").(string)
			if text, ok := got.get("access_token").(string); ok {
				c, _ := parseClaims(text)
				outcome = c.Audience
			}
			if got.StatusCode != tt.status || outcome != tt.want {
				t.Errorf("%s %s: %s %s, want %d %s", tt.path, tt.form, got.Status, outcome, tt.status, tt.want)
			}
		}
	})
}

// TestQuota: fifteen queries in five seconds, for each caller.
func TestQuota(t *testing.T) {
	s := shape(t, "single-vnet")
	live(t, s.World, Options{Azure: Azure{Quota: true}}, func(t *testing.T, l *Lab) {
		e, err := l.Env(s.Client)
		if err != nil {
			t.Fatal(err)
		}
		r, other := newReader(t, l.Operator()), newReader(t, e)
		for i := range 15 {
			if got := r.query("resources | count"); got.StatusCode != 200 || got.Header.Get("x-ms-user-quota-remaining") != strconv.Itoa(14-i) {
				t.Fatalf("query %d: %s, %s left", i, got.Status, got.Header.Get("x-ms-user-quota-remaining"))
			}
		}
		time.Sleep(2 * time.Second)
		got := r.query("resources | count")
		if got.StatusCode != 429 || got.Header.Get("Retry-After") != "3" || got.Header.Get("x-ms-user-quota-resets-after") != "00:00:03" || got.get("error", "code") != "RateLimiting" {
			t.Errorf("one too many: %s %v", got.Status, got.Header)
		}
		if got := other.query("resources | count"); got.StatusCode != 200 {
			t.Errorf("another caller: %s", got.Status)
		}
		if got := r.get("/subscriptions?api-version=2022-12-01"); got.StatusCode != 200 {
			t.Errorf("Resource Manager: %s", got.Status)
		}
		time.Sleep(3 * time.Second)
		if got := r.query("resources | count"); got.StatusCode != 200 {
			t.Errorf("in the next window: %s", got.Status)
		}
	})
}

// TestAzureInTrouble: down, slow, and tokens that are no good.
func TestAzureInTrouble(t *testing.T) {
	w := shape(t, "single-vnet").World
	live(t, w, Options{Azure: Azure{Outage: true}}, func(t *testing.T, l *Lab) {
		r := newReader(t, l.Operator())
		if got := r.query("resources"); got.StatusCode != 503 || got.get("error", "code") != "ServerTimeout" {
			t.Errorf("down: %s", got.Status)
		}
	})
	var asked []string
	live(t, w, Options{Azure: Azure{Slow: 20 * time.Second, Request: func(path string) { asked = append(asked, path) }}}, func(t *testing.T, l *Lab) {
		r, began := newReader(t, l.Operator()), time.Now()
		if got := r.get("/subscriptions?api-version=2022-12-01"); got.StatusCode != 200 || time.Since(began) != 20*time.Second {
			t.Errorf("slow: %s after %v", got.Status, time.Since(began))
		}
		if len(asked) != 1 || asked[0] != "/subscriptions?api-version=2022-12-01" {
			t.Errorf("was asked %v", asked)
		}
	})
	live(t, w, Options{}, func(t *testing.T, l *Lab) {
		r := newReader(t, l.Operator())
		for token, want := range map[string]string{
			"": "AuthenticationFailed", "garbage": "InvalidAuthenticationToken", l.issue(operator.ID, "https://vault.azure.net"): "InvalidAuthenticationTokenAudience",
			l.issue("host:nobody", management): "InvalidAuthenticationToken", l.issue(operator.ID, "https://management.core.windows.net/"): "",
		} {
			r.token = token
			got := r.get("/subscriptions?api-version=2022-12-01")
			if code, _ := got.get("error", "code").(string); code != want {
				t.Errorf("%q: %s, want %s", token, code, want)
			}
		}
		r.token = l.issue(operator.ID, management)
		time.Sleep(2 * time.Hour)
		if got := r.get("/subscriptions?api-version=2022-12-01"); got.get("error", "code") != "ExpiredAuthenticationToken" {
			t.Errorf("two hours later: %v", got.body)
		}
	})
}

// TestClouds: each cloud's hosts have its own names, and take its own audience.
func TestClouds(t *testing.T) {
	for _, cloud := range service.Clouds() {
		for _, s := range stock.Shapes(cloud) {
			if s.Name != "single-vnet" {
				continue
			}
			live(t, s.World, Options{}, func(t *testing.T, l *Lab) {
				r, c := newReader(t, l.Operator()), s.World.Service().Cloud
				arm, authority := "https://"+c.ARM.Host(), "https://"+c.Authority.Host()
				r.token = l.issue(operator.ID, arm)
				if got := r.get(arm + "/subscriptions?api-version=2022-12-01"); got.StatusCode != http.StatusOK {
					t.Errorf("%s: %s %v", cloud, got.Status, got.body)
				}
				if got := r.get(authority + "/common/v2.0/.well-known/openid-configuration"); got.StatusCode != http.StatusOK {
					t.Errorf("%s: %s %v", cloud, got.Status, got.body)
				}
			})
		}
	}
}
