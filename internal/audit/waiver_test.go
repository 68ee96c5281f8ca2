package audit_test

import (
	"testing"
	"time"

	"pldoctor/internal/audit"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/estate"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// TestWaivers: what is suppressed stays visible and does not count, and what has
// expired or is of no use is named.
func TestWaivers(t *testing.T) {
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	today := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	w := unlinked(t)
	list := []audit.Waiver{
		{Code: "PL6*", Reason: "known", Expires: today},
		{Code: "PL301", Vault: "kv-*", Reason: "open for now", Expires: today},
		{Code: "PL6*", Reason: "was known", Expires: today.AddDate(0, 0, -1)},
		{Vault: "nosuch", Reason: "none", Expires: today},
	}
	errors := func(s rule.Severity) bool { return s == rule.Error }
	if r := report(w, nil); !r.Counts(errors) || len(r.Suppressions) > 0 {
		t.Errorf("without waivers: %+v", r.Groups)
	}
	r := report(w, audit.NewWaivers(list, now))
	if len(r.Groups) == 0 || r.Groups[0].Suppressed != r.Groups[0].Count || r.Groups[0].Examples[0].Suppressed != "known" {
		t.Errorf("suppressed: %+v", r.Groups)
	}
	if r.Counts(errors) {
		t.Error("what is suppressed counts")
	}
	for i, want := range []string{audit.StatusUsed, "", audit.StatusExpired, audit.StatusUnused} {
		if got := r.Suppressions[i].Status; want != "" && got != want {
			t.Errorf("%+v is %s, not %s", list[i], got, want)
		}
	}
	if r := report(w, audit.NewWaivers(list, now.AddDate(0, 0, 1))); !r.Counts(errors) {
		t.Error("a day later the suppression still holds")
	}
}

// unlinked is an estate of one region whose zone is linked to no VNet.
func unlinked(t *testing.T) *world.World {
	t.Helper()
	w := estate.Generate(8, estate.Size{Regions: 1, Spokes: 2, Vaults: 1, Clients: 1, Zones: 1}).World
	for z := range w.Zones() {
		bare := *z
		bare.Links = nil
		w = w.With(world.Put(&bare))
	}
	return diagnose.Sight(w, "")
}

func report(w *world.World, waivers *audit.Waivers) *audit.Report {
	p := audit.NewPlan(w, judgeOf(w), audit.Filter{})
	var rows [][]audit.Cell
	for n := range p.Networks {
		rows = append(rows, p.Row(n))
	}
	return p.Report(rows, waivers, diagnose.Tool{})
}
