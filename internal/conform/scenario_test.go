package conform

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// rtt is what a round trip takes in the labs of these tests.
const rtt = 20 * time.Millisecond

// A bed is one host of one scenario.
type bed struct {
	name     string
	scenario *scenario.Scenario
	host     *world.Host
	target   doctor.Target
	expect   scenario.Expectation
	cut      bool // side probes end once the path is proven private
}

// beds lists every host of every scenario that ships for which the file says
// what a diagnosis must say.
func beds(t testing.TB) []bed {
	t.Helper()
	var list []bed
	for _, name := range scenario.Names() {
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, bedsOf(t, s)...)
	}
	return list
}

// sampled is every sixteenth bed under the race detector, which looks for something
// else; the gate runs all of them without it.
func sampled(list []bed) []bed {
	if !raced {
		return list
	}
	var few []bed
	for i := 0; i < len(list); i += 16 {
		few = append(few, list[i])
	}
	return few
}

// fieldBeds are those of the scenarios in testdata: cases from the field that
// once were judged wrongly.
func fieldBeds(t testing.TB) []bed {
	t.Helper()
	files, err := filepath.Glob("testdata/scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	var list []bed
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Parse(strings.TrimSuffix(filepath.Base(file), ".yaml"), data, scenario.Shipped())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, bedsOf(t, s)...)
	}
	return list
}

func bedsOf(t testing.TB, s *scenario.Scenario) []bed {
	t.Helper()
	var list []bed
	for _, h := range s.Hosts {
		expect, ok := s.Expect[h]
		if !ok {
			continue
		}
		host, _ := s.World.Host(world.HostID(h))
		target, err := doctor.ParseTarget(expect.Vault, s.World.Service().Cloud.Name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, bed{name: s.Name + "/" + h, scenario: s, host: host, target: target, expect: expect})
	}
	return list
}

func (b bed) check(t *testing.T, d *doctor.Doctor, configuration, authenticate bool) diagnose.Report {
	t.Helper()
	var r diagnose.Report
	synctest.Test(t, func(t *testing.T) {
		l := lab.Start(b.scenario.World, lab.Options{RTT: rtt})
		defer l.Close()
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, configuration)
		if err != nil {
			t.Fatal(err)
		}
		c.Budget, c.Authenticate, c.Cut = time.Minute, authenticate, b.cut
		r = d.Check(t.Context(), c)
	})
	return r
}

// TestScenarios holds every shipped scenario against what its file expects.
func TestScenarios(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	for _, b := range sampled(append(beds(t), fieldBeds(t)...)) {
		t.Run(b.name, func(t *testing.T) {
			for _, mode := range []string{"both", "both, with a token", "probe alone", "both, cut"} {
				b.cut = mode == "both, cut" // as the command line does
				r := b.check(t, d, mode != "probe alone", mode == "both, with a token")
				b.judge(t, mode, r)
			}
		})
	}
}

func (b bed) judge(t *testing.T, mode string, r diagnose.Report) {
	t.Helper()
	if r.Verdict != b.expect.Verdict {
		t.Errorf("%s: verdict %s, want %s", mode, r.Verdict, b.expect.Verdict)
	}
	if b.expect.Access != "" && r.Access != fact.AccessUntested && r.Access != b.expect.Access {
		t.Errorf("%s: access %s, want %s", mode, r.Access, b.expect.Access)
	}
	if b.aboutIdentity() && r.Access == fact.AccessUntested { // without a token nobody knows
		b.expect.RootCauses, b.expect.Candidates = nil, []string{}
	}
	blamed := blamedBy(r)
	switch {
	case mode == "probe alone" && b.expect.Candidates != nil && len(b.expect.Candidates) == 0:
		if len(blamed) > 0 { // the client alone sees nothing wrong
			t.Errorf("%s: causes and candidates %v, want none", mode, blamed)
		}
	case mode == "probe alone":
		for _, code := range b.expect.RootCauses {
			if !slices.Contains(blamed, code) && !standsFor(blamed, code) {
				t.Errorf("%s: %s is not among the causes %v and candidates %v", mode, code, r.RootCauses, r.Candidates)
			}
		}
		if want := b.expect.Candidates; want != nil && !sameSet(want, append(slices.Clone(r.RootCauses), r.Candidates...)) {
			t.Errorf("%s: candidates %v, want %v", mode, blamed, want)
		}
	case !slices.Equal(r.RootCauses, b.expect.RootCauses) || len(r.Candidates) > 0:
		t.Errorf("%s: causes %v, candidates %v, want %v", mode, r.RootCauses, r.Candidates, b.expect.RootCauses)
	}
	if len(b.expect.RootCauses) == 0 {
		noAccusation(t, mode, r)
	}
	for _, code := range b.expect.Advice {
		if mode != "probe alone" && !hasFinding(r, code, diagnose.RoleAdvice) {
			t.Errorf("%s: no advice %s", mode, code)
		}
	}
	for _, code := range b.expect.Consequences {
		if mode != "probe alone" && !hasFinding(r, code, diagnose.RoleConsequence) {
			t.Errorf("%s: %s is not named a consequence", mode, code)
		}
	}
	for _, code := range b.expect.Masked {
		masked := func(c diagnose.Check) bool { return c.Code == code && c.Status == rule.StatusMasked }
		if mode != "probe alone" && !slices.ContainsFunc(r.Checks, masked) {
			t.Errorf("%s: %s is not masked by the causes", mode, code)
		}
	}
}

// blamedBy are the root causes and candidates of a report, with the variants
// that stand under these.
func blamedBy(r diagnose.Report) []string {
	blamed := append(slices.Clone(r.RootCauses), r.Candidates...)
	for _, f := range r.Findings {
		blamed = append(blamed, f.Also...)
	}
	return blamed
}

// aboutIdentity tells whether what is wrong is who asks, which takes a token to
// see.
func (b bed) aboutIdentity() bool { return b.expect.Access == fact.AccessRefusedIdentity }

func noAccusation(t *testing.T, mode string, r diagnose.Report) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Severity == rule.Error {
			t.Errorf("%s: %s accuses a healthy host: %s", mode, f.Code, f.Why)
		}
	}
}

func hasFinding(r diagnose.Report, code string, role diagnose.Role) bool {
	return slices.ContainsFunc(r.Findings, func(f diagnose.Finding) bool { return f.Code == code && f.Role == role })
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// TestPredictionMatchesProbe holds what is predicted of the whole world against
// what the probes see of it in the lab.
func TestPredictionMatchesProbe(t *testing.T) {
	for _, b := range sampled(append(beds(t), fieldBeds(t)...)) {
		t.Run(b.name, func(t *testing.T) {
			compare(t, b.scenario.World, b.host, b.target)
		})
	}
}

func compare(t *testing.T, w *world.World, host *world.Host, target doctor.Target) {
	t.Helper()
	if diff := difference(t, w, host, target); diff != "" {
		t.Error(diff)
	}
}

// difference is what a probe in the lab sees otherwise than predicted, "" for
// nothing, without a token and with one.
func difference(t *testing.T, w *world.World, host *world.Host, target doctor.Target) string {
	t.Helper()
	candidates := diagnose.EndpointAddresses(w, target.Vault)
	for _, authenticate := range []bool{false, true} {
		predicted := predict.Observe(w, host, predict.Target{Vault: target.Vault, Host: target.Host},
			predict.Options{Candidates: candidates, Authenticate: authenticate})
		var seen fact.Observation
		synctest.Test(t, func(t *testing.T) {
			l := lab.Start(w, lab.Options{RTT: rtt})
			defer l.Close()
			seen = probeIn(t.Context(), t, l, host, target, candidates, authenticate)
		})
		presented := authenticate && host.Identity != world.NoIdentity
		if diff := cmp.Diff(observable(predicted, presented), observable(seen, presented), options...); diff != "" {
			return fmt.Sprintf("authenticate %v: predicted (-) and seen (+) differ:\n%s", authenticate, diff)
		}
	}
	return ""
}

var options = cmp.Options{
	cmpopts.EquateEmpty(), cmpopts.EquateComparable(fact.Journey{}, fact.AddressView{}, fact.ServerView{}),
}

// observable keeps what a prediction and a probe have in common: no resources,
// no reasons, no times; and what a vault's settings say only with a token.
func observable(o fact.Observation, authenticate bool) fact.Observation {
	o.Journey, o.Direct = seenJourney(o.Journey, authenticate), seenJourney(o.Direct, authenticate)
	o.Servers = slices.Clone(o.Servers)
	for i := range o.Servers {
		v := &o.Servers[i]
		v.Host.By, v.Host.Reason, v.Alias.By, v.Alias.Reason = "", "", "", ""
		v.Unchecked.By, v.Unchecked.Reason = "", ""
	}
	o.Addresses = slices.Clone(o.Addresses)
	for i, v := range o.Addresses {
		j := fact.Journey{Connect: v.Connect, TLS: v.TLS, Exchange: v.Exchange}.Observable()
		o.Addresses[i] = fact.AddressView{Addr: v.Addr, Connect: j.Connect, TLS: j.TLS, Exchange: j.Exchange}
	}
	slices.SortFunc(o.Addresses, func(a, b fact.AddressView) int { return a.Addr.Compare(b.Addr) })
	return fact.Observation{Journey: o.Journey, Direct: o.Direct, Servers: o.Servers, Addresses: o.Addresses}
}

func seenJourney(j fact.Journey, authenticate bool) fact.Journey {
	if !authenticate {
		j.Access = fact.AccessHop{}
	}
	return j.Observable()
}
