// Package scenario reads scenario files, which describe a piece of the world:
// ARM resources, the machines that ARM does not know, and what a diagnosis from
// each of them must say. It also holds the scenarios that ship with the program.
package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pldoctor/internal/arm"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A Scenario is a file that has been read.
type Scenario struct {
	Name, Title string
	Cases       []string     // the published cases that it stands for, as docs/cases.md numbers them
	World       *world.World // the Breaks applied
	Base        *world.World // the world as the file describes it
	Breaks      []string     // codes
	Hosts       []string     // names, in the order of the file
	Vaults      []string     // names, our own first, each in the order of the file
	Expect      map[string]Expectation
	Exec        map[string]Exec // what can stand in for a host, by its name
	Unsupported []string        // ids of managed HSMs, which are not supported yet
}

// IsUnsupported tells whether the file describes a managed HSM of that name,
// compared without case: those are not supported yet, and never unknown vaults.
func (s *Scenario) IsUnsupported(name string) bool {
	return arm.Result{Unsupported: s.Unsupported}.IsUnsupported(name)
}

// An Expectation is what a diagnosis from a host must say.
type Expectation struct {
	Vault      string // the vault that is diagnosed; the scenario's first where the file names none
	Verdict    fact.Verdict
	Access     fact.Access // "" where the file does not say
	RootCauses []string
	Candidates []string // without configuration; nil where the file does not say
	Advice     []string // among what is advised; nil where the file does not say
	Masked     []string // among what the root causes explain; nil where the file does not say
	// Consequences are among those of the root causes; nil where the file does not say.
	Consequences []string
}

// DefaultHost is the first host with no role, nil where there is none.
func (s *Scenario) DefaultHost() *world.Host { return firstClient(s.World, s.Hosts) }

func firstClient(w *world.World, names []string) *world.Host {
	for _, name := range names {
		if h, ok := w.Host(world.HostID(name)); ok && !h.HasRole() {
			return h
		}
	}
	return nil
}

// An Error is a fault of a scenario file, or of a file that it names.
type Error struct {
	File     string
	Line     int    // counted from 1; 0 where none can be told
	Resource string // an ARM id, or "host app"; "" for the file itself
	Field    string // "hosts[1].dns.delay", "properties.subnet.id"
	What     string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(":")
	if e.Resource != "" {
		b.WriteString(" " + e.Resource + ":")
	}
	if e.Field != "" {
		b.WriteString(" " + e.Field)
	}
	return b.String() + " " + e.What
}

// Parse reads a scenario file called name. The files that it names are read
// from fsys, where they lie beside it. The error joins an *Error for each fault
// found.
func Parse(name string, data []byte, fsys fs.FS) (*Scenario, error) {
	r := &reader{file: name}
	f := r.parse(data)
	if f == nil {
		return nil, r.err()
	}
	b := builder{reader: r, file: f, fsys: fsys}
	return b.build()
}

// maxErrors bounds what a hostile file makes a person read.
const maxErrors = 100

// A reader gathers the faults of one scenario.
type reader struct {
	file   string
	errs   []*Error
	values int // of YAML, visited so far, aliases followed
}

func (r *reader) fail(line int, resource, field, format string, args ...any) {
	r.add(Error{r.file, line, resource, field, fmt.Sprintf(format, args...)})
}

func (r *reader) add(e Error) {
	if len(r.errs) < maxErrors && !slices.ContainsFunc(r.errs, func(x *Error) bool { return *x == e }) {
		r.errs = append(r.errs, &e)
	}
}

func (r *reader) err() error {
	slices.SortStableFunc(r.errs, func(a, b *Error) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return a.Line - b.Line
	})
	var all []error
	for _, e := range r.errs {
		all = append(all, e)
	}
	return errors.Join(all...)
}
