package world

import (
	"net/netip"
	"slices"
	"testing"

	"pldoctor/internal/dnsname"
)

func zoneOf(labels ...string) *Zone {
	z := &Zone{Meta: At("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/z.example")}
	z.Domain = dnsname.MustParse("z.example")
	for _, l := range labels {
		z.Records = append(z.Records, Record{Label: l, Type: TypeA}, Record{Label: l, Type: TypeAAAA})
	}
	return z
}

// TestRecordsOfAnyOrder: whoever makes a World need not sort, and what was
// handed over stays as it was.
func TestRecordsOfAnyOrder(t *testing.T) {
	given := zoneOf("web", "Kv", "*", "@", "kv-2", "a.b", "KV-1")
	before := slices.Clone(given.Records)
	made, err := New(Parts{Resources: []Resource{given}})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*World{"New": made, "With": Empty().With(Put(given))} {
		z, _ := w.Zone(given.ID)
		for label, want := range map[string]bool{
			"web": true, "kv": true, "KV": true, "kv-1": true, "KV-2": true, "*": true, "@": true, "a.b": true,
			"k": false, "kv-": false, "kv-3": false, "b": false, "": false, "zz": false,
		} {
			if _, ok := z.Record(label, TypeAAAA); ok != want {
				t.Errorf("%s: record %q: %v", name, label, ok)
			}
			if n := len(z.RecordsNamed(label)); (n == 2) != want {
				t.Errorf("%s: %d records named %q", name, n, label)
			}
		}
		if _, ok := z.Record("web", TypeCNAME); ok {
			t.Errorf("%s: a record of another type", name)
		}
	}
	if !slices.EqualFunc(given.Records, before, func(a, b Record) bool { return a.Label == b.Label && a.Type == b.Type }) {
		t.Error("the zone that was handed over has changed")
	}
	sorted := zoneOf("a", "b")
	if made := Empty().With(Put(sorted)); made.Lookup(sorted.ID) != Resource(sorted) {
		t.Error("a zone in order was copied")
	}
}

func TestExists(t *testing.T) {
	z, _ := Empty().With(Put(zoneOf("kv", "a.b.c"))).Zone(zoneOf().ID)
	for label, want := range map[string]bool{
		"@": true, "kv": true, "KV": true, "a.b.c": true, "b.c": true, "c": true, "C": true,
		"b": false, "v": false, ".c": false, "a.b": false, "x.a.b.c": false,
	} {
		if got := z.Exists(label); got != want {
			t.Errorf("%q exists: %v", label, got)
		}
	}
}

func TestZonesLinkedAs(t *testing.T) {
	z := zoneOf()
	z.Links = []Link{{VNet: "v1"}, {VNet: "v2"}}
	w := Empty().With(Put(z))
	count := func(w *World, domain string, vnet ID) (n int) {
		for range w.ZonesLinkedAs(dnsname.MustParse(domain), vnet) {
			n++
		}
		return n
	}
	if count(w, "z.example", "v1") != 1 || count(w, "z.example", "v3") != 0 || count(w, "example", "v1") != 0 {
		t.Error("zones by VNet and domain")
	}
	if w := w.With(Remove(z.ID)); count(w, "z.example", "v1") != 0 {
		t.Error("a zone that was taken out is still linked")
	}
}

func TestShortRegion(t *testing.T) {
	for location, want := range map[string]string{
		"eastus": "eus", "westeurope": "weu", "canadacentral": "cca", // as seen in public transcripts
		"eastus2": "eus2", "West Europe": "weu", "southcentralus": "scus", "japaneast": "ejp", "": "eus", "uksouth": "suk",
	} {
		v := &Vault{Location: location}
		if got := v.ShortRegion(); got != want {
			t.Errorf("%q: got %q, want %q", location, got, want)
		}
	}
	if v := (&Vault{Location: "eastus", Region: "WEU"}); v.ShortRegion() != "weu" {
		t.Errorf("a region that was given: %q", v.ShortRegion())
	}
}

func TestDefaultFrontEnd(t *testing.T) {
	a, b, c := &Vault{Location: "eastus"}, &Vault{Location: "East US"}, &Vault{Location: "westeurope"}
	if a.DefaultFrontEnd() != b.DefaultFrontEnd() || a.DefaultFrontEnd() == c.DefaultFrontEnd() {
		t.Error("front ends are shared in a region, and in no other")
	}
	if documentation := netip.MustParsePrefix("192.0.2.0/24"); !documentation.Contains(c.DefaultFrontEnd()) {
		t.Errorf("%s is somebody's", c.DefaultFrontEnd())
	}
}
