package scenario

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"pldoctor/internal/arm"
	"pldoctor/internal/change"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// Where resources are that do not say it themselves.
const (
	Subscription = "00000000-0000-0000-0000-000000000001"
	Group        = "lab"
)

// A builder makes a scenario out of a file.
type builder struct {
	*reader
	file *file
	fsys fs.FS

	parts  []world.Resource
	vaults []*world.Vault // our own, in the order of the file
	places places
	lines  map[world.ID]place // where a resource stands
}

// A place is a line of a file, and how errors call what stands there.
type place struct {
	file  string
	line  int
	owner string
	path  string // in front of the field
}

func (b *builder) build() (*Scenario, error) {
	b.lines = make(map[world.ID]place)
	s := &Scenario{Name: b.reader.file, Title: b.file.title, Cases: b.file.cases, Expect: make(map[string]Expectation), Exec: make(map[string]Exec)}
	s.Unsupported = b.resources()
	b.places = newPlaces(b.parts)
	b.facts()
	b.foreign()
	b.sites()
	b.hosts()
	if len(b.errs) > 0 { // the world would complain of the same again
		return nil, b.err()
	}
	base, err := world.New(world.Parts{Cloud: b.file.cloud, Resources: b.parts, Assume: b.file.assume})
	if err != nil {
		b.problems(err)
		return nil, b.err()
	}
	s.Base = base
	b.names(s)
	s.World = b.broken(s)
	b.expectations(s)
	if err := b.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// names lists what people may ask for.
func (b *builder) names(s *Scenario) {
	for i := range b.file.hosts {
		h := &b.file.hosts[i]
		s.Hosts = append(s.Hosts, h.Name())
		if h.exec != nil {
			s.Exec[h.Name()] = *h.exec
		}
	}
	for _, v := range b.vaults {
		s.Vaults = append(s.Vaults, v.Name())
	}
	for _, v := range b.file.foreign {
		s.Vaults = append(s.Vaults, v.Name())
	}
}

// resources decodes the ARM resources of this file and of those that it names.
func (b *builder) resources() (unsupported []string) {
	var values []any
	var from []place
	for _, g := range b.file.resources {
		at := place{file: b.reader.file, line: g.node.line(), path: g.node.path}
		if g.file == "" {
			values, from = append(values, g.value), append(from, at)
			continue
		}
		more, places := b.include(g)
		values, from = append(values, more...), append(from, places...)
	}
	result, err := arm.DecodeValues(values, arm.Options{Subscription: Subscription, Group: Group})
	for _, e := range joined[*arm.Error](err) {
		at := from[e.Index]
		b.add(Error{at.file, at.line, e.ID, e.Field, e.What})
	}
	for id, index := range result.From {
		b.lines[id] = from[index]
	}
	for _, orphan := range result.Orphans {
		at := from[result.From[world.MakeID(orphan)]]
		b.add(Error{at.file, at.line, orphan, "id", "is that of a child whose parent is not among the resources"})
	}
	b.parts = result.Resources
	for _, r := range result.Resources {
		if v, ok := r.(*world.Vault); ok {
			b.vaults = append(b.vaults, v)
		}
	}
	return result.Unsupported
}

// include reads a file of resources, YAML or JSON.
func (b *builder) include(g given) (values []any, from []place) {
	data, err := fs.ReadFile(b.fsys, g.file)
	if err != nil {
		g.node.fail("names %s, which cannot be read: %v", g.file, reason(err))
		return nil, nil
	}
	if path.Ext(g.file) == ".json" {
		values, err := arm.Values(data)
		if err != nil {
			b.add(Error{File: g.file, What: err.Error()})
		}
		return values, slices.Repeat([]place{{file: g.file}}, len(values))
	}
	r := &reader{file: g.file, values: b.values}
	if root := r.yaml(data); root != nil {
		n := node{root, "", "", r}
		for _, e := range n.list() {
			values = append(values, e.value(0))
			from = append(from, place{file: g.file, line: e.line(), path: e.path})
		}
	}
	b.values = r.values
	b.errs = append(b.errs, r.errs...)
	return values, from
}

// reason is why a file cannot be read, without its name.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// joined are the errors of a type that were joined into err.
func joined[E error](err error) []E {
	if e, ok := err.(E); ok { //nolint:errorlint // the tree is walked here
		return []E{e}
	}
	var found []E
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range list.Unwrap() {
			found = append(found, joined[E](e)...)
		}
	}
	return found
}

// problems tells what the world says of a resource where that stands.
func (b *builder) problems(err error) {
	for _, p := range joined[*world.Problem](err) {
		at, ok := b.lines[p.ID]
		if !ok {
			at = place{file: b.reader.file}
		}
		owner, field := p.Path, p.Field
		if at.owner != "" {
			owner, field = at.owner, at.path+"."+p.Field
		}
		b.add(Error{at.file, at.line, owner, field, p.What})
	}
}

// broken applies the Breaks, each at the world that the one before it left.
func (b *builder) broken(s *Scenario) *world.World {
	w := s.Base
	for _, c := range b.file.breaks {
		s.Breaks = append(s.Breaks, c.code)
		client, vault := firstClient(w, s.Hosts), (*world.Vault)(nil)
		if len(b.vaults) > 0 {
			vault, _ = w.Vault(b.vaults[0].ID)
		}
		r, known := rule.ByCode(c.code)
		switch {
		case !known:
			c.node.fail("is %s, which is no finding code of this program", c.code)
		case r.Breaks == nil:
			c.node.fail("is %s, which follows from others and cannot be brought about by itself", c.code)
		case client == nil || vault == nil:
			c.node.fail("needs a host that is no server, and a vault")
		default:
			ways := r.Breaks(rule.Site{World: w, Client: client, Vault: vault})
			if len(ways) == 0 {
				c.node.fail("is %s, which cannot happen in this world", c.code)
				continue
			}
			w = change.Apply(w, ways[0]...)
		}
	}
	return w
}

// expectations fills in the vault, and sees that hosts and vaults exist. A
// hostname stands as the client uses it, and may be nobody's.
func (b *builder) expectations(s *Scenario) {
	for _, x := range b.file.expect {
		h, ok := s.Base.Host(world.HostID(x.host))
		if !ok {
			x.node.fail("is of %s, which is no host", x.host)
			continue
		}
		if x.Vault == "" && len(s.Vaults) > 0 {
			x.Vault = s.Vaults[0]
		}
		if _, ok := s.Base.VaultNamed(x.Vault); !ok && !strings.Contains(x.Vault, ".") {
			x.node.fail("is about the vault %q, which is not there", x.Vault)
		}
		if x.RootCauses == nil {
			x.RootCauses = []string{}
		}
		s.Expect[h.Name()] = x.Expectation
	}
}
