package rule_test

import (
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// TestZoneElsewhere: where the endpoint writes into a zone of a subscription of
// which nothing was read, nobody says that the zone is missing, and a stray zone of
// the same name is not the one. Once something of that subscription was read, the
// zone would have been, too.
func TestZoneElsewhere(t *testing.T) {
	const central = world.ID("/subscriptions/00000000-0000-0000-0000-000000000009/resourcegroups/dns/providers/microsoft.network/privatednszones/privatelink.vaultcore.azure.net")
	shape := shapeOf(t, "single-vnet")
	vault, _ := shape.World.VaultNamed(shape.Vault)
	var edits []world.Edit
	for e := range shape.World.EndpointsOf(vault.ID) {
		writes := *e
		writes.Zones = []world.ID{central}
		edits = append(edits, world.Put(&writes))
	}
	unread := change.DeleteZone{Zone: zoneIn(t, shape.World).ID}.Apply(shape.World.With(edits...))
	reads := unread.With(world.Put(&world.Provider{Meta: world.ProviderIn("00000000-0000-0000-0000-000000000009"), Registered: true}))

	for _, tt := range []struct {
		name      string
		w         *world.World
		elsewhere bool
	}{
		{"nothing of the subscription was read", unread, true},
		{"something was read", reads, false},
		{"the zone is there", shape.World, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := inWorld(t, tt.w, shape.Client, shape.Vault)
			if id, elsewhere := c.ZoneElsewhere(); elsewhere != tt.elsewhere || elsewhere && id != central {
				t.Errorf("elsewhere: %t, %s", elsewhere, id)
			}
			r := ruleOf(t, "PL601").Eval(c)
			if tt.elsewhere && (r.Status != rule.StatusUnknown || !strings.Contains(r.Why, "was not read")) {
				t.Errorf("PL601 says %s: %s", r.Status, r.Why)
			}
			if !tt.elsewhere && r.Status == rule.StatusUnknown {
				t.Errorf("PL601 does not know: %s", r.Why)
			}
		})
	}
	if _, elsewhere := (&rule.Case{}).ZoneElsewhere(); elsewhere {
		t.Error("without a configuration a zone is elsewhere")
	}
}
