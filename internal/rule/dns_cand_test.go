package rule_test

import (
	"fmt"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
)

func TestCand(t *testing.T) {
	j := diagnose.NewJudge("AzureCloud", "x")
	for _, code := range []string{"PL601","PL602","PL603","PL604","PL605","PL607","PL608","PL610","PL611","PL801","PL802","PL803","PL809","PL810","PL811","PL812","PL813","PL814","PL506","PL507","PL508","PL504","PL505","PL509"} {
		x, _ := rule.ByCode(code)
		for _, shape := range stock.Shapes("AzureCloud") {
			client, _ := shape.World.Host(shape.Client)
			vault, _ := shape.World.VaultNamed(shape.Vault)
			for i, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
				w := change.Apply(shape.World, b...)
				h, _ := w.Host(shape.Client)
				o := predict.Observe(w, h, predict.Target{Vault: shape.Vault}, predict.Options{})
				none := j.Judge(diagnose.Input{Service: w.Service(), Vault: shape.Vault, Seen: strip(o)})
				full := j.Judge(diagnose.Input{Service: w.Service(), Vault: shape.Vault, World: w, Client: shape.Client, Seen: strip(o)})
				conf := j.Judge(diagnose.Input{Service: w.Service(), Vault: shape.Vault, World: w, Client: shape.Client})
				fmt.Println(code, shape.Name, i, "none:", none.RootCauses, none.Candidates, "full:", full.RootCauses, full.Candidates, "conf:", conf.RootCauses)
			}
		}
	}
}

func strip(o fact.Observation) *fact.Observation {
	o.Journey, o.Direct = o.Journey.Observable(), o.Direct.Observable()
	if o.Journey.Resolver.Via == fact.ViaCache {
		o.Journey.Resolver = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}
	}
	return &o
}
