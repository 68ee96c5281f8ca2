package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// inputOf is what a user's tool would have of a shape's client: the
// configuration, and what a probe saw.
func inputOf(t *testing.T, shape stock.Shape, w *world.World) Input {
	t.Helper()
	client, ok := w.Host(shape.Client)
	if !ok {
		t.Fatal("no client")
	}
	svc := w.Service()
	host, err := svc.Host(shape.Vault)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Service: svc, Vault: shape.Vault, Host: host, Wants: world.WantPrivate,
		World: Sight(w, shape.Client), Client: client.ID,
	}
	o := observe(in, shape, w, EndpointAddresses(w, shape.Vault))
	in.Seen = &o
	return in
}

func observe(in Input, shape stock.Shape, w *world.World, candidates []netip.Addr) fact.Observation {
	client, _ := w.Host(shape.Client)
	return predict.Observe(w, client, predict.Target{Vault: in.Vault, Host: in.Host}, predict.Options{Candidates: candidates, Authenticate: true})
}

func TestHealthyShapesAreNotAccused(t *testing.T) {
	judge := NewJudge("AzureCloud", "test")
	for _, shape := range stock.Shapes("AzureCloud") {
		in := inputOf(t, shape, shape.World)
		for name, in := range map[string]Input{"both": in, "probe": without(in, "configuration"), "configuration": without(in, "probe")} {
			r := judge.Judge(in)
			open := name == "configuration" && r.Verdict == fact.Undetermined
			if r.Verdict != fact.Private && !open {
				t.Errorf("%s, %s: verdict %s, journey %+v", shape.Name, name, r.Verdict, in.Seen)
			}
			if len(r.RootCauses)+len(r.Candidates) > 0 {
				t.Errorf("%s, %s: accused %v %v", shape.Name, name, r.RootCauses, r.Candidates)
			}
		}
	}
}

func without(in Input, source string) Input {
	if source == "probe" {
		in.Seen = nil
		return in
	}
	in.World, in.Client = nil, ""
	return in
}

// serverFaults are inside DNS servers: no configuration shows them, and some
// look the same from a client.
var serverFaults = map[string]bool{"PL506": true, "PL507": true, "PL508": true, "PL801": true, "PL802": true, "PL809": true, "PL810": true}

// TestBreaksAreFound breaks every shape in every way: with the configuration
// the cause is found, without it is among the candidates.
func TestBreaksAreFound(t *testing.T) {
	judge := NewJudge("AzureCloud", "test")
	for _, shape := range stock.Shapes("AzureCloud") {
		client, _ := shape.World.Host(shape.Client)
		vault, _ := shape.World.VaultNamed(shape.Vault)
		for _, x := range rule.All() {
			if x.Breaks == nil || x.Symptom {
				continue
			}
			for i, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
				in := inputOf(t, shape, change.Apply(shape.World, b...))
				if o := in.Seen.Journey; o.Verdict() == fact.Private && o.Access.Outcome == fact.OK {
					continue // this fault does not touch this client
				}
				client, _ := in.World.Host(shape.Client)
				if broken := change.Apply(shape.World, b...); !x.Symptom && !shows(x, broken, client, shape.Vault) {
					continue // something else came of it
				}
				r := judge.Judge(in)
				inside := hidden(shape.World, change.Apply(shape.World, b...)) || serverFaults[x.Code]
				among := inside && slices.Contains(r.Candidates, x.Code)
				if !slices.Equal(r.RootCauses, []string{x.Code}) && !among {
					t.Errorf("%s, %s/%d: causes %v, candidates %v; journey %+v; differs", shape.Name, x.Code, i, r.RootCauses, r.Candidates, in.Seen.Journey)
				}
				in = without(in, "configuration")
				alone := observe(in, shape, change.Apply(shape.World, b...), nil) // who knows no endpoint's address
				in.Seen = &alone
				r = judge.Judge(in)
				if !slices.Contains(append(r.RootCauses, r.Candidates...), x.Code) && !slices.Contains(r.Candidates, x.Under) {
					t.Errorf("%s, %s/%d without configuration: causes %v, candidates %v", shape.Name, x.Code, i, r.RootCauses, r.Candidates)
				}
			}
		}
	}
}
