package conform

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/arm"
	"pldoctor/internal/azure"
	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/manage"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A sight is how much of Azure a reader gets to see.
type sight struct {
	name   string
	azure  lab.Azure
	world  *world.World // in the place of the scenario's, where that is not nil
	denied string       // the action that is denied, if one is
	well   bool         // nothing is wrong in this world
}

// central is the subscription of a team of its own, beside another one.
func central(home string) string { return "c" + home[1:] }

// sights are the ways to see less of a scenario's Azure than all of it.
func (b bed) sights(t *testing.T, d *doctor.Doctor) (all []sight) {
	w := b.scenario.World
	for _, action := range roleActions(t) {
		if present(w, action) {
			all = append(all, sight{name: "denied " + action, azure: lab.Azure{Denied: []manage.Denial{{Action: action}}}, denied: action})
		}
	}
	all = append(all, sight{name: "outage", azure: lab.Azure{Outage: true}}, sight{name: "slow", azure: lab.Azure{Slow: 2 * time.Minute}})
	for what, concerns := range map[string]func(world.Resource) bool{"zones": isZone, "hubs": b.isHub} {
		moved, homes := elsewhere(w, concerns)
		if len(homes) > 0 {
			all = append(all, sight{name: "hidden " + what, azure: lab.Azure{Hidden: homes}, world: moved},
				sight{name: "visible " + what, world: moved})
		}
	}
	repair := b.check(t, d, true, b.aboutIdentity()).Repair()
	if mended := change.Apply(w, repair...); mended != w {
		all = append(all, sight{name: "lagging behind the break", azure: lab.Azure{Lagging: mended}})
		if b.withWorld(mended).check(t, d, true, b.aboutIdentity()).Facts.FirstBad == fact.NoStage {
			all = append(all, sight{name: "lagging behind the repair", azure: lab.Azure{Lagging: w}, world: mended, well: true})
		}
	}
	slices.SortFunc(all, func(a, b sight) int { return strings.Compare(a.name, b.name) })
	return all
}

func (b bed) withWorld(w *world.World) bed {
	s := *b.scenario
	s.World = w
	b.scenario = &s
	return b
}

// roleActions are those of the role that ships.
func roleActions(t *testing.T) []string {
	t.Helper()
	var role struct{ Actions []string }
	data, err := azure.Role()
	if err == nil {
		err = json.Unmarshal(data, &role)
	}
	if err != nil {
		t.Fatal(err)
	}
	return role.Actions
}

// present tells whether a world has resources that an action is about.
func present(w *world.World, action string) bool {
	kind := strings.ToLower(strings.TrimSuffix(action, "/read"))
	for _, raw := range arm.Encode(w) {
		var head struct{ Type string }
		if json.Unmarshal(raw, &head) == nil && strings.EqualFold(head.Type, kind) {
			return true
		}
	}
	return kind == "microsoft.network/networkinterfaces" || kind == "microsoft.resources/subscriptions/providers"
}

func isZone(r world.Resource) bool { _, ok := r.(*world.Zone); return ok }

// isHub tells whether a VNet is neither the client's nor an endpoint's, or what
// is in such a one.
func (b bed) isHub(r world.Resource) bool {
	w := b.scenario.World
	keep := []world.ID{w.Node(b.host).Network}
	if v, ok := w.VaultNamed(b.target.Vault); ok {
		for e := range w.EndpointsOf(v.ID) {
			keep = append(keep, e.VNet())
		}
	}
	switch r := r.(type) {
	case *world.VNet:
		return !slices.Contains(keep, r.ID)
	case *world.Hub:
		return true
	case *world.Firewall:
		return !slices.Contains(keep, r.VNet)
	case *world.Gateway:
		return !slices.Contains(keep, r.VNet)
	case *world.Resolver:
		return !slices.Contains(keep, r.VNet)
	case *world.Ruleset:
		return true
	}
	return false
}

// elsewhere moves resources to central subscriptions, which it returns.
func elsewhere(w *world.World, which func(world.Resource) bool) (*world.World, []string) {
	moved, homes := map[world.ID]bool{}, []string{}
	for _, r := range w.Resources() {
		if m := world.MetaOf(r); which(r) && m.Subscription() != "" {
			moved[m.ID] = true
			homes = append(homes, central(m.Subscription()))
		}
	}
	var parts world.Parts
	for _, r := range w.Resources() {
		parts.Resources = append(parts.Resources, relocated(reflect.ValueOf(r), moved).Interface().(world.Resource))
	}
	parts.Cloud, parts.Assume = w.Service().Cloud.Name, w.Assume()
	m, err := world.New(parts)
	if err != nil {
		panic(err)
	}
	return m, homes
}

// relocated copies a value in which ids and paths of what has moved are new.
func relocated(v reflect.Value, moved map[world.ID]bool) reflect.Value {
	switch v.Kind() { //nolint:exhaustive // other kinds hold no ids
	case reflect.Pointer:
		if v.IsNil() || v.Type().Elem().Kind() != reflect.Struct {
			return v
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(relocated(v.Elem(), moved))
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(relocated(v.Field(i), moved))
			}
		}
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(relocated(v.Index(i), moved))
		}
		return c
	case reflect.String:
		for id := world.MakeID(v.String()); id != ""; id = id.Parent() {
			if moved[id] {
				home := world.Meta{Path: v.String()}.Subscription()
				return reflect.ValueOf(strings.Replace(v.String(), home, central(home), 1)).Convert(v.Type())
			}
		}
	}
	return v
}

// TestPartialSight: whatever a reader is not allowed to see of Azure, or sees
// late or not at all, the diagnosis goes on, accuses nobody wrongly, and says what
// it lacked.
func TestPartialSight(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	wrong, where, runs := map[string]int{}, map[string]string{}, 0
	for _, b := range sampled(beds(t)) {
		known := map[bool]diagnose.Report{}
		for _, alone := range []bool{true, false} {
			known[alone], _ = b.sighted(t, d, sight{}, alone)
		}
		for _, s := range b.sights(t, d) {
			for alone, full := range known {
				if !chosen(b.name + s.name + fmt.Sprint(alone)) {
					continue
				}
				runs++
				r, err := b.sighted(t, d, s, alone)
				for _, w := range b.unfair(s, r, full, err) {
					kind := fmt.Sprintf("%s: %s", s.name, w)
					wrong[kind]++
					where[kind] += fmt.Sprintf(" %s(alone=%t)", b.name, alone)
				}
			}
		}
	}
	t.Logf("%d readings", runs)
	for _, kind := range slices.Sorted(maps.Keys(wrong)) {
		t.Errorf("%d × %s:%.300s", wrong[kind], kind, where[kind])
	}
}

// chosen takes a part of many, or all with -full.
func chosen(name string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	switch {
	case *full:
		return true
	case raced:
		return h.Sum32()%128 == 0
	}
	return h.Sum32()%8 == 0
}

// unfair is what a report on partial sight should not say.
func (b bed) unfair(s sight, r, full diagnose.Report, err error) (faults []string) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	blank := s.azure.Outage || s.azure.Slow > 0
	if (err != nil) != blank {
		add("the error is %v", err)
	}
	expect := b.expect
	if b.aboutIdentity() && r.Access == fact.AccessUntested {
		expect.RootCauses = nil
	}
	if s.well {
		expect.RootCauses, expect.Verdict = nil, r.Verdict
	}
	if r.Verdict != expect.Verdict {
		add("the verdict is %s, not %s", r.Verdict, expect.Verdict)
	}
	// A symptom alone is honest, where the whole estate was read and late.
	late := s.azure.Lagging != nil && len(r.RootCauses) == 1 && symptom(r.RootCauses[0])
	open := s.azure.Hidden != nil && doubted(r) // nobody knows of subscriptions that nothing refers to
	for _, code := range r.RootCauses {
		if !slices.Contains(expect.RootCauses, code) && !symptom(code) && !open {
			add("accuses %s instead of %v", code, expect.RootCauses)
		}
	}
	blamed := blamedBy(r)
	if len(expect.RootCauses) == 0 && len(r.Candidates) > 0 && (s.well || r.Facts.FirstBad == fact.NoStage) {
		add("suspects %v", r.Candidates)
	}
	for _, code := range expect.RootCauses[:min(1, len(expect.RootCauses))] {
		if r.Facts.FirstBad != fact.NoStage && !open && !late && !slices.Contains(blamed, code) && !standsFor(blamed, code) {
			add("does not know of %s but of %v", code, blamed)
		}
	}
	if s.denied != "" && !slices.Equal(r.RootCauses, full.RootCauses) && !names(r, s.denied) {
		add("does not say that %s is lacking", s.denied)
	}
	return faults
}

// TestUnseenVault: a vault of which this reader sees nothing, as it is in a
// subscription of others, is said to be unread, and what others made for it is not
// said to be left over.
func TestUnseenVault(t *testing.T) {
	b := bedOf(t, "healthy")
	moved, homes := elsewhere(b.scenario.World, func(r world.Resource) bool {
		_, endpoint := r.(*world.Endpoint)
		_, vault := r.(*world.Vault)
		return endpoint || vault
	})
	r, err := b.sighted(t, doctor.New("AzureCloud", "test"), sight{azure: lab.Azure{Hidden: homes}, world: moved}, true)
	if err != nil {
		t.Fatal(err)
	}
	want := []diagnose.Unread{{Type: "microsoft.keyvault/vaults", Why: "no vault fabrikam is in the one subscription that was read"}}
	if !slices.Equal(r.Facts.Unread, want) || len(r.Findings) > 0 {
		t.Errorf("unread %v, findings %v", r.Facts.Unread, r.Findings)
	}
}

// TestUnseenZone: an address that Azure DNS itself gives, and none of the zones that
// were read, is said to stand in one that was not.
func TestUnseenZone(t *testing.T) {
	b := bedOf(t, "record-wrong-address")
	moved, homes := elsewhere(b.scenario.World, isZone)
	for _, hidden := range [][]string{homes, nil} {
		r, err := b.sighted(t, doctor.New("AzureCloud", "test"), sight{azure: lab.Azure{Hidden: hidden}, world: moved}, true)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.Findings, func(f diagnose.Finding) bool { return f.Code == "PL402" })
		if i < 0 || strings.Contains(r.Findings[i].Why, "no zone that was read has it") != (hidden != nil) {
			t.Errorf("hidden %v: %v", hidden, r.Findings)
		}
	}
}

func symptom(code string) bool {
	x, _ := rule.ByCode(code)
	return x.Symptom
}

// doubted tells whether a report calls a cause no more than possible.
func doubted(r diagnose.Report) bool {
	return slices.ContainsFunc(r.Findings, func(f diagnose.Finding) bool {
		return f.Role == diagnose.RoleCause && f.Certainty == "possible"
	})
}

// names tells whether a report says that a permission is lacking.
func names(r diagnose.Report, action string) bool {
	return slices.ContainsFunc(r.Facts.Unread, func(u diagnose.Unread) bool {
		return strings.Contains(strings.ToLower(u.Why), strings.ToLower(action))
	})
}

// sighted diagnoses a host by the probe and what a reader sees of the lab's
// Azure: alone, as on a real machine, or with what the scenario says of machines.
func (b bed) sighted(t *testing.T, d *doctor.Doctor, s sight, alone bool) (r diagnose.Report, unread error) {
	t.Helper()
	if s.world != nil {
		b = b.withWorld(s.world)
	}
	synctest.Test(t, func(t *testing.T) {
		l := lab.Start(b.scenario.World, lab.Options{RTT: rtt, Azure: s.azure})
		defer l.Close()
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, false)
		if err != nil {
			t.Fatal(err)
		}
		refused := b.expect.Verdict == fact.Private && b.expect.Access != "" && b.expect.Access != fact.AccessAllowed
		c.Budget, c.Authenticate = time.Minute, b.aboutIdentity() || refused
		if alone {
			c.Network, c.Source = gatewayOf(b.scenario.World, b.host), doctor.AloneInLab(l, b.host, b.target)
		} else {
			c.Client, c.Source = b.host.ID, doctor.FromLab(l, b.scenario, b.host, b.target, nil, false)
		}
		c, seen, err := c.Examine(t.Context())
		r, unread = d.Judge(c, &seen), err
	})
	return r, unread
}
