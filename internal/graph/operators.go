package graph

import (
	"fmt"
	"slices"
	"strings"
)

// where keeps the rows of which a condition is true.
type where struct{ condition expr }

func readWhere(p *parser) operator { return where{p.expression()} }

func (o where) apply(_ *run, in Table, l lets) (Table, error) {
	b, err := o.condition.bind(&scope{in, l})
	if err != nil {
		return Table{}, err
	}
	out := Table{Columns: in.Columns}
	for _, row := range in.Rows {
		if truth(b.eval(row)) {
			out.Rows = append(out.Rows, row)
		}
	}
	return out, nil
}

// A field is a column that an operator makes.
type field struct {
	named string
	token token
	value expr
}

func (p *parser) field() field {
	f := field{token: p.peek()}
	if quoted := f.token.is("[") && p.ahead(1).kind == text; (quoted && p.ahead(3).is("=")) || p.ahead(1).is("=") {
		f.named = p.name().text
		p.want("=")
	}
	f.value = p.expression()
	return f
}

func (f field) title(n *int) string {
	if f.named != "" {
		return f.named
	}
	if name := f.value.name(); name != "" {
		return name
	}
	*n++
	return fmt.Sprintf("Column%d", *n)
}

// project makes a table of fields only; with extend it keeps what there is.
type project struct {
	fields []field
	keeps  bool
}

func readProject(p *parser) operator { return project{fields: list(p, p.field)} }
func readExtend(p *parser) operator  { return project{fields: list(p, p.field), keeps: true} }

func (o project) apply(_ *run, in Table, l lets) (Table, error) {
	var out Table
	from := []int{} // where a column comes from: one of in's, or ^i for a field
	if o.keeps {
		out.Columns = slices.Clone(in.Columns)
		for i := range in.Columns {
			from = append(from, i)
		}
	}
	values, unnamed := make([]bound, len(o.fields)), 0
	for i, f := range o.fields {
		b, err := f.value.bind(&scope{in, l})
		if err != nil {
			return Table{}, err
		}
		values[i] = b
		name := f.title(&unnamed)
		at := out.Column(name)
		switch {
		case at < 0:
			out.Columns, from = append(out.Columns, Column{name, b.kind}), append(from, ^i)
		case o.keeps:
			out.Columns[at].Type, from[at] = b.kind, ^i
		default:
			return Table{}, semantic(f.token, "project operator: a column '%s' is defined twice", name)
		}
	}
	out.Rows = make([][]any, len(in.Rows))
	for n, row := range in.Rows {
		made := make([]any, len(from))
		for at, i := range from {
			if i >= 0 {
				made[at] = row[i]
			} else {
				made[at] = values[^i].eval(row)
			}
		}
		out.Rows[n] = made
	}
	return out, nil
}

// A sieve keeps columns, or leaves them out: "properties*" is all that begin so.
type sieve struct {
	names []string
	keeps bool
}

func readAway(p *parser) operator { return sieve{list(p, p.wildcard), false} }
func readKeep(p *parser) operator { return sieve{list(p, p.wildcard), true} }

func (p *parser) wildcard() string {
	name := p.name().text
	if p.got("*") {
		name += "*"
	}
	return name
}

func (o sieve) apply(_ *run, in Table, _ lets) (Table, error) {
	var kept []int
	for i, c := range in.Columns {
		if o.keeps == slices.ContainsFunc(o.names, func(name string) bool {
			prefix, wild := strings.CutSuffix(name, "*")
			return name == c.Name || wild && strings.HasPrefix(c.Name, prefix)
		}) {
			kept = append(kept, i)
		}
	}
	return in.only(kept), nil
}

// rename gives columns other names.
type rename struct{ from, to []token }

func readRename(p *parser) operator {
	var o rename
	list(p, func() token {
		to := p.name()
		p.want("=")
		o.from, o.to = append(o.from, p.name()), append(o.to, to)
		return to
	})
	return o
}

func (o rename) apply(_ *run, in Table, _ lets) (Table, error) {
	out := Table{Columns: slices.Clone(in.Columns), Rows: in.Rows}
	for i, from := range o.from {
		at := in.Column(from.text)
		switch {
		case at < 0:
			return Table{}, semantic(from, "Failed to resolve column or scalar expression named '%s'", from.text)
		case out.Column(o.to[i].text) >= 0:
			return Table{}, semantic(o.to[i], "project-rename operator: a column '%s' is defined twice", o.to[i].text)
		}
		out.Columns[at].Name = o.to[i].text
	}
	return out, nil
}

// only is a table of some of the columns.
func (t Table) only(columns []int) Table {
	out := Table{Rows: make([][]any, len(t.Rows))}
	for _, i := range columns {
		out.Columns = append(out.Columns, t.Columns[i])
	}
	for n, row := range t.Rows {
		made := make([]any, len(columns))
		for at, i := range columns {
			made[at] = row[i]
		}
		out.Rows[n] = made
	}
	return out
}

// A sorting orders rows by keys, and keeps the first of them where it is a top.
type sorting struct {
	keys []sortKey
	top  int // -1: all
}

type sortKey struct {
	token             token
	value             expr
	ascending, nulls1 bool // nulls1: null comes first
}

func readSort(p *parser) operator {
	p.wantWord("by")
	return sorting{list(p, p.sortKey), -1}
}

func readTop(p *parser) operator {
	n := p.whole()
	p.wantWord("by")
	return sorting{list(p, p.sortKey), n}
}

// sortKey reads a key. The largest comes first unless "asc" says otherwise, and
// null is smaller than anything.
func (p *parser) sortKey() sortKey {
	k := sortKey{token: p.peek(), value: p.expression()}
	order, _ := p.keyword("asc", "desc")
	k.ascending = order == "asc"
	k.nulls1 = k.ascending
	if _, told := p.keyword("nulls"); told {
		where, ok := p.keyword("first", "last")
		if !ok {
			p.fail("first")
		}
		k.nulls1 = where == "first"
	}
	return k
}

func (o sorting) apply(_ *run, in Table, l lets) (Table, error) {
	keys := make([]bound, len(o.keys))
	for i, k := range o.keys {
		b, err := k.value.bind(&scope{in, l})
		if err != nil {
			return Table{}, err
		}
		if b.kind == Dynamic {
			return Table{}, semantic(k.token, "order operator: key can't be of dynamic type")
		}
		keys[i] = b
	}
	type line struct {
		row  []any
		keys []any
	}
	lines := make([]line, len(in.Rows))
	for n, row := range in.Rows {
		lines[n] = line{row, make([]any, len(keys))}
		for i, k := range keys {
			lines[n].keys[i] = k.eval(row)
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		for i := range keys {
			if order := o.keys[i].compare(a.keys[i], b.keys[i]); order != 0 {
				return order
			}
		}
		return 0
	})
	if o.top >= 0 && o.top < len(lines) {
		lines = lines[:o.top]
	}
	out := Table{Columns: in.Columns}
	for _, line := range lines {
		out.Rows = append(out.Rows, line.row)
	}
	return out, nil
}

func (k sortKey) compare(a, b any) int {
	switch {
	case a == nil || b == nil:
		order := sorted(a, b)
		if !k.nulls1 {
			return -order
		}
		return order
	case k.ascending:
		return sorted(a, b)
	}
	return sorted(b, a)
}

// take keeps the first rows.
type take struct{ n int }

func readTake(p *parser) operator { return take{p.whole()} }

func (o take) apply(_ *run, in Table, _ lets) (Table, error) {
	return Table{in.Columns, in.Rows[:min(o.n, len(in.Rows))]}, nil
}

// distinct keeps each combination of columns once.
type distinct struct{ fields []field } // none: all columns

func readDistinct(p *parser) operator {
	if p.got("*") {
		return distinct{}
	}
	return distinct{list(p, p.field)}
}

func (o distinct) apply(r *run, in Table, l lets) (Table, error) {
	if o.fields != nil {
		var err error
		if in, err = (project{fields: o.fields}).apply(r, in, l); err != nil {
			return Table{}, err
		}
	}
	out, seen := Table{Columns: in.Columns}, make(map[string]bool)
	for _, row := range in.Rows {
		if key := identity(row...); !seen[key] {
			seen[key] = true
			out.Rows = append(out.Rows, row)
		}
	}
	return out, nil
}

// counting is the operator count.
type counting struct{}

func readCount(*parser) operator { return counting{} }

func (counting) apply(_ *run, in Table, _ lets) (Table, error) {
	return Table{[]Column{{"Count", Long}}, [][]any{{int64(len(in.Rows))}}}, nil
}
