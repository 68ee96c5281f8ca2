package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

const (
	lab   = "/subscriptions/s/resourceGroups/g/providers/"
	vault = `{"id": "` + lab + `Microsoft.KeyVault/vaults/fabrikam", "type": "microsoft.keyvault/vaults", "properties": {}}`
	vnet  = `{"id": "` + lab + `Microsoft.Network/virtualNetworks/hub", "type": "Microsoft.Network/virtualNetworks",
		"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}}}`
)

func seen(name string) string {
	return `{"client": {"host": "app", "runs": "vm"}, "journey": {"name": {"host": "` + name + `"}}, "lookups": [{"question": "a", "outcome": "ok"}]}`
}

// TestDecode: the shapes in which resources and evidence come, one after the
// other too.
func TestDecode(t *testing.T) {
	own := `{"schemaVersion": "1", "cloud": "azurecloud", "taken": "2026-11-22T01:02:03Z", "resources": [` + vault + `]}`
	evidence := `{"schemaVersion": "1", "evidence": [` + seen("fabrikam.vault.azure.net") + `]}`
	graph := `{"count": 2, "data": [` + vault + `,` + vnet + `], "skip_token": null}`
	const mark = "\xef\xbb\xbf"
	for name, tt := range map[string]struct {
		data                string
		resources, evidence int
	}{
		"our own":                  {own, 1, 0},
		"evidence alone":           {evidence, 0, 1},
		"evidence and a page":      {evidence + "\r\n" + graph, 2, 1},
		"az graph query":           {graph, 2, 0},
		"az resource show":         {vault, 1, 0},
		"a list":                   {"[" + vault + "," + vnet + "]", 2, 0},
		"ARM's page":               {`{"value": [` + vnet + `], "nextLink": "x"}`, 1, 0},
		"a mark, and one between":  {mark + graph + "\r\n" + mark + own, 3, 0},
		"lines of CR LF":           {strings.ReplaceAll(graph, ",", ",\r\n"), 2, 0},
		"UTF-16, as PowerShell's":  {utf16LE(graph), 2, 0},
		"pages in our own":         {`{"schemaVersion": "1", "resources": [` + graph + `]}`, 2, 0},
		"keys of a later version":  {`{"schemaVersion": "1", "more": {"a": 1}, "resources": []}`, 0, 0},
		"a resource with a schema": {`{"schemaVersion": 3, "id": "x", "type": "y"}`, 1, 0},
	} {
		s, err := Decode([]byte(tt.data))
		if err != nil || len(s.Resources) != tt.resources || len(s.Evidence) != tt.evidence {
			t.Errorf("%s: %d resources, %d observations, %v", name, len(s.Resources), len(s.Evidence), err)
		}
	}
	s, err := Decode([]byte(own))
	if err != nil || s.Cloud != "AzureCloud" || s.Taken != time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC) {
		t.Errorf("%+v, %v", s, err)
	}
}

func utf16LE(text string) string {
	data := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return string(data)
}

// TestHostile: what is said of files that are none.
func TestHostile(t *testing.T) {
	ours := func(members string) string { return `{"schemaVersion": "1", ` + members + `}` }
	observed := func(members string) string {
		return ours(`"evidence": [{"journey": {"name": {"host": "a.vault.azure.net"}}, ` + members + `}]`)
	}
	for name, tt := range map[string]struct{ data, want string }{
		"nothing":                {"", "is empty"},
		"a mark and nothing":     {"\xef\xbb\xbf\r\n", "is empty"},
		"no JSON":                {"resources: []", "is not JSON"},
		"a scalar":               {"1", "holds 1, which is neither"},
		"another version":        {`{"schemaVersion": "2"}`, `has the schemaVersion "2"; this program reads "1"`},
		"a version of no text":   {`{"schemaVersion": 1}`, "has the schemaVersion 1;"},
		"a report":               {`{"schemaVersion": "1", "verdict": "private"}`, "holds a report"},
		"resources of no list":   {ours(`"resources": {}`), "is no snapshot"},
		"a resource of no shape": {ours(`"resources": [1]`), "resource 1: holds 1"},
		"an unknown cloud":       {ours(`"cloud": "Mars"`), `is of the cloud "Mars"; there are AzureCloud`},
		"two clouds":             {ours(`"cloud": "AzureCloud"`) + ours(`"cloud": "AzureChinaCloud"`), "is of two clouds"},
		"unread without a why":   {ours(`"unread": [{"type": "x"}]`), "unread 1: says not why"},
		"unread with a bell":     {ours(`"unread": [{"why": "\u0007"}]`), "unread 1"},
		"evidence of no vault":   {ours(`"evidence": [{}]`), "evidence 1: journey.name.host is missing"},
		"evidence of no shape":   {ours(`"evidence": ["x"]`), "evidence 1: is nothing that a probe saw"},
		"an address of no form":  {observed(`"client": {"addresses": ["10.0.0.256"]}`), "evidence 1: is nothing that a probe saw"},
		"a stage of no request":  {observed(`"requests": [{"stage": "lunch"}]`), `"lunch" is no stage of a request`},
		"a number too large":     {observed(`"lookups": [{"ttl": 99999999999}]`), "evidence 1"},
		"an escape":              {observed(`"client": {"host": "\u001b[2J"}`), "evidence 1: holds control characters"},
		"too much of it":         {observed(`"addresses": [` + strings.Repeat(`{},`, 2000) + `{}]`), "holds a list of 2001"},
		"depth":                  {strings.Repeat("[", 1000), "nested deeper"},
		"depth in strings":       {ours(`"resources": ` + strings.Repeat(`{"a":`, 70) + `1` + strings.Repeat(`}`, 70)), "nested deeper"},
	} {
		if _, err := Decode([]byte(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// TestRoundTrip: every part of a snapshot comes back.
func TestRoundTrip(t *testing.T) {
	host := dnsname.MustParse("fabrikam.vault.azure.net")
	s := Snapshot{
		Cloud: "AzureCloud", Taken: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), Resources: []json.RawMessage{json.RawMessage(vault)},
		Unread:   []Unread{{Type: "microsoft.network/virtualnetworks", Near: "/subscriptions/s", Why: "403", Permission: "Microsoft.Network/virtualNetworks/read"}},
		Evidence: []fact.Observation{{Client: fact.Client{Host: "app", Open: []netip.Addr{netip.MustParseAddr("fe80::1%eth0")}}}},
	}
	s.Evidence[0].Journey.Name.Host = host
	s.Evidence[0].Requests = []fact.Request{{Stage: fact.StageTLS, Body: "a\r\nb\t<&>"}}
	data, err := Encode(s, "v1")
	if err != nil {
		t.Fatal(err)
	}
	read, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(read, "v1")
	if err != nil || string(again) != string(data) {
		t.Errorf("%v\n%s\n%s", err, data, again)
	}
	if o := read.Evidence[0]; o.Requests[0] != s.Evidence[0].Requests[0] || o.Client.Open[0] != s.Evidence[0].Client.Open[0] || o.Journey != s.Evidence[0].Journey {
		t.Errorf("%+v", o)
	}
	if !slices.Equal(read.Unread, s.Unread) || !read.HasConfiguration() {
		t.Errorf("%+v", read.Unread)
	}
}

func TestEncodeSaysWhatIsNoJSON(t *testing.T) {
	if _, err := Encode(Snapshot{Resources: []json.RawMessage{json.RawMessage("{")}}, ""); err == nil {
		t.Error("no error")
	}
}

// TestGaps: what a file shows to be left out is not taken for absent.
func TestGaps(t *testing.T) {
	const zone = `{"id": "` + lab + `Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net", "type": "microsoft.network/privatednszones", "properties": `
	const near = world.ID("/subscriptions/s/resourcegroups/g/providers/microsoft.network/privatednszones/privatelink.vaultcore.azure.net")
	const zones = "microsoft.network/privatednszones"
	for name, tt := range map[string]struct {
		data string
		want []world.Gap // without Why
		why  string
	}{
		"nothing is left out": {vault + vnet, nil, ""},
		"unread": {
			`{"schemaVersion": "1", "unread": [{"type": "Microsoft.Network/routeTables", "why": "403", "permission": "x/read"}]}`,
			[]world.Gap{{Type: "microsoft.network/routetables"}},
			"403: lacks x/read",
		},
		"no properties":          {strings.TrimSuffix(zone, `, "properties": `) + `}`, []world.Gap{{Type: zones, Near: near}}, "no properties"},
		"null properties":        {zone + `null}`, []world.Gap{{Type: zones, Near: near}}, "no properties"},
		"links that it counts":   {zone + `{"numberOfVirtualNetworkLinks": 2}}`, []world.Gap{{Type: zones, Near: near}}, "it counts 2 links"},
		"record sets as well":    {zone + `{"numberOfRecordSets": 3}}`, []world.Gap{{Type: zones, Near: near}}, "it counts 3 record sets"},
		"an empty zone":          {zone + `{"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 0}}`, nil, ""},
		"of another service":     {strings.ReplaceAll(zone, "vaultcore.azure", "blob.core.windows") + `{"numberOfRecordSets": 3}}`, nil, ""},
		"a child by itself":      {`{"id": "` + lab + `Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net/A/x", "type": "microsoft.network/privatednszones/a", "properties": {"aRecords": []}}`, []world.Gap{{Type: zones, Near: near}}, "stands there without it"},
		"a provider has no more": {`{"id": "/subscriptions/s/providers/Microsoft.KeyVault", "type": "Microsoft.KeyVault", "namespace": "Microsoft.KeyVault", "registrationState": "Registered"}`, nil, ""},
	} {
		s, err := Decode([]byte(tt.data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w, _, err := s.World()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []world.Gap
		for _, g := range w.Gaps() {
			if !strings.Contains(g.Why, tt.why) {
				t.Errorf("%s: %q", name, g.Why)
			}
			got = append(got, world.Gap{Type: g.Type, Near: g.Near})
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWorldFaults: what is wrong with the resources is said.
func TestWorldFaults(t *testing.T) {
	other := strings.Replace(vault, `"properties": {}`, `"properties": {"publicNetworkAccess": "Disabled"}`, 1)
	for name, tt := range map[string]struct{ data, want string }{
		"twice, and not the same": {vault + other, "stands twice, with different contents"},
		"a field of another type": {strings.Replace(vnet, `["10.0.0.0/8"]`, `7`, 1), "addressPrefixes is 7, not a list"},
		"an id with a bell":       {strings.Replace(vault, "fabrikam", `fab\u0007`, 1), "is no resource id"},
		"a world that is none":    {strings.Replace(vnet, `["10.0.0.0/8"]`, `[]`, 1), "addressSpace.addressPrefixes is empty"},
		"an id of no text":        {`{"id": 7, "type": "Microsoft.KeyVault/vaults", "properties": {}}`, "id is 7, not a string"},
	} {
		s, err := Decode([]byte(tt.data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, _, err := s.World(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// FuzzDecode looks for panics, and for files that do not come back as they went
// out.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		vault + vnet, `{"data": [` + vault + `]}`, `{"schemaVersion": "1", "evidence": [` + seen("a.vault.azure.net") + `], "unread": [{"why": "x"}]}`,
		`{"schemaVersion": "1", "cloud": "AzureChinaCloud", "taken": "2026-11-22T01:02:03Z", "resources": [` + vnet + `]}`, utf16LE(vault), "\xef\xbb\xbf[]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode(data)
		if err != nil {
			return
		}
		_, _, _ = s.World()
		out, err := Encode(s, "test")
		if err != nil {
			t.Fatal(err)
		}
		read, err := Decode(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if again, err := Encode(read, "test"); err != nil || string(again) != string(out) {
			t.Errorf("%v\n%s\n%s", err, out, again)
		}
	})
}
