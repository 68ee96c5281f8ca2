package redact

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/snapshot"
)

// portal is a vault as the portal exports it, with more in it than is needed.
const portal = `{
	"id": "/subscriptions/1B2C3D4E-1111-2222-3333-444455556666/resourceGroups/RG-Contoso-Payroll/providers/Microsoft.KeyVault/vaults/kv-contoso",
	"type": "Microsoft.KeyVault/vaults", "name": "kv-contoso", "location": "westeurope", "etag": "W/\"contoso\"",
	"tags": {"costCenter-contoso": "4711-payroll", "owner": "alice@contoso.com"},
	"systemData": {"createdBy": "alice@contoso.com", "createdAt": "2024-05-06T07:08:09Z"},
	"properties": {
		"tenantId": "9f8e7d6c-aaaa-bbbb-cccc-ddddeeeeffff", "vaultUri": "https://kv-contoso.vault.azure.net/", "hsmPoolUri": "https://contoso.example",
		"networkAcls": {"defaultAction": "Deny", "bypass": "None", "ipRules": [{"value": "20.61.7.8/32"}, {"value": "20.61.7.0/24"}],
			"virtualNetworkRules": [{"id": "/subscriptions/1b2c3d4e-1111-2222-3333-444455556666/resourcegroups/rg-contoso-payroll/providers/microsoft.network/virtualnetworks/vnet-contoso/subnets/GatewaySubnet"}]},
		"accessPolicies": [{"tenantId": "9f8e7d6c-aaaa-bbbb-cccc-ddddeeeeffff", "objectId": "12345678-1234-1234-1234-123456789012", "permissions": {"secrets": ["Get"]}}],
		"privateEndpointConnections": [{"id": "/subscriptions/1B2C3D4E-1111-2222-3333-444455556666/resourceGroups/RG-Contoso-Payroll/providers/Microsoft.KeyVault/vaults/kv-contoso/privateEndpointConnections/pe-contoso.abc",
			"properties": {"privateEndpoint": {"id": "/subscriptions/1B2C3D4E-1111-2222-3333-444455556666/resourceGroups/RG-Contoso-Payroll/providers/Microsoft.Network/privateEndpoints/pe-contoso"},
			"privateLinkServiceConnectionState": {"status": "Approved", "description": "Approved by Alice Contoso (alice@contoso.com), ticket https://jira.contoso.com/browse/PAY-17?user=alice"}}}]
	}}`

const record = `{"id": "/subscriptions/1b2c3d4e-1111-2222-3333-444455556666/resourceGroups/dns-contoso/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net/A/kv-contoso",
	"type": "Microsoft.Network/privateDnsZones/A", "name": "kv-contoso", "properties": {"ttl": 10, "fqdn": "kv-contoso.privatelink.vaultcore.azure.net.",
	"metadata": {"creator": "created by private endpoint pe-contoso with resource guid 0a0b0c0d-1111-2222-3333-444455556666", "team": "payroll"}, "aRecords": [{"ipv4Address": "10.1.2.3"}]}}`

func mask1(t *testing.T, resources ...string) []string {
	t.Helper()
	var s snapshot.Snapshot
	for _, r := range resources {
		s.Resources = append(s.Resources, json.RawMessage(r))
	}
	s, err := New([KeySize]byte{5}).Snapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range s.Resources {
		out = append(out, string(r))
	}
	return out
}

// TestResource: what is left of a resource, to the letter.
func TestResource(t *testing.T) {
	got := mask1(t, portal, record)
	address := regexp.MustCompile(`"value":"(\d+\.\d+\.\d+)\.\d+/32"\},\{"value":"(\d+\.\d+\.\d+)\.0/24"`).FindStringSubmatch(got[0])
	if address == nil || address[1] != address[2] || address[1] == "20.61.7" {
		t.Fatalf("the addresses of the firewall: %s", got[0])
	}
	const sub = "/subscriptions/aaaaaaaa-0000-0000-0000-000000000003/"
	for i, parts := range [][]string{
		{
			`"id":"` + sub + `resourceGroups/group-2/providers/Microsoft.KeyVault/vaults/vault-1"`, `"location":"westeurope"`, `"name":"vault-1"`,
			`"defaultAction":"Deny"`, `"vaultUri":"https://vault-1.vault.azure.net/"`, `"secrets":["Get"]`, `"status":"Approved"`,
			`"id":"` + sub + `resourcegroups/group-2/providers/microsoft.network/virtualnetworks/vnet-1/subnets/GatewaySubnet"`,
			`vaults/vault-1/privateEndpointConnections/connection-1"`, `providers/Microsoft.Network/privateEndpoints/endpoint-1"`,
		},
		{
			`"id":"` + sub + `resourceGroups/group-1/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net/A/vault-1"`,
			`"name":"vault-1"`, `"fqdn":"vault-1.privatelink.vaultcore.azure.net."`, `"ttl":10`, `"ipv4Address":"10.1.2.3"`,
			`{"creator":"created by private endpoint endpoint-1 with resource guid aaaaaaaa-0000-0000-0000-000000000001"}`,
		},
	} {
		for _, part := range parts {
			if !strings.Contains(got[i], part) {
				t.Errorf("%s is missing in\n%s", part, got[i])
			}
		}
	}
	all := strings.ToLower(strings.Join(got, "\n"))
	for _, secret := range []string{
		"contoso", "payroll", "alice", "jira", "pay-17", "4711", "20.61.7", "1b2c3d4e", "9f8e7d6c", "12345678-", "0a0b0c0d", "costcenter", "createdat", "team", "etag",
	} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is left in\n%s", secret, all)
		}
	}
}

// TestText: free text, as error bodies, logs and hosts files have it.
func TestText(t *testing.T) {
	body := service.TextFirewall.Body(service.Fields{Client: netip.MustParseAddr("20.61.7.8"), Vault: "kv-contoso", Location: "westeurope", Caller: service.Caller{App: "12345678-1234-1234-1234-123456789012", Object: "o"}})
	for text, want := range map[string]string{
		"":                                   "",
		"dial tcp 10.0.0.4:443: i/o timeout": "dial tcp 10.0.0.4:443: i/o timeout",
		"lookup kv-contoso.vault.azure.net on 10.0.0.4:53: no such host": "lookup vault-1.vault.azure.net on 10.0.0.4:53: no such host",
		"10.1.2.3 kv-contoso.vault.azure.net # Alice":                    "10.1.2.3 vault-1.vault.azure.net # word-1",
		"CN=Contoso Root CA,O=Contoso":                                   "CN=word-1 Root CA,O=word-1",
		"mail bob@contoso.com or call":                                   "word-1 word-2 or word-3",
		"http://proxy.contoso.com:3128/x?y=z":                            "http://label-1.label-2.com:3128/word-1",
		"https://alice:hunter2@kv.vault.azure.net/":                      "https://vault-1.vault.azure.net/",
		"in westeurope, not in contoso2":                                 "in westeurope, not in word-1",
		"\x1b[31m\u202econtoso":                                          "\x1b[31m\u202eword-1",
	} {
		if got := New([KeySize]byte{}).Text(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	got := New([KeySize]byte{}).Text(body.JSON())
	want := `\r\nVault: word-1;location=westeurope`
	if !strings.Contains(got, "Client address is not authorized and caller is not a trusted service.") || !strings.Contains(got, want) || strings.Contains(got, "1234") || strings.Contains(got, "20.61.") {
		t.Error(got)
	}
}

// TestDomains: what of a DNS name is whose.
func TestDomains(t *testing.T) {
	for name, want := range map[string]string{
		"privatelink.vaultcore.azure.net":                      "privatelink.vaultcore.azure.net",
		"privatelink.vault.azure.net.":                         "privatelink.vault.azure.net.",
		"privatlink.vaultcore.azure.net":                       "privatlink.vaultcore.azure.net",
		"privatelink.vaultcore.azure.com":                      "privatelink.vaultcore.azure.com",
		"privatelink.vaultcore.windows.net":                    "privatelink.vaultcore.windows.net",
		"privatelink.blob.core.windows.net":                    "privatelink.blob.core.windows.net",
		"privatelink.vault.contoso.com":                        "privatelink.vault.label-1.com",
		"vault.azure.net":                                      "vault.azure.net",
		"data-prod-weu-region.vaultcore.azure.net":             "data-prod-weu-region.vaultcore.azure.net",
		"azkms-prod-weu-b.westeurope.cloudapp.azure.com":       "azkms-prod-weu-b.westeurope.cloudapp.azure.com",
		"contoso.westeurope.cloudapp.azure.com":                "label-1.westeurope.cloudapp.azure.com",
		"*.vault.azure.net":                                    "*.vault.azure.net",
		"core.vault.azure.net":                                 "vault-1.vault.azure.net",
		"kv.privatelink.vaultcore.usgovcloudapi.net":           "vault-1.privatelink.vaultcore.usgovcloudapi.net",
		"kv.vault.azure.net.corp.contoso.com":                  "vault-1.vault.azure.net.corp.label-1.com",
		"dc1.corp.contoso.com":                                 "label-1.corp.label-2.com",
		"_ldap._tcp.contoso":                                   "_ldap._tcp.label-1",
		".":                                                    ".",
		"login.microsoftonline.com":                            "login.microsoftonline.com",
		"1b2c3d4e-1111-2222-3333-444455556666.vault.azure.net": "aaaaaaaa-0000-0000-0000-000000000001.vault.azure.net",
	} {
		want = strings.ReplaceAll(want, ".corp.", ".label-X.")
		got := New([KeySize]byte{}).domain(name)
		if plain := regexp.MustCompile(`label-\d+`).ReplaceAllString(got, "label"); plain != regexp.MustCompile(`label-[\dX]+`).ReplaceAllString(want, "label") {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}

// TestIssuers: the product that re-signs is still known, its owner is not.
func TestIssuers(t *testing.T) {
	for text, want := range map[string]string{
		"CN=Zscaler Intermediate Root CA (contoso.net),O=Zscaler Inc.":          "CN=Zscaler word-1 Root CA (label-1.net),O=Zscaler Inc.",
		"CN=FGT-fortigate-contoso01":                                            "CN=word-1,OU=fortigate",
		"CN=Contoso Inspection":                                                 "CN=word-1 word-2",
		"CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US": "CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US",
	} {
		if got := New([KeySize]byte{}).issuer(text); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

// TestKeysOfResources holds the table to what package arm reads, so that no key
// that a diagnosis needs is left out.
func TestKeysOfResources(t *testing.T) {
	files, err := filepath.Glob("../arm/decode*.go")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	key := regexp.MustCompile(`"((?:Network\.)?[A-Za-z]+(?:\.[A-Za-z]+)*[0-9]?)"`)
	lookup := regexp.MustCompile(`\b(?:get|nested|record)\([^()]*|Key\s*=\s*".*"|\[\.\.\.\]string\{.*\}`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range lookup.FindAllString(string(text), -1) {
			for _, k := range key.FindAllStringSubmatch(call, -1) {
				found++
				if _, known := resourceKeys[strings.ToLower(k[1])]; !known {
					t.Errorf("%s reads %s, which is masked away", file, k[1])
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("%d keys", found)
	}
}

// TestPlainOfResources holds the numbers and booleans that are kept to what
// packages arm and snapshot read.
func TestPlainOfResources(t *testing.T) {
	files, err := filepath.Glob("../[as]*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	lookup := regexp.MustCompile(`"(\w+)"\)\.(?:boolean|number)\(|\bcount\("(\w+)"\)`)
	found := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lookup.FindAllStringSubmatch(string(text), -1) {
			found[strings.ToLower(m[1]+m[2])] = true
		}
	}
	if !maps.Equal(found, resourcePlain) {
		t.Errorf("read are %v, kept are %v", found, resourcePlain)
	}
}

// TestKeysOfEvidence holds the table to the members of an observation.
func TestKeysOfEvidence(t *testing.T) {
	members(t, reflect.TypeFor[fact.Observation](), map[reflect.Type]bool{})
}

// plain tells whether a type is written as a number or a boolean.
func plain(of reflect.Type) bool {
	data, err := json.Marshal(reflect.Zero(of).Interface())
	return err == nil && (string(data) == "0" || string(data) == "false")
}

func members(t *testing.T, of reflect.Type, done map[reflect.Type]bool) {
	t.Helper()
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || done[of] || of == reflect.TypeFor[time.Time]() || !strings.Contains(of.PkgPath(), "pldoctor/") || of.NumField() == 1 {
		return
	}
	done[of] = true
	for f := range of.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" {
			key = f.Name
		}
		if _, known := evidenceKeys[strings.ToLower(key)]; !known {
			t.Errorf("%s.%s is masked away", of, f.Name)
		}
		if plain(f.Type) && !evidencePlain[strings.ToLower(key)] {
			t.Errorf("%s.%s is left out", of, f.Name)
		}
		members(t, f.Type, done)
	}
}

// TestHostileKeys: members that nobody knows, and values of other types than
// they should have, do no harm.
func TestHostileKeys(t *testing.T) {
	got := mask1(t, `{"id": ["/subscriptions/contoso"], "type": {"contoso": "x"}, "name": 7, "properties": {"contoso": true, "ttl": 10, "value": "contoso, 1.2.3.4", "location": "Alice's \u2028 place"}, "": "contoso"}`)
	if strings.Contains(got[0], "contoso") && !strings.Contains(got[0], `"value":"contoso,`) || strings.Contains(got[0], "1.2.3.4") || strings.Contains(got[0], "Alice") {
		t.Error(got[0])
	}
	if _, err := New([KeySize]byte{}).Snapshot(snapshot.Snapshot{Resources: []json.RawMessage{json.RawMessage("{")}}); err == nil {
		t.Error("no error")
	}
}

// TestOrder: masks are in the order of what they stand for.
func TestOrder(t *testing.T) {
	r := New([KeySize]byte{})
	var s snapshot.Snapshot
	for _, g := range []string{"zeta", "alpha", "alpha-2", "mid", "b1", "b2", "b3", "b4", "b5", "b6", "b7"} {
		s.Resources = append(s.Resources, json.RawMessage(`{"id": "/subscriptions/s/resourceGroups/`+g+`/providers/Microsoft.KeyVault/vaults/v"}`))
	}
	masked, err := r.Snapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(a, b json.RawMessage) int { return strings.Compare(string(a), string(b)) }
	was, is := slices.Clone(s.Resources), slices.Clone(masked.Resources)
	slices.SortFunc(was, compare)
	slices.SortFunc(is, compare)
	for i := range was {
		if slices.IndexFunc(s.Resources, func(x json.RawMessage) bool { return string(x) == string(was[i]) }) !=
			slices.IndexFunc(masked.Resources, func(x json.RawMessage) bool { return string(x) == string(is[i]) }) {
			t.Errorf("%s stands where %s did", is[i], was[i])
		}
	}
}

// FuzzText looks for panics, and for words that come through unmasked.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"a b", "http://a:b@c/d?e#f", "[::1]:443", "\\u00", "/subscriptions/", "a@b", "..", "1.2.3.4/99", "CN=a,O=b", "x\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := New([KeySize]byte{3})
		if got := r.Text("contosoq " + text + " /subscriptions/contosoq/x contosoq.vault.azure.net"); strings.Contains(strings.ToLower(got), "contosoq") {
			t.Errorf("%q: %q", text, got)
		}
		r.domain(text)
		r.id(text)
		r.issuer(text)
		r.host(text)
		r.whither(text)
		r.Restore(text)
	})
}
