package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	root     = "../.."
	design   = "docs/design.md"
	internal = "internal/"
	module   = "pldoctor/"
)

// A source is one Go file of the tree.
type source struct {
	name  string // from the root, with slashes
	lines int
	fset  *token.FileSet
	file  *ast.File
}

// pkg is the file's package as the design names it: "rule" for one under
// internal, else the directory: "cmd/pldoctor".
func (s source) pkg() string { return strings.TrimPrefix(path.Dir(s.name), internal) }

func (s source) underInternal() bool { return strings.HasPrefix(s.name, internal) }
func (s source) isTest() bool        { return strings.HasSuffix(s.name, "_test.go") }
func (s source) isGenerated() bool   { return strings.HasPrefix(path.Base(s.name), "z") }

// at is the place of a node, for messages.
func (s source) at(n ast.Node) string {
	return s.name + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// imports are the paths that the file imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// sources parses every Go file of the tree. It reads them itself, rather than
// ask "go list", so that the go command's test cache sees which files a result
// depends on.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(name, ".go"):
				return nil
			}
			s, err := parse(name)
			all = append(all, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func parse(name string) (source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	from, err := filepath.Rel(root, name)
	if err != nil {
		return source{}, err
	}
	s := source{name: filepath.ToSlash(from), lines: bytes.Count(text, []byte("\n")), fset: token.NewFileSet()}
	s.file, err = parser.ParseFile(s.fset, s.name, text, parser.ParseComments)
	return s, err
}

// rows returns the cells of the table under a heading of docs/design.md,
// without backquotes, its two head lines left out.
func rows(t *testing.T, heading string, columns int) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, design))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s: no section %q", design, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var table [][]string
	for line := range strings.Lines(section) {
		line, isRow := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !isRow {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.TrimSuffix(line, "|"), "`", ""), "|")
		if len(cells) != columns {
			t.Fatalf("%s: a row of %d cells, not %d: %s", design, len(cells), columns, line)
		}
		for i, cell := range cells {
			cells[i] = strings.TrimSpace(cell)
		}
		table = append(table, cells)
	}
	if len(table) < 3 {
		t.Fatalf("%s: no table under %q", design, heading)
	}
	return table[2:]
}
