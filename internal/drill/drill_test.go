package drill_test

import (
	"fmt"
	"strings"
	"testing"

	"pldoctor/internal/drill"
	"pldoctor/internal/fact"
	"pldoctor/internal/scenario"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

func begin(t *testing.T, name string) drill.Drill {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return drill.New(s.World)
}

func at(host, vault string) drill.Place { return drill.Place{Host: world.HostID(host), Vault: vault} }

func broken(d drill.Drill) string {
	var list []string
	for _, f := range d.Broken() {
		list = append(list, fmt.Sprintf("%s %s: %s", f.Rule.Code, f.Place, f.Path))
	}
	return strings.Join(list, ", ")
}

// TestUndo: a fault is taken back as if it had never been, whatever came before
// and after it.
func TestUndo(t *testing.T) {
	app := at("app", "fabrikam")
	d := begin(t, "healthy-hub-and-spokes")
	healthy := d.World()
	for _, code := range []string{"record-missing", "pl806"} {
		next, f, err := d.Break(code, app)
		if err != nil {
			t.Fatal(err)
		}
		if f.Path != fact.NotReached {
			t.Errorf("%s: the path is %s", code, f.Path)
		}
		d = next
	}
	if got, want := broken(d), "PL604 from app to fabrikam: unreachable, PL806 from app to fabrikam: unreachable"; got != want {
		t.Errorf("broken: %s, want %s", got, want)
	}
	d, ok := d.Undo("PL604")
	if got, want := broken(d), "PL806 from app to fabrikam: unreachable"; !ok || got != want {
		t.Errorf("broken: %s, want %s", got, want)
	}
	if _, ok := d.Undo("PL604"); ok {
		t.Error("it is undone twice")
	}
	d, ok = d.Undo("nsg-denies")
	if left := world.Changed(healthy, d.World()); !ok || len(left) > 0 {
		t.Errorf("changed in the end: %v", left)
	}
}

// TestRefused: what cannot be done is an error, and changes nothing.
func TestRefused(t *testing.T) {
	d := begin(t, "healthy")
	app := at("app", "fabrikam")
	for want, try := range map[string]func() (drill.Drill, error){
		`"PL999" is no finding code`: func() (drill.Drill, error) { next, _, err := d.Break("pl999", app); return next, err },
		"PL401 answer-not-private follows from other faults and cannot be brought about by itself": func() (drill.Drill, error) { next, _, err := d.Break("PL401", app); return next, err },
		"PL808 peering-broken cannot happen from app to fabrikam as things are":                    func() (drill.Drill, error) { next, _, err := d.Break("PL808", app); return next, err },
		"there is no host nobody": func() (drill.Drill, error) {
			next, _, err := d.Break("PL604", at("nobody", "fabrikam"))
			return next, err
		},
		"there is no vault contoso":                func() (drill.Drill, error) { next, _, err := d.Repair("PL604", at("app", "contoso")); return next, err },
		"there is no exercise 7: there are 1 to 6": func() (drill.Drill, error) { next, _, _, err := d.Take(7); return next, err },
		`exercise 5 cannot be brought about in this scenario: "pldoctor lab up two-endpoints-one-fails" is one to take`: func() (drill.Drill, error) { next, _, _, err := d.Take(5); return next, err },
		"PL604 record-missing is not what is wrong from app to fabrikam: nothing was changed":                           func() (drill.Drill, error) { next, _, err := d.Repair("PL604", app); return next, err },
		"PL401 answer-not-private is what is seen and not why: nothing was changed":                                     func() (drill.Drill, error) { next, _, err := d.Repair("PL401", app); return next, err },
	} {
		next, err := try()
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if next.World() != d.World() {
			t.Errorf("%s: something changed", want)
		}
	}
}

// TestExercises: each is open once it is taken, stays so after a wrong guess, and
// is solved by the documented repair of what is behind it.
func TestExercises(t *testing.T) {
	ways := 0
	for _, name := range []string{"healthy", "healthy-hub-and-spokes", "healthy-two-regions", "healthy-shared-zone"} {
		d := begin(t, name)
		healthy := d.World()
		all, fits := d.Exercises()
		for i, e := range all {
			for range 6 {
				if !fits[i] {
					continue
				}
				next, _, place, err := d.Take(e.Number)
				if err != nil {
					t.Fatal(err)
				}
				d = next
				ways++
				solve(t, fmt.Sprintf("%s %d %s", name, e.Number, broken(d)), d, place)
				if left := world.Changed(healthy, d.Restore().World()); len(left) > 0 {
					t.Errorf("%s %d: %v differ once it is given up", name, e.Number, left)
				}
			}
		}
	}
	if ways < 80 {
		t.Errorf("only %d exercises were taken", ways)
	}
}

func solve(t *testing.T, what string, d drill.Drill, place drill.Place) {
	t.Helper()
	if d.Solved() {
		t.Errorf("%s: solved from the start", what)
	}
	code := d.Broken()[0].Rule.Code
	if _, ok := d.Undo(code); ok {
		t.Errorf("%s: an exercise's fault can be undone", what)
	}
	wrong, _, err := d.Repair("PL612", place) // which no exercise has
	if err == nil || wrong.World() != d.World() {
		t.Errorf("%s: a wrong guess changed something (%v)", what, err)
	}
	mended, r, err := d.Repair(code, place)
	if err != nil || len(r.Steps) == 0 || r.Path != fact.Private {
		t.Errorf("%s: %s, %v", what, r.Path, err)
	}
	if !mended.Solved() {
		t.Errorf("%s: not solved by its repair", what)
	}
}

// TestRepairEverything: of every fault in every healthy world that takes the
// private path away, the documented repair brings it back. Behind a firewall that
// drops questions to other servers, and with a second server that answers, the
// fault shows as another one.
func TestRepairEverything(t *testing.T) {
	apart := map[string]bool{
		"internet-behind-a-firewall PL802": true, "internet-behind-a-firewall PL811": true,
		"firewall-as-dns-proxy PL811": true, "two-dns-servers PL801": true,
	}
	for _, shape := range stock.Shapes("AzureCloud") {
		d := drill.New(shape.World)
		p := drill.Place{Host: shape.Client, Vault: shape.Vault}
		faults, err := d.Fitting(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) < 25 {
			t.Errorf("%s: only %d faults fit", shape.Name, len(faults))
		}
		for _, f := range faults {
			bad, got, err := d.Break(f.Rule.Slug, p)
			if err != nil || got.Path != f.Path {
				t.Errorf("%s, %s: listed as %s, brought about as %s (%v)", shape.Name, f.Rule.Code, f.Path, got.Path, err)
			}
			if f.Path == fact.Private || f.Rule.Symptom || f.Rule.Mends == nil {
				continue
			}
			_, r, err := bad.Repair(f.Rule.Code, p)
			if mended := err == nil && r.Path == fact.Private; mended == apart[shape.Name+" "+f.Rule.Code] {
				t.Errorf("%s, %s: %s after %q (%v)", shape.Name, f.Rule.Code, r.Path, r.Steps, err)
			}
		}
	}
}

// TestLost: what an exercise takes from others is told, though it is the path of
// its own place that has to be private.
func TestLost(t *testing.T) {
	d, _, place, err := begin(t, "healthy-hub-and-spokes").Take(1)
	for err == nil && d.Broken()[0].Rule.Code != "PL601" {
		d, _, place, err = d.Take(1)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := len(d.Lost())
	d, _, err = d.Repair("PL601", place)
	if err != nil || !d.Solved() || len(d.Lost()) == 0 || len(d.Lost()) > before {
		t.Errorf("lost %d, then %d; solved: %t (%v)", before, len(d.Lost()), d.Solved(), err)
	}
	for _, p := range d.Lost() {
		if next, r, err := d.Repair("PL603", p); err == nil && r.Path == fact.Private {
			d = next
		}
	}
	if left := d.Lost(); len(left) > 0 {
		t.Errorf("still lost once the zone is linked to the others: %v", left)
	}
}
