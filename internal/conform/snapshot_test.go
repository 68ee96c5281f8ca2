package conform

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/doctor"
	"pldoctor/internal/snapshot"
)

// TestReplayed: what a probe saw comes out of a file as it went in, and is
// judged to the same report, byte by byte.
func TestReplayed(t *testing.T) {
	for _, b := range sampled(append(beds(t), fieldBeds(t)...)) {
		t.Run(b.name, func(t *testing.T) {
			s := b.collected(t)
			data, err := snapshot.Encode(s, "test")
			if err != nil {
				t.Fatal(err)
			}
			read, err := snapshot.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			options := cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateComparable(dnsname.Name{}, netip.Addr{})}
			if diff := cmp.Diff(s.Evidence, read.Evidence, options); diff != "" {
				t.Errorf("written (-), read (+):\n%s", diff)
			}
			c := doctor.Case{Target: b.target, Wants: b.host.Wants, World: diagnose.Sight(b.scenario.World, b.host.ID), Client: b.host.ID}
			d := doctorOf(s.Cloud)
			if want, got := jsonOf(t, d.Judge(c, &s.Evidence[0])), jsonOf(t, d.Judge(c, &read.Evidence[0])); want != got {
				t.Errorf("judged (-), judged again (+):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestHostileEvidence: evidence of which members are missing, or are those of
// other places, is refused or judged, and the judge never panics.
func TestHostileEvidence(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	judged := 0
	for _, b := range beds(t)[:some(60)] {
		s := b.collected(t)
		raw := jsonOf(t, s.Evidence[0])
		for range 20 {
			var v any
			if err := json.Unmarshal([]byte(raw), &v); err != nil {
				t.Fatal(err)
			}
			s.Evidence = nil
			data, err := snapshot.Encode(s, "test")
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, `{"schemaVersion": "1", "evidence": [`+jsonOf(t, spoilt(r, v))+`]}`...)
			read, err := snapshot.Decode(data)
			if err != nil {
				continue
			}
			if _, err := doctor.ParseTarget(read.Evidence[0].Journey.Name.Host.Host(), read.Cloud); err != nil {
				continue
			}
			replayed(t, &read)
			judged++
		}
	}

	if judged == 0 {
		t.Error("all of it was refused")
	}
}

// spoilt changes some leaves of a value.
func spoilt(r *rand.Rand, v any) any {
	if r.IntN(150) == 0 {
		return []any{nil, "", "timeout", "10.1.2.3", "ok", "public", 7.0, true}[r.IntN(8)]
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = spoilt(r, v[i])
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			switch v[key].(type) {
			case map[string]any, []any:
				if r.IntN(100) == 0 {
					delete(v, key)
					continue
				}
			}
			v[key] = spoilt(r, v[key])
		}
	}
	return v
}
