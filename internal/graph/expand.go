package graph

import (
	"maps"
	"slices"
)

// Limits of mv-expand on the rows that it makes of one: what is beyond is left
// out, without a word.
const (
	defaultExpand = 128
	mostExpand    = 2000
)

// An expansion makes a row of each element of lists.
type expansion struct {
	fields []field
	types  []Type
	limit  int
	index  string // name of a column with the element's position
}

func readExpand(p *parser) operator {
	p.count(&p.expands, maxExpand, "mv-expand")
	o := expansion{limit: defaultExpand}
	for name, ok := p.option("bagexpansion", "kind", "with_itemindex"); ok; name, ok = p.option("bagexpansion", "kind", "with_itemindex") {
		if value := p.name().text; name == "with_itemindex" {
			o.index = value
		}
	}
	o.fields = list(p, func() field {
		f := p.field()
		o.types = append(o.types, p.elementType())
		return f
	})
	if _, ok := p.keyword("limit"); ok {
		o.limit = min(p.whole(), mostExpand)
	}
	return o
}

// elementType reads "to typeof(string)".
func (p *parser) elementType() Type {
	if _, ok := p.keyword("to"); !ok {
		return Dynamic
	}
	p.wantWord("typeof")
	p.want("(")
	t := p.name()
	p.want(")")
	names := map[string]Type{"string": String, "int": Long, "long": Long, "real": Real, "bool": Bool, "dynamic": Dynamic}
	kind, ok := names[t.text]
	if !ok {
		p.stop(unsupported(t))
	}
	return kind
}

func (o expansion) apply(r *run, in Table, l lets) (Table, error) {
	wide, err := project{fields: o.fields, keeps: true}.apply(r, in, l)
	if err != nil {
		return Table{}, err
	}
	at, unnamed := make([]int, len(o.fields)), 0
	for i, f := range o.fields {
		at[i] = wide.Column(f.title(&unnamed))
		wide.Columns[at[i]].Type = o.types[i]
	}
	out := Table{Columns: wide.Columns}
	if o.index != "" {
		out.Columns = append(out.Columns, Column{o.index, Long})
	}
	for _, row := range wide.Rows {
		out.Rows = o.expand(out.Rows, row, at)
		if len(out.Rows)+r.rows > maxRows {
			return Table{}, r.spend(len(out.Rows))
		}
	}
	return out, nil
}

// expand adds the rows that one makes. Lists of several columns go side by
// side; a row whose lists are all empty stays, with null.
func (o expansion) expand(rows [][]any, row []any, at []int) [][]any {
	lists, most := make([][]any, len(at)), 1
	for i, c := range at {
		lists[i] = elements(row[c])
		most = max(most, len(lists[i]))
	}
	for n := range min(most, o.limit) {
		made := slices.Clone(row)
		for i, c := range at {
			made[c] = nil
			if n < len(lists[i]) {
				made[c] = lists[i][n]
				if o.types[i] != Dynamic {
					made[c] = casted(o.types[i], lists[i][n])
				}
			}
		}
		if o.index != "" {
			made = append(made, int64(n))
		}
		rows = append(rows, made)
	}
	return rows
}

// elements of a list, or of an object: one object for each of its keys.
func elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		var all []any
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, map[string]any{key: v[key]})
		}
		return all
	case nil:
		return nil
	}
	return []any{v}
}
