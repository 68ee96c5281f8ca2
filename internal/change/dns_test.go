package change_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pldoctor/internal/change"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// TestDNSChanges applies each change to a stock world: it makes a difference,
// making it twice does not, and it says what it does.
func TestDNSChanges(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[1] // hub and spoke
	w := shape.World
	vault, _ := w.VaultNamed(shape.Vault)
	client, _ := w.Host(shape.Client)
	var zone *world.Zone
	for z := range w.ZonesNamed(w.Service().Zone) {
		zone = z
	}
	var door *world.Endpoint
	for e := range w.EndpointsOf(vault.ID) {
		door = e
	}
	spoke, addr := client.Network, netip.MustParseAddr("10.2.0.53")
	host, _ := w.Service().Host(shape.Vault)

	for name, tt := range map[string]struct {
		change  change.Change
		command string // a part of the first one; "" where there is none
	}{
		"redirect":    {change.SetLinkPolicy{Zone: zone.ID, VNet: spoke, Redirect: true}, "--resolution-policy NxDomainRedirect"},
		"register":    {change.SetRegistration{Zone: zone.ID, VNet: spoke, On: true}, "--registration-enabled true"},
		"in progress": {change.SetLinkProgress{Zone: zone.ID, VNet: spoke, InProgress: true}, ""},
		"ttl":         {change.SetTTL{Zone: zone.ID, Label: strings.ToUpper(shape.Vault), TTL: 3600}, "--set ttl=3600"},
		"second zone": {change.SecondZone{Like: zone.ID}, "az group create"},
		"copied zone": {change.SecondZone{Like: zone.ID, WithRecords: true}, "az group create"},
		"abandoned":   {change.AbandonRecord{Endpoint: door.ID}, "az network private-endpoint delete"},
		"foreign":     {change.MakeForeign{Vault: vault.ID}, ""},
		"server":      {change.AddDNSServer{Name: "dns", Network: spoke, Subnet: client.Subnet, Addr: addr, What: "recurses"}, ""},
		"split":       {change.SetSplit{Host: client.ID, Domain: w.Service().Suffix, Servers: world.PublicDNS}, ""},
		"cached":      {change.SetCached{Host: client.ID, Name: host, Addr: addr, TTL: time.Hour}, ""},
		"rule":        {change.AddForwardingRule{VNet: spoke, Domain: w.Service().Suffix, To: addr}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			once := tt.change.Apply(w)
			if once == w {
				t.Fatal("nothing changed")
			}
			if tt.change.Title(w) == "" || len(tt.change.Verify(once)) == 0 && name != "foreign" {
				t.Error("no title, or nothing to verify it with")
			}
			commands := strings.Join(tt.change.Commands(w), "\n")
			if !strings.Contains(commands, tt.command) || tt.command == "" && commands != "" {
				t.Errorf("commands %q, want %q in them", commands, tt.command)
			}
		})
	}
}

// TestAbandonedRecordStays is what sets it apart from deleting an endpoint.
func TestAbandonedRecordStays(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[0]
	vault, _ := shape.World.VaultNamed(shape.Vault)
	for e := range shape.World.EndpointsOf(vault.ID) {
		left := change.AbandonRecord{Endpoint: e.ID}.Apply(shape.World)
		gone := change.DeleteEndpoint{Endpoint: e.ID}.Apply(shape.World)
		if !holds(left, shape.Vault) || holds(gone, shape.Vault) {
			t.Error("the record must stay when it is abandoned, and go with its endpoint else")
		}
		if _, ok := left.Endpoint(e.ID); ok {
			t.Error("the endpoint is still there")
		}
	}
}

func holds(w *world.World, vault string) bool {
	for z := range w.ZonesNamed(w.Service().Zone) {
		if _, ok := z.Record(vault, world.TypeA); ok {
			return true
		}
	}
	return false
}

// TestSecondZoneKeepsTheFirst: it copies records only if asked to, and links
// nothing.
func TestSecondZoneKeepsTheFirst(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[0]
	var zone *world.Zone
	for z := range shape.World.ZonesNamed(shape.World.Service().Zone) {
		zone = z
	}
	for _, with := range []bool{false, true} {
		c := change.SecondZone{Like: zone.ID, WithRecords: with}
		w := c.Apply(shape.World)
		second, ok := w.Zone(c.ID(shape.World))
		if !ok || second.ID == zone.ID || second.Domain != zone.Domain || len(second.Links) > 0 {
			t.Fatalf("the second zone is %+v", second)
		}
		if copied := len(second.Records) == len(zone.Records); copied != with {
			t.Errorf("records copied: %t, want %t", copied, with)
		}
		if c.Apply(w) != w {
			t.Error("a second time it changes something")
		}
	}
}

// TestForwardingRuleGoesIntoTheRulesetThatStands and out of it again.
func TestForwardingRuleGoesIntoTheRulesetThatStands(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[1]
	client, _ := shape.World.Host(shape.Client)
	add := func(w *world.World, to string) *world.World {
		return change.AddForwardingRule{VNet: client.Network, Domain: w.Service().Suffix, To: netip.MustParseAddr(to)}.Apply(w)
	}
	w := add(add(shape.World, "10.2.0.53"), "10.2.0.54")
	var sets []*world.Ruleset
	for set := range w.RulesetsLinked(client.Network) {
		sets = append(sets, set)
	}
	if len(sets) != 1 || len(sets[0].Rules) != 2 {
		t.Fatalf("%d rulesets", len(sets))
	}
	if _, ok := w.ResolverOf(sets[0].Outbound[0]); !ok {
		t.Error("the ruleset has no resolver")
	}
	w = change.RemoveForwardingRule{Ruleset: sets[0].ID, Rule: sets[0].Rules[0].ID}.Apply(w)
	for set := range w.RulesetsLinked(client.Network) {
		if len(set.Rules) != 1 {
			t.Errorf("%d rules are left", len(set.Rules))
		}
	}
}
