// Package graph evaluates the query language of Azure Resource Graph, a subset
// of the Kusto query language, over rows of JSON values.
//
// What the subset holds is told in "Understanding the Azure Resource Graph
// query language" (learn.microsoft.com/azure/governance/resource-graph/concepts/query-language),
// what its words mean in learn.microsoft.com/kusto/query. Columns, functions
// and operators are case-sensitive, names of tables are not.
package graph

import (
	"maps"
	"slices"
	"strings"
)

// A Type is the type of a column.
type Type string

// Types of columns. Dynamic is any JSON value.
const (
	String  Type = "string"
	Long    Type = "long"
	Real    Type = "real"
	Bool    Type = "bool"
	Dynamic Type = "dynamic"
)

// A Column of a table.
type Column struct {
	Name string
	Type Type
}

// A Table is what a query reads and what it makes. A row holds one value for
// each column: nil, bool, int64, float64, string, json.Number, []any or
// map[string]any. Rows are shared between tables and only read.
type Table struct {
	Columns []Column
	Rows    [][]any
}

// Column returns the index of the column of that name, -1 where there is none.
func (t Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// A Source finds the table of a name in lower case.
type Source func(name string) (t Table, ok bool)

// Limits of one query. Those on operators are Resource Graph's own.
const (
	maxQuery  = 1 << 20 // bytes
	maxDepth  = 64      // of brackets and calls
	maxRows   = 1 << 20 // made by all operators of a query together
	maxJoins  = 3
	maxUnions = 3
	maxExpand = 3
)

// defaultTable is the one that a query without a table reads.
const defaultTable = "resources"

// Run evaluates a query. Its error is an *Error.
func Run(query string, source Source) (Table, error) {
	q, err := parse(query)
	if err != nil {
		return Table{}, err
	}
	return (&run{source: source}).query(q, lets{})
}

// A run is one evaluation.
type run struct {
	source Source
	rows   int // made so far
}

// lets are the names that let statements gave, as far as they have been read.
type lets struct {
	scalars map[string]any
	tables  map[string]Table
}

// A pipeline is a table and the operators that it goes through.
type pipeline struct {
	lets  []let
	name  token     // of the table
	inner *pipeline // in place of name
	ops   []operator
}

// A let statement names a value or a table.
type let struct {
	name  string
	value expr
	table *pipeline
}

// An operator makes a table of a table.
type operator interface {
	apply(r *run, in Table, l lets) (Table, error)
}

func (r *run) query(p *pipeline, l lets) (Table, error) {
	for _, statement := range p.lets {
		next, err := r.let(statement, l)
		if err != nil {
			return Table{}, err
		}
		l = next
	}
	t, err := r.start(p, l)
	for _, op := range p.ops {
		if err != nil {
			return Table{}, err
		}
		t, err = op.apply(r, t, l)
		if err == nil {
			err = r.spend(len(t.Rows))
		}
	}
	return t, err
}

func (r *run) start(p *pipeline, l lets) (Table, error) {
	if p.inner != nil {
		return r.query(p.inner, l)
	}
	if t, ok := l.tables[p.name.text]; ok {
		return t, nil
	}
	t, ok := r.source(strings.ToLower(p.name.text))
	if !ok {
		return Table{}, &Error{
			Code: DisallowedTable, Line: -1, Position: -1,
			Message: "Table " + p.name.text + " is invalid, unsupported or disallowed.",
		}
	}
	return t, nil
}

// let evaluates one statement on top of those before it.
func (r *run) let(s let, l lets) (lets, error) {
	next := lets{make(map[string]any), make(map[string]Table)}
	maps.Copy(next.scalars, l.scalars)
	maps.Copy(next.tables, l.tables)
	if s.table != nil {
		t, err := r.query(s.table, l)
		next.tables[s.name] = t
		return next, err
	}
	b, err := s.value.bind(&scope{lets: l})
	if err != nil {
		return lets{}, err
	}
	next.scalars[s.name] = b.eval(nil)
	return next, nil
}

// spend counts the rows that were made.
func (r *run) spend(rows int) error {
	if r.rows += rows; r.rows > maxRows {
		return &Error{Code: TooLarge, Line: -1, Position: -1, Message: "The query makes more rows than can be held."}
	}
	return nil
}
