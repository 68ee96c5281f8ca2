package world

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
)

const group = "/subscriptions/S1/resourceGroups/RG/providers/"

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func nets(list ...string) (prefixes []netip.Prefix) {
	for _, s := range list {
		prefixes = append(prefixes, netip.MustParsePrefix(s))
	}
	return prefixes
}

func machine(host string) Meta { return Meta{ID: HostID(host), Path: host} }

// hub is a VNet with one subnet; a subnet's path is the VNet's with its name.
func hub() *VNet {
	v := &VNet{Meta: At(group + "Microsoft.Network/virtualNetworks/Hub"), Prefixes: nets("10.1.0.0/16", "fd00:1::/48")}
	v.Subnets = []Subnet{{Meta: At(v.Path + "/subnets/Doors"), Prefixes: nets("10.1.2.0/24")}}
	return v
}

// TestTable holds a table against a plain map through many changes, with every
// copy that was made on the way: none may see a later change.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	now, want := table[int, int]{base: map[int]int{}}, map[int]int{}
	for k := range 50 {
		now.base[k], want[k] = k, k
	}
	var tables []table[int, int]
	var wants []map[int]int
	folded := 0
	for range 400 {
		next := now.changed()
		for range 1 + r.IntN(30) {
			k, v := r.IntN(120), r.IntN(1000)
			if r.IntN(3) == 0 {
				next.remove(k)
				delete(want, k)
			} else {
				next.set(k, v)
				want[k] = v
			}
		}
		if next.grown() {
			next = next.folded()
			folded++
		}
		now = next
		tables, wants = append(tables, now), append(wants, maps.Clone(want))
	}
	if folded == 0 {
		t.Error("the overlay has never been folded in")
	}
	for i := range tables {
		if got := maps.Collect(tables[i].all()); !maps.Equal(got, wants[i]) {
			t.Fatalf("copy %d: %v, want %v", i, got, wants[i])
		}
		for k := range 120 {
			v, ok := tables[i].get(k)
			if w, there := wants[i][k]; ok != there || v != w {
				t.Fatalf("copy %d: get %d: %d %t, want %d %t", i, k, v, ok, w, there)
			}
		}
	}
}

// some is a resource of some kind, its id and links drawn at random.
func some(r *rand.Rand) Resource {
	name := fmt.Sprint("n", r.IntN(12))
	vnet := MakeID(group + "Microsoft.Network/virtualNetworks/" + fmt.Sprint("n", r.IntN(4)))
	a := netip.AddrFrom4([4]byte{10, 1, 2, byte(r.IntN(6))})
	at := func(kind string) Meta { return At(group + kind + "/" + name) }
	vault := MakeID(group + "Microsoft.KeyVault/vaults/" + fmt.Sprint("n", r.IntN(4)))
	switch r.IntN(9) {
	case 0:
		return &VNet{Meta: at("Microsoft.Network/virtualNetworks"), Prefixes: nets("10.1.0.0/16")}
	case 1:
		return &Zone{
			Meta: at("Microsoft.Network/privateDnsZones"), Domain: dnsname.MustParse(fmt.Sprintf("z%d.example", r.IntN(3))),
			Links: []Link{{VNet: vnet}, {VNet: "other"}},
		}
	case 2:
		return &Vault{Meta: at("Microsoft.KeyVault/vaults"), PublicAddresses: []netip.Addr{a}}
	case 3:
		return &Endpoint{
			Meta: at("Microsoft.Network/privateEndpoints"), Subnet: vnet + "/subnets/a", Target: vault, Addresses: []netip.Addr{a},
		}
	case 4:
		return &Host{Meta: machine(name), Network: vnet, Address: a}
	case 5:
		return &Site{Meta: Meta{ID: SiteID(name), Path: name}, ConnectedTo: []ID{vnet}}
	case 6:
		return &Resolver{Meta: at("Microsoft.Network/dnsResolvers"), VNet: vnet, Inbound: []netip.Addr{a}, Outbound: []ID{vault}}
	case 7:
		return &Ruleset{Meta: at("Microsoft.Network/dnsForwardingRulesets"), VNets: []ID{vnet}}
	}
	return &Perimeter{Meta: at("Microsoft.Network/networkSecurityPerimeters"), Resources: []ID{vault}}
}

// TestWith holds a World that came about by changes against one made at once
// of the same parts, and every World on the way against what it was.
func TestWith(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	first := Empty()
	w, model := first, map[ID]Resource{}
	var worlds []*World
	var models []map[ID]Resource
	for range 300 {
		var edits []Edit
		for range 1 + r.IntN(2) {
			one := some(r)
			id := one.meta().ID
			if r.IntN(3) == 0 {
				edits = append(edits, Remove(id))
				delete(model, id)
				continue
			}
			edits, model[id] = append(edits, Put(one)), one
		}
		w = w.With(edits...)
		worlds, models = append(worlds, w), append(models, maps.Clone(model))
	}
	for i, w := range worlds {
		same(t, i, w, models[i])
		changed := Changed(first, w)
		if want := slices.Sorted(maps.Keys(models[i])); !slices.Equal(changed, want) {
			t.Fatalf("world %d: changed from nothing: %v, want %v", i, changed, want)
		}
	}
	if len(first.Resources()) != 0 {
		t.Error("the first World has changed")
	}
}

func same(t *testing.T, i int, w *World, model map[ID]Resource) {
	t.Helper()
	fresh, err := New(Parts{Resources: w.Resources()})
	if err != nil && !strings.Contains(err.Error(), "which is") && !strings.Contains(err.Error(), "outside") {
		t.Fatal(err)
	}
	if !maps.Equal(maps.Collect(fresh.resources.all()), model) {
		t.Fatalf("world %d holds other resources than were put in", i)
	}
	index := map[key][]Resource{}
	for k := range w.index.all() {
		if found := slices.Collect(each[Resource](w, k)); len(found) > 0 {
			index[k] = found
		}
	}
	if want := maps.Collect(fresh.index.all()); !maps.EqualFunc(index, want, slices.Equal[[]Resource]) {
		t.Fatalf("world %d: index %v, want %v", i, index, want)
	}
}

// TestChanged: between copies, between Worlds that were made apart, and where
// an overlay was folded in between without more or fewer resources.
func TestChanged(t *testing.T) {
	host := func(i int) *Host {
		return &Host{Meta: machine(fmt.Sprint("h", i)), Network: Internet, Address: ip("198.51.100.1")}
	}
	var parts []Resource
	for i := range 200 {
		parts = append(parts, host(i))
	}
	w, err := New(Parts{Resources: parts})
	if err != nil {
		t.Fatal(err)
	}
	again, err := New(Parts{Resources: append(slices.Clone(parts[:199]), host(199))})
	if err != nil {
		t.Fatal(err)
	}
	many := w
	for i := range 100 {
		many = many.With(Put(host(i)))
	}
	if many.resources.shares(&w.resources) {
		t.Fatal("nothing was folded in: the test tests nothing")
	}
	one := w.With(Put(host(7)))
	for _, tt := range []struct {
		name string
		a, b *World
		n    int
		some ID
	}{
		{"itself", w, w, 0, ""},
		{"put back", one, one.With(Put(parts[7])), 1, "host:h7"},
		{"there and back again", w, one.With(Put(parts[7])), 0, ""},
		{"replaced", w, one, 1, "host:h7"},
		{"put in", w, w.With(Put(host(500))), 1, "host:h500"},
		{"taken out", w, w.With(Remove("host:h7")), 1, "host:h7"},
		{"nothing taken out", w, w.With(Remove("host:none")), 0, ""},
		{"two copies", one, w.With(Put(host(8))), 2, "host:h8"},
		{"folded", w, many, 100, "host:h99"},
		{"folded, backwards", many, w, 100, "host:h0"},
		{"made apart", w, again, 1, "host:h199"},
	} {
		if got := Changed(tt.a, tt.b); len(got) != tt.n || tt.some != "" && !slices.Contains(got, tt.some) || !slices.IsSorted(got) {
			t.Errorf("%s: %v, want %d with %s", tt.name, got, tt.n, tt.some)
		}
	}
}

// TestListsOfAnyOrder: peerings and links are found however they were listed.
func TestListsOfAnyOrder(t *testing.T) {
	v, z := hub(), zoneOf("kv")
	for _, id := range []ID{"c", "a", "b"} {
		v.Peerings = append(v.Peerings, Peering{Remote: id})
		z.Links = append(z.Links, Link{VNet: id})
	}
	w := Empty().With(Put(v), Put(z))
	found, _ := w.VNet(v.ID)
	zone, _ := w.Zone(z.ID)
	for id, want := range map[ID]bool{"a": true, "b": true, "c": true, "": false, "bb": false, "d": false} {
		if p, ok := found.PeeringTo(id); ok != want || ok && p.Remote != id {
			t.Errorf("peering to %q: %v %v", id, p, ok)
		}
		if l, ok := zone.LinkTo(id); ok != want || ok && l.VNet != id {
			t.Errorf("link to %q: %v %v", id, l, ok)
		}
	}
	if v.Peerings[0].Remote != "c" || z.Links[0].VNet != "c" {
		t.Error("what was handed over has changed")
	}
}

func TestUnread(t *testing.T) {
	w := Empty().WithGaps(Gap{Type: "microsoft.network/privatednszones", Why: "403"})
	all := w.WithGaps(Gap{Why: "no reader at all"})
	for _, tt := range []struct {
		w         *World
		kind, why string
	}{
		{Empty(), "microsoft.network/privatednszones", ""},
		{w, "microsoft.network/privatednszones", "403"},
		{w, "microsoft.network/virtualnetworks", ""},
		{all, "microsoft.network/privatednszones", "403"},
		{all, "microsoft.network/virtualnetworks", "no reader at all"},
	} {
		if why, unread := tt.w.Unread(tt.kind); why != tt.why || unread != (tt.why != "") {
			t.Errorf("%s: %q %t, want %q", tt.kind, why, unread, tt.why)
		}
	}
	if len(w.Gaps()) != 1 {
		t.Error("a gap of a copy is one of the first World too")
	}
}

// TestLabels holds the quick way to a record of a large zone against the search,
// also in a copy of the zone whose records have changed.
func TestLabels(t *testing.T) {
	z := &Zone{Meta: At("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z.example"), Domain: dnsname.MustParse("z.example")}
	for i := range 3 * fewRecords {
		z.Records = append(z.Records, Record{Label: fmt.Sprintf("Vault%d", i), Type: TypeA}, Record{Label: fmt.Sprintf("vault%d", i), Type: TypeAAAA})
	}
	w, err := New(Parts{Resources: []Resource{z}})
	if err != nil {
		t.Fatal(err)
	}
	held, _ := w.Zone(z.ID)
	if held.labels == nil {
		t.Fatal("the zone has no labels")
	}
	changed := *held
	changed.Records = slices.Clone(held.Records[2:])
	plain := changed
	plain.labels = nil
	for i := range 4 * fewRecords {
		for _, label := range []string{fmt.Sprintf("vault%d", i), fmt.Sprintf("VAULT%d", i)} {
			want := 0
			if i < 3*fewRecords {
				want = 2
			}
			if got := len(held.RecordsNamed(label)); got != want {
				t.Errorf("%s: %d records, want %d", label, got, want)
			}
			if got, want := changed.RecordsNamed(label), plain.RecordsNamed(label); len(got) != len(want) {
				t.Errorf("%s: %d records in the changed zone, want %d", label, len(got), len(want))
			}
		}
	}
}
