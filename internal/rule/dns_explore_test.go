package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

func caseIn(w *world.World, client world.ID, vault string) rule.Case {
	c := rule.Case{Service: w.Service(), Vault: vault, World: w, Wants: world.WantPrivate}
	c.Host, _ = c.Service.Host(vault)
	c.Client, _ = w.Host(client)
	o := predict.Options{Authenticate: true}
	if v, ok := w.VaultNamed(vault); ok {
		c.Resource = v
		for e := range w.EndpointsOf(v.ID) {
			o.Candidates = append(o.Candidates, e.Addresses...)
		}
	}
	seen := predict.Observe(w, c.Client, predict.Target{Vault: vault}, o)
	c.Predicted, c.Journey = &seen, seen.Journey
	return c
}

func TestExplore(t *testing.T) {
	for _, r := range rule.All() {
		if r.Breaks == nil {
			continue
		}
		for _, shape := range stock.Shapes("AzureCloud") {
			client, _ := shape.World.Host(shape.Client)
			vault, _ := shape.World.VaultNamed(shape.Vault)
			for i, b := range r.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
				broken := change.Apply(shape.World, b...)
				c := caseIn(broken, shape.Client, shape.Vault)
				var fails []string
				for _, x := range rule.All() {
					if res := x.Eval(c); res.Status == rule.StatusFail {
						n := x.Code
						if x.Symptom { n = strings.ToLower(n) }
						fails = append(fails, n)
					}
				}
				after := "-"
				if r.Mends != nil {
					w := broken
					for _, m := range r.Mends(c) { w = m.Apply(w) }
					m := caseIn(w, shape.Client, shape.Vault)
					after = fmt.Sprint(m.Journey.Verdict(), " ", r.Eval(m).Status)
				}
				j := c.Journey
				fmt.Printf("%s %-24s #%d %-9s via=%s srv=%v res=%s/%s ans=%s/%v/%s/%s con=%s/%s | self=%s fails=%v after=%s\n", r.Code, shape.Name, i, j.Verdict(), j.Resolver.Via, j.Resolver.Server, j.Resolver.Outcome, j.Resolver.Reason, j.Answer.Outcome, j.Answer.Alias, j.Answer.Class, j.Answer.Reason, j.Connect.Outcome, j.Connect.Reason, r.Eval(c).Status, fails, after)
			}
		}
	}
	_ = fact.OK
}
