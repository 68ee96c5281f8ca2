package arch

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var racing = regexp.MustCompile(`(?m)^RACING := (.*)$`)

// TestRacing: "make test" puts every package under the race detector that starts
// a goroutine or locks anything.
func TestRacing(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	line := racing.FindSubmatch(makefile)
	if line == nil {
		t.Fatal("Makefile: no line RACING := ...")
	}
	listed := strings.Fields(string(line[1]))
	for _, s := range sources(t) {
		if s.isTest() || slices.Contains(listed, s.pkg()) {
			continue
		}
		if s.shares() {
			t.Errorf("%s shares something between goroutines: add %s to RACING in the Makefile", s.name, s.pkg())
		}
	}
}

// shares tells whether the file starts a goroutine, or uses what only those need
// who share. A value that package sync works out once is no such thing.
func (s source) shares() bool {
	names, found := importNames(s.file), slices.Contains(s.imports(), "sync/atomic")
	ast.Inspect(s.file, func(n ast.Node) bool {
		_, starts := n.(*ast.GoStmt)
		path, name := names.of(n)
		found = found || starts || path == "sync" && !strings.HasPrefix(name, "OnceValue")
		return !found
	})
	return found
}
