package rule_test

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// TestVaultOfAnotherCloud: a bare name was looked for in one cloud, and the
// configuration of another holds the vault.
func TestVaultOfAnotherCloud(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	c := inWorld(t, shape.World, shape.Client, shape.Vault)
	x := ruleOf(t, "PL105")
	if r := x.Eval(c); r.Status != rule.StatusPass {
		t.Errorf("in its own cloud: %s: %s", r.Status, r.Why)
	}
	c.Service, _ = service.KeyVault("AzureUSGovernment")
	if r := x.Eval(c); r.Status != rule.StatusFail || !strings.Contains(r.Why, "is in AzureCloud, where it is called "+shape.Vault+".vault.azure.net") {
		t.Errorf("in another: %s: %s", r.Status, r.Why)
	}
}

// TestServerHasARecordOfItsOwn: the same server knows another private address for
// the vault's name in the private zone, and shows no alias.
func TestServerHasARecordOfItsOwn(t *testing.T) {
	server, stale, right := netip.MustParseAddr("10.4.0.10"), netip.MustParseAddr("10.1.2.8"), netip.MustParseAddr("10.1.2.3")
	answer := func(a netip.Addr) fact.AnswerHop {
		return fact.AnswerHop{Outcome: fact.OK, Class: fact.PrivateAddr, Addr: a}
	}
	for name, tt := range map[string]struct {
		alias fact.AnswerHop
		want  rule.Status
	}{
		"it contradicts itself":  {answer(right), rule.StatusFail},
		"it agrees with itself":  {answer(stale), rule.StatusUnknown},
		"the zone was not heard": {fact.AnswerHop{}, rule.StatusUnknown},
	} {
		seen := fact.Observation{Servers: []fact.ServerView{
			{Server: server, Role: fact.RoleConfigured, Reached: fact.OK, Host: answer(stale), Alias: tt.alias},
		}}
		seen.Journey.Resolver = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: server}
		seen.Journey.Answer = answer(stale)
		c := &rule.Case{Service: rule.PublicCloud(), Vault: "fabrikam", Seen: &seen, Journey: seen.Journey}
		c.Host, _ = c.Service.Host(c.Vault)
		if r := ruleOf(t, "PL402").Eval(c); r.Status != tt.want {
			t.Errorf("%s: %s: %s", name, r.Status, r.Why)
		}
	}
}

// TestProviderOfTheEndpoint: without it nobody can approve, so approving is no
// repair; registering it first is.
func TestProviderOfTheEndpoint(t *testing.T) {
	shape := shapeOf(t, "shared-address-space")
	x, pending := ruleOf(t, "PL208"), ruleOf(t, "PL202")
	broken := change.Apply(shape.World, x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]...)
	c := inWorld(t, broken, shape.Client, shape.Vault)
	if r := x.Eval(c); r.Status != rule.StatusFail {
		t.Errorf("PL208 says %s: %s", r.Status, r.Why)
	}
	if r := pending.Eval(c); r.Status != rule.StatusNotApplicable {
		t.Errorf("PL202 says %s: %s", r.Status, r.Why)
	}
	if after := change.Apply(broken, pending.Mends(c)...); after != broken {
		t.Error("Azure approves what it refuses to")
	}
	mended := inWorld(t, change.Apply(broken, x.Mends(c)...), shape.Client, shape.Vault)
	if v := mended.Journey.Verdict(); v != fact.Private {
		t.Errorf("after the repair the path is %s", v)
	}
	vault, _ := shape.World.VaultNamed(shape.Vault)
	for e := range shape.World.EndpointsOf(vault.ID) {
		waiting := change.SetConnection{Vault: vault.ID, Endpoint: e.ID, Status: world.Pending}.Apply(shape.World)
		if r := x.Eval(inWorld(t, waiting, shape.Client, shape.Vault)); r.Status != rule.StatusUnknown {
			t.Errorf("unread, PL208 says %s: %s", r.Status, r.Why)
		}
	}
}

// TestHeaderOfAProxy: what a proxy puts into the Host header nobody mends on the
// client.
func TestHeaderOfAProxy(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	x := ruleOf(t, "PL705")
	c := inWorld(t, shape.World, shape.Client, shape.Vault)
	if mends := x.Mends(c); len(mends) > 0 {
		t.Errorf("the client sends the right header: %d changes", len(mends))
	}
	wrong := change.Apply(shape.World, x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]...)
	if mends := x.Mends(inWorld(t, wrong, shape.Client, shape.Vault)); len(mends) != 1 {
		t.Errorf("the client sends the wrong header: %d changes", len(mends))
	}
}
