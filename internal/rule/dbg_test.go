package rule_test

import (
	"fmt"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
)

func TestDbg(t *testing.T) {
	j := diagnose.NewJudge("AzureCloud", "x")
	x, _ := rule.ByCode("PL812")
	shape := stock.Shapes("AzureCloud")[0]
	client, _ := shape.World.Host(shape.Client)
	vault, _ := shape.World.VaultNamed(shape.Vault)
	w := change.Apply(shape.World, x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault})[0]...)
	r := j.Judge(diagnose.Input{Service: w.Service(), Vault: shape.Vault, World: w, Client: shape.Client})
	for _, c := range r.Checks {
		if c.Code > "PL800" || c.Status == "fail" { fmt.Println(c) }
	}
	for _, f := range r.Findings { fmt.Println(f.Code, f.Role, f.Why, f.Fixes) }
	h, _ := w.Host(shape.Client)
	fmt.Println(h.Cached)
}
