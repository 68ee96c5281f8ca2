package rule_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// foreignWorld is a stock world whose vault is another tenant's, and where the
// zone does what edit makes of its link.
func foreignWorld(t *testing.T, link func(z *world.Zone, vnet world.ID) change.Change) (*world.World, stock.Shape) {
	t.Helper()
	shape := shapeOf(t, "single-vnet")
	vault, _ := shape.World.VaultNamed(shape.Vault)
	w := change.MakeForeign{Vault: vault.ID}.Apply(shape.World)
	return link(zoneIn(t, w), vnetNamed(t, w, "main").ID).Apply(w), shape
}

// TestForeignVaultInPublic: of a vault of somebody else's the public answer is
// right for everybody who has no endpoint of it. No zone, link or record is at
// fault; what is missing is an endpoint of one's own.
func TestForeignVaultInPublic(t *testing.T) {
	for name, link := range map[string]func(z *world.Zone, vnet world.ID) change.Change{
		"the zone is not linked": func(z *world.Zone, vnet world.ID) change.Change { return change.UnlinkZone{Zone: z.ID, VNet: vnet} },
		"there is no zone":       func(z *world.Zone, _ world.ID) change.Change { return change.DeleteZone{Zone: z.ID} },
		"the link sends the question on": func(z *world.Zone, vnet world.ID) change.Change {
			return change.SetLinkPolicy{Zone: z.ID, VNet: vnet, Redirect: true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, shape := foreignWorld(t, link)
			c := inWorld(t, w, shape.Client, shape.Vault)
			if got := causes(t, c); len(got) > 0 {
				t.Errorf("of the DNS family %v fail", got)
			}
			r := ruleOf(t, "PL101").Eval(c)
			if r.Status != rule.StatusFail || !strings.Contains(r.Why, "its owner") {
				t.Errorf("PL101 says %s: %s", r.Status, r.Why)
			}
			if mends := ruleOf(t, "PL101").Mends(c); name != "there is no zone" {
				after := inWorld(t, change.Apply(w, mends...), shape.Client, shape.Vault)
				if after.Journey.Verdict() != fact.Private {
					t.Errorf("with an endpoint of one's own the path is %s", after.Journey.Verdict())
				}
			}
			c.Wants = world.WantAny
			if r := ruleOf(t, "PL101").Eval(c); r.Status == rule.StatusFail {
				t.Errorf("to a client that is content with any path PL101 says %s", r.Why)
			}
		})
	}
}

// TestUnreadVaultIsNoForeignVault: what could not be read may be our own.
func TestUnreadVaultIsNoForeignVault(t *testing.T) {
	w, shape := foreignWorld(t, func(z *world.Zone, vnet world.ID) change.Change { return change.UnlinkZone{Zone: z.ID, VNet: vnet} })
	w = w.WithGaps(world.Gap{Type: "microsoft.network/privateendpoints", Why: "403"})
	if r := ruleOf(t, "PL603").Eval(inWorld(t, w, shape.Client, shape.Vault)); r.Status != rule.StatusFail {
		t.Errorf("PL603 says %s: %s", r.Status, r.Why)
	}
}

// TestOwnEndpointOutOfReach: the endpoint that gives our own vault its alias is
// ours, even if this client cannot use it.
func TestOwnEndpointOutOfReach(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	zone, hub, spoke := zoneIn(t, shape.World), vnetNamed(t, shape.World, "hub"), vnetNamed(t, shape.World, "spoke")
	w := change.Apply(shape.World, change.Unpeer{A: spoke.ID, B: hub.ID}, change.RemoveRecord{Zone: zone.ID, Label: shape.Vault})
	r := ruleOf(t, "PL608").Eval(inWorld(t, w, shape.Client, shape.Vault))
	if r.Status != rule.StatusFail || strings.Contains(r.Why, "somebody else") || !strings.Contains(r.Why, "VNet hub") {
		t.Errorf("PL608 says %s: %s", r.Status, r.Why)
	}
}

// TestForwarderOutsideAzure: the server that passes the question on is named,
// and answers SERVFAIL; a server that says nothing is another matter.
func TestForwarderOutsideAzure(t *testing.T) {
	shape := shapeOf(t, "on-premises")
	breaks := ruleOf(t, "PL814").Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))
	c := inWorld(t, change.Apply(shape.World, breaks[1]...), shape.Client, shape.Vault)
	if c.Journey.Answer.Outcome != fact.ServFail {
		t.Errorf("the client sees %s", glance(c.Journey))
	}
	if r := ruleOf(t, "PL814").Eval(c); r.Status != rule.StatusFail || !strings.Contains(r.Why, "officedns (192.168.0.10) forwards") {
		t.Errorf("PL814 says %s: %s", r.Status, r.Why)
	}
	silent := seenCase(nil, view("192.168.0.10", "timeout", ""), of(fact.RoleAzure, view(azure, "timeout", "")))
	if r := ruleOf(t, "PL814").Eval(silent); r.Status == rule.StatusFail {
		t.Errorf("of a server that is silent beside Azure DNS it says: %s", r.Why)
	}
}

// withHost is a request with another Host header, refused for it.
func withHost(header string) func(*fact.Observation) {
	return func(o *fact.Observation) {
		overPrivateLink(fact.RefusedNetwork, service.DeniedTCP)(o)
		o.Client.HostHeader = header
	}
}

// holding is a client whose fresh request arrives over private link while its
// programs hold connections to front ends open.
func holding(looked bool, open ...string) func(*fact.Observation) {
	return func(o *fact.Observation) {
		overPrivateLink("", "")(o)
		o.Client.OpenSeen = looked
		for _, a := range open {
			o.Client.Open = append(o.Client.Open, netip.MustParseAddr(a))
		}
	}
}

// TestRefusals are what can be said of "This TCP connection does not allow
// access to …", and of a hosts file, without the configuration.
func TestRefusals(t *testing.T) {
	const private, pub = "alias 10.1.2.4", "alias 52.168.109.101"
	for name, tt := range map[string]struct {
		code string
		c    *rule.Case
		want rule.Status
		why  []string
	}{
		"both hosts are named":             {"PL705", seenCase(withHost("kv.example"), view(azure, private, private)), rule.StatusFail, []string{"kv.example", "fabrikam.vault.azure.net"}},
		"the vault's own host was sent":    {"PL705", seenCase(withHost(""), view(azure, private, private)), rule.StatusUnknown, nil},
		"the refusal quotes what was sent": {"PL704", seenCase(withHost("kv.example"), view(azure, private, private)), rule.StatusFail, []string{"access to kv.example"}},
		"the endpoint need not be wrong":   {"PL402", seenCase(withHost("kv.example"), view(azure, private, private)), rule.StatusUnknown, []string{"kv.example"}},
		"the endpoint is another's":        {"PL402", seenCase(withHost(""), view(azure, private, private)), rule.StatusFail, []string{"another's"}},
		"nobody presented a token":         {"PL704", seenCase(overPrivateLink("", ""), view(azure, private, private)), rule.StatusUnknown, []string{"token"}},
		"the vault admits":                 {"PL704", seenCase(overPrivateLink(fact.OK, ""), view(azure, private, private)), rule.StatusPass, nil},
		"a hosts line and no alias":        {"PL803", seenCase(hostsFile("10.1.2.4"), view(azure, "52.168.109.101", "nxdomain")), rule.StatusUnknown, []string{"connection"}},
		"a hosts line and an alias":        {"PL803", seenCase(hostsFile("10.1.2.4"), view(azure, pub, pub)), rule.StatusFail, nil},
		"a public hosts line and no alias": {"PL803", seenCase(hostsFile("52.1.1.1"), view(azure, "52.168.109.101", "nxdomain")), rule.StatusFail, nil},
		"no connection to a front end":     {"PL712", seenCase(holding(true), view(azure, private, private)), rule.StatusPass, nil},
		"a connection to a front end":      {"PL712", seenCase(holding(true, "52.168.109.101"), view(azure, private, private)), rule.StatusFail, []string{"52.168.109.101", "may be to one of them"}},
		"a public path anyway":             {"PL712", seenCase(func(o *fact.Observation) { o.Client.OpenSeen = true }, view(azure, pub, pub)), rule.StatusNotApplicable, nil},
		"connections of others not seen":   {"PL712", seenCase(nil, view(azure, private, private)), rule.StatusUnknown, []string{"did not look"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := ruleOf(t, tt.code).Eval(tt.c)
			if r.Status != tt.want {
				t.Errorf("%s: %s, want %s", r.Status, r.Why, tt.want)
			}
			for _, part := range tt.why {
				if !strings.Contains(r.Why, part) {
					t.Errorf("%q does not say %q", r.Why, part)
				}
			}
		})
	}
}

// TestSecondAddressOfARecord: a client gets either, so both have to be right.
func TestSecondAddressOfARecord(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	zone := *zoneIn(t, shape.World)
	zone.Records = slices.Clone(zone.Records)
	i := slices.IndexFunc(zone.Records, func(r world.Record) bool { return r.Label == shape.Vault })
	zone.Records[i].Addrs = append(slices.Clone(zone.Records[i].Addrs), netip.MustParseAddr("10.1.2.200"))
	w := shape.World.With(world.Put(&zone))
	c := inWorld(t, w, shape.Client, shape.Vault)
	if r := ruleOf(t, "PL605").Eval(c); r.Status != rule.StatusFail || !strings.Contains(r.Why, "10.1.2.200") {
		t.Errorf("PL605 says %s: %s", r.Status, r.Why)
	}
	after := inWorld(t, change.Apply(w, ruleOf(t, "PL605").Mends(c)...), shape.Client, shape.Vault)
	if r := ruleOf(t, "PL605").Eval(after); r.Status != rule.StatusPass {
		t.Errorf("after the repair PL605 says %s: %s", r.Status, r.Why)
	}
}

// TestUnreadSubnetInAFirewallRule: a rule about what was not read may match.
func TestUnreadSubnetInAFirewallRule(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	found, _ := shape.World.VaultNamed(shape.Vault)
	vault := *found
	vault.ACL = world.NetworkACL{Deny: true, Subnets: []world.ID{"/subscriptions/o/resourcegroups/o/providers/microsoft.network/virtualnetworks/far/subnets/apps"}}
	c := inWorld(t, shape.World.With(world.Put(&vault)), shape.Client, shape.Vault)
	if r := ruleOf(t, "PL305").Eval(c); r.Status != rule.StatusUnknown {
		t.Errorf("PL305 says %s: %s", r.Status, r.Why)
	}
}

// TestHostsFileOutlivesTheConnection: the name has lost its alias, and a line
// that was right still leads to the endpoint.
func TestHostsFileOutlivesTheConnection(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	breaks := ruleOf(t, "PL203").Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))
	c := inWorld(t, change.Apply(shape.World, breaks[len(breaks)-1]...), shape.Client, shape.Vault)
	if c.Journey.Resolver.Via != fact.ViaHostsFile || c.Journey.Connect.Outcome == fact.OK {
		t.Errorf("the client sees %s", glance(c.Journey))
	}
	if r := ruleOf(t, "PL803").Eval(c); r.Status != rule.StatusPass {
		t.Errorf("PL803 says %s: %s", r.Status, r.Why)
	}
}

// TestPlatformsAreFaultsEverywhere: on what a client runs is seen, so each
// platform can be the cause where the configuration was not read.
func TestPlatformsAreFaultsEverywhere(t *testing.T) {
	for code, tt := range map[string]struct {
		shape string
		runs  []world.Runs
	}{
		"PL102": {"hub-and-spoke", []world.Runs{world.OnCloudShell, world.OnManaged}},
		"PL820": {"hub-and-spoke", []world.Runs{world.OnAppService}},
		"PL815": {"custom-dns-in-hub", []world.Runs{world.OnAppGateway}},
	} {
		shape := shapeOf(t, tt.shape)
		var got []world.Runs
		for _, b := range ruleOf(t, code).Breaks(siteOf(t, shape.World, shape.Client, shape.Vault)) {
			h, _ := change.Apply(shape.World, b...).Host(shape.Client)
			got = append(got, h.Runs)
		}
		if !slices.Equal(got, tt.runs) {
			t.Errorf("%s runs on %v, want %v", code, got, tt.runs)
		}
	}
}

// TestAppRoutesPrivateRangesOnly: an endpoint in 100.64.0.0/10 is outside what
// an app sends through its VNet by default.
func TestAppRoutesPrivateRangesOnly(t *testing.T) {
	shape := shapeOf(t, "single-vnet")
	vnet := *vnetNamed(t, shape.World, "main")
	far := netip.MustParsePrefix("100.64.2.0/24")
	vnet.Prefixes = append(slices.Clone(vnet.Prefixes), far)
	vnet.Subnets = append(slices.Clone(vnet.Subnets), world.Subnet{Meta: world.At(vnet.Path + "/subnets/far"), Prefixes: []netip.Prefix{far}})
	vault, _ := shape.World.VaultNamed(shape.Vault)
	w := shape.World.With(world.Put(&vnet))
	for e := range shape.World.EndpointsOf(vault.ID) {
		w = change.DeleteEndpoint{Endpoint: e.ID}.Apply(w)
	}
	w = change.CreateEndpoint{Vault: vault.ID, Subnet: vnet.Subnets[len(vnet.Subnets)-1].ID, Zones: []world.ID{zoneIn(t, w).ID}, Name: "far"}.Apply(w)
	client, _ := w.Host(shape.Client)
	for routeAll, want := range map[bool]rule.Status{false: rule.StatusFail, true: rule.StatusPass} {
		app := *client
		app.Runs, app.RouteAll = world.OnFunction, routeAll
		c := inWorld(t, w.With(world.Put(&app)), shape.Client, shape.Vault)
		if r := ruleOf(t, "PL820").Eval(c); r.Status != want {
			t.Errorf("with route-all %t PL820 says %s: %s; %s", routeAll, r.Status, r.Why, glance(c.Journey))
		}
	}
}

// TestLoopOfOneSuffix: a server that forwards the vaults' suffix alone goes
// round as well, and still answers for the name in the private zone.
func TestLoopOfOneSuffix(t *testing.T) {
	shape := shapeOf(t, "on-premises")
	breaks := ruleOf(t, "PL809").Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))
	c := inWorld(t, change.Apply(shape.World, breaks[len(breaks)-1]...), shape.Client, shape.Vault)
	views := c.Predicted.Servers
	if len(views) == 0 || views[0].Host.Outcome != fact.ServFail || views[0].Alias.Outcome != fact.OK {
		t.Errorf("the server says %+v", views)
	}
	if r := ruleOf(t, "PL809").Eval(c); r.Status != rule.StatusFail {
		t.Errorf("PL809 says %s: %s", r.Status, r.Why)
	}
}
