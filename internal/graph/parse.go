package graph

import "strconv"

// A parser reads the tokens of a query.
type parser struct {
	src                    string
	tokens                 []token
	at                     int
	depth                  int
	joins, unions, expands int
	names                  map[string]bool // of let statements: true for a table
	operators              map[string]func(*parser) operator
}

// A failure ends parsing; parse recovers it.
type failure struct{ err *Error }

func parse(query string) (p *pipeline, err error) {
	if len(query) > maxQuery {
		return nil, &Error{Code: TooLarge, Line: -1, Position: -1, Message: "The query is too long."}
	}
	ps := &parser{src: query, tokens: lex(query), names: make(map[string]bool), operators: operators()}
	defer func() {
		if f, failed := recover().(failure); failed {
			p, err = nil, f.err
		}
	}()
	p = ps.statements()
	if ps.peek().kind != end {
		ps.fail("<EOF>")
	}
	return p, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) ahead(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.peek()
	if t.kind != end && t.kind != illegal {
		p.at++
	}
	return t
}

// fail ends parsing at the token that is next.
func (p *parser) fail(expected string) {
	t := p.peek()
	panic(failure{&Error{Code: ParserFailure, Line: t.line, Position: t.position, Token: t.text, Expected: expected}})
}

func (p *parser) stop(err *Error) { panic(failure{err}) }

// want takes a symbol that has to be there, got one that may.
func (p *parser) want(s string) token {
	if !p.peek().is(s) {
		p.fail(s)
	}
	return p.next()
}

func (p *parser) got(s string) bool {
	if !p.peek().is(s) {
		return false
	}
	p.next()
	return true
}

// keyword takes a word that may be there.
func (p *parser) keyword(words ...string) (string, bool) {
	if t := p.peek(); t.kind == word {
		for _, w := range words {
			if t.text == w {
				p.next()
				return w, true
			}
		}
	}
	return "", false
}

func (p *parser) wantWord(w string) {
	if _, ok := p.keyword(w); !ok {
		p.fail(w)
	}
}

// name reads the name of a column or a value, quoted or bare.
func (p *parser) name() token {
	if p.peek().is("[") && p.ahead(1).kind == text {
		p.next()
		t := p.next()
		p.want("]")
		t.kind = word
		return t
	}
	if p.peek().kind != word {
		p.fail("a name")
	}
	return p.next()
}

// whole reads a number without a fraction.
func (p *parser) whole() int {
	t := p.peek()
	n, err := strconv.Atoi(t.text)
	if t.kind != number || err != nil {
		p.fail("a number")
	}
	p.next()
	return n
}

// deeper guards what calls itself.
func (p *parser) deeper() (leave func()) {
	if p.depth++; p.depth > maxDepth {
		t := p.peek()
		p.stop(&Error{Code: ParserFailure, Line: t.line, Position: t.position, Token: t.text, Message: "The query is nested too deep."})
	}
	return func() { p.depth-- }
}

// statements reads let statements and the query behind them.
func (p *parser) statements() *pipeline {
	var all []let
	for {
		if p.got(";") {
			continue
		}
		if p.peek().text != "let" || p.peek().kind != word || p.ahead(1).kind != word {
			break
		}
		p.next()
		all = append(all, p.let())
	}
	q := p.pipeline()
	q.lets = all
	p.got(";")
	return q
}

func (p *parser) let() let {
	s := let{name: p.name().text}
	p.want("=")
	if p.isTable() {
		s.table = p.pipeline()
	} else {
		s.value = p.expression()
	}
	p.names[s.name] = s.table != nil
	if p.peek().kind != end {
		p.want(";")
	}
	return s
}

// isTable tells whether a table comes next, and not a value.
func (p *parser) isTable() bool {
	t := p.peek()
	if t.is("(") {
		return p.ahead(1).kind == word && p.ahead(2).is("|")
	}
	if t.kind != word || p.ahead(1).is("(") || literals[t.text] != nil {
		return false
	}
	table, named := p.names[t.text]
	return table || !named && p.ahead(1).is("|", ";")
}

// pipeline reads a table and its operators.
func (p *parser) pipeline() *pipeline {
	defer p.deeper()()
	q := &pipeline{}
	switch t := p.peek(); {
	case p.got("("):
		q.inner = p.pipeline()
		p.want(")")
	case t.kind == word && p.operatorNext():
		q.name = token{kind: word, text: defaultTable}
		q.ops = append(q.ops, p.operator())
	case t.kind == word:
		q.name = p.next()
	default:
		p.fail("a table")
	}
	for p.got("|") {
		q.ops = append(q.ops, p.operator())
	}
	return q
}

// operatorNext tells an operator from a table: a query may leave out the table.
func (p *parser) operatorNext() bool {
	if p.ahead(1).is("|", ";", ")") || p.ahead(1).kind == end {
		return p.peek().text == "count"
	}
	at := p.at
	_, known := p.operators[p.operatorName().text]
	p.at = at
	return known
}

// operatorName reads a name such as "mv-expand".
func (p *parser) operatorName() token {
	t := p.peek()
	if t.kind != word {
		p.fail("an operator")
	}
	p.next()
	for dash, part := p.peek(), p.ahead(1); dash.is("-") && dash.from == t.to && part.kind == word && part.from == dash.to; dash, part = p.peek(), p.ahead(1) {
		p.next()
		p.next()
		t.text, t.to = p.src[t.from:part.to], part.to
	}
	return t
}

func (p *parser) operator() operator {
	t := p.operatorName()
	read, known := p.operators[t.text]
	if !known {
		p.stop(unsupported(t))
	}
	return read(p)
}

// operators is the table of what can stand behind "|".
func operators() map[string]func(*parser) operator {
	return map[string]func(*parser) operator{
		"where": readWhere, "filter": readWhere,
		"project": readProject, "extend": readExtend, "project-away": readAway,
		"project-keep": readKeep, "project-rename": readRename,
		"join": readJoin, "union": readUnion,
		"order": readSort, "sort": readSort, "top": readTop,
		"take": readTake, "limit": readTake, "distinct": readDistinct, "count": readCount,
		"summarize": readSummarize, "mv-expand": readExpand, "mvexpand": readExpand,
	}
}

// list reads elements with commas between them.
func list[T any](p *parser, read func() T) []T {
	all := []T{read()}
	for p.got(",") {
		all = append(all, read())
	}
	return all
}

// option takes "name=" of an operator's settings.
func (p *parser) option(names ...string) (string, bool) {
	t := p.peek()
	if t.kind != word || !p.ahead(1).is("=") {
		return "", false
	}
	for _, name := range names {
		if t.text == name {
			p.next()
			p.next()
			return name, true
		}
	}
	return "", false
}

// count keeps a query within the number of operators of a kind that it may hold.
func (p *parser) count(n *int, most int, name string) {
	if *n++; *n > most {
		p.stop(&Error{
			Code: InvalidLanguage, Line: -1, Position: -1, Token: name,
			Message: "A query may hold " + strconv.Itoa(most) + " " + name + " operators.",
		})
	}
}
