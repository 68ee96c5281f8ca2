package graph

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// An expr is an expression as it was written.
type expr interface {
	// bind looks up what the expression names.
	bind(s *scope) (bound, error)
	// name is the name of a column that was given none; "" where the expression
	// does not suggest one.
	name() string
}

// A bound expression can be evaluated on the rows of one table.
type bound struct {
	eval  func(row []any) any
	kind  Type
	fixed bool // has the same value on every row
}

// A scope is what an expression can name.
type scope struct {
	table Table
	lets  lets
}

func constant(v any, t Type) bound {
	return bound{eval: func([]any) any { return v }, kind: t, fixed: true}
}

type literal struct {
	value any
	kind  Type
}

func (e literal) bind(*scope) (bound, error) { return constant(e.value, e.kind), nil }
func (e literal) name() string               { return "" }

type column struct{ token token }

func (e column) bind(s *scope) (bound, error) {
	if i := s.table.Column(e.token.text); i >= 0 {
		return bound{eval: func(row []any) any { return row[i] }, kind: s.table.Columns[i].Type}, nil
	}
	if v, ok := s.lets.scalars[e.token.text]; ok {
		return constant(v, typeOf(v)), nil
	}
	return bound{}, semantic(e.token, "Failed to resolve column or scalar expression named '%s'", e.token.text)
}
func (e column) name() string { return e.token.text }

// A member is a value inside a dynamic one: by key or by position.
type member struct {
	of, key expr
}

func (e member) bind(s *scope) (bound, error) {
	of, err := e.of.bind(s)
	if err != nil {
		return bound{}, err
	}
	key, err := e.key.bind(s)
	if err != nil {
		return bound{}, err
	}
	return bound{eval: func(row []any) any { return inside(of.eval(row), key.eval(row)) }, kind: Dynamic}, nil
}

func (e member) name() string {
	parent := e.of.name()
	if l, ok := e.key.(literal); ok && parent != "" {
		return parent + "_" + strings.ReplaceAll(toText(l.value), ".", "_")
	}
	return ""
}

// inside is nil where there is nothing.
func inside(v, key any) any {
	switch v := v.(type) {
	case map[string]any:
		if k, ok := key.(string); ok {
			return v[k]
		}
	case []any:
		i, ok := toLong(key)
		if ok && i < 0 {
			i += int64(len(v)) // counted from the end
		}
		if ok && i >= 0 && i < int64(len(v)) {
			return v[i]
		}
	}
	return nil
}

// A call is that of a function or an operator.
type call struct {
	token token
	args  []expr
}

func (e call) bind(s *scope) (bound, error) {
	f, known := functions[e.token.text]
	if !known {
		return bound{}, unsupported(e.token)
	}
	if len(e.args) < f.least || f.most > 0 && len(e.args) > f.most {
		return bound{}, semantic(e.token, "%s(): function expects %d argument(s)", e.token.text, f.least)
	}
	args, fixed := make([]bound, len(e.args)), true
	for i, arg := range e.args {
		b, err := arg.bind(s)
		if err != nil {
			return bound{}, err
		}
		args[i], fixed = b, fixed && b.fixed
	}
	b, err := f.bind(e.token, args)
	if err == nil && fixed {
		return constant(b.eval(nil), b.kind), nil
	}
	return b, err
}

// name: a conversion keeps the name of what it converts.
func (e call) name() string {
	if len(e.args) == 1 && casts[e.token.text] != "" {
		return e.args[0].name()
	}
	return ""
}

// expression reads one, from what binds least to what binds most.
func (p *parser) expression() expr { return p.level(0) }

// levels are the binary operators, in the order in which they bind.
var levels = [][]string{
	{"or"},
	{"and"},
	{
		"==", "!=", "=~", "!~", "<", "<=", ">", ">=", "in", "!in", "in~", "!in~",
		"contains", "!contains", "contains_cs", "!contains_cs", "has", "!has", "has_cs", "!has_cs",
		"startswith", "!startswith", "startswith_cs", "!startswith_cs", "has_any",
		"endswith", "!endswith", "endswith_cs", "!endswith_cs", "matches",
	},
	{"+", "-"},
	{"*", "/", "%"},
}

func (p *parser) level(n int) expr {
	if n == len(levels) {
		return p.unary()
	}
	left := p.level(n + 1)
	for {
		t := p.peek()
		if t.kind != word && t.kind != symbol || !slices.Contains(levels[n], t.text) {
			return left
		}
		p.next()
		switch t.text {
		case "in", "!in", "in~", "!in~", "has_any":
			p.want("(")
			left = call{t, append([]expr{left}, list(p, p.expression)...)}
			p.want(")")
		case "matches":
			p.wantWord("regex")
			left = call{t, []expr{left, p.level(n + 1)}}
		default:
			left = call{t, []expr{left, p.level(n + 1)}}
		}
	}
}

func (p *parser) unary() expr {
	defer p.deeper()()
	if t := p.peek(); p.got("-") {
		return call{t, []expr{literal{int64(0), Long}, p.unary()}}
	}
	e := p.primary()
	for links := 0; ; links++ {
		if links > maxDepth {
			p.fail("an expression with fewer parts")
		}
		switch {
		case p.got("."):
			if p.got("[") { // properties.['a.key']
				e = p.index(e)
				continue
			}
			e = member{e, literal{p.name().text, String}}
		case p.got("["):
			e = p.index(e)
		default:
			return e
		}
	}
}

func (p *parser) index(of expr) expr {
	defer p.want("]")
	return member{of, p.expression()}
}

// literals are the words that are values.
var literals = map[string]any{"true": true, "false": false}

func (p *parser) primary() expr {
	t := p.peek()
	switch {
	case p.got("("):
		e := p.expression()
		p.want(")")
		return e
	case t.kind == text:
		p.next()
		return literal{t.text, String}
	case t.kind == number:
		p.next()
		return numberLiteral(t.text)
	case t.is("["):
		return column{p.name()}
	case t.kind != word || p.isOperator(t.text):
		p.fail("an expression")
	}
	p.next()
	if p.peek().is("(") {
		return p.call(t)
	}
	if v, ok := literals[t.text]; ok {
		return literal{v, Bool}
	}
	return column{t}
}

func (p *parser) isOperator(w string) bool { return w == "and" || w == "or" }

func numberLiteral(s string) expr {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return literal{i, Long}
	}
	f, _ := strconv.ParseFloat(s, 64) // digits, possibly too many: then infinite
	return literal{f, Real}
}

// typed are the literals that are written as calls.
var typed = map[string]Type{"dynamic": Dynamic, "bool": Bool, "int": Long, "long": Long, "real": Real}

func (p *parser) call(t token) expr {
	open := p.want("(")
	if kind, ok := typed[t.text]; ok {
		return p.typed(kind, open)
	}
	e := call{token: t}
	if !p.peek().is(")") {
		e.args = list(p, p.expression)
	}
	p.want(")")
	return e
}

// typed reads what stands in dynamic(…) as JSON, with Kusto's quotation marks.
func (p *parser) typed(kind Type, open token) expr {
	if _, null := p.keyword("null"); null {
		p.want(")")
		return literal{nil, kind}
	}
	v := p.json()
	p.want(")")
	if kind != Dynamic {
		if v = casted(casts["to"+string(kind)], v); v == nil {
			p.stop(semantic(open, "The value is no %s", kind))
		}
	}
	return literal{v, kind}
}

func (p *parser) json() any {
	defer p.deeper()()
	t := p.peek()
	switch {
	case t.is("["):
		return p.jsonList()
	case t.is("{"):
		return p.jsonObject()
	case t.kind == text:
		p.next()
		return t.text
	case t.kind == number:
		p.next()
		return json.Number(t.text)
	case p.got("-"):
		if p.peek().kind == number {
			return json.Number("-" + p.next().text)
		}
	case t.kind == word:
		if _, null := p.keyword("null"); null {
			return nil
		}
		if v, ok := literals[t.text]; ok {
			p.next()
			return v
		}
	}
	p.fail("a JSON value")
	return nil
}

func (p *parser) jsonList() any {
	p.want("[")
	all := []any{}
	if !p.peek().is("]") {
		all = list(p, p.json)
	}
	p.want("]")
	return all
}

func (p *parser) jsonObject() any {
	p.want("{")
	all := map[string]any{}
	for !p.peek().is("}") {
		key := p.peek()
		if key.kind != text {
			p.fail("a key")
		}
		p.next()
		p.want(":")
		all[key.text] = p.json()
		if !p.got(",") {
			break
		}
	}
	p.want("}")
	return all
}
