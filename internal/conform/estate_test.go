package conform

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/estate"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// keep is where small scenario files of failures go; by default, where the test
// tidies up after itself.
var keep = flag.String("keep", "", "write the scenario file of each kind of failure to this directory")

// How many random estates the tests make, and how many patients they take of
// each.
const (
	healthyEstates = 500
	brokenEstates  = 500
	labEstates     = 250
	perEstate      = 6
)

// some is a number of random worlds, or a part of it under the race detector.
func some(n int) uint64 {
	if raced {
		n /= 40
	}
	return uint64(n)
}

// patientsOf takes some of the clients of an estate that want private link, each
// with one vault that it is meant to reach.
func patientsOf(r *rand.Rand, e *estate.Estate, most int) (list []patient) {
	for _, id := range e.Clients() {
		h, _ := e.World.Host(id)
		uses := e.Uses(id)
		if h.Wants == world.WantPrivate && len(uses) > 0 && len(list) < most {
			list = append(list, patient{e.World, id, uses[r.IntN(len(uses))]})
		}
	}
	return list
}

// wound picks one or two faults of those that can befall a patient.
func wound(r *rand.Rand, p patient) []injury {
	all := p.injuries()
	if len(all) == 0 {
		return nil
	}
	faults := []injury{all[r.IntN(len(all))]}
	if r.IntN(2) == 0 {
		faults = append(faults, all[r.IntN(len(all))])
	}
	return faults
}

// TestHealthyEstates: nobody is accused in an estate that is in order.
func TestHealthyEstates(t *testing.T) {
	w := newWard(t, soundly)
	for seed := range some(healthyEstates) {
		r := rand.New(rand.NewPCG(seed, 2))
		for _, p := range patientsOf(r, estate.Generate(seed, estate.Plausible(seed)), perEstate) {
			w.admit(seed, specimen{patient: p})
		}
	}
	w.discharge()
}

// soundly: the path is private, and the report accuses nobody.
func soundly(s specimen) string {
	seen := s.observed()
	if !s.isWell(seen) {
		return "finds a healthy estate " + string(seen.Journey.Verdict())
	}
	report := s.diagnosed(both, seen)
	accused := slices.Concat(report.RootCauses, report.Candidates)
	for _, f := range report.Findings {
		if f.Severity == rule.Error && !slices.Contains(accused, f.Code) {
			accused = append(accused, f.Code)
		}
	}
	if len(accused) > 0 {
		return "accuses " + strings.Join(accused, "+") + " in a healthy estate"
	}
	return ""
}

// TestBrokenEstates brings one or two faults about in random estates: those and
// no others are named, and mending what is named makes the path private. What is
// known to be judged wrongly stands in a file.
func TestBrokenEstates(t *testing.T) {
	w := newWard(t, curable)
	w.known = strings.Split(read(t, "testdata/misjudged-estates.txt"), "\n")
	for seed := range some(brokenEstates) {
		r := rand.New(rand.NewPCG(seed, 3))
		for _, p := range patientsOf(r, estate.Generate(seed, estate.Plausible(seed)), perEstate) {
			w.admit(seed, specimen{p, wound(r, p)})
		}
	}
	w.discharge()
}

// read returns a file of the tests' data.
func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// curable: of a patient that was well, the faults are found and mended.
func curable(s specimen) string {
	if !s.isWell(s.observed()) {
		return ""
	}
	for _, f := range s.faults { // which by itself has to come to what its code says
		if alone, ok := s.injured([]injury{f}); !ok || !alone.isWell(alone.observed()) && !alone.shows(f.code) {
			return ""
		}
	}
	return s.treated(s.faults)
}

// TestEstatesInTheLab holds prediction against probe in random estates, broken
// and whole.
func TestEstatesInTheLab(t *testing.T) {
	w := newWard(t, func(s specimen) string { return foreseen(t, s) })
	for seed := range some(labEstates) {
		r := rand.New(rand.NewPCG(seed, 4))
		for _, p := range patientsOf(r, estate.Generate(seed, estate.Plausible(seed)), 2) {
			s := specimen{patient: p}
			if r.IntN(4) > 0 {
				s.faults = wound(r, p)
			}
			w.admit(seed, s)
		}
	}
	w.discharge()
}

// foreseen: the probe in the lab sees what was predicted.
func foreseen(t *testing.T, s specimen) string {
	t.Helper()
	sick, ok := s.injured(s.faults)
	if !ok {
		return ""
	}
	target, _ := sick.target()
	if difference(t, sick.world, sick.host(), target) != "" {
		return "is told otherwise by the lab"
	}
	return ""
}

// A ward holds a property against many specimens. It counts the failures by
// kind and shrinks the first of each.
type ward struct {
	t     *testing.T
	holds property
	dir   string
	seen  int
	count map[string]int
	first map[string]string // what to tell of a kind
	known []string          // kinds of failures that are known
}

func newWard(t *testing.T, holds property) *ward {
	t.Helper()
	w := &ward{t: t, holds: holds, dir: *keep, count: make(map[string]int), first: make(map[string]string)}
	if w.dir == "" {
		w.dir = t.TempDir()
	}
	return w
}

// maxKinds bounds how many kinds of failures are shrunk.
const maxKinds = 40

// admit holds the property against one specimen.
func (w *ward) admit(seed uint64, s specimen) {
	w.t.Helper()
	w.seen++
	wrong := w.holds(s)
	if wrong == "" {
		return
	}
	s = s.spared(func(fewer specimen) bool { return w.holds(fewer) == wrong })
	kind := strings.TrimSpace(wrong + " " + strings.Join(codesOf(s.faults), "+"))
	if w.count[kind]++; w.count[kind] > 1 {
		return
	}
	w.first[kind] = fmt.Sprintf("seed %d: client %s, vault %s, faults %v", seed, s.host().Name(), s.vault, s.faults)
	if len(w.first) > maxKinds {
		return
	}
	small := shrunk(s, w.holds)
	w.first[kind] += fmt.Sprintf(", %d resources", len(small.world.Resources()))
	comment := fmt.Sprintf("Made from seed %d by %s.\nThe judge %s; client %s, vault %s, faults %v.",
		seed, w.t.Name(), wrong, small.host().Name(), small.vault, small.faults)
	file := small.kept(w.t, w.dir, strings.NewReplacer(" ", "-", "+", "-").Replace(kind), comment)
	if *keep != "" {
		w.first[kind] += ": " + file
		return
	}
	if text, err := os.ReadFile(file); err == nil && len(text) < maxShown {
		w.first[kind] += "\n" + string(text)
	}
}

// maxShown bounds the scenario files that are printed with a failure, in bytes.
const maxShown = 8 << 10

// discharge reports what was found.
func (w *ward) discharge() {
	w.t.Helper()
	if w.seen < int(some(labEstates)) {
		w.t.Errorf("%d specimens only", w.seen)
	}
	sick := 0
	for _, kind := range slices.Sorted(maps.Keys(w.count)) {
		sick += w.count[kind]
		if !slices.Contains(w.known, kind) {
			w.t.Errorf("%d times the judge %s; first by %s", w.count[kind], kind, w.first[kind])
		}
	}
	w.t.Logf("%d specimens, %d failures of %d kinds", w.seen, sick, len(w.count))
}
