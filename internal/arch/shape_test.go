package arch

import (
	"go/ast"
	"strings"
	"testing"
)

// What a reader can hold in the head at once. Generated files are not read.
const (
	maxFile     = 399 // lines
	maxFunction = 70
	maxMain     = 39
)

func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		if s.isGenerated() {
			continue
		}
		if s.lines > maxFile {
			t.Errorf("%s: %d lines, more than %d", s.name, s.lines, maxFile)
		}
		if s.name == "cmd/pldoctor/main.go" && s.lines > maxMain {
			t.Errorf("%s: %d lines, more than %d: the work belongs in internal/cli", s.name, s.lines, maxMain)
		}
		if s.isTest() {
			continue
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && s.height(f) > maxFunction {
				t.Errorf("%s: %s has %d lines, more than %d", s.at(f), f.Name.Name, s.height(f), maxFunction)
			}
		}
	}
}

// height is the number of lines that a node spans.
func (s source) height(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

func TestPackageComments(t *testing.T) {
	comments := make(map[string]int)
	for _, s := range sources(t) {
		if strings.HasSuffix(s.file.Name.Name, "_test") {
			continue
		}
		comments[s.pkg()] += 0
		if s.file.Doc != nil {
			comments[s.pkg()]++
		}
	}
	for pkg, n := range comments {
		if n != 1 {
			t.Errorf("package %s has %d package comments, not one", pkg, n)
		}
	}
}
