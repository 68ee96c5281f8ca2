package audit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pldoctor/internal/audit"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/estate"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// lost are the types of resources that are taken out one at a time.
var lost = []string{
	"microsoft.network/networksecuritygroups", "microsoft.network/routetables", "microsoft.network/virtualnetworks",
	"microsoft.network/privateendpoints", "microsoft.network/privatednszones",
}

// TestOneUnread: with a single resource that was not read, the audit says of each
// pair what it says with it, or that it cannot tell; and what it says is what the
// pair by itself gives. Most resources are of no concern to most pairs.
func TestOneUnread(t *testing.T) {
	told, all := 0, 0
	for seed := range some(60, 6) {
		dice := rand.New(rand.NewPCG(seed, 6))
		e := estate.Generate(seed, estate.Plausible(seed))
		w := diagnose.Sight(wounded(dice, e, dice.IntN(3)), "")
		whole := said(w)
		for _, kind := range lost {
			r, ok := oneOf(dice, w, kind)
			if !ok {
				continue
			}
			what := fmt.Sprintf("estate %d without %s", seed, r)
			less := w.With(world.Remove(r)).WithGaps(world.Gap{Type: kind, Near: r, Why: "403"})
			for pair, got := range said(less) {
				want := whole[pair]
				all++
				if got.Verdict == fact.Undetermined {
					continue
				}
				told++
				same := got.Verdict == want.Verdict && slices.Equal(got.Codes, want.Codes)
				if another := got.subnet != want.subnet && got.Wrong() && want.Wrong(); !same && !another { // which of them fares worst is not known
					t.Errorf("%s: %s in %s is %s %v; it is %s %v", what, pair, got.subnet.Name(), got.Verdict, got.Codes, want.Verdict, want.Codes)
				}
			}
			hold(t, what, less, 40)
		}
	}
	if told < all/3 {
		t.Errorf("%d of %d pairs are determined", told, all)
	}
	t.Logf("%d of %d pairs are determined", told, all)
}

// oneOf picks a resource of a type.
func oneOf(dice *rand.Rand, w *world.World, kind string) (world.ID, bool) {
	var ids []world.ID
	for _, r := range w.Resources() {
		if id := world.MetaOf(r).ID; id.Type() == kind {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "", false
	}
	return ids[dice.IntN(len(ids))], true
}

// A saying is what is said of a pair, and for the client in which subnet.
type saying struct {
	audit.Result
	subnet world.ID
}

// said is what the audit says, by pair.
func said(w *world.World) map[string]saying {
	p := audit.NewPlan(w, judgeOf(w), audit.Filter{})
	results := make(map[string]saying)
	for n, row := range rowsOf(p) {
		for v := range p.Vaults {
			r, subnet := p.Of(row, n, v)
			results[p.Vaults[v].Name()+" from "+string(p.Networks[n].ID)] = saying{r, subnet}
		}
	}
	return results
}
