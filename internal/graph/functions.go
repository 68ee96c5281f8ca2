package graph

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A function of the language, or an operator of its expressions.
type function struct {
	least, most int // arguments; most 0: any number
	bind        func(t token, args []bound) (bound, error)
}

// plain is a function whose result has one type and depends on the values only.
func plain(least, most int, kind Type, f func(args []any) any) function {
	return function{least, most, func(_ token, args []bound) (bound, error) {
		return bound{eval: func(row []any) any {
			values := make([]any, len(args))
			for i, a := range args {
				values[i] = a.eval(row)
			}
			return f(values)
		}, kind: kind}, nil
	}}
}

func test(f func(a, b any) any) function {
	return plain(2, 2, Bool, func(v []any) any { return f(v[0], v[1]) })
}

// words is a test of two strings; insensitive ones get both in lower case.
func words(negated, sensitive bool, f func(s, sub string) bool) function {
	return test(func(a, b any) any {
		s, sub := toText(a), toText(b)
		if !sensitive {
			s, sub = strings.ToLower(s), strings.ToLower(sub)
		}
		return f(s, sub) != negated
	})
}

func ordered(accept func(order int) bool) function {
	return test(func(a, b any) any {
		if a == nil || b == nil {
			return nil
		}
		order, ok := compare(a, b)
		return ok && accept(order)
	})
}

func folded(a, b any) bool { return strings.EqualFold(toText(a), toText(b)) }

// among is "in" and its kin: lists among the elements stand for what they hold.
func among(negated bool, same func(a, b any) bool) function {
	return plain(2, 0, Bool, func(v []any) any {
		return negated != slices.ContainsFunc(v[1:], func(e any) bool {
			if all, ok := e.([]any); ok {
				return slices.ContainsFunc(all, func(e any) bool { return same(v[0], e) })
			}
			return same(v[0], e)
		})
	})
}

// hasFolded tells whether a text has another as a term, whatever their case.
func hasFolded(a, b any) bool {
	return hasTerm(strings.ToLower(toText(a)), strings.ToLower(toText(b)))
}

// indexOf is counted in characters; -1 where there is none.
func indexOf(v []any) any {
	s := toText(v[0])
	at := strings.Index(s, toText(v[1]))
	if at > 0 {
		at = utf8.RuneCountInString(s[:at])
	}
	return int64(at)
}

func same(a, b any) bool { return truth(equal(a, b)) }

// hasTerm tells whether s holds sub as a whole term: a term is of letters and digits.
func hasTerm(s, sub string) bool {
	if sub == "" {
		return true
	}
	for from := 0; ; {
		i := strings.Index(s[from:], sub)
		if i < 0 {
			return false
		}
		at := from + i
		if !termEnd(s[:at]) && !termStart(s[at+len(sub):]) {
			return true
		}
		from = at + 1
	}
}

func termEnd(s string) bool   { return s != "" && inTerm(s[len(s)-1]) }
func termStart(s string) bool { return s != "" && inTerm(s[0]) }

func inTerm(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// arithmetic works on whole numbers as such, and is null of anything else than
// numbers.
func arithmetic(whole func(a, b int64) any, fraction func(a, b float64) float64) function {
	return function{2, 2, func(_ token, args []bound) (bound, error) {
		kind := Real
		if args[0].kind == Long && args[1].kind == Long {
			kind = Long
		}
		return bound{eval: func(row []any) any {
			ai, af, aw, aok := figure(args[0].eval(row))
			bi, bf, bw, bok := figure(args[1].eval(row))
			switch {
			case !aok || !bok:
				return nil
			case aw && bw:
				return whole(ai, bi)
			}
			return finite(fraction(af, bf))
		}, kind: kind}, nil
	}}
}

// finite makes null of what JSON cannot write.
func finite(f float64) any {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return f
}

// choose returns one of its arguments; it has the type of the one at kind.
func choose(least, most, kind int, f func(args []bound, row []any) any) function {
	return function{least, most, func(_ token, args []bound) (bound, error) {
		return bound{eval: func(row []any) any { return f(args, row) }, kind: args[kind].kind}, nil
	}}
}

func iff() function {
	return choose(3, 3, 1, func(args []bound, row []any) any {
		if truth(args[0].eval(row)) {
			return args[1].eval(row)
		}
		return args[2].eval(row)
	})
}

// cases is case(condition, value, …, otherwise).
func cases(args []bound, row []any) any {
	for i := 0; i+1 < len(args); i += 2 {
		if truth(args[i].eval(row)) {
			return args[i+1].eval(row)
		}
	}
	return args[len(args)-1].eval(row)
}

func coalesce(args []bound, row []any) any {
	for _, a := range args {
		if v := a.eval(row); v != nil && v != "" {
			return v
		}
	}
	return nil
}

// pattern is a function with a regular expression among its arguments. Kusto's
// are RE2's, as Go's are.
func pattern(least, most, at int, kind Type, f func(*regexp.Regexp, []any) any) function {
	return function{least, most, func(t token, args []bound) (bound, error) {
		if !args[at].fixed {
			return bound{}, semantic(t, "%s: the regular expression has to be a constant", t.text)
		}
		re, err := regexp.Compile(toText(args[at].eval(nil)))
		if err != nil {
			return bound{}, semantic(t, "%s: the regular expression is invalid", t.text)
		}
		return bound{eval: func(row []any) any {
			values := make([]any, len(args))
			for i, a := range args {
				values[i] = a.eval(row)
			}
			return f(re, values)
		}, kind: kind}, nil
	}}
}

func extract(re *regexp.Regexp, v []any) any {
	group, ok := toLong(v[1])
	found := re.FindStringSubmatch(toText(v[2]))
	if !ok || group < 0 || group >= int64(len(found)) {
		return ""
	}
	return found[group]
}

func length(v any) any {
	if all, ok := v.([]any); ok {
		return int64(len(all))
	}
	return nil
}

func split(v []any) any {
	all := []any{}
	for part := range strings.SplitSeq(toText(v[0]), toText(v[1])) {
		all = append(all, part)
	}
	if len(v) < 3 {
		return all
	}
	if part := inside(all, v[2]); part != nil {
		return []any{part}
	}
	return []any{}
}

func substring(v []any) any {
	runes := []rune(toText(v[0]))
	from, ok := toLong(v[1])
	if !ok {
		return nil
	}
	from = min(max(from, 0), int64(len(runes)))
	to := int64(len(runes))
	if len(v) == 3 {
		if n, ok := toLong(v[2]); ok && n < to-from {
			to = from + max(n, 0)
		}
	}
	return string(runes[from:to])
}

// replace keeps to the length that a string may have before it is made.
func replace(v []any) any {
	s, old, by := toText(v[0]), toText(v[1]), toText(v[2])
	if old == "" {
		return s
	}
	grows := len(by) - len(old)
	if grows > 0 && strings.Count(s, old) > maxText/grows {
		return cut(s)
	}
	return cut(strings.ReplaceAll(s, old, by))
}

func concat(v []any) any {
	var b strings.Builder
	for _, part := range v {
		if b.Len() <= maxText {
			b.WriteString(toText(part))
		}
	}
	return cut(b.String())
}

func keys(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	all := []any{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, key)
	}
	return all
}

func isEmpty(v any) bool { return toText(v) == "" }

func negate(v any) any {
	if b, ok := v.(bool); ok {
		return !b
	}
	return nil
}

// logic is "and" and "or": a null decides nothing.
func logic(decisive bool) function {
	return choose(2, 2, 0, func(args []bound, row []any) any {
		left := args[0].eval(row)
		if left == decisive {
			return decisive
		}
		right := args[1].eval(row)
		if right == decisive {
			return decisive
		}
		if left == nil || right == nil {
			return nil
		}
		return !decisive
	})
}

func cast(name string) function {
	kind := casts[name]
	return plain(1, 1, kind, func(v []any) any { return casted(kind, v[0]) })
}

func one(kind Type, f func(v any) any) function {
	return plain(1, 1, kind, func(v []any) any { return f(v[0]) })
}

func lessThan(o int) bool    { return o < 0 }
func greaterThan(o int) bool { return o > 0 }

// functions is the table of all of them.
var functions = map[string]function{
	"or": logic(true), "and": logic(false), "not": one(Bool, negate),
	"==": test(equal), "!=": test(func(a, b any) any { return negate(equal(a, b)) }),
	"=~": test(func(a, b any) any { return folded(a, b) }), "!~": test(func(a, b any) any { return !folded(a, b) }),
	"<": ordered(lessThan), ">": ordered(greaterThan),
	"<=": ordered(func(o int) bool { return o <= 0 }), ">=": ordered(func(o int) bool { return o >= 0 }),
	"in": among(false, same), "!in": among(true, same), "in~": among(false, folded), "!in~": among(true, folded),
	"has_any": among(false, hasFolded), "indexof": plain(2, 2, Long, indexOf),
	"contains": words(false, false, strings.Contains), "!contains": words(true, false, strings.Contains),
	"contains_cs": words(false, true, strings.Contains), "!contains_cs": words(true, true, strings.Contains),
	"has": words(false, false, hasTerm), "!has": words(true, false, hasTerm),
	"has_cs": words(false, true, hasTerm), "!has_cs": words(true, true, hasTerm),
	"startswith": words(false, false, strings.HasPrefix), "!startswith": words(true, false, strings.HasPrefix),
	"startswith_cs": words(false, true, strings.HasPrefix), "!startswith_cs": words(true, true, strings.HasPrefix),
	"endswith": words(false, false, strings.HasSuffix), "!endswith": words(true, false, strings.HasSuffix),
	"endswith_cs": words(false, true, strings.HasSuffix), "!endswith_cs": words(true, true, strings.HasSuffix),
	"matches": pattern(2, 2, 1, Bool, func(re *regexp.Regexp, v []any) any { return re.MatchString(toText(v[0])) }),
	"extract": pattern(3, 3, 0, String, extract),

	"+": arithmetic(func(a, b int64) any { return a + b }, func(a, b float64) float64 { return a + b }),
	"-": arithmetic(func(a, b int64) any { return a - b }, func(a, b float64) float64 { return a - b }),
	"*": arithmetic(func(a, b int64) any { return a * b }, func(a, b float64) float64 { return a * b }),
	"/": arithmetic(divide, func(a, b float64) float64 { return a / b }),
	"%": arithmetic(remainder, math.Mod),

	"tostring": cast("tostring"), "toint": cast("toint"), "tolong": cast("tolong"), "toreal": cast("toreal"),
	"todouble": cast("todouble"), "tobool": cast("tobool"), "toboolean": cast("toboolean"),
	"todynamic": cast("todynamic"), "parse_json": cast("parse_json"),
	"tolower":    one(String, func(v any) any { return strings.ToLower(toText(v)) }),
	"toupper":    one(String, func(v any) any { return strings.ToUpper(toText(v)) }),
	"isnull":     one(Bool, func(v any) any { return v == nil }),
	"isnotnull":  one(Bool, func(v any) any { return v != nil }),
	"isempty":    one(Bool, func(v any) any { return isEmpty(v) }),
	"isnotempty": one(Bool, func(v any) any { return !isEmpty(v) }),
	"notempty":   one(Bool, func(v any) any { return !isEmpty(v) }),
	"strlen":     one(Long, func(v any) any { return int64(len([]rune(toText(v)))) }),
	"bag_keys":   one(Dynamic, keys), "array_length": one(Long, length), "arraylength": one(Long, length),
	"iff": iff(), "iif": iff(), "case": choose(3, 0, 1, cases), "coalesce": choose(1, 0, 0, coalesce),
	"strcat": plain(1, 0, String, concat), "split": plain(2, 3, Dynamic, split),
	"substring": plain(2, 3, String, substring), "replace_string": plain(3, 3, String, replace),
}

func divide(a, b int64) any {
	if b == 0 || b == -1 && a == math.MinInt64 {
		return nil
	}
	return a / b
}

func remainder(a, b int64) any {
	if b == 0 || b == -1 {
		return nil
	}
	return a % b
}
