package rule_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// shapeOf returns a stock world by name.
func shapeOf(t *testing.T, name string) stock.Shape {
	t.Helper()
	shapes := stock.Shapes("AzureCloud")
	i := slices.IndexFunc(shapes, func(s stock.Shape) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no stock world %s", name)
	}
	return shapes[i]
}

// zoneIn returns the private link zone of a stock world.
func zoneIn(t *testing.T, w *world.World) *world.Zone {
	t.Helper()
	for z := range w.ZonesNamed(w.Service().Zone) {
		return z
	}
	t.Fatal("the world has no zone")
	return nil
}

func vnetNamed(t *testing.T, w *world.World, name string) *world.VNet {
	t.Helper()
	for v := range w.VNets() {
		if v.Name() == name {
			return v
		}
	}
	t.Fatalf("the world has no VNet %s", name)
	return nil
}

func subnetNamed(t *testing.T, w *world.World, vnet, name string) world.ID {
	t.Helper()
	v := vnetNamed(t, w, vnet)
	for i := range v.Subnets {
		if v.Subnets[i].Name() == name {
			return v.Subnets[i].ID
		}
	}
	t.Fatalf("the VNet %s has no subnet %s", vnet, name)
	return ""
}

// expect judges a world: the cause, and that its repair makes the path private.
func expect(t *testing.T, w *world.World, shape stock.Shape, want ...string) *rule.Case {
	t.Helper()
	c := inWorld(t, w, shape.Client, shape.Vault)
	if got := causes(t, c); !slices.Equal(got, want) {
		t.Fatalf("causes %v, want %v; %s", got, want, glance(c.Journey))
	}
	if len(want) > 0 {
		mended(t, ruleOf(t, want[0]), c)
	}
	return c
}

// TestSecondEndpointOverwroteTheRecord: two VNets, an endpoint in each, one
// zone for both.
func TestSecondEndpointOverwroteTheRecord(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	zone := zoneIn(t, shape.World)
	far := &world.VNet{
		Meta: world.At("/subscriptions/s/resourceGroups/far/providers/Microsoft.Network/virtualNetworks/far"), Location: "westeurope",
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.50.0.0/16")},
	}
	far.Subnets = []world.Subnet{{Meta: world.At(far.Path + "/subnets/endpoints"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.50.1.0/24")}}}
	vault, _ := shape.World.VaultNamed(shape.Vault)
	w := change.Apply(shape.World.With(world.Put(far)), change.CreateEndpoint{
		Vault: vault.ID, Subnet: far.Subnets[0].ID, Zones: []world.ID{zone.ID}, Name: "pe-far",
	})
	c := expect(t, w, shape, "PL605")
	if why := ruleOf(t, "PL605").Eval(c).Why; !strings.Contains(why, "cannot use") || !strings.Contains(why, "10.1.2.4") {
		t.Errorf("why: %s", why)
	}
	after := change.Apply(w, ruleOf(t, "PL605").Mends(c)...)
	if r, ok := zoneAt(t, after, zone.ID).Record(shape.Vault, world.TypeA); !ok || r.Addrs[0].String() != "10.50.1.4" {
		t.Error("the repair takes the record of the other VNet away")
	}
}

func zoneAt(t *testing.T, w *world.World, id world.ID) *world.Zone {
	t.Helper()
	z, ok := w.Zone(id)
	if !ok {
		t.Fatalf("no zone %s", id)
	}
	return z
}

// TestRecordOfAnotherVault: the address is an endpoint, and not this vault's.
func TestRecordOfAnotherVault(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	other := &world.Vault{
		Meta:            world.At("/subscriptions/s/resourceGroups/other/providers/Microsoft.KeyVault/vaults/othervault"),
		PublicAddresses: []netip.Addr{netip.MustParseAddr("52.168.109.101")},
	}
	w := change.Apply(shape.World.With(world.Put(other)), change.CreateEndpoint{
		Vault: other.ID, Subnet: subnetNamed(t, shape.World, "main", "endpoints"),
	})
	breaks := ruleOf(t, "PL605").Breaks(siteOf(t, w, shape.Client, shape.Vault))
	if len(breaks) != 3 {
		t.Fatalf("%d ways to a wrong address, want one where nobody is, one where another vault is and one where a machine is", len(breaks))
	}
	c := expect(t, change.Apply(w, breaks[1]...), shape, "PL605")
	if why := ruleOf(t, "PL605").Eval(c).Why; !strings.Contains(why, "othervault") {
		t.Errorf("the other vault is not named: %s", why)
	}
}

// TestWildcardRecord: a "*" answers for every vault without a record.
func TestWildcardRecord(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	zone := zoneIn(t, shape.World)
	w := change.Apply(shape.World,
		change.RemoveRecord{Zone: zone.ID, Label: shape.Vault},
		change.SetRecord{Zone: zone.ID, Label: "*", Addr: netip.MustParseAddr("10.1.2.99")})
	c := expect(t, w, shape, "PL605")
	if why := ruleOf(t, "PL605").Eval(c).Why; !strings.Contains(why, "wildcard") {
		t.Errorf("why: %s", why)
	}
}

// TestWrongZoneIsInUse: the zone that is linked holds records of others, so the
// repair writes into it rather than unlink it.
func TestWrongZoneIsInUse(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	b := ruleOf(t, "PL607").Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]
	w := change.Apply(shape.World, b...)
	vnet := vnetNamed(t, w, "main")
	var second *world.Zone
	for z := range w.ZonesLinkedAs(w.Service().Zone, vnet.ID) {
		second = z
	}
	w = change.SetRecord{Zone: second.ID, Label: "another", Addr: netip.MustParseAddr("10.1.2.77")}.Apply(w)
	c := expect(t, w, shape, "PL607")
	after := change.Apply(w, ruleOf(t, "PL607").Mends(c)...)
	if _, linked := zoneAt(t, after, second.ID).LinkTo(vnet.ID); !linked {
		t.Error("the repair unlinks a zone that others rely on")
	}
}

// TestSomebodyElsesVault: what helps depends on what the client wants.
func TestSomebodyElsesVault(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	vault, _ := shape.World.VaultNamed(shape.Vault)
	c := expect(t, change.MakeForeign{Vault: vault.ID}.Apply(shape.World), shape, "PL608")
	c.Wants = world.WantAny
	after := inWorld(t, change.Apply(c.World, ruleOf(t, "PL608").Mends(c)...), shape.Client, shape.Vault)
	if after.Journey.Verdict() != fact.Public {
		t.Errorf("with the fallback to the public DNS the path is %s", after.Journey.Verdict())
	}
	if r := ruleOf(t, "PL608").Eval(after); r.Status != rule.StatusPass {
		t.Errorf("then the rule says %s: %s", r.Status, r.Why)
	}
}

// TestVaultThatTheConfigurationDoesNotKnow: the alias before NXDOMAIN proves
// that it exists.
func TestVaultThatTheConfigurationDoesNotKnow(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	c := inWorld(t, shape.World, shape.Client, "initech")
	c.Journey.Resolver = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: world.AzureDNS}
	c.Journey.Answer = hop("alias nxdomain")
	if r := ruleOf(t, "PL608").Eval(c); r.Status != rule.StatusFail {
		t.Errorf("the rule says %s: %s", r.Status, r.Why)
	}
	c.World = c.World.WithGaps(world.Gap{Type: "microsoft.keyvault/vaults", Why: "403"})
	if r := ruleOf(t, "PL608").Eval(c); r.Status != rule.StatusUnknown {
		t.Errorf("where vaults were not read the rule says %s: %s", r.Status, r.Why)
	}
}

// TestMisnamedZones tries names that stand where the required one should, and
// names that only look so.
func TestMisnamedZones(t *testing.T) {
	for domain, want := range map[string]string{
		"privatelink.vault.azure.net":              "PL602",
		"privatelink.vaultcore.azure.com":          "PL602",
		"privatelink.vaultcore.usgovcloudapi.net":  "PL602",
		"private-link.vaultcore.azure.net":         "PL602",
		"privatelnk.vaultcore.azure.net":           "PL602",
		"privatelink.keyvault.azure.net":           "PL602",
		"privatelink.blob.core.windows.net":        "PL601",
		"privatelink.managedhsm.azure.net":         "PL601",
		"privatelink.azurewebsites.net":            "PL601",
		"corp.example":                             "PL601",
		"other.privatelink.vaultcore.azure.net":    "PL601",
		"privatelink.vaultcore.azure.net.corp.net": "PL602",
	} {
		t.Run(domain, func(t *testing.T) {
			shape := shapeOf(t, "single-vnet")
			zone, vnet := zoneIn(t, shape.World), vnetNamed(t, shape.World, "main")
			create := change.CreateZone{Near: zone.ID, Domain: dnsname.MustParse(domain)}
			w := change.Apply(shape.World, create, change.LinkZone{Zone: create.ID(shape.World), VNet: vnet.ID}, change.DeleteZone{Zone: zone.ID})
			expect(t, w, shape, want)
		})
	}
}

// TestLinkInProgress: no VNet sees the zone until its link is completed.
func TestLinkInProgress(t *testing.T) {
	for _, name := range []string{"hub-and-spoke", "custom-dns-in-hub"} {
		shape := shapeOf(t, name)
		zone, w := zoneIn(t, shape.World), shape.World
		for _, l := range zone.Links {
			w = change.SetLinkProgress{Zone: zone.ID, VNet: l.VNet, InProgress: true}.Apply(w)
		}
		expect(t, w, shape, "PL612")
	}
}

// TestApplicationGateway asks Azure DNS past the servers of its VNet.
func TestApplicationGateway(t *testing.T) {
	shape := shapeOf(t, "custom-dns-in-hub")
	h, _ := shape.World.Host(shape.Client)
	gateway := *h
	gateway.Runs = world.OnAppGateway
	zone, spoke := zoneIn(t, shape.World), vnetNamed(t, shape.World, "spoke")
	healthy := change.LinkZone{Zone: zone.ID, VNet: spoke.ID}.Apply(shape.World.With(world.Put(&gateway)))
	expect(t, healthy, shape)
	breaks := ruleOf(t, "PL815").Breaks(siteOf(t, healthy, shape.Client, shape.Vault))
	if len(breaks) != 1 {
		t.Fatalf("%d Breaks, want 1", len(breaks))
	}
	expect(t, change.Apply(healthy, breaks[0]...), shape, "PL815")

	// The same VNet on Azure DNS is everybody's fault.
	w := change.SetVNetDNS{VNet: spoke.ID}.Apply(change.Apply(healthy, breaks[0]...))
	expect(t, w, shape, "PL603")
}

// TestWhoBypassesAzureDNS: servers of every kind that look names up in the
// public DNS.
func TestWhoBypassesAzureDNS(t *testing.T) {
	google := []netip.Addr{netip.MustParseAddr("8.8.8.8")}
	recurses := world.DNSRole{}
	for _, tt := range []struct {
		name, shape string
		spoil       func(*testing.T, *world.World) change.Change
		names       string // in the reason
	}{
		{"the VNet hands out a public resolver", "hub-and-spoke", func(t *testing.T, w *world.World) change.Change {
			return change.SetVNetDNS{VNet: vnetNamed(t, w, "spoke").ID, Servers: google}
		}, "8.8.8.8"},
		{"the machine asks a public resolver", "hub-and-spoke", func(*testing.T, *world.World) change.Change {
			return change.SetNameservers{Host: world.HostID("client"), Servers: google}
		}, "8.8.8.8"},
		{"the office asks a public resolver", "on-premises", func(*testing.T, *world.World) change.Change {
			return change.SetNameservers{Host: world.HostID("client"), Servers: google}
		}, "8.8.8.8"},
		{"the forwarder in Azure recurses", "on-premises", func(*testing.T, *world.World) change.Change {
			return change.SetDNSRole{Server: world.HostID("forwarder"), Role: recurses}
		}, "forwarder"},
		{"the forwarder in Azure asks a public resolver", "on-premises", func(*testing.T, *world.World) change.Change {
			return change.SetDNSRole{Server: world.HostID("forwarder"), Role: world.DNSRole{Forward: []world.Forward{{Domain: dnsname.Root, To: google}}}}
		}, "forwarder"},
		{"the server of the VNets asks a public resolver", "custom-dns-in-hub", func(*testing.T, *world.World) change.Change {
			return change.SetDNSRole{Server: world.HostID("dc1"), Role: world.DNSRole{Forward: []world.Forward{{Domain: dnsname.Root, To: google}}}}
		}, "dc1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			shape := shapeOf(t, tt.shape)
			c := expect(t, tt.spoil(t, shape.World).Apply(shape.World), shape, "PL801")
			if why := ruleOf(t, "PL801").Eval(c).Why; !strings.Contains(why, tt.names) {
				t.Errorf("%s is not named: %s", tt.names, why)
			}
		})
	}
}

// TestFirewallProxyBypassesAzureDNS: the firewall's DNS proxy asks a public
// resolver.
func TestFirewallProxyBypassesAzureDNS(t *testing.T) {
	shape := shapeOf(t, "firewall-with-snat")
	hub := vnetNamed(t, shape.World, "hub")
	f, ok := shape.World.FirewallAt(hub.ID, netip.MustParseAddr("10.1.3.4"))
	if !ok {
		t.Fatal("no firewall")
	}
	proxy := *f
	proxy.DNSProxy = true
	w := change.SetVNetDNS{VNet: vnetNamed(t, shape.World, "spoke").ID, Servers: []netip.Addr{f.Address}}.Apply(shape.World.With(world.Put(&proxy)))
	expect(t, w, shape)
	expect(t, change.SetFirewallDNS{Firewall: f.ID, Servers: world.PublicDNS}.Apply(w), shape, "PL801")
}

// TestRulesetOfTheSameName: for the zone's own name the zone wins, so such a
// rule is no fault.
func TestRulesetOfTheSameName(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	vnet := vnetNamed(t, shape.World, "main")
	w := change.AddForwardingRule{VNet: vnet.ID, Domain: shape.World.Service().Zone, To: world.PublicDNS[0]}.Apply(shape.World)
	expect(t, w, shape)
}

// TestRecordWithoutItsWriter reads the metadata that tells a stale record from
// a wrong one.
func TestRecordWithoutItsWriter(t *testing.T) {
	for creator, want := range map[string]string{
		"created by private endpoint pe-gone with resource guid 99999999-0000-0000-0000-000000000000":     "PL611",
		"created by private endpoint pe-stockvault with resource guid 11111111-2222-3333-4444-stockvault": "PL605",
		"created by hand": "PL605",
		"created by private endpoint pe-gone with resource guid ": "PL605",
		"": "PL605",
	} {
		t.Run(creator, func(t *testing.T) {
			shape := shapeOf(t, "single-vnet")
			zone := *zoneIn(t, shape.World)
			zone.Records = slices.Clone(zone.Records)
			i := slices.IndexFunc(zone.Records, func(r world.Record) bool { return r.Label == shape.Vault })
			zone.Records[i].Creator, zone.Records[i].Addrs = creator, []netip.Addr{netip.MustParseAddr("10.1.2.200")}
			expect(t, shape.World.With(world.Put(&zone)), shape, want)
		})
	}
}

// TestTwoFaultsInARow: a server that bypasses Azure DNS, and no zone that it
// could see there.
func TestTwoFaultsInARow(t *testing.T) {
	shape := shapeOf(t, "custom-dns-in-hub")
	var b []change.Change
	for _, code := range []string{"PL601", "PL801"} {
		b = append(b, ruleOf(t, code).Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]...)
	}
	w := change.Apply(shape.World, b...)
	c := inWorld(t, w, shape.Client, shape.Vault)
	if got := causes(t, c); !slices.Equal(got, []string{"PL601", "PL801"}) {
		t.Errorf("causes %v", got)
	}
	w = change.Apply(w, ruleOf(t, "PL801").Mends(c)...)
	expect(t, w, shape, "PL601")
}
