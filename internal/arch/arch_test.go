// Package arch holds the tests that keep the code to docs/design.md: layers,
// purity, the one door to the network, and the size of things.
package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A layer is a row of the table of packages.
type layer struct {
	pure    bool
	imports []string // packages of ours
}

// layers reads the table of packages. Its order is bottom up: a row may name
// rows above it only.
func layers(t *testing.T) map[string]layer {
	t.Helper()
	table := make(map[string]layer)
	var above []string
	for _, cells := range rows(t, "Packages", 4) {
		name, l := cells[0], layer{pure: cells[1] == "yes"}
		switch cells[3] {
		case "–":
		case "all above":
			l.imports = slices.Clone(above)
		default:
			l.imports = strings.Fields(cells[3])
		}
		for _, dep := range l.imports {
			if !slices.Contains(above, dep) {
				t.Errorf("%s: %s may import %s, which does not stand above it", design, name, dep)
			}
			if l.pure && !table[dep].pure {
				t.Errorf("%s: %s is pure and may import %s, which is not", design, name, dep)
			}
		}
		table[name] = l
		above = append(above, name)
	}
	return table
}

// TestImports holds every package to its row, and every row to a package.
func TestImports(t *testing.T) {
	table := layers(t)
	seen := make(map[string]bool)
	for _, s := range sources(t) {
		if !s.underInternal() {
			continue
		}
		l, listed := table[s.pkg()]
		if !listed && !seen[s.pkg()] {
			t.Errorf("%s: package %s has no row in %s", s.name, s.pkg(), design)
		}
		seen[s.pkg()] = true
		if s.isTest() || !listed {
			continue
		}
		for _, to := range s.imports() {
			if dep, ours := strings.CutPrefix(to, module+internal); ours && !slices.Contains(l.imports, dep) {
				t.Errorf("%s: %s does not let %s import %s", s.name, design, s.pkg(), dep)
			}
			if l.pure && impure(to) {
				t.Errorf("%s: %s is pure and must not import %s", s.name, s.pkg(), to)
			}
		}
	}
	for name := range table {
		if !seen[name] {
			t.Errorf("%s: the row of %s has no package", design, name)
		}
	}
}

// impureStd are the packages of Go's own library, with all below them, that can
// do I/O or make a result depend on chance; save those of pureStd.
var (
	impureStd = strings.Fields("context net os syscall io/ioutil crypto/tls crypto/rand math/rand log")
	pureStd   = strings.Fields("net/netip net/url")
)

// impure tells whether a pure package must not import a path. Of paths that
// are ours the table decides.
func impure(path string) bool {
	if strings.HasPrefix(path, module) || slices.Contains(pureStd, path) {
		return false
	}
	return thirdParty(path) || slices.ContainsFunc(impureStd, func(p string) bool {
		return path == p || strings.HasPrefix(path, p+"/")
	})
}

// thirdParty tells a module's path from one of Go's own library: its first
// element is a domain.
func thirdParty(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// conformance is a module of its own, with dependencies of its own.
const conformance = "conformance"

// TestDependencies holds the imports of other people's modules, and what
// go.mod requires, to the table of dependencies.
func TestDependencies(t *testing.T) {
	importers := make(map[string][]string)
	for _, cells := range rows(t, "Dependencies", 3) {
		importers[cells[0]] = strings.Fields(cells[1])
	}
	for _, s := range sources(t) {
		for _, path := range s.imports() {
			if !thirdParty(path) || s.pkg() == conformance {
				continue
			}
			by, listed := importersOf(importers, path)
			switch {
			case !listed:
				t.Errorf("%s: %s stands not under Dependencies in %s", s.name, path, design)
			case !s.isTest() && !slices.Contains(by, s.pkg()):
				t.Errorf("%s: %s does not let %s import %s", s.name, design, s.pkg(), path)
			}
		}
	}
	for _, m := range required(t) {
		if _, listed := importers[m]; !listed {
			t.Errorf("go.mod: %s stands not under Dependencies in %s", m, design)
		}
	}
}

func importersOf(importers map[string][]string, path string) (by []string, listed bool) {
	for module, by := range importers {
		if path == module || strings.HasPrefix(path, module+"/") {
			return by, true
		}
	}
	return nil, false
}

var requirement = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/\S+) v\S+$`)

// required are the modules that go.mod requires directly.
func required(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, m := range requirement.FindAllStringSubmatch(string(text), -1) {
		modules = append(modules, m[1])
	}
	return modules
}
