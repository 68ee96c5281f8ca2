package stock_test

import (
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/service"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// TestShapesAreHealthy: from the client of every shape, in every cloud, with
// the answers of old and new versions of the service, the vault is reached
// privately, as itself, and lets the client read.
func TestShapesAreHealthy(t *testing.T) {
	for _, cloud := range service.Clouds() {
		names := map[string]bool{}
		for _, s := range stock.Shapes(cloud) {
			name := cloud + "/" + s.Name
			if names[s.Name] || s.World.Service().Cloud.Name != cloud {
				t.Errorf("%s stands twice, or in another cloud", name)
			}
			names[s.Name] = true
			client, ok := s.World.Host(s.Client)
			vault, there := s.World.VaultNamed(s.Vault)
			host, err := s.World.Service().Host(s.Vault)
			if !ok || !there || err != nil {
				t.Fatalf("%s: client %t, vault %t, %v", name, ok, there, err)
			}
			if client.HasRole() || len(s.World.Gaps()) > 0 || vault.PublicAccess != world.AccessDisabled {
				t.Errorf("%s: a client that serves, a part that was not read, or a vault that is open", name)
			}
			for _, old := range []bool{false, true} {
				w := s.World.WithAssumptions(world.Assumptions{OldNetworkInfo: old})
				o := predict.Observe(w, client, predict.Target{Vault: s.Vault, Host: host}, predict.Options{Authenticate: true})
				// through a proxy, an old version leaves open where it connected to
				through := fact.Private
				if old && o.Journey.Proxy.Server != "" {
					through = fact.Undetermined
				}
				if o.Journey.Verdict() != through || o.Direct.Verdict() != fact.Private || o.Journey.Accessed() != fact.AccessAllowed {
					t.Errorf("%s, old %t: %s, past the proxy %s, %s", name, old, o.Journey.Verdict(), o.Direct.Verdict(), o.Journey.Accessed())
				}
			}
		}
		if len(names) < 8 {
			t.Errorf("%d shapes in %s", len(names), cloud)
		}
	}
}

// TestShapesAreAlike: they are made anew at each call, and an unknown cloud is
// the public one.
func TestShapesAreAlike(t *testing.T) {
	first, again, other := stock.Shapes("AzureCloud"), stock.Shapes("AzureCloud"), stock.Shapes("AzureMars")
	for i, s := range first {
		if s.Name != again[i].Name || s.World == again[i].World || len(s.World.Resources()) != len(again[i].World.Resources()) {
			t.Errorf("%s is another shape, or the same World, the second time", s.Name)
		}
		if other[i].World.Service().Cloud.Name != "AzureCloud" {
			t.Errorf("%s of an unknown cloud is in %s", s.Name, other[i].World.Service().Cloud.Name)
		}
	}
}
