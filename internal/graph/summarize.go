package graph

// A summary gathers rows into groups.
type summary struct {
	made []aggregation
	by   []field
}

// An aggregation makes one value of a group.
type aggregation struct {
	named string
	token token
	args  []expr
}

func readSummarize(p *parser) operator {
	var o summary
	if p.peek().text != "by" {
		o.made = list(p, p.aggregation)
	}
	if _, ok := p.keyword("by"); ok {
		o.by = list(p, p.field)
	}
	if o.made == nil && o.by == nil {
		p.fail("an aggregation")
	}
	return o
}

func (p *parser) aggregation() aggregation {
	var a aggregation
	if p.ahead(1).is("=") {
		a.named = p.name().text
		p.want("=")
	}
	a.token = p.name()
	if _, known := aggregates[a.token.text]; !known {
		p.stop(unsupported(a.token))
	}
	p.want("(")
	if !p.peek().is(")") {
		a.args = list(p, p.expression)
	}
	p.want(")")
	return a
}

// title is the name that Kusto gives the column.
func (a aggregation) title() string {
	if a.named != "" {
		return a.named
	}
	f, of := aggregates[a.token.text], ""
	if len(a.args) > 0 {
		of = a.args[0].name()
	}
	if f.prefix == "" {
		return of
	}
	return f.prefix + "_" + of
}

// An aggregate is a function of a group.
type aggregate struct {
	prefix string // of the column's name
	least  int    // arguments; one more is a limit on size
	kind   Type   // "": that of the argument
	add    func(s *state, v any)
	result func(s *state) any
}

// A state is what an aggregate has seen of its group.
type state struct {
	n     int64
	value any
	list  []any
	seen  map[string]bool
}

// maxList is how long a list Kusto makes of a group.
const maxList = 1 << 20

// aggregates is the table of them. Null is passed over by all but count.
var aggregates = map[string]aggregate{
	"count":     {"count", 0, Long, func(s *state, _ any) { s.n++ }, number64},
	"countif":   {"countif", 1, Long, addIf, number64},
	"dcount":    {"dcount", 1, Long, addDistinct, func(s *state) any { return int64(len(s.list)) }},
	"make_list": {"list", 1, Dynamic, addList, listed}, "makelist": {"list", 1, Dynamic, addList, listed},
	"make_set": {"set", 1, Dynamic, addDistinct, listed}, "makeset": {"set", 1, Dynamic, addDistinct, listed},
	"min": {"min", 1, "", func(s *state, v any) { s.keep(v, -1) }, held}, "max": {"max", 1, "", func(s *state, v any) { s.keep(v, 1) }, held},
	"any": {"any", 1, "", addAny, held}, "take_any": {"", 1, "", addAny, held},
	"sum": {"sum", 1, Long, addSum, func(s *state) any {
		if s.value == nil {
			return int64(0)
		}
		return s.value
	}},
}

func number64(s *state) any { return s.n }
func held(s *state) any     { return s.value }

func listed(s *state) any {
	if s.list == nil {
		return []any{}
	}
	return s.list
}

func addIf(s *state, v any) {
	if truth(v) {
		s.n++
	}
}

func addList(s *state, v any) {
	if v != nil && len(s.list) < maxList {
		s.list = append(s.list, v)
	}
}

func addDistinct(s *state, v any) {
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	if key := identity(v); v != nil && !s.seen[key] {
		s.seen[key] = true
		addList(s, v)
	}
}

func addAny(s *state, v any) {
	if s.value == nil {
		s.value = v
	}
}

func addSum(s *state, v any) {
	i, f, whole, ok := figure(v)
	if !ok {
		return
	}
	total, fraction, isWhole, _ := figure(s.value)
	if s.value == nil {
		isWhole = true
	}
	if whole && isWhole {
		s.value = total + i
		return
	}
	s.value = finite(fraction + f)
}

// keep holds the extreme value.
func (s *state) keep(v any, sign int) {
	if v != nil && (s.value == nil || sorted(v, s.value)*sign > 0) {
		s.value = v
	}
}

func (o summary) apply(_ *run, in Table, l lets) (Table, error) {
	var out Table
	groups, err := o.groups(in, l, &out)
	if err != nil {
		return Table{}, err
	}
	args := make([]bound, len(o.made))
	for i, a := range o.made {
		b, kind, err := a.bind(in, l)
		if err != nil {
			return Table{}, err
		}
		args[i] = b
		out.Columns = append(out.Columns, Column{a.title(), kind})
	}
	states := make(map[string][]state)
	rows := make(map[string][]any)
	var order []string
	if len(o.by) == 0 { // one group, also of no rows
		order, states[""] = []string{""}, make([]state, len(o.made))
	}
	for _, row := range in.Rows {
		values := make([]any, len(groups))
		for i, g := range groups {
			values[i] = g.eval(row)
		}
		key := identity(values...)
		if states[key] == nil {
			order, states[key], rows[key] = append(order, key), make([]state, max(1, len(o.made))), values
		}
		for i, a := range o.made {
			aggregates[a.token.text].add(&states[key][i], args[i].eval(row))
		}
	}
	for _, key := range order {
		row := append([]any{}, rows[key]...)
		for i, a := range o.made {
			row = append(row, aggregates[a.token.text].result(&states[key][i]))
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// groups binds what rows are grouped by.
func (o summary) groups(in Table, l lets, out *Table) ([]bound, error) {
	var all []bound
	unnamed := 0
	for _, f := range o.by {
		b, err := f.value.bind(&scope{in, l})
		if err != nil {
			return nil, err
		}
		name := f.title(&unnamed)
		if b.kind == Dynamic {
			return nil, semantic(f.token, "Summarize group key '%s' is of a 'dynamic' type. Please use an explicit cast as grouping by a 'dynamic' type is not supported.", name)
		}
		all = append(all, b)
		out.Columns = append(out.Columns, Column{name, b.kind})
	}
	return all, nil
}

func (a aggregation) bind(in Table, l lets) (bound, Type, error) {
	f := aggregates[a.token.text]
	if len(a.args) < f.least || len(a.args) > f.least+1 {
		return bound{}, "", semantic(a.token, "%s(): function expects %d argument(s)", a.token.text, f.least)
	}
	if f.least == 0 {
		return constant(nil, Dynamic), f.kind, nil
	}
	b, err := a.args[0].bind(&scope{in, l})
	if f.kind == "" {
		return b, b.kind, err
	}
	return b, f.kind, err
}
