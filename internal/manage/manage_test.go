package manage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pldoctor/internal/arm"
	"pldoctor/internal/estate"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

const (
	tenant = "72f988bf-0000-0000-0000-2d7cd011db47"
	sub1   = "/subscriptions/00000000-0000-0000-0000-000000000001"
	kv     = sub1 + "/resourceGroups/stock/providers/Microsoft.KeyVault/vaults/stockvault"
	zone   = sub1 + "/resourceGroups/stock/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
)

var noon = time.Date(2026, 2, 7, 12, 0, 0, 0, time.UTC)

// single is the smallest of the stock worlds.
func single(t testing.TB) *world.World {
	t.Helper()
	for _, s := range stock.Shapes("AzureCloud") {
		if s.Name == "single-vnet" {
			return s.World
		}
	}
	t.Fatal("no stock world")
	return nil
}

func signedIn() Token {
	return Token{
		Present: true, Valid: true, Reader: true, Audience: "https://management.azure.com", Expires: noon.Add(time.Hour),
		App: "11111111-1111-1111-1111-111111111111", Object: "22222222-2222-2222-2222-222222222222",
	}
}

// request reads "GET /path?query".
func request(t testing.TB, line, body string) Request {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return Request{
		Method: method, Path: u.Path, Query: u.Query(), Body: []byte(body), Token: signedIn(), ID: "00000000-0000-4000-8000-000000000001", Now: noon,
	}
}

func ask(t testing.TB, p *Plane, line, body string) (int, map[string]any) {
	t.Helper()
	r := p.Respond(request(t, line, body))
	var v map[string]any
	if r.Body != "" && json.Unmarshal([]byte(r.Body), &v) != nil {
		t.Fatalf("%s: %q is no JSON", line, r.Body)
	}
	return r.Status, v
}

func code(v map[string]any) string {
	e, _ := v["error"].(map[string]any)
	c, _ := e["code"].(string)
	return c
}

// show writes a response as it goes over the wire, the body laid out.
func show(t *testing.T, r Response) string {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintln(&b, r.Status)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	if r.Body != "" {
		b.WriteString("\n")
		if err := json.Indent(&b, []byte(r.Body), "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// TestTranscripts holds answers to texts written by hand after Azure's own: a
// request, its body if it has one, "---", and the response.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	w := single(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			asked, want, ok := strings.Cut(string(text), "\n---\n")
			line, body, _ := strings.Cut(asked, "\n")
			if !ok {
				t.Fatal("no response")
			}
			r := request(t, line, body)
			switch filepath.Base(file) {
			case "no-token.txt":
				r.Token = Token{}
			case "wrong-audience.txt":
				r.Token.Audience = "https://vault.azure.net"
			}
			p := New(w, w, tenant, Policy{Denied: []Denial{{Action: "Microsoft.Network/routeTables/read"}}})
			if got := show(t, p.Respond(r)); strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestStatus is what comes of paths, versions and methods.
func TestStatus(t *testing.T) {
	w := single(t)
	p := New(w, w, tenant, Policy{Hidden: []string{"00000000-0000-0000-0000-00000000000f"}})
	const net = sub1 + "/resourceGroups/stock/providers/Microsoft.Network"
	for _, tt := range []struct {
		line   string
		status int
		code   string
	}{
		{"GET /subscriptions?api-version=2022-12-01", 200, ""},
		{"GET /tenants?api-version=2022-12-01", 200, ""},
		{"GET /tenants?api-version=2031-01-01", 400, "InvalidApiVersionParameter"},
		{"GET /subscriptions", 400, "MissingApiVersionParameter"},
		{"GET /subscriptions?api-version=1999-01-01", 400, "InvalidApiVersionParameter"},
		{"GET " + sub1 + "?api-version=2022-12-01", 200, ""},
		{"GET /subscriptions/nosuch?api-version=2022-12-01", 404, "SubscriptionNotFound"},
		{"GET " + sub1 + "/resourceGroups?api-version=2021-04-01", 200, ""},
		{"GET " + sub1 + "/resourcegroups/STOCK?api-version=2021-04-01", 200, ""},
		{"GET " + sub1 + "/resourceGroups/none?api-version=2021-04-01", 404, "ResourceGroupNotFound"},
		{"GET " + sub1 + "/resourceGroups/stock/resources?api-version=2021-04-01", 200, ""},
		{"GET " + sub1 + "/nonsense?api-version=2021-04-01", 404, "NotFound"},
		{"GET " + sub1 + "/resourceGroups/stock/nonsense?api-version=2021-04-01", 404, "NotFound"},
		{"GET /nonsense?api-version=2021-04-01", 404, "NotFound"},
		{"GET " + sub1 + "/providers?api-version=2021-04-01", 200, ""},
		{"GET " + sub1 + "/providers/microsoft.keyvault?api-version=2021-04-01", 200, ""},
		{"GET " + sub1 + "/providers/Contoso.Bikes?api-version=2021-04-01", 404, "InvalidResourceNamespace"},
		{"GET " + sub1 + "/providers/Contoso.Bikes/bikes?api-version=2021-04-01", 404, "InvalidResourceNamespace"},
		{"GET " + sub1 + "/providers/Microsoft.KeyVault/bikes?api-version=2024-11-01", 404, "InvalidResourceType"},
		{"GET " + strings.ToUpper(kv) + "?api-version=2024-11-01", 200, ""},
		{"GET " + kv + "?api-version=2025-01-01", 400, "NoRegisteredProviderFound"}, // of Microsoft.Network
		{"GET " + kv + "/privateEndpointConnections/pe-stockvault?api-version=2024-11-01", 200, ""},
		{"GET " + kv + "/privateEndpointConnections/none?api-version=2024-11-01", 204, ""},
		{"GET " + kv + "/privateLinkResources?api-version=2024-11-01", 200, ""},
		{"GET " + kv + "x/privateEndpointConnections?api-version=2024-11-01", 404, "ParentResourceNotFound"},
		{"PUT " + kv + "?api-version=2024-11-01", 403, "AuthorizationFailed"},
		{"DELETE " + kv + "?api-version=2024-11-01", 403, "AuthorizationFailed"},
		{"PUT " + sub1 + "/resourceGroups/stock?api-version=2021-04-01", 403, "AuthorizationFailed"},
		{"GET " + zone + "/A/stockvault?api-version=2024-06-01", 200, ""},
		{"GET " + zone + "/ALL?api-version=2024-06-01", 200, ""},
		{"GET " + zone + "/A/none?api-version=2024-06-01", 404, "ResourceNotFound"},
		{"GET " + zone + "/ALL?api-version=2025-01-01", 400, "NoRegisteredProviderFound"},
		{"GET " + net + "/virtualNetworks/main/subnets/apps?api-version=2025-01-01", 200, ""},
		{"GET " + net + "/privateEndpoints/pe-stockvault/privateDnsZoneGroups?api-version=2025-01-01", 200, ""},
		{"GET /providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", 405, "MethodNotAllowed"},
		{"POST /providers/Microsoft.ResourceGraph/resources?api-version=2019-04-01", 400, "NoRegisteredProviderFound"},
		{"POST /providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", 400, "InvalidRequestContent"},
	} {
		if status, v := ask(t, p, tt.line, ""); status != tt.status || code(v) != tt.code {
			t.Errorf("%s: %d %q, want %d %q", tt.line, status, code(v), tt.status, tt.code)
		}
	}
}

func graphBody(t *testing.T, query string, options map[string]any, subscriptions ...string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"query": query, "options": options, "subscriptions": subscriptions})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

const graphLine = "POST /providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"

// TestTables shows which types stand in which table: the whole of what Resource
// Graph has, and nothing that Resource Manager alone knows.
func TestTables(t *testing.T) {
	p := New(single(t), single(t), tenant, Policy{})
	for table, want := range map[string]string{
		"resources": "microsoft.keyvault/vaults,microsoft.network/networkinterfaces,microsoft.network/privatednszones,microsoft.network/privatednszones/virtualnetworklinks," +
			"microsoft.network/privateendpoints,microsoft.network/virtualnetworks",
		"dnsresources":       "microsoft.network/privatednszones/a,microsoft.network/privatednszones/soa",
		"networkresources":   "",
		"resourcecontainers": "microsoft.resources/subscriptions,microsoft.resources/subscriptions/resourcegroups",
	} {
		_, v := ask(t, p, graphLine, graphBody(t, table+" | distinct type | order by type asc", nil))
		var types []string
		for _, row := range v["data"].([]any) {
			types = append(types, row.(map[string]any)["type"].(string))
		}
		if got := strings.Join(types, ","); got != want {
			t.Errorf("%s: %s, want %s", table, got, want)
		}
	}
}

// TestPages reads Resource Graph to its end, and shows when it cannot be.
func TestPages(t *testing.T) {
	p := New(single(t), single(t), tenant, Policy{PageSize: 2})
	seen, token := 0, ""
	for pages := 0; pages == 0 || token != ""; pages++ {
		_, v := ask(t, p, graphLine, graphBody(t, "resources | project id, type", map[string]any{"$skipToken": token}))
		seen += int(v["count"].(float64))
		token, _ = v["$skipToken"].(string)
		if v["totalRecords"] != 8.0 || v["resultTruncated"] != "false" || pages > 9 {
			t.Fatalf("page %d: %v", pages, v)
		}
	}
	if seen != 8 {
		t.Errorf("%d rows, want 8", seen)
	}
	for _, tt := range []struct {
		query   string
		options map[string]any
		want    string
	}{
		{"resources | project type", nil, `count 2, truncated true`},
		{"resources | project id | order by id asc", map[string]any{"$skip": 7}, `count 1, truncated false`},
		{"resources | project id", map[string]any{"$top": 1}, `count 1, truncated false, more`},
		{"resources | take 1", nil, `count 1, truncated false`},
		{"resources | project id", map[string]any{"$top": 1001}, `BadRequest`},
		{"resources | project id", map[string]any{"$top": 0}, `BadRequest`},
		{"resources | project id", map[string]any{"$skipToken": "nonsense"}, `BadRequest`},
		{" ", nil, `BadRequest`},
	} {
		_, v := ask(t, p, graphLine, graphBody(t, tt.query, tt.options))
		got := code(v)
		if got == "" {
			got = fmt.Sprintf("count %v, truncated %v", v["count"], v["resultTruncated"])
			if v["$skipToken"] != nil {
				got += ", more"
			}
		}
		if got != tt.want {
			t.Errorf("%s %v: %s, want %s", tt.query, tt.options, got, tt.want)
		}
	}
}

// TestSight shows what Resource Graph and Resource Manager leave out of what a
// caller must not see.
func TestSight(t *testing.T) {
	w := single(t)
	const count, other = "resources | count", "00000000-0000-0000-0000-0000000000ee"
	noRole := signedIn()
	noRole.Reader = false
	for _, tt := range []struct {
		name   string
		policy Policy
		token  Token
		named  []string
		want   string
	}{
		{"all", Policy{}, signedIn(), nil, "8 of resources, vault 200, list 200"},
		{"no vaults", Policy{Denied: []Denial{{Action: "microsoft.keyvault/vaults/READ"}}}, signedIn(), nil, "6 of resources, vault 403, list 403"},
		{"not this vault", Policy{Denied: []Denial{{Action: "Microsoft.KeyVault/*", Scope: world.MakeID(kv)}}}, signedIn(), nil, "7 of resources, vault 403, list 200"},
		{"nothing of networks", Policy{Denied: []Denial{{Action: "Microsoft.Network/*"}}}, signedIn(), nil, "2 of resources, vault 200, list 200"},
		{"hidden", Policy{Hidden: []string{strings.TrimPrefix(sub1, "/subscriptions/")}}, signedIn(), nil, "0 of resources, vault 403, list 403"},
		{"hidden and named", Policy{Hidden: []string{strings.TrimPrefix(sub1, "/subscriptions/")}}, signedIn(), []string{strings.TrimPrefix(sub1, "/subscriptions/")}, "AccessDenied, vault 403, list 403"},
		{"no role", Policy{}, noRole, nil, "0 of resources, vault 403, list 403"},
		{"one of two named", Policy{}, signedIn(), []string{other, strings.TrimPrefix(sub1, "/subscriptions/")}, "8 of resources, vault 200, list 200"},
		{"another", Policy{}, signedIn(), []string{other}, "AccessDenied, vault 200, list 200"},
	} {
		p := New(w, w, tenant, tt.policy)
		var got []string
		for _, line := range []string{graphLine, "GET " + kv + "?api-version=2024-11-01", "GET " + sub1 + "/providers/Microsoft.KeyVault/vaults?api-version=2024-11-01"} {
			r := request(t, line, graphBody(t, count, nil, tt.named...))
			r.Token = tt.token
			answer := p.Respond(r)
			var v map[string]any
			if err := json.Unmarshal([]byte(answer.Body), &v); err != nil {
				t.Fatal(err)
			}
			switch {
			case r.Method == "GET":
				got = append(got, fmt.Sprintf("%s %d", map[bool]string{true: "vault", false: "list"}[strings.Contains(line, kv)], answer.Status))
			case code(v) != "":
				got = append(got, code(v))
			default:
				got = append(got, fmt.Sprintf("%v of resources", v["data"].([]any)[0].(map[string]any)["Count"]))
			}
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestLag: Resource Graph shows what was, Resource Manager what is.
func TestLag(t *testing.T) {
	w := single(t)
	p := New(w.With(world.Remove(world.MakeID(kv))), w, tenant, Policy{})
	if status, _ := ask(t, p, "GET "+kv+"?api-version=2024-11-01", ""); status != 404 {
		t.Errorf("Resource Manager: %d", status)
	}
	if _, v := ask(t, p, graphLine, graphBody(t, "resources | where name == 'stockvault'", nil)); v["count"] != 1.0 {
		t.Errorf("Resource Graph: %v", v["count"])
	}
}

// TestVersionsDiffer: an older version of private DNS has no resolution policy.
func TestVersionsDiffer(t *testing.T) {
	p := New(single(t), single(t), tenant, Policy{})
	for version, want := range map[string]any{"2020-06-01": nil, "2024-06-01": "Default"} {
		_, v := ask(t, p, "GET "+zone+"/virtualNetworkLinks/to-main?api-version="+version, "")
		if got := v["properties"].(map[string]any)["resolutionPolicy"]; got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}

// TestReadBack decodes what Resource Graph and Resource Manager tell: together
// they hold the whole World.
func TestReadBack(t *testing.T) {
	worlds := map[string]*world.World{"estate": estate.Generate(1, estate.Plausible(1)).World}
	for _, s := range stock.Shapes("AzureCloud") {
		worlds[s.Name] = s.World
	}
	for name, w := range worlds {
		p := New(w, w, tenant, Policy{})
		var documents []any
		for _, table := range []string{"resources", "dnsresources", "networkresources"} {
			_, v := ask(t, p, graphLine, graphBody(t, table, nil))
			documents = append(documents, v["data"].([]any)...)
		}
		for _, kind := range []string{"privateEndpoints", "virtualHubs", "dnsForwardingRulesets"} {
			for _, child := range map[string][]string{
				"privateEndpoints": {"privateDnsZoneGroups"}, "virtualHubs": {"hubVirtualNetworkConnections", "routingIntent"},
				"dnsForwardingRulesets": {"forwardingRules", "virtualNetworkLinks"},
			}[kind] {
				for _, r := range p.now.byType["microsoft.network/"+strings.ToLower(kind)] {
					k, _ := kindOf(r.kind)
					_, v := ask(t, p, "GET "+r.path+"/"+child+"?api-version="+k.versions[len(k.versions)-1], "")
					documents = append(documents, v["value"].([]any)...)
				}
			}
		}
		result, err := arm.DecodeValues(documents, arm.Options{})
		if err != nil || len(result.Orphans) > 0 {
			t.Errorf("%s: %v, orphans %v", name, err, result.Orphans)
		}
		want := 0
		for _, r := range plugged(w).Resources() { // with the interfaces of its machines
			if strings.HasPrefix(string(world.MetaOf(r).ID), "/") {
				want++
			}
		}
		if len(result.Resources) != want {
			t.Errorf("%s: %d resources, want %d", name, len(result.Resources), want)
		}
	}
}

func FuzzRespond(f *testing.F) {
	p := New(single(f), single(f), tenant, Policy{PageSize: 1})
	f.Add("GET", kv, "2024-11-01", "", "")
	f.Add("GET", zone+"/ALL", "2024-06-01", token(1), "")
	f.Add("POST", "/providers/Microsoft.ResourceGraph/resources", "2021-03-01", "", `{"query":"resources","options":{"$top":3}}`)
	f.Add("GET", sub1+"/resources", "2021-04-01", "", "")
	f.Add("GET", sub1+"/resourceGroups/stock/providers/Microsoft.Network/virtualNetworks", "2025-01-01", "", "")
	f.Fuzz(func(t *testing.T, method, path, version, skip, body string) {
		r := p.Respond(Request{
			Method: method, Path: path, Query: url.Values{"api-version": {version}, "$skiptoken": {skip}},
			Body: []byte(body), Token: signedIn(), ID: "1", Now: noon,
		})
		if r.Status < 200 || r.Status > 599 || r.Body != "" && !json.Valid([]byte(r.Body)) {
			t.Errorf("%s %q: %d %q", method, path, r.Status, r.Body)
		}
	})
}

// TestProvider: what a subscription has not registered is told.
func TestProvider(t *testing.T) {
	for registered, want := range map[bool]string{true: "Registered", false: "NotRegistered"} {
		w := single(t).With(world.Put(&world.Provider{Meta: world.ProviderIn(strings.TrimPrefix(sub1, "/subscriptions/")), Registered: registered}))
		_, v := ask(t, New(w, w, tenant, Policy{}), "GET "+sub1+"/providers/Microsoft.KeyVault?api-version=2021-04-01", "")
		if v["registrationState"] != want || v["namespace"] != "Microsoft.KeyVault" {
			t.Errorf("got %v", v["registrationState"])
		}
	}
}
