package conform

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// A healthy patient and the world that it lives in, by name.
type resident struct {
	patient
	name string
}

// residents are the clients of the healthy worlds that want private link, and
// have it: one of each shape of the stock, and those of the scenarios that
// ship. Of these, few takes the first client of each world only.
func residents(t testing.TB, few bool) []resident {
	t.Helper()
	var list []resident
	for _, s := range stock.Shapes("AzureCloud") {
		list = append(list, resident{patient{s.World, s.Client, s.Vault}, "stock/" + s.Name})
	}
	taken := map[string]bool{}
	for _, b := range beds(t) {
		healthy := strings.HasPrefix(b.scenario.Name, "healthy") && b.expect.Verdict == fact.Private
		if v, ours := b.scenario.World.VaultNamed(b.target.Vault); !healthy || !ours || v.Foreign || few && taken[b.scenario.Name] {
			continue
		}
		taken[b.scenario.Name] = true
		list = append(list, resident{patient{b.scenario.World, b.host.ID, b.target.Vault}, b.name})
	}
	return list
}

// An outcome is what one case of the matrix came to.
type outcome struct {
	codes    string // of what was brought about
	mode     mode
	found    bool
	harmless bool   // it does not touch this client
	named    int    // root causes and candidates
	wrong    string // what the judge does wrong; "" for nothing
	where    string
}

// kind is what outcomes that are wrong in the same way have in common.
func (o outcome) kind() string { return fmt.Sprintf("%s, %s: %s", o.mode, o.codes, o.wrong) }

// inParallel runs a job for each resident on all processors, in order of the
// residents.
func inParallel(list []resident, job func(resident) []outcome) []outcome {
	results := make([][]outcome, len(list))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, p := range list {
		wait.Go(func() {
			slots <- struct{}{}
			results[i] = job(p)
			<-slots
		})
	}
	wait.Wait()
	return slices.Concat(results...)
}

// singles brings every fault about that can befall a patient, one at a time, and
// diagnoses it in every mode.
func singles(p resident) (list []outcome) {
	for i, f := range p.injuries() {
		sick, ok := p.injured([]injury{f})
		if !ok || raced && i%10 > 0 {
			continue
		}
		seen := sick.observed()
		if sick.isWell(seen) {
			list = append(list, outcome{codes: f.code, harmless: true, wrong: p.unharmed(sick, seen), where: p.name + " " + f.String()})
			continue
		}
		if !sick.shows(f.code) { // something else came of it, which has a code of its own
			continue
		}
		for _, m := range [...]mode{both, probeAlone, configurationAlone} {
			if m == configurationAlone && (p.private() || slices.ContainsFunc(world.Changed(p.world, sick.world), world.ID.IsHost)) {
				continue // no configuration shows it
			}
			v := sick.single(f, m, seen)
			v.where = p.name + " " + f.String()
			if slices.ContainsFunc(peculiar(p.name, f.code, m), func(code string) bool { return strings.Contains(v.wrong, code) }) {
				v.wrong = "" // and not found
			}
			list = append(list, v)
		}
		if wrong := p.treated([]injury{f}, peculiar(p.name, f.code, both)...); wrong != "" {
			list = append(list, outcome{codes: f.code, mode: both, wrong: wrong, where: p.name + " " + f.String()})
		}
	}
	return list
}

// unharmed: a fault that does this client no harm accuses nobody.
func (p patient) unharmed(sick patient, seen fact.Observation) string {
	for _, m := range [...]mode{both, probeAlone, configurationAlone} {
		if m == configurationAlone && p.private() {
			continue
		}
		report := sick.diagnosed(m, seen)
		if accuses(report) || len(report.RootCauses) > 0 {
			return fmt.Sprintf("accuses %s with %s, though all is well", strings.Join(report.RootCauses, "+"), m)
		}
	}
	return ""
}

// private tells whether settings of the client's own, which no configuration
// shows, have a part in its path.
func (p patient) private() bool {
	h := p.host()
	return len(h.Environ)+len(h.Nameservers)+len(h.Hosts)+len(h.Split) > 0 || h.HostHeader != ""
}

// single judges one fault in one mode.
func (p patient) single(f injury, m mode, seen fact.Observation) outcome {
	if m == probeAlone { // who knows no endpoint's address
		seen = p.seenAlone()
	}
	report := p.diagnosed(m, seen)
	v := outcome{codes: f.code, mode: m, named: len(report.RootCauses) + len(report.Candidates)}
	blamed := blamedBy(report)
	v.found = slices.Contains(blamed, f.code) || standsFor(blamed, f.code) || report.Verdict == fact.ServiceEndpoint && slices.Contains(blamed, "PL306")
	if m == both {
		v.found = slices.Equal(report.RootCauses, []string{f.code})
	}
	if m == configurationAlone && report.Verdict != seen.Journey.Verdict() {
		v.wrong = fmt.Sprintf("predicts %s, not %s", report.Verdict, seen.Journey.Verdict())
	}
	for _, code := range report.RootCauses {
		if code != f.code && !v.found {
			v.wrong = "accuses " + strings.Join(report.RootCauses, "+")
		}
	}
	if !v.found && v.wrong == "" {
		v.wrong = "leaves open " + strings.Join(report.Candidates, "+")
	}
	return v
}

// standsFor tells whether a symptom was brought about and a cause of the same
// looks is named in its place.
func standsFor(blamed []string, code string) bool {
	x, ok := rule.ByCode(code)
	return ok && x.Symptom && len(blamed) > 0
}

// TestMatrixSingles brings every fault about in every healthy world, for every
// client that it can befall: what is named is what was brought about, what the
// report says mends it, and a fault that does no harm accuses nobody.
func TestMatrixSingles(t *testing.T) {
	wrong := map[string]string{}
	for _, o := range inParallel(residents(t, false), singles) {
		if o.wrong != "" {
			wrong[o.kind()] = o.where
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(wrong)) {
		t.Errorf("%s, e.g. %s", kind, wrong[kind])
	}
}

// full takes all pairs; by default, a part of them.
var full = flag.Bool("full", false, "bring every two faults about in TestMatrixPairs, not a part of them")

// portion is one in how many pairs the tests take: all with -full.
func portion() int {
	switch {
	case *full:
		return 1
	case raced:
		return 400
	}
	return 40
}

// misjudged lists the kinds of pairs that are judged wrongly: written by -full
// -update, and read before they are committed.
const misjudged = "testdata/misjudged-pairs.txt"

// TestMatrixPairs brings every two faults about in every healthy world, for its
// first client: nobody else is ever accused, what one fault hides surfaces once
// that is mended, and without configuration one of the two is among what is
// named. What is still judged wrongly stands in a file, and nothing else is.
func TestMatrixPairs(t *testing.T) {
	all := inParallel(residents(t, true), pairs)
	wrong := map[string]int{}
	for _, o := range all {
		if o.wrong != "" {
			wrong[o.kind()]++
		}
	}
	kinds := slices.Sorted(maps.Keys(wrong))
	if *full && *update {
		text := "# Pairs of faults that are judged wrongly in some world. Written by\n# go test ./internal/conform -run Matrix -full -update\n" +
			strings.Join(kinds, "\n") + "\n"
		if err := os.WriteFile(misjudged, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(misjudged)
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(string(data), "\n")
	for _, kind := range kinds {
		if !slices.Contains(known, kind) {
			t.Errorf("new: %s", kind)
		}
	}
	if *full {
		holdPairs(t, all)
	}
}

// pairs brings every two faults about that can befall a patient.
func pairs(p resident) (list []outcome) {
	all := p.injuries()
	fit := map[injury]bool{}
	for _, f := range all {
		sick, ok := p.injured([]injury{f})
		fit[f] = ok && (sick.isWell(sick.observed()) || sick.shows(f.code))
	}
	r := rand.New(rand.NewPCG(uint64(len(p.name)), uint64(len(all))))
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.code == b.code || !fit[a] || !fit[b] || r.IntN(portion()) > 0 {
				continue
			}
			faults := []injury{a, b}
			sick, ok := p.injured(faults)
			if !ok {
				continue
			}
			seen := sick.observed()
			if sick.isWell(seen) {
				continue
			}
			v := outcome{codes: a.code + "+" + b.code, mode: both, where: fmt.Sprintf("%s %s %s", p.name, a, b), wrong: p.treated(faults, append(peculiar(p.name, a.code, both), peculiar(p.name, b.code, both)...)...)}
			list = append(list, v)
			report := sick.diagnosed(probeAlone, sick.seenAlone())
			blamed := blamedBy(report)
			v = outcome{codes: v.codes, mode: probeAlone, where: v.where, named: len(blamed)}
			allowed := brought(faults)
			stands := standsFor(blamed, a.code) || standsFor(blamed, b.code)
			if !stands && !slices.ContainsFunc(blamed, func(c string) bool { return slices.Contains(allowed, c) }) {
				v.wrong = "names " + strings.Join(report.RootCauses, "+") + "; " + strings.Join(report.Candidates, "+")
			}
			list = append(list, v)
		}
	}
	return list
}
