package graph

import (
	"slices"
	"strconv"
)

// A join puts rows of two tables side by side.
type join struct {
	token token
	kind  string
	right *pipeline
	on    []joinKey
}

// A joinKey is what two rows have to have in common.
type joinKey struct{ left, right column }

// joinKinds are the kinds that Resource Graph has.
var joinKinds = []string{"innerunique", "inner", "leftouter", "fullouter"}

func readJoin(p *parser) operator {
	p.count(&p.joins, maxJoins, "join")
	o := join{token: p.peek(), kind: joinKinds[0]}
	if _, ok := p.option("kind"); ok {
		t := p.name()
		if !slices.Contains(joinKinds, t.text) {
			p.stop(unsupported(t))
		}
		o.kind = t.text
	}
	o.right = p.leg()
	p.wantWord("on")
	o.on = list(p, p.joinKey)
	return o
}

// leg reads the table that is joined: a name, or a query in brackets.
func (p *parser) leg() *pipeline {
	if p.got("(") {
		q := p.pipeline()
		p.want(")")
		return q
	}
	t := p.peek()
	if t.kind != word {
		p.fail("a table")
	}
	p.next()
	return &pipeline{name: t}
}

// joinKey reads "name" or "$left.a == $right.b".
func (p *parser) joinKey() joinKey {
	side := func() (string, column) {
		t := p.name()
		if t.text != "$left" && t.text != "$right" {
			return "", column{t}
		}
		p.want(".")
		return t.text, column{p.name()}
	}
	first, a := side()
	if first == "" {
		return joinKey{a, a}
	}
	p.want("==")
	second, b := side()
	if second == "" || second == first {
		p.fail("$left or $right")
	}
	if first == "$right" {
		a, b = b, a
	}
	return joinKey{a, b}
}

func (o join) apply(r *run, in Table, l lets) (Table, error) {
	right, err := r.query(o.right, l)
	if err != nil {
		return Table{}, err
	}
	leftKey, err := o.keys(in, l, func(k joinKey) column { return k.left })
	if err != nil {
		return Table{}, err
	}
	rightKey, err := o.keys(right, l, func(k joinKey) column { return k.right })
	if err != nil {
		return Table{}, err
	}
	matches := make(map[string][]int)
	for i, row := range right.Rows {
		matches[rightKey(row)] = append(matches[rightKey(row)], i)
	}
	m := merger{out: Table{Columns: beside(in.Columns, right.Columns)}, right: right, run: r}
	used, seen := make([]bool, len(right.Rows)), make(map[string]bool)
	for _, row := range in.Rows {
		key := leftKey(row)
		if o.kind == "innerunique" && seen[key] {
			continue
		}
		seen[key] = true
		if err := m.pair(row, matches[key], used, o.kind == "leftouter" || o.kind == "fullouter"); err != nil {
			return Table{}, err
		}
	}
	if o.kind == "fullouter" {
		m.rest(len(in.Columns), used)
	}
	return m.out, nil
}

// keys returns what makes the key of a row.
func (o join) keys(t Table, l lets, side func(joinKey) column) (func(row []any) string, error) {
	var all []bound
	for _, k := range o.on {
		c := side(k)
		b, err := c.bind(&scope{t, l})
		if err != nil {
			return nil, err
		}
		if b.kind == Dynamic {
			return nil, semantic(c.token, "join key '%s' is of a 'dynamic' type. Please use an explicit cast as join on a 'dynamic' type is not supported.", c.token.text)
		}
		all = append(all, b)
	}
	return func(row []any) string {
		values := make([]any, len(all))
		for i, b := range all {
			values[i] = b.eval(row)
		}
		return identity(values...)
	}, nil
}

// A merger makes rows of a join.
type merger struct {
	out   Table
	right Table
	run   *run
}

// pair puts one row beside those that match it, or beside nothing.
func (m *merger) pair(row []any, matches []int, used []bool, outer bool) error {
	for _, i := range matches {
		used[i] = true
		m.out.Rows = append(m.out.Rows, slices.Concat(row, m.right.Rows[i]))
	}
	if len(matches) == 0 && outer {
		m.out.Rows = append(m.out.Rows, slices.Concat(row, make([]any, len(m.right.Columns))))
	}
	if len(m.out.Rows)+m.run.rows > maxRows {
		return m.run.spend(len(m.out.Rows))
	}
	return nil
}

// rest adds the rows of the right that matched none.
func (m *merger) rest(left int, used []bool) {
	for i, row := range m.right.Rows {
		if !used[i] {
			m.out.Rows = append(m.out.Rows, slices.Concat(make([]any, left), row))
		}
	}
}

// beside puts columns side by side; a name that is taken gets a number.
func beside(left, right []Column) []Column {
	t := Table{Columns: slices.Clone(left)}
	for _, c := range right {
		name := c.Name
		for n := 1; t.Column(name) >= 0; n++ {
			name = c.Name + strconv.Itoa(n)
		}
		t.Columns = append(t.Columns, Column{name, c.Type})
	}
	return t.Columns
}

// A union puts the rows of tables one below the other, and their columns
// together by name.
type union struct {
	inner bool // columns that both have only
	leg   *pipeline
}

func readUnion(p *parser) operator {
	p.count(&p.unions, maxUnions, "union")
	o := union{}
	if _, ok := p.option("kind"); ok {
		kind, known := p.keyword("inner", "outer")
		if !known {
			p.fail("inner or outer")
		}
		o.inner = kind == "inner"
	}
	o.leg = p.leg()
	return o
}

func (o union) apply(r *run, in Table, l lets) (Table, error) {
	leg, err := r.query(o.leg, l)
	if err != nil {
		return Table{}, err
	}
	out := Table{}
	for _, c := range in.Columns {
		if !o.inner || leg.Column(c.Name) >= 0 {
			out.Columns = append(out.Columns, c)
		}
	}
	for _, c := range leg.Columns {
		if !o.inner && in.Column(c.Name) < 0 {
			out.Columns = append(out.Columns, c)
		}
	}
	out.Rows = slices.Concat(in.as(out.Columns), leg.as(out.Columns))
	return out, nil
}

// as returns the rows with other columns: null where there is none.
func (t Table) as(columns []Column) [][]any {
	from := make([]int, len(columns))
	for i, c := range columns {
		from[i] = t.Column(c.Name)
	}
	rows := make([][]any, len(t.Rows))
	for n, row := range t.Rows {
		rows[n] = make([]any, len(columns))
		for at, i := range from {
			if i >= 0 {
				rows[n][at] = row[i]
			}
		}
	}
	return rows
}
