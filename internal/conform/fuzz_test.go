package conform

import (
	"math/rand/v2"
	"testing"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// FuzzPredict takes stock worlds apart: faults are brought about, then whole
// resources go, so that what names them dangles. Every world still yields a
// journey, and a diagnosis that says nothing is private that is not.
func FuzzPredict(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(seed))
	}
	judge := diagnose.NewJudge("AzureCloud", "fuzz")
	shapes := stock.Shapes("AzureCloud")
	f.Fuzz(func(t *testing.T, seed uint64, removals uint8) {
		r := rand.New(rand.NewPCG(seed, uint64(removals)))
		shape := shapes[r.IntN(len(shapes))]
		w, what := disturb(r, shape)
		w = thinned(r, w, shape.Client, int(removals%8))
		client, ok := w.Host(shape.Client)
		if !ok {
			t.Fatalf("%s lost its client", what)
		}
		host, err := w.Service().Host(shape.Vault)
		if err != nil {
			t.Fatal(err)
		}
		o := predict.Observe(w, client, predict.Target{Vault: shape.Vault, Host: host}, predict.Options{Authenticate: true})
		if o.Journey.Name.Outcome == fact.Unseen || o.Journey.Verdict() == "" {
			t.Fatalf("%s: no journey", what)
		}
		report := judge.Judge(diagnose.Input{
			Service: w.Service(), Vault: shape.Vault, Host: host, World: diagnose.Sight(w, shape.Client), Client: shape.Client, Seen: &o,
		})
		if report.Verdict != o.Journey.Verdict() {
			t.Errorf("%s: the journey is %s, the report says %s", what, o.Journey.Verdict(), report.Verdict)
		}
	})
}

// thinned removes some resources at random, the client excepted.
func thinned(r *rand.Rand, w *world.World, client world.ID, removals int) *world.World {
	for range removals {
		all := w.Resources()
		if id := world.MetaOf(all[r.IntN(len(all))]).ID; id != client {
			w = w.With(world.Remove(id))
		}
	}
	return w
}
