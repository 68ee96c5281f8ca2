package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// estate is a small one, as Resource Graph shows it.
var estate = []string{
	`["/s/1/kv-a", "kv-a", "microsoft.keyvault/vaults", "eastus", "1", {"publicNetworkAccess": "Disabled", "softDeleteRetentionInDays": 90,
		"privateEndpointConnections": [{"id": "c1", "properties": {"status": "Approved"}}, {"id": "c2", "properties": {"status": "Pending"}}]}]`,
	`["/s/1/kv-b", "kv-b", "microsoft.keyvault/vaults", "westeurope", "1", {"publicNetworkAccess": "Enabled", "privateEndpointConnections": []}]`,
	`["/s/2/KV-C", "KV-C", "microsoft.keyvault/vaults", "eastus", "2", {"enableRbacAuthorization": true, "softDeleteRetentionInDays": 7}]`,
	`["/s/1/pe-a", "pe-a", "microsoft.network/privateendpoints", "eastus", "1", {"subnet": {"id": "/S/1/VNET/subnets/a"},
		"odata.type": "x", "target": "/S/1/KV-A", "list": [1, 2.5, "3", true, null]}]`,
	`["/s/2/pe-c", "pe-c", "microsoft.network/privateendpoints", "eastus", "2", {"target": "/s/2/kv-c"}]`,
}

func source(t testing.TB) Source {
	t.Helper()
	resources := Table{Columns: []Column{{"id", String}, {"name", String}, {"type", String}, {"location", String}, {"subscriptionId", String}, {"properties", Dynamic}}}
	for _, text := range estate {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var row []any
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		resources.Rows = append(resources.Rows, row)
	}
	containers := Table{
		Columns: []Column{{"id", String}, {"name", String}, {"subscriptionId", String}},
		Rows:    [][]any{{"/s/1", "Production", "1"}, {"/s/3", "Empty", "3"}},
	}
	return func(name string) (Table, bool) {
		switch name {
		case "resources":
			return resources, true
		case "resourcecontainers":
			return containers, true
		}
		return Table{}, false
	}
}

// show writes a table as a text: the names of the columns, then the rows.
func show(table Table, err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return "error " + e.Error() + "\n"
	}
	var b strings.Builder
	for i, c := range table.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name + ":" + string(c.Type))
	}
	b.WriteString("\n")
	for _, row := range table.Rows {
		raw, err := json.Marshal(row)
		if err != nil {
			return err.Error()
		}
		fmt.Fprintf(&b, "%s\n", raw)
	}
	return b.String()
}

// TestText holds queries to the results that are written below them by hand:
// a query, "---", its result, and an empty line.
func TestText(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
			query, want, ok := strings.Cut(part, "\n---\n")
			if !ok {
				t.Fatalf("%s: %q has no result", file, part)
			}
			t.Run(query, func(t *testing.T) {
				got := show(Run(query, source(t)))
				if strings.TrimSpace(got) != strings.TrimSpace(want) {
					t.Errorf("got\n%swant\n%s", got, want)
				}
			})
		}
	}
}

// TestExpressions are values, each the one of a query on one row.
func TestExpressions(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`1 + 2 * 3 - 4`, `3`},
		{`7 / 2`, `3`},
		{`7 % 2`, `1`},
		{`7.0 / 2`, `3.5`},
		{`1 / 0`, `null`},
		{`1.0 / 0`, `null`},
		{`-3 + 1`, `-2`},
		{`'a' + 1`, `null`},
		{`'a' == 'A'`, `false`},
		{`'a' =~ 'A'`, `true`},
		{`'a' !~ 'A'`, `false`},
		{`1 == 1.0`, `true`},
		{`1 == '1'`, `false`},
		{`1 != 2`, `true`},
		{`dynamic(null) == 1`, `false`},
		{`dynamic(null) != 1`, `true`},
		{`dynamic(null) == dynamic(null)`, `null`},
		{`dynamic(null) =~ ''`, `true`},
		{`2 < 10`, `true`},
		{`'2' < '10'`, `false`},
		{`dynamic(null) < 1`, `null`},
		{`true > false`, `true`},
		{`2 >= 2`, `true`},
		{`3 <= 2`, `false`},
		{`'b' in ('a', 'b')`, `true`},
		{`'B' in ('a', 'b')`, `false`},
		{`'B' in~ ('a', 'b')`, `true`},
		{`'B' !in~ ('a', 'b')`, `false`},
		{`'c' !in ('a')`, `true`},
		{`2 in (dynamic([1, 2]))`, `true`},
		{`'B' in~ (dynamic(['b']))`, `true`},
		{`'Contoso' contains 'TOS'`, `true`},
		{`'Contoso' contains_cs 'TOS'`, `false`},
		{`'Contoso' !contains 'x'`, `true`},
		{`'a/vaults/kv' has 'VAULTS'`, `true`},
		{`'a/vaults/kv' has 'vault'`, `false`},
		{`'vaults vault' has 'vault'`, `true`},
		{`'a' has ''`, `true`},
		{`'a/vaults' has_cs 'Vaults'`, `false`},
		{`'vault' !has 'vaults'`, `true`},
		{`'Contoso' startswith 'con'`, `true`},
		{`'Contoso' startswith_cs 'con'`, `false`},
		{`'Contoso' !endswith 'SO'`, `false`},
		{`'Contoso' endswith 'SO'`, `true`},
		{`'kv-01' matches regex '^kv-[0-9]+$'`, `true`},
		{`'kv-x' matches regex @'^kv-\d+$'`, `false`},
		{`true and false or true`, `true`},
		{`false and dynamic(null) == 1`, `false`},
		{`not(true)`, `false`},
		{`not(dynamic(null))`, `null`},
		{`true or dynamic(null)`, `true`},
		{`dynamic(null) and true`, `null`},
		{`tostring(dynamic({'a': [1, null, 'x']}))`, `"{\"a\":[1,null,\"x\"]}"`},
		{`tostring(true)`, `"true"`},
		{`tostring(dynamic(null))`, `""`},
		{`tostring(2.5)`, `"2.5"`},
		{`toint('42')`, `42`},
		{`toint('x')`, `null`},
		{`toint(2.9)`, `2`},
		{`toint(true)`, `1`},
		{`tobool('TRUE')`, `true`},
		{`tobool('x')`, `null`},
		{`toreal('1.5')`, `1.5`},
		{`tolower('AbC')`, `"abc"`},
		{`toupper('AbC')`, `"ABC"`},
		{`strlen('äb')`, `2`},
		{`strcat('a', 1, true)`, `"a1true"`},
		{`isnull(dynamic(null))`, `true`},
		{`isnull('')`, `false`},
		{`isnotnull(1)`, `true`},
		{`isempty('')`, `true`},
		{`isnotempty('x')`, `true`},
		{`iff(1 == 1, 'yes', 'no')`, `"yes"`},
		{`iif(dynamic(null) == 1, 'yes', 'no')`, `"no"`},
		{`case(false, 1, true, 2, 3)`, `2`},
		{`case(false, 1, 3)`, `3`},
		{`coalesce(dynamic(null), '', 'x')`, `"x"`},
		{`split('a/b/c', '/')`, `["a","b","c"]`},
		{`split('a/b/c', '/', 1)`, `["b"]`},
		{`split('a/b/c', '/')[-1]`, `"c"`},
		{`split('a/b', '/', 5)`, `[]`},
		{`substring('fabrikam', 3)`, `"rikam"`},
		{`substring('fabrikam', 3, 2)`, `"ri"`},
		{`substring('äbc', 1, 9)`, `"bc"`},
		{`substring('a', -1)`, `"a"`},
		{`array_length(dynamic([1, 2]))`, `2`},
		{`array_length('x')`, `null`},
		{`parse_json('{"a":{"b":[7]}}').a.b[0]`, `7`},
		{`todynamic('no json')`, `"no json"`},
		{`extract('subnets/([a-z]+)', 1, '/x/subnets/apps')`, `"apps"`},
		{`extract('x', 0, 'y')`, `""`},
		{`extract('(y)', 2, 'y')`, `""`},
		{`replace_string('a.b.c', '.', '-')`, `"a-b-c"`},
		{`replace_string('abc', '', '-')`, `"abc"`},
		{`bag_keys(dynamic({'b': 1, 'a': 2}))`, `["a","b"]`},
		{`bag_keys(1)`, `null`},
		{`dynamic({'a.b': 1})['a.b']`, `1`},
		{`dynamic({'a': {'b.c': 1}}).a.['b.c']`, `1`},
		{`dynamic([1, -2.5])[1]`, `-2.5`},
		{`dynamic([1])[3]`, `null`},
		{`dynamic([1]).a`, `null`},
		{`bool(true)`, `true`},
		{`int(null)`, `null`},
		{`long(5)`, `5`},
		{`'it\'s "so"'`, `"it's \"so\""`},
		{`@'a\b''c'`, `"a\\b'c"`},
		{`"tab\there"`, `"tab\there"`},
	} {
		table, err := Run("resourcecontainers | take 1 | project value = "+tt.text, source(t))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if raw, err := json.Marshal(table.Rows[0][0]); err != nil || string(raw) != tt.want {
			t.Errorf("%s is %s, want %s", tt.text, raw, tt.want)
		}
	}
}

// TestBounds are queries that would take for ever, or the stack.
func TestBounds(t *testing.T) {
	for name, query := range map[string]string{
		"brackets": "resources | where " + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000),
		"calls":    "resources | extend a = " + strings.Repeat("not(", 1000),
		"lists":    "resources | extend a = dynamic(" + strings.Repeat("[", 1000),
		"members":  "resources | extend a = properties" + strings.Repeat(".a", 1000),
		"queries":  strings.Repeat("(", 1000),
		"length":   "resources //" + strings.Repeat("x", maxQuery),
		"joins":    "resources" + strings.Repeat(" | join (resources) on type", 4),
	} {
		if _, err := Run(query, source(t)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	long, err := Run("let a = 'xxxxxxxxxxxxxxxx';"+strings.Repeat("let a = strcat(a, a, a, a, a, a, a, a);", 20)+"resources | project strlen(a)", source(t))
	if err != nil || long.Rows[0][0] != int64(maxText) {
		t.Errorf("a long text: %v %v", long.Rows, err)
	}
	wide := Table{Columns: []Column{{"a", Long}}}
	for range 3000 {
		wide.Rows = append(wide.Rows, []any{int64(1)})
	}
	_, err = Run("resources | join kind=inner (resources) on a", func(string) (Table, bool) { return wide, true })
	var e *Error
	if !errors.As(err, &e) || e.Code != TooLarge {
		t.Errorf("9,000,000 rows: %v", err)
	}
}

func FuzzRun(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for part := range strings.SplitSeq(string(text), "\n\n") {
			query, _, _ := strings.Cut(part, "\n---\n")
			f.Add(query)
		}
	}
	from := source(f)
	f.Fuzz(func(t *testing.T, query string) {
		table, err := Run(query, from)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Fatalf("a row of %d values in %d columns", len(row), len(table.Columns))
			}
			if _, err := json.Marshal(row); err != nil {
				t.Fatal(err)
			}
		}
	})
}
