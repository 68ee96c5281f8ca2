package change_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

var update = flag.Bool("update", false, "rewrite testdata/changes.txt, which is then read by eye")

var values = cmp.Options{
	cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{}, netip.Prefix{}, dnsname.Name{}),
	cmpopts.IgnoreUnexported(world.Zone{}),
}

// differences collects the places at which two resources differ, a line each.
type differences struct {
	path  cmp.Path
	lines []string
}

func (d *differences) PushStep(s cmp.PathStep) { d.path = append(d.path, s) }
func (d *differences) PopStep()                { d.path = d.path[:len(d.path)-1] }

func (d *differences) Report(r cmp.Result) {
	if r.Equal() {
		return
	}
	x, y := d.path.Last().Values()
	what := fmt.Sprintf("%s -> %s", text(x), text(y))
	switch {
	case !x.IsValid():
		what = "+ " + text(y)
	case !y.IsValid():
		what = "- " + text(x)
	}
	d.lines = append(d.lines, "    "+d.path.String()+": "+what)
}

func text(v reflect.Value) string {
	if v.IsValid() && v.Kind() == reflect.String {
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprintf("%+v", v)
}

// short leaves out what all ids of the estate begin with.
var short = strings.NewReplacer("/subscriptions/S/resourceGroups/RG/providers/", "", "/subscriptions/s/resourcegroups/rg/providers/", "")

// effect says what a change made of a World.
func effect(before, after *world.World) string {
	var b strings.Builder
	for _, id := range world.Changed(before, after) {
		x, y := before.Lookup(id), after.Lookup(id)
		switch {
		case x == nil:
			fmt.Fprintf(&b, "  + %s\n", world.MetaOf(y).Path)
		case y == nil:
			fmt.Fprintf(&b, "  - %s\n", world.MetaOf(x).Path)
		default:
			var d differences
			cmp.Equal(x, y, values, cmp.Reporter(&d))
			fmt.Fprintf(&b, "  ~ %s\n%s\n", world.MetaOf(x).Path, strings.Join(d.lines, "\n"))
		}
	}
	return short.Replace(b.String())
}

// TestChanges holds every change against testdata/changes.txt: its title, all
// that it changes in the World, the commands that do the same ($) and those
// that show it (?).
func TestChanges(t *testing.T) {
	file := filepath.Join("testdata", "changes.txt")
	var b strings.Builder
	e := estate{}
	w := e.world(t)
	for _, c := range e.changes() {
		fmt.Fprintf(&b, "%s: %s\n%s", strings.TrimPrefix(fmt.Sprintf("%T", c), "change."), c.Title(w), effect(w, c.Apply(w)))
		for _, s := range c.Commands(w) {
			fmt.Fprintf(&b, "  $ %s\n", s)
		}
		for _, s := range c.Verify(w) {
			fmt.Fprintf(&b, "  ? %s\n", s)
		}
		b.WriteByte('\n')
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stands, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(stands), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("%s (-) and what is (+) differ:\n%s", file, diff)
	}
}

// again are changes that make something anew each time.
var again = regexp.MustCompile(`^change\.(CreateEndpoint|RequestEndpoint|RecreateEndpoint)$`)

// TestApply: a change leaves the World that it was given as it was, changes
// something, nothing a second time, and nothing where nothing is there.
func TestApply(t *testing.T) {
	e := estate{}
	for _, c := range e.changes() {
		name := fmt.Sprintf("%T", c)
		w := e.world(t)
		once := c.Apply(w)
		if diff := cmp.Diff(e.world(t).Resources(), w.Resources(), values); diff != "" {
			t.Errorf("%s changed the World that it was given:\n%s", name, diff)
		}
		if len(world.Changed(w, once)) == 0 {
			t.Errorf("%s: %+v changes nothing", name, c)
		}
		if twice := c.Apply(once); twice != once && !again.MatchString(name) {
			t.Errorf("%s: %s a second time:\n%s", name, c.Title(w), effect(once, twice))
		}
		nothing := world.Empty()
		if _, creates := c.(change.CreateZone); c.Apply(nothing) != nothing && !creates {
			t.Errorf("%s changes a World with nothing in it:\n%s", name, effect(nothing, c.Apply(nothing)))
		}
		if c.Title(nothing) == "" { // nor do these panic
			t.Errorf("%s has no title", name)
		}
		_, _ = c.Commands(nothing), c.Verify(nothing)
	}
}

// TestEveryChangeIsTested looks for the types in the source.
func TestEveryChangeIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range (estate{}).changes() {
		tested[strings.TrimPrefix(fmt.Sprintf("%T", c), "change.")] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	method := regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) Apply\(`)
	found := 0
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range method.FindAllStringSubmatch(string(source), -1) {
			if found++; !tested[m[1]] {
				t.Errorf("%s: no change of the type %s is among those of estate", f, m[1])
			}
		}
	}
	if found < len(tested) {
		t.Errorf("%d types found in the source, %d are tested", found, len(tested))
	}
}

// TestNamesAreQuoted: no name can smuggle a command into a shell. What is left
// of a command without its single-quoted parts holds nothing of the name.
func TestNamesAreQuoted(t *testing.T) {
	quoted := regexp.MustCompile(`'[^']*'|\\'`)
	for _, meta := range "';&|<>()$`\"\\*?[]{}#~! \t\n" {
		mark := string(meta) + "Evil"
		e := estate{mark}
		w := e.world(t)
		seen := 0
		for _, c := range e.changes() {
			for _, s := range append(c.Commands(w), c.Verify(w)...) {
				if strings.Contains(strings.ToLower(s), "evil") {
					seen++
				}
				if left := quoted.ReplaceAllString(s, ""); strings.Contains(strings.ToLower(left), "evil") {
					t.Errorf("%T: the name is not quoted: %s", c, s)
				}
			}
		}
		if seen < 80 {
			t.Errorf("only %d commands hold the name: the test tests nothing", seen)
		}
	}
}
