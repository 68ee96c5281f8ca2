package rule_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// TestRepairsTakeNothingAway brings every fault about in every stock world and
// mends it step by step: no step makes a name vanish that was answered, whose
// own title does not say so; another vault that was private stays so; and nothing
// opens public access.
func TestRepairsTakeNothingAway(t *testing.T) {
	for _, x := range rule.All() {
		if x.Breaks == nil || x.Mends == nil {
			continue
		}
		for _, shape := range stock.Shapes("AzureCloud") {
			for i, b := range x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault)) {
				t.Run(fmt.Sprintf("%s/%s/%d", x.Code, shape.Name, i), func(t *testing.T) {
					gently(t, x, shape, change.Apply(shape.World, b...))
				})
			}
		}
	}
}

func gently(t *testing.T, x *rule.Rule, shape stock.Shape, w *world.World) {
	t.Helper()
	c := inWorld(t, w, shape.Client, shape.Vault)
	if x.Eval(c).Status != rule.StatusFail {
		return
	}
	vaults := []string{shape.Vault, neighbourOf(t, w, shape.Vault)}
	for _, m := range x.Mends(c) {
		after := m.Apply(w)
		for _, vault := range vaults {
			was, is := inWorld(t, w, shape.Client, vault).Journey, inWorld(t, after, shape.Client, vault).Journey
			vanished := was.Answer.Outcome == fact.OK && is.Answer.Outcome == fact.NXDomain
			if said := strings.Contains(m.Title(w), vault); vanished && !said || was.Verdict() == fact.Private && is.Verdict() != fact.Private {
				t.Errorf("%s: %s goes from %q to %q", m.Title(w), vault, glance(was), glance(is))
			}
		}
		for _, command := range m.Commands(w) {
			if strings.Contains(command, "--public-network-access Enabled") || strings.Contains(command, "--default-action Allow") {
				t.Errorf("it opens the vault: %s", command)
			}
		}
		w = after
	}
}

func neighbourOf(t *testing.T, w *world.World, vault string) string {
	t.Helper()
	for v := range w.Vaults() {
		if v.Name() != vault {
			return v.Name()
		}
	}
	t.Fatal("the stock world has no other vault")
	return ""
}

// titles are the types of a repair's steps, in order.
func steps(c *rule.Case, x *rule.Rule) []string {
	var list []string
	for _, m := range x.Mends(c) {
		list = append(list, strings.TrimPrefix(fmt.Sprintf("%T", m), "change."))
	}
	return list
}

// TestLinkComesLast: a zone is linked once it has what it is asked for, and the
// endpoint's DNS zone group writes the record.
func TestLinkComesLast(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	for code, want := range map[string]string{
		"PL201": "CreateZone CreateEndpoint LinkZone",
		"PL306": "CreateZone CreateEndpoint LinkZone",
		"PL601": "CreateZone SetZoneGroup LinkZone",
		"PL602": "CreateZone SetZoneGroup LinkZone",
		"PL604": "SetZoneGroup",
	} {
		x := ruleOf(t, code)
		w := change.Apply(shape.World, x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]...)
		if code == "PL201" || code == "PL306" {
			w = change.DeleteZone{Zone: zoneIn(t, shape.World).ID}.Apply(w)
		}
		if got := strings.Join(steps(inWorld(t, w, shape.Client, shape.Vault), x), " "); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

// TestOverbroadZoneServedOthers: their records go where they are looked for,
// before the zone goes, also where the required one is not linked yet.
func TestOverbroadZoneServedOthers(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	x := ruleOf(t, "PL610")
	zone := zoneIn(t, shape.World)
	broken := change.Apply(shape.World, x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]...)
	neighbour := neighbourOf(t, shape.World, shape.Vault)
	for z := range broken.ZonesNamed(broken.Service().Suffix) {
		broken = change.Apply(broken,
			change.SetRecord{Zone: z.ID, Label: neighbour, Addr: netip.MustParseAddr("10.1.2.5")},
			change.RemoveRecord{Zone: zone.ID, Label: neighbour})
	}
	for name, w := range map[string]*world.World{
		"linked":     broken,
		"not linked": change.UnlinkZone{Zone: zone.ID, VNet: vnetNamed(t, broken, "spoke").ID}.Apply(broken),
		"no zone":    change.DeleteZone{Zone: zone.ID}.Apply(broken),
	} {
		t.Run(name, func(t *testing.T) {
			if v := inWorld(t, w, shape.Client, neighbour).Journey.Verdict(); v != fact.Private {
				t.Fatalf("the other vault is %s before", v)
			}
			c := inWorld(t, w, shape.Client, shape.Vault)
			gently(t, x, shape, w)
			after := change.Apply(w, x.Mends(c)...)
			for _, vault := range []string{shape.Vault, neighbour} {
				if v := inWorld(t, after, shape.Client, vault).Journey.Verdict(); v != fact.Private {
					t.Errorf("%s is %s after", vault, v)
				}
			}
			if got := steps(c, x); got[len(got)-1] != "UnlinkZone" {
				t.Errorf("the zone does not go last: %q", got)
			}
		})
	}
}

// TestMisnamedZoneServedOthers: the records that it holds of other vaults come
// along, and the endpoint's group leaves it.
func TestMisnamedZoneServedOthers(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	x := ruleOf(t, "PL602")
	w := change.Apply(shape.World, x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))[0]...)
	neighbour := neighbourOf(t, w, shape.Vault)
	misnamed := zoneMisnamed(t, w)
	w = change.SetRecord{Zone: misnamed.ID, Label: neighbour, Addr: netip.MustParseAddr("10.1.2.5")}.Apply(w)
	for e := range w.Endpoints() {
		named := *e
		named.Zones = []world.ID{misnamed.ID}
		w = w.With(world.Put(&named))
	}
	c := inWorld(t, w, shape.Client, shape.Vault)
	gently(t, x, shape, w)
	after := change.Apply(w, x.Mends(c)...)
	if v := inWorld(t, after, shape.Client, neighbour).Journey.Verdict(); v != fact.Private {
		t.Errorf("%s is %s after", neighbour, v)
	}
	for e := range after.EndpointsOf(c.Resource.ID) {
		if slices.Contains(e.Zones, misnamed.ID) {
			t.Error("the endpoint's group still names the misnamed zone")
		}
	}
}

func zoneMisnamed(t *testing.T, w *world.World) *world.Zone {
	t.Helper()
	for z := range w.Zones() {
		return z
	}
	t.Fatal("there is no zone")
	return nil
}

// TestSecondZoneEndsTheOverwriting: the second endpoint's group writes into its
// own zone only, the other VNet keeps its record, and other vaults theirs.
func TestSecondZoneEndsTheOverwriting(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	x := ruleOf(t, "PL605")
	far := farVNet()
	vault, _ := shape.World.VaultNamed(shape.Vault)
	zone := zoneIn(t, shape.World)
	w := change.Apply(shape.World.With(world.Put(far)), change.CreateEndpoint{
		Vault: vault.ID, Subnet: far.Subnets[0].ID, Zones: []world.ID{zone.ID}, Name: "pe-far",
	})
	c := inWorld(t, w, shape.Client, shape.Vault)
	if got := strings.Join(steps(c, x), " "); got != "SecondZone SetZoneGroup SetRecord MoveLink" {
		t.Fatalf("steps: %s", got)
	}
	gently(t, x, shape, w)
	after := change.Apply(w, x.Mends(c)...)
	for e := range after.EndpointsOf(vault.ID) {
		if e.Name() != "pe-far" && slices.Contains(e.Zones, zone.ID) {
			t.Error("the endpoint still writes into the common zone")
		}
	}
	if r, ok := zoneAt(t, after, zone.ID).Record(shape.Vault, world.TypeA); !ok || r.Addrs[0].String() != "10.50.1.4" {
		t.Error("the far VNet has lost its record")
	}
}

// farVNet is a VNet that nothing is connected to.
func farVNet() *world.VNet {
	far := &world.VNet{
		Meta: world.At("/subscriptions/s/resourceGroups/far/providers/Microsoft.Network/virtualNetworks/far"), Location: "westeurope",
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.50.0.0/16")},
	}
	far.Subnets = []world.Subnet{{Meta: world.At(far.Path + "/subnets/endpoints"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.50.1.0/24")}}}
	return far
}

// TestOwnVaultIsAskedOfNobody: for a vault of our own whose only endpoint is out
// of the client's reach, the endpoint is created with the vault's real id.
func TestOwnVaultIsAskedOfNobody(t *testing.T) {
	shape := shapeOf(t, "hub-and-spoke")
	x := ruleOf(t, "PL608")
	far := farVNet()
	vault, _ := shape.World.VaultNamed(shape.Vault)
	w := shape.World.With(world.Put(far))
	for e := range w.EndpointsOf(vault.ID) {
		w = change.DeleteEndpoint{Endpoint: e.ID}.Apply(w)
	}
	w = change.CreateEndpoint{Vault: vault.ID, Subnet: far.Subnets[0].ID, Name: "pe-far"}.Apply(w)
	c := inWorld(t, w, shape.Client, shape.Vault)
	if r := x.Eval(c); r.Status != rule.StatusFail {
		t.Fatalf("the rule says %s: %s", r.Status, r.Why)
	}
	var text []string
	for _, m := range x.Mends(c) {
		text = append(append(text, m.Title(w)), m.Commands(w)...)
		w = m.Apply(w)
	}
	all := strings.Join(text, "\n")
	for _, part := range []string{"--resolution-policy NxDomainRedirect", "Or, to reach the vault over private link: create a private endpoint", vault.Path} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is missing in\n%s", part, all)
		}
	}
	if strings.Contains(all, "--manual-request") || strings.Contains(all, "<resource-id") {
		t.Errorf("somebody is asked for our own vault:\n%s", all)
	}
	if v := inWorld(t, w, shape.Client, shape.Vault).Journey.Verdict(); v != fact.Private {
		t.Errorf("after the repair the path is %s", v)
	}
}

// TestWhichEndIsNotProvisioned is said, and a failed end is not waited for.
func TestWhichEndIsNotProvisioned(t *testing.T) {
	x := ruleOf(t, "PL205")
	for name, tt := range map[string]struct{ connection, endpoint, why, step string }{
		"connection": {"Updating", world.Succeeded, "the provisioning state of the connection is Updating:", "AwaitProvisioning"},
		"endpoint":   {world.Succeeded, "Updating", "the provisioning state of the endpoint is Updating:", "AwaitProvisioning"},
		"both":       {"Updating", "Failed", "of the connection is Updating and the provisioning state of the endpoint is Failed:", "RecreateEndpoint"},
	} {
		shape := shapeOf(t, "single-vnet")
		vault, _ := shape.World.VaultNamed(shape.Vault)
		w := shape.World
		for e := range shape.World.EndpointsOf(vault.ID) {
			end := *e
			end.Provisioning = tt.endpoint
			w = change.SetConnection{Vault: vault.ID, Endpoint: e.ID, Status: world.Approved, Provisioning: tt.connection}.Apply(w.With(world.Put(&end)))
		}
		c := inWorld(t, w, shape.Client, shape.Vault)
		if r := x.Eval(c); r.Status != rule.StatusFail || !strings.Contains(r.Why, tt.why) {
			t.Errorf("%s: %s: %s", name, r.Status, r.Why)
		}
		if got := steps(c, x); len(got) != 1 || got[0] != tt.step {
			t.Errorf("%s: %q, want %s", name, got, tt.step)
		}
	}
}

// TestLinkingIsWarnedOf where it may hide the vaults of others.
func TestLinkingIsWarnedOf(t *testing.T) {
	for _, code := range []string{"PL601", "PL602", "PL603"} {
		if fix := ruleOf(t, code).Doc.Fix; !strings.Contains(fix, "PL608") || !strings.Contains(fix, "--resolution-policy NxDomainRedirect") {
			t.Errorf("%s: %s", code, fix)
		}
	}
}
