package rule_test

import (
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// TestOtherWays: a fault may look another way than at first, and is told and
// mended all the same.
func TestOtherWays(t *testing.T) {
	for _, tt := range []struct{ code, seen string }{
		{"PL604", "ok alias public ok public"}, // the link redirects
		{"PL611", "ok alias private refused"},  // a machine has the address now
		{"PL605", "ok alias private refused"},  // the same, by hand
		{"PL607", "ok alias public ok public"}, // the link redirects
	} {
		shape := shapeOf(t, "single-vnet")
		ways := ruleOf(t, tt.code).Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))
		c := expect(t, change.Apply(shape.World, ways[len(ways)-1]...), shape, tt.code)
		if got := glance(c.Journey); !strings.HasPrefix(got, tt.seen) {
			t.Errorf("%s: %s, want %s", tt.code, got, tt.seen)
		}
	}
}

// TestAliasLags: what says that a connection is approved, and what does not.
func TestAliasLags(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	v, _ := shape.World.VaultNamed(shape.Vault)
	lagging, without := *v, *v
	lagging.Alias, without.Connections = world.No, nil
	door := fact.AddressView{Exchange: fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink}}
	for _, tt := range []struct {
		vault *world.Vault
		seen  *fact.Observation
		lags  bool
	}{
		{&lagging, nil, true},
		{&without, nil, false},
		{&without, &fact.Observation{Addresses: []fact.AddressView{door}}, true},
	} {
		c := inWorld(t, shape.World.With(world.Put(tt.vault)), shape.Client, shape.Vault)
		c.Seen = tt.seen
		result := ruleOf(t, "PL501").Eval(c)
		if result.Status != rule.StatusFail || strings.Contains(result.Why, "lags behind") != tt.lags {
			t.Errorf("%s: %s, want a lag: %t", result.Status, result.Why, tt.lags)
		}
	}
}
