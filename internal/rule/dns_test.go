package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// dnsCodes are the codes of the DNS family as the contract lists them, with
// what a client sees of each once its first Break was made, in the words of
// glance; "" where there is none.
var dnsCodes = []struct{ code, slug, severity, seen string }{
	{"PL401", "answer-not-private", "error", ""},
	{"PL402", "answer-not-endpoint", "error", ""},
	{"PL501", "alias-missing", "error", ""},
	{"PL502", "zone-not-consulted", "error", ""},
	{"PL503", "name-shadowed", "error", ""},
	{"PL504", "resolvers-disagree", "error", "ok alias public ok public"},
	{"PL505", "resolver-silent", "error", "ok alias private ok private"},
	{"PL506", "answer-filtered", "error", "nodata alias unreachable"},
	{"PL507", "answer-bogus", "error", "servfail unreachable"},
	{"PL508", "answer-truncated", "error", "truncated unreachable"},
	{"PL509", "resolver-fails", "error", "servfail unreachable"},
	{"PL601", "zone-missing", "error", "ok alias public ok public"},
	{"PL602", "zone-misnamed", "error", "ok alias public ok public"},
	{"PL603", "zone-not-linked", "error", "ok alias public ok public"},
	{"PL604", "record-missing", "error", "nxdomain alias unreachable"},
	{"PL605", "record-wrong-address", "error", "ok alias private timeout unreachable"},
	{"PL606", "record-ttl", "warning", "ok alias private ok private"},
	{"PL607", "zone-duplicated", "error", "nxdomain alias unreachable"},
	{"PL608", "foreign-endpoint-shadowed", "error", "nxdomain alias unreachable"},
	{"PL609", "auto-registration", "warning", "ok alias private ok private"},
	{"PL610", "zone-overbroad", "error", "nxdomain unreachable"},
	{"PL611", "record-stale", "error", "ok alias private timeout unreachable"},
	{"PL612", "link-in-progress", "warning", "ok alias public ok public"},
	{"PL801", "custom-dns-bypasses-azure", "error", "ok alias public ok public"},
	{"PL802", "forwarder-wrong-zone", "error", "ok alias public ok public"},
	{"PL803", "hosts-file-override", "error", "ok public ok public"},
	{"PL809", "forwarding-loop", "error", "servfail unreachable"},
	{"PL810", "forwarder-times-out", "error", "ok alias public ok public"},
	{"PL811", "program-resolves-differently", "error", "ok alias public ok public"},
	{"PL812", "stale-answer", "warning", "ok public ok public"},
	{"PL813", "ruleset-overrides-zone", "error", "ok alias public ok public"},
	{"PL814", "azure-dns-unreachable", "error", "timeout unreachable"},
	{"PL815", "platform-ignores-custom-dns", "error", "ok alias public ok public"},
}

// glance is what a client sees of a journey up to the connection, and where it
// ended.
func glance(j fact.Journey) string {
	parts := []string{string(j.Answer.Outcome)}
	if j.Answer.Outcome == fact.Unseen {
		parts[0] = string(j.Resolver.Outcome)
	}
	if j.Answer.Alias {
		parts = append(parts, "alias")
	}
	parts = append(parts, string(j.Answer.Class), string(j.Connect.Outcome), string(j.Verdict()))
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// inWorld is the case of a client of which the configuration was read, and
// nothing was seen.
func inWorld(t *testing.T, w *world.World, client world.ID, vault string) *rule.Case {
	t.Helper()
	c := &rule.Case{Service: w.Service(), Vault: vault, World: w, Wants: world.WantPrivate}
	var ok bool
	if c.Client, ok = w.Host(client); !ok {
		t.Fatalf("the world has no host %s", client)
	}
	c.Host, _ = c.Service.Host(vault)
	o := predict.Options{Authenticate: true}
	if v, ok := w.VaultNamed(vault); ok {
		c.Resource = v
		for e := range w.EndpointsOf(v.ID) {
			o.Candidates = append(o.Candidates, e.Addresses...)
		}
	}
	seen := predict.Observe(w, c.Client, predict.Target{Vault: vault}, o)
	c.Predicted, c.Journey = &seen, seen.Journey
	return c
}

func siteOf(t *testing.T, w *world.World, client world.ID, vault string) rule.Site {
	t.Helper()
	h, ok := w.Host(client)
	v, found := w.VaultNamed(vault)
	if !ok || !found {
		t.Fatalf("the world lacks the host %s or the vault %s", client, vault)
	}
	return rule.Site{World: w, Client: h, Vault: v}
}

func ruleOf(t *testing.T, code string) *rule.Rule {
	t.Helper()
	x, ok := rule.ByCode(code)
	if !ok {
		t.Fatalf("there is no rule %s", code)
	}
	return x
}

// causes are the codes of the DNS family that fail and are no symptoms.
func causes(t *testing.T, c *rule.Case) []string {
	t.Helper()
	var codes []string
	for _, row := range dnsCodes {
		if x := ruleOf(t, row.code); !x.Symptom && x.Eval(c).Status == rule.StatusFail {
			codes = append(codes, row.code)
		}
	}
	return codes
}

func TestDNSRulesAreTheContracts(t *testing.T) {
	for _, row := range dnsCodes {
		x := ruleOf(t, row.code)
		if x.Slug != row.slug || string(x.Severity) != row.severity {
			t.Errorf("%s is %s, %s; the contract says %s, %s", row.code, x.Slug, x.Severity, row.slug, row.severity)
		}
		if by, ok := rule.ByCode(row.slug); !ok || by != x {
			t.Errorf("%s is not found as %s", row.code, row.slug)
		}
	}
}

// looksOtherwise are the shapes where a fault shows itself in another way than
// dnsCodes has it: a second server steps in, or a firewall keeps the public side
// away. What the judge makes of those is for the matrix of conform to say.
var looksOtherwise = map[string]bool{
	"internet-behind-a-firewall": true, "firewall-as-dns-proxy": true, "two-dns-servers": true, "split-dns": true,
}

// TestDNSFaults brings every fault about in every stock world where it can
// happen: it is seen, nothing else of the family is taken for it, and its
// repair makes the path private again.
func TestDNSFaults(t *testing.T) {
	for _, row := range dnsCodes {
		x := ruleOf(t, row.code)
		if x.Breaks == nil {
			continue
		}
		made := 0
		for _, shape := range stock.Shapes("AzureCloud") {
			if looksOtherwise[shape.Name] {
				continue
			}
			for i, b := range x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault)) {
				made++
				t.Run(fmt.Sprintf("%s/%s/%d", row.code, shape.Name, i), func(t *testing.T) {
					oneFault(t, x, shape, b, i == 0, row.seen)
				})
			}
		}
		if made == 0 && row.seen != "" {
			t.Errorf("%s can be brought about in no stock world", row.code)
		}
	}
}

func oneFault(t *testing.T, x *rule.Rule, shape stock.Shape, b rule.Break, first bool, seen string) {
	t.Helper()
	for _, ch := range b {
		if ch.Title(shape.World) == "" {
			t.Errorf("%T has no title", ch)
		}
	}
	broken := change.Apply(shape.World, b...)
	if broken == shape.World {
		t.Fatal("the Break changes nothing")
	}
	c := inWorld(t, broken, shape.Client, shape.Vault)
	if c.Journey.Proxy.Server != "" {
		return // the proxy resolves the name
	}
	if shape.Name == "no-way-to-the-internet" { // the public address is seen, and not reached
		seen = strings.Replace(seen, "public ok public", "public timeout unreachable", 1)
	}
	if got := glance(c.Journey); first && got != seen {
		t.Errorf("the client sees %q, want %q", got, seen)
	}
	result := x.Eval(c)
	if result.Status != rule.StatusFail || result.Why == "" || strings.Contains(result.Why, "/subscriptions/") {
		t.Errorf("the rule says %s: %q", result.Status, result.Why)
	}
	if got, want := causes(t, c), wantCauses(x); !slices.Equal(got, want) {
		t.Errorf("causes %v, want %v", got, want)
	}
	mended(t, x, c)
}

func wantCauses(x *rule.Rule) []string {
	if x.Symptom {
		return nil
	}
	return []string{x.Code}
}

// mended applies a rule's Mends.
func mended(t *testing.T, x *rule.Rule, c *rule.Case) {
	t.Helper()
	w := c.World
	mends := x.Mends(c)
	for _, m := range mends {
		if m.Title(w) == "" {
			t.Errorf("%T has no title", m)
		}
		for _, command := range append(m.Commands(w), m.Verify(w)...) {
			if strings.TrimSpace(command) == "" || strings.Contains(command, "\n") {
				t.Errorf("%T gives the command %q", m, command)
			}
		}
		w = m.Apply(w)
	}
	if len(mends) == 0 {
		if x.Code != "PL505" { // nothing is left to ask where the only server is silent
			t.Error("there is no repair")
		}
		return
	}
	after := inWorld(t, w, c.Client.ID, c.Vault)
	if v := after.Journey.Verdict(); v != fact.Private {
		t.Errorf("after the repair the path is %s: %s", v, glance(after.Journey))
	}
	if r := x.Eval(after); r.Status == rule.StatusFail {
		t.Errorf("after the repair the rule still fails: %s", r.Why)
	}
}

// TestDNSRulesLeaveHealthyWorldsAlone is the other half: all is well, and
// nobody is accused.
func TestDNSRulesLeaveHealthyWorldsAlone(t *testing.T) {
	for _, cloud := range []string{"AzureCloud", "AzureUSGovernment", "AzureChinaCloud"} {
		for _, shape := range stock.Shapes(cloud) {
			c := inWorld(t, shape.World, shape.Client, shape.Vault)
			for _, row := range dnsCodes {
				if r := ruleOf(t, row.code).Eval(c); r.Status == rule.StatusFail {
					t.Errorf("%s, %s: %s fails: %s", cloud, shape.Name, row.code, r.Why)
				}
			}
		}
	}
}

// TestDNSRulesDoNotGuess judges a case in which nobody looked at anything.
func TestDNSRulesDoNotGuess(t *testing.T) {
	w := world.Empty()
	nothing := &rule.Case{Service: w.Service(), Vault: "fabrikam"}
	nothing.Host, _ = nothing.Service.Host(nothing.Vault)
	for _, row := range dnsCodes {
		x := ruleOf(t, row.code)
		if r := x.Eval(nothing); r.Status != rule.StatusUnknown || r.Why == "" {
			t.Errorf("%s says %s (%s) of what nobody looked at", row.code, r.Status, r.Why)
		}
		if x.Mends != nil && len(x.Mends(nothing)) > 0 {
			t.Errorf("%s would mend what nobody knows", row.code)
		}
	}
}

// TestZoneRulesNeedTheZones takes the zones out of what was read.
func TestZoneRulesNeedTheZones(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[1]
	w := shape.World.WithGaps(world.Gap{Type: "microsoft.network/privatednszones", Why: "403"})
	c := inWorld(t, w, shape.Client, shape.Vault)
	for _, code := range []string{"PL601", "PL602", "PL603", "PL604", "PL605", "PL606", "PL607", "PL608", "PL609", "PL610", "PL611", "PL612"} {
		r := ruleOf(t, code).Eval(c)
		if r.Status != rule.StatusUnknown || !strings.Contains(r.Why, "403") {
			t.Errorf("%s says %s (%s) of zones that were not read", code, r.Status, r.Why)
		}
	}
}
