package conform

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/gate"
	"pldoctor/internal/predict"
	"pldoctor/internal/route"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// opening are the words of commands that let more in by a vault's public side.
var opening = []string{
	"--public-network-access Enabled", "--default-action Allow", "--bypass AzureServices", "network-rule add",
	"perimeter association delete", "perimeter profile access-rule create",
}

// sick are the clients of the scenarios that ship, and those of healthy worlds
// after each fault that can befall them.
func sick(t *testing.T) map[string]patient {
	t.Helper()
	all, healthy := map[string]patient{}, map[string]patient{}
	takes := "link-takes-the-public-path/jump" // healthy, among clients that a repair takes the vault from
	for _, s := range stock.Shapes("AzureCloud") {
		healthy["stock/"+s.Name] = patient{s.World, s.Client, s.Vault}
	}
	for _, b := range beds(t) {
		p := patient{b.scenario.World, b.host.ID, b.target.Vault}
		all[b.name] = p
		if (strings.HasPrefix(b.name, "healthy") || b.name == takes) && b.expect.Verdict == fact.Private {
			healthy[b.name] = p
		}
	}
	for name, p := range healthy {
		for _, f := range p.injuries() {
			if broken, ok := p.injured([]injury{f}); ok {
				all[name+" "+f.String()] = broken
			}
		}
	}
	return all
}

// TestRepairsAreSafe: no repair and no advice lets anybody in by a vault's public
// side who was not let in before, and a repair that takes the vault from another
// client names it.
func TestRepairsAreSafe(t *testing.T) {
	patients := sick(t)
	names := slices.Sorted(maps.Keys(patients))
	if raced {
		names = slices.DeleteFunc(names, func(name string) bool { return len(name)%16 > 0 })
	}
	wrong := make([]string, len(names))
	var wait sync.WaitGroup
	for k := range 2 {
		wait.Go(func() {
			for i := k; i < len(names); i += 2 {
				wrong[i] = patients[names[i]].unsafe()
			}
		})
	}
	wait.Wait()
	for i, w := range wrong {
		if w != "" {
			t.Errorf("%s: %s", names[i], w)
		}
	}
	t.Logf("%d patients", len(names))
}

// unsafe says what is wrong with what a report tells people to do; "" for nothing.
func (p patient) unsafe() string {
	if _, ok := p.target(); !ok {
		return ""
	}
	report := p.diagnosed(both, p.observed())
	for _, f := range report.Findings {
		for _, fix := range f.Fixes {
			for _, c := range fix.Az {
				if slices.ContainsFunc(opening, func(words string) bool { return strings.Contains(c, words) }) {
					return f.Code + " opens: " + c
				}
			}
		}
		if x, ok := rule.ByCode(f.Code); ok && f.Role == diagnose.RoleAdvice && x.Mends != nil {
			if w := p.harms(x.Mends(p.caseOf(p.host())), f); w != "" {
				return "advice " + f.Code + " " + w
			}
		}
	}
	causes := slices.DeleteFunc(slices.Clone(report.Findings), func(f diagnose.Finding) bool { return f.Role != diagnose.RoleCause })
	if w := p.harms(report.Repair(), causes...); w != "" {
		return fmt.Sprintf("the repair of %v %s", report.RootCauses, w)
	}
	return ""
}

// harms says what a repair opens, and whom its findings ought to name.
func (p patient) harms(repair []change.Change, findings ...diagnose.Finding) string {
	var named []string
	for _, f := range findings {
		for _, fix := range f.Fixes {
			named = append(named, fix.LocksOut...)
		}
	}
	mended := change.Apply(p.world, repair...)
	if w := opens(p.world, mended); w != "" {
		return w
	}
	if lost := p.unwarned(mended, named); len(lost) > 0 {
		return fmt.Sprintf("takes the vault from %v and does not name them", lost)
	}
	return ""
}

// unwarned are the other clients whose path to the vault a repair takes, and that
// a report does not name. What is set inside a client, and under which address
// the internet sees it, no configuration tells.
func (p patient) unwarned(mended *world.World, named []string) (lost []string) {
	for h := range p.world.Hosts() {
		o := patient{p.world, h.ID, p.vault}
		if h.HasRole() || h.ID == p.client || o.private() || len(h.Cached)+len(h.Search) > 0 || h.PublicAddress.IsValid() || slices.Contains(named, h.Name()) {
			continue
		}
		was, is := reached(p.world, h, p.vault), reached(mended, h, p.vault)
		if was != "" && is == "" || was == fact.Private && is != fact.Private {
			lost = append(lost, h.Name())
		}
	}
	return lost
}

// reached is the path by which a host gets into a vault; "" for none.
func reached(w *world.World, h *world.Host, vault string) fact.Verdict {
	j := predict.From(w, h, predict.Options{}).Journey(predict.Target{Vault: vault})
	if v := j.Verdict(); j.Exchange.Outcome == fact.OK && j.Access.Denial == service.NotDenied {
		return v
	}
	return ""
}

// opens says what of any vault is open after a change that was not before.
func opens(before, after *world.World) string {
	for was := range before.Vaults() {
		is, ok := after.Vault(was.ID)
		if !ok {
			continue
		}
		switch {
		case laxity(is) > laxity(was):
			return "opens the public side of " + was.Name()
		case was.ACL.Deny && !is.ACL.Deny, !was.ACL.Bypass && is.ACL.Bypass:
			return "opens the firewall of " + was.Name()
		case !within(is.ACL.IPs, was.ACL.IPs), !within(is.ACL.Subnets, was.ACL.Subnets):
			return "adds a rule to the firewall of " + was.Name()
		}
		if p, secured := before.PerimeterOf(was.ID); secured {
			if q, still := after.PerimeterOf(was.ID); !still || !within(q.Inbound, p.Inbound) || !within(q.Inside, p.Inside) {
				return "opens the perimeter of " + was.Name()
			}
		}
		if more := newcomers(before, after, was.ID); len(more) > 0 {
			return fmt.Sprintf("lets %v into the public side of %s", more, was.Name())
		}
	}
	return ""
}

// laxity orders the values of publicNetworkAccess; absent is Enabled.
func laxity(v *world.Vault) int {
	return slices.Index([]world.PublicAccess{world.AccessDisabled, world.AccessPerimeter, world.AccessEnabled}, cmp.Or(v.PublicAccess, world.AccessEnabled))
}

func within[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(x T) bool { return !slices.Contains(all, x) })
}

// newcomers are the clients whose packets come to a vault's public side before
// and after a change, and that it lets in after it only; but for one that moves,
// to where the vault's rules let in whoever is there.
func newcomers(before, after *world.World, vault world.ID) (more []string) {
	for h := range before.Hosts() {
		is, there := after.Host(h.ID)
		if h.HasRole() || !there || is.Network != h.Network || is.Subnet != h.Subnet || is.Integrated != h.Integrated || is.RouteAll != h.RouteAll {
			continue
		}
		arrived, in := admittedBy(before, h, vault)
		if _, then := admittedBy(after, is, vault); arrived && !in && then {
			more = append(more, h.Name())
		}
	}
	return more
}

// admittedBy sends a host's packets to the public side of a vault, whatever DNS
// says.
func admittedBy(w *world.World, h *world.Host, vault world.ID) (arrived, admitted bool) {
	v, ok := w.Vault(vault)
	if !ok {
		return false, false
	}
	front := v.DefaultFrontEnd()
	if len(v.PublicAddresses) > 0 {
		front = v.PublicAddresses[0]
	}
	d := route.Decide(w, route.Flow{From: route.FromHost(w, h), To: netip.AddrPortFrom(front, 443), Proto: route.TCP})
	if d.Outcome != fact.OK || d.Target.Kind != route.AtFrontEnd {
		return false, false
	}
	denial, _ := gate.Admits(w, v, gate.Arrival{Subnet: d.ServiceSubnet, Source: d.Source})
	return true, denial == service.NotDenied
}

// TestLockouts: whom a fix names, by what Azure would do; written by hand.
func TestLockouts(t *testing.T) {
	for _, c := range []struct {
		host, code           string
		lockedOut, meanwhile []string
		why                  string
	}{
		{"public-still-used/app", "PL301", []string{"courier", "payroll"}, nil, "both use the public side, which is closed"},
		{"public-still-open/app", "PL301", []string{"laptop", "partner"}, nil, "both use the public side, the one that would rather not as well"},
		{"healthy-migration/app", "PL304", []string{"agent", "legacy", "mainframe"}, nil, "each is let in by one of the rules"},
		{"healthy-migration/legacy", "PL603", []string{"agent", "legacy"}, nil, "their VNet is peered with nothing: an answer that is private leads nowhere"},
		{"two-endpoints-one-fails/app-west", "PL605", nil, []string{"app-east"}, "the record in the shared zone goes away, and is set again"},
		{"link-takes-the-public-path/app", "PL603", []string{"kiosk"}, nil, "the private address leads the kiosk nowhere"},
		{"zone-not-linked/app", "PL603", nil, nil, "the link is about the VNet spoke alone"},
		{"firewall-rules-unneeded/app", "PL304", nil, nil, "nobody is left who comes by the public side"},
	} {
		report := reportOf(t, c.host)
		var out, meanwhile []string
		found := false
		for _, f := range report.Findings {
			for _, fix := range f.Fixes {
				if f.Code == c.code {
					found, out, meanwhile = true, append(out, fix.LocksOut...), append(meanwhile, fix.Interrupts...)
				}
			}
		}
		if !found || !slices.Equal(out, c.lockedOut) || !slices.Equal(meanwhile, c.meanwhile) {
			t.Errorf("%s: %s (found %v) names %v, and for a while %v; want %v and %v: %s", c.host, c.code, found, out, meanwhile, c.lockedOut, c.meanwhile, c.why)
		}
	}
}

// reportOf is the report for a host of a scenario that ships.
func reportOf(t *testing.T, of string) diagnose.Report {
	t.Helper()
	name, host, _ := strings.Cut(of, "/")
	b := bedOf(t, name)
	p := patient{b.scenario.World, world.HostID(host), b.target.Vault}
	return p.diagnosed(both, p.observed())
}

// TestHides: once a zone is linked that lacks the record of a vault with an
// alias into it, that vault's name does not exist for the VNet's clients.
func TestHides(t *testing.T) {
	contoso := []diagnose.Loss{{Hostname: "contoso.vault.azure.net", Network: "spoke"}}
	for host, want := range map[string][]diagnose.Loss{"link-takes-the-public-path/app": contoso, "zone-not-linked/app": nil} {
		report := reportOf(t, host)
		if len(report.Findings) == 0 || len(report.Findings[0].Fixes) != 1 {
			t.Fatalf("%s: no single fix: %v", host, report.RootCauses)
		}
		if fix := report.Findings[0].Fixes[0]; !slices.Equal(fix.Hides, want) {
			t.Errorf("%s: hides %v, want %v", host, fix.Hides, want)
		}
	}
}
