package redact

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/snapshot"
)

// hostile are values that tell who somebody is, in all forms that an address, a
// name, a type, a tag, a region or an id can have.
var hostile = []string{
	"zorro", "Zorro", "acme-zorro", "zorro.acmebank.com", "vpn.acmebank.com", "acme.zorro", "_zorro.acmebank.com", "zorro.acmebank.com:443", "zorro.corp",
	"81.2.69.0/24", "81.2.69.144", "81.2.69.144:443", "81.2.69.1-81.2.69.9", "81.2.69", "2a02:1234::/32", "[2a02:1234::1]:443", "::ffff:81.2.69.144", "fe80::1%zorro",
	"81.2.69.0/24,acme-zorro", "81.2.69.144 zorro", "Vpn,zorro", "443,zorro", "zorro-443",
	"Microsoft.Zorro", "Microsoft.Zorro/zorros", "Microsoft.Network/zorro", "acmebank.network/virtualNetworks", "microsoft.network/virtualnetworks/zorro",
	"AzureKeyVault.Zorro", "Zorro.EastUS", "zorrowesteurope", "West Zorro", "zorro@acmebank.com", "for Zorro, acmebank",
	"host:zorro", "site:zorro.acmebank.com", "zorro/acmebank", "/zorro/acmebank", "/81.2.69.0/24",
	"/subscriptions/zorro/resourceGroups/acmebank/providers/Acmebank.Zorro/zorros/zorro",
	"/subscriptions/zorro/resourceGroups/acmebank/providers/Microsoft.Network/virtualNetworks/zorro/zorro/zorro",
	"https://zorro.acmebank.com/zorro?zorro#zorro", "zorro://acmebank.com/", "https://zorro:acmebank@81.2.69.144/",
	"data-prod-zorro.vault.azure.net", "zorro.privatelink.vaultcore.azure.net", "azkms-prod-zorro-x.westeurope.cloudapp.azure.com",
	"created by private endpoint zorro with resource guid acmebank", `C:\zorro\acmebank`, "2024-05-06T07:08:09Z zorro",
}

var telltale = regexp.MustCompile(`(?i)zorro|acmebank|81\.2\.69|2a02:1234`)

// TestHostileValues: whatever stands under a key that is kept, none of it comes
// through, be it in the key's own place, in a list or in a resource below.
func TestHostileValues(t *testing.T) {
	for what, keys := range map[string]map[string]mask{"resource": resourceKeys, "observation": evidenceKeys} {
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			for _, value := range hostile {
				raw, err := json.Marshal(map[string]any{
					key: value, "properties": map[string]any{key: []any{value, map[string]any{key: value}}}, "journey": map[string]any{key: value},
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := rewritten(t, raw, keys, nil); telltale.MatchString(got) {
					t.Errorf("%s, %s, %q: %s", what, key, value, got)
				}
			}
		}
	}
}

// TestHostileNumbers: no number and no boolean comes through but under the keys
// that are known to have such, wherever it stands; there it does.
func TestHostileNumbers(t *testing.T) {
	for what, tables := range map[string]struct {
		keys  map[string]mask
		plain map[string]bool
	}{"resource": {resourceKeys, resourcePlain}, "observation": {evidenceKeys, evidencePlain}} {
		for _, key := range append(slices.Sorted(maps.Keys(tables.keys)), "zorro") {
			for _, value := range []any{4916012345678, -4916.5, true, false} {
				raw, err := json.Marshal(map[string]any{
					key: value, "properties": map[string]any{key: []any{value, []any{value}, map[string]any{key: value}}}, "journey": map[string]any{key: value},
				})
				if err != nil {
					t.Fatal(err)
				}
				got := rewritten(t, raw, tables.keys, tables.plain)
				if kept := regexp.MustCompile(`4916|true|false`).MatchString(got); kept != tables.plain[key] {
					t.Errorf("%s, %s, %v: %s", what, key, value, got)
				}
			}
		}
		for key := range tables.plain {
			if tables.keys[key] == nil {
				t.Errorf("%s, %s: is left out", what, key)
			}
		}
	}
	if got, err := New([KeySize]byte{}).rewrite(json.RawMessage(`4916`), resourceKeys, resourcePlain); err != nil || string(got) != "null" {
		t.Errorf("%s, %v", got, err)
	}
}

// rewritten learns a document and masks it.
func rewritten(t *testing.T, raw json.RawMessage, keys map[string]mask, plain map[string]bool) string {
	t.Helper()
	r := New([KeySize]byte{5})
	for _, r.names.learning = range []bool{true, false} {
		out, err := r.rewrite(raw, keys, plain)
		if err != nil {
			t.Fatal(err)
		}
		raw = out
	}
	return string(raw)
}

// TestHostileGaps: nor what is unread.
func TestHostileGaps(t *testing.T) {
	for _, value := range hostile {
		var s snapshot.Snapshot
		if err := json.Unmarshal([]byte(`{"Unread": [{}]}`), &s); err != nil {
			t.Fatal(err)
		}
		u := &s.Unread[0]
		u.Type, u.Why, u.Permission = value, value, value
		masked, err := New([KeySize]byte{5}).Snapshot(s)
		if got := fmt.Sprint(masked.Unread); err != nil || telltale.MatchString(got) {
			t.Errorf("%q: %s, %v", value, got, err)
		}
	}
}

// TestHarmless: Azure's own words stay.
func TestHarmless(t *testing.T) {
	for key, values := range map[string][]string{
		"type":                       {"Microsoft.Network/virtualNetworks/subnets", "microsoft.keyvault/vaults", "Vpn", "Deny", "microsoft.keyvault"},
		"serviceName":                {"Microsoft.Web/serverFarms", "Microsoft.Network/dnsResolvers", "Microsoft.App/environments"},
		"service":                    {"Microsoft.KeyVault", "Microsoft.Storage.Global"},
		"location":                   {"westeurope", "West Europe", "East US 2", "global", "eastus2euap", "usgovvirginia", "germanywestcentral", "uksouth", "chinanorth3"},
		"kind":                       {"functionapp,linux", "app"},
		"protocol":                   {"*", "Tcp", "UDP", "Icmp"},
		"destinationPortRange":       {"*", "443", "1-65535", "80,443"},
		"destinationAddressPrefixes": {"AzureKeyVault.EastUS", "VirtualNetwork", "Internet", "Storage.SwitzerlandN", "*", "0.0.0.0/0", "10.0.0.0/8", "AzureFrontDoor.Backend"},
		"value":                      {"10.0.0.4", "8.8.8.8/32"},
		"groupIds":                   {"vault", "managedhsm"},
		"secrets":                    {"Get", "List", "all"},
	} {
		for _, value := range values {
			raw, _ := json.Marshal(map[string]string{key: value})
			if got := rewritten(t, raw, resourceKeys, resourcePlain); got != string(raw) {
				t.Errorf("%s becomes %s", raw, got)
			}
		}
	}
}

// TestTypesKept holds the words of types to those that are read.
func TestTypesKept(t *testing.T) {
	text, err := os.ReadFile("../arm/decode.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`"(microsoft\.[a-z/]+)"`).FindAllStringSubmatch(string(text), -1)
	for _, m := range found {
		if got := New([KeySize]byte{}).typed(m[1]); got != m[1] {
			t.Errorf("%s becomes %s", m[1], got)
		}
	}
	if len(found) < 30 {
		t.Errorf("%d types", len(found))
	}
}

// TestWordsKept holds the words of evidence to the constants that stand in it.
func TestWordsKept(t *testing.T) {
	enumerations := words(`Outcome Reason Via AddrClass ServerRole Denial ConnType Runs`)
	files, err := filepath.Glob("../[fs]*/*.go") // among them fact, service and settings
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			name, typed := spec.Type.(*ast.Ident)
			if value, literal := spec.Values[0].(*ast.BasicLit); typed && literal && enumerations[name.Name] {
				found++
				keeps(t, value.Value)
			}
			return true
		})
	}
	for stage := fact.Stage(0); stage <= fact.StageAccess; stage++ {
		if text, err := json.Marshal(stage); err == nil {
			keeps(t, string(text))
		}
	}
	if found < 80 {
		t.Errorf("%d words", found)
	}
}

func keeps(t *testing.T, literal string) {
	t.Helper()
	word, err := strconv.Unquote(literal)
	if err != nil {
		t.Fatal(err)
	}
	if word != "" && !azureWords[strings.ToLower(word)] {
		t.Errorf("%q is masked", word)
	}
}
