package conform

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/doctor"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// generated is how many worlds are made for TestGeneratedWorlds.
const generated = 2000

// TestGeneratedWorlds breaks stock worlds at random, each by a seed of its own,
// and holds prediction against probe. A failure names its seed.
func TestGeneratedWorlds(t *testing.T) {
	clouds := []string{"AzureCloud", "AzureUSGovernment", "AzureChinaCloud"}
	for seed := range some(generated) {
		r := rand.New(rand.NewPCG(seed, 1))
		shapes := stock.Shapes(clouds[r.IntN(len(clouds))])
		shape := shapes[r.IntN(len(shapes))]
		w, what := disturb(r, shape)
		host, ok := w.Host(shape.Client)
		if !ok {
			t.Fatalf("seed %d: %s lost its client", seed, what)
		}
		target, err := doctor.ParseTarget(shape.Vault, w.Service().Cloud.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%d/%s", seed, what), func(t *testing.T) {
			t.Parallel()
			compare(t, w, host, target)
		})
	}
}

// disturb brings none to three faults about, and changes what is no fault.
func disturb(r *rand.Rand, shape stock.Shape) (w *world.World, what string) {
	w, what = shape.World, shape.Name
	client, _ := w.Host(shape.Client)
	vault, _ := w.VaultNamed(shape.Vault)
	if r.IntN(2) == 0 {
		access := []world.PublicAccess{world.AccessEnabled, world.AccessDisabled}[r.IntN(2)]
		w = change.Apply(w, change.SetPublicAccess{Vault: vault.ID, Access: access},
			change.SetFirewall{Vault: vault.ID, ACL: world.NetworkACL{Deny: r.IntN(2) == 0, Bypass: r.IntN(2) == 0}})
	}
	identity := []world.Identity{world.Reader, world.Reader, world.NoRole, world.InvalidIdentity, world.NoIdentity}[r.IntN(5)]
	w = change.Grant{Host: client.ID, Vault: vault.ID, Identity: identity}.Apply(w)
	w = w.WithAssumptions(world.Assumptions{OldNetworkInfo: r.IntN(4) == 0, DeadEndpointAnswers: r.IntN(4) == 0, DenyGarbageToken: r.IntN(4) == 0})
	var all []rule.Break
	var codes []string
	for _, x := range rule.All() {
		if x.Breaks == nil {
			continue
		}
		for _, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
			all, codes = append(all, b), append(codes, x.Code)
		}
	}
	for range r.IntN(4) {
		i := r.IntN(len(all))
		w, what = change.Apply(w, all[i]...), what+"+"+codes[i]
	}
	return w, what
}
