// Package arch holds the test that keeps the import graph a DAG of layers.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "pldoctor/internal/"

// allowed is the whole design: every package under internal, and the packages
// there that it may import. Order is bottom up.
var allowed = map[string]string{
	"dnsname":  "",
	"service":  "dnsname",
	"world":    "dnsname service",
	"change":   "dnsname service world",
	"route":    "world fact",
	"resolve":  "dnsname service world route",
	"gate":     "service world",
	"fact":     "dnsname service",
	"predict":  "dnsname service world route resolve gate fact",
	"rule":     "dnsname service world fact change",
	"diagnose": "world fact change rule predict",
	"arm":      "dnsname service world",
	"azure":    "arm world service",
	"scenario": "world change rule arm",
	"env":      "",
	"machine":  "env",
	"probe":    "dnsname service fact env",
	"lab":      "dnsname service world resolve route gate env arm",
	"render":   "fact world rule diagnose",
	"doctor":   "*",
	"cli":      "*",
	"conform":  "*",
	"arch":     "",
}

// pure packages evaluate values: they import nothing that can do I/O.
var pure = strings.Fields("dnsname service world change route resolve gate fact predict rule diagnose arm")

var impure = strings.Fields("context net net/http os os/exec io/ioutil crypto/tls syscall")

// TestImports parses the files itself, rather than ask "go list", so that the
// go command's test cache sees which files the answer depends on.
func TestImports(t *testing.T) {
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := path.Dir(strings.TrimPrefix(filepath.ToSlash(name), "../"))
		ok, listed := allowed[from]
		if !listed {
			t.Errorf("%s: package not in the table in arch_test.go", name)
		}
		for _, spec := range f.Imports {
			to, _ := strconv.Unquote(spec.Path.Value)
			if dep, ours := strings.CutPrefix(to, module); ours {
				if ok != "*" && !slices.Contains(strings.Fields(ok), dep) {
					t.Errorf("%s: %s must not import %s", name, from, dep)
				}
			} else if slices.Contains(pure, from) && (slices.Contains(impure, to) || strings.Contains(to, ".")) {
				t.Errorf("%s: %s is pure and must not import %s", name, from, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
