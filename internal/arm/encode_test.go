package arm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

func roundTrip(t *testing.T, w *world.World) {
	t.Helper()
	data, err := json.Marshal(Encode(w))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Decode(data, Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	var want []world.Resource
	for _, r := range w.Resources() {
		if world.MetaOf(r).ID[0] == '/' { // of ARM
			want = append(want, withGroupName(r))
		}
	}
	if diff := cmp.Diff(want, newWorld(t, result.Resources).Resources(), equal); diff != "" {
		t.Errorf("before -, after +\n%s", diff)
	}
	if len(result.Unknown)+len(result.Orphans) > 0 {
		t.Errorf("unknown %q, orphans %q", result.Unknown, result.Orphans)
	}
}

// withGroupName names the zone group that writes an endpoint's records, since in
// Azure none is without a name.
func withGroupName(r world.Resource) world.Resource {
	e, ok := r.(*world.Endpoint)
	if !ok || len(e.Zones) == 0 || e.ZoneGroup != "" {
		return r
	}
	c := *e
	c.ZoneGroup = "default"
	return &c
}

func TestRoundTrip(t *testing.T) {
	t.Run("estate", func(t *testing.T) {
		roundTrip(t, newWorld(t, decode(t, string(estate(t)), Options{}).Resources))
	})
	for _, s := range stock.Shapes("AzureCloud") {
		t.Run(s.Name, func(t *testing.T) { roundTrip(t, s.World) })
	}
}

func TestEncodeIsOrdered(t *testing.T) {
	var ids []string
	for _, raw := range Encode(newWorld(t, decode(t, string(estate(t)), Options{}).Resources)) {
		var d struct{ ID, Name, Type string }
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		if d.Name == "" || !strings.EqualFold(d.Type, typeOf(d.ID)) {
			t.Errorf("%s: name %q, type %q", d.ID, d.Name, d.Type)
		}
		ids = append(ids, strings.ToLower(d.ID))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != len(ids) {
		t.Errorf("not ordered by id, or an id stands twice: %q", ids)
	}
}
