package graph

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// maxText is the length of the longest string that Kusto makes, in bytes; what
// is beyond is cut off.
const maxText = 1 << 20

func cut(s string) string {
	if len(s) > maxText {
		return s[:maxText]
	}
	return s
}

// typeOf is the type of a value that stands by itself.
func typeOf(v any) Type {
	switch v := v.(type) {
	case string:
		return String
	case bool:
		return Bool
	case int64:
		return Long
	case float64:
		return Real
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return Long
		}
		return Real
	}
	return Dynamic
}

// toText is what tostring makes of a value: "" of null, JSON of lists and objects.
func toText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case json.Number:
		return v.String()
	}
	raw, err := json.Marshal(v)
	if err != nil { // an infinite number
		return ""
	}
	return cut(string(raw))
}

// figure returns a number as both kinds; whole tells whether it is one without
// a fraction.
func figure(v any) (i int64, f float64, whole, ok bool) {
	switch v := v.(type) {
	case int64:
		return v, float64(v), true, true
	case float64:
		return 0, v, false, true
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, float64(i), true, true
		}
		f, err := v.Float64()
		return 0, f, false, err == nil
	}
	return 0, 0, false, false
}

func toLong(v any) (int64, bool) {
	i, f, whole, ok := figure(v)
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case string:
		i, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return i, err == nil
	}
	if ok && !whole {
		return int64(f), math.Abs(f) < 1<<63
	}
	return i, ok
}

func toReal(v any) (float64, bool) {
	if s, ok := v.(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, err == nil
	}
	_, f, _, ok := figure(v)
	return f, ok
}

func toBool(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		b, err := strconv.ParseBool(strings.ToLower(v))
		return b, err == nil
	}
	i, ok := toLong(v)
	return i != 0, ok
}

// truth is what a condition comes to: null counts as false.
func truth(v any) bool {
	b, ok := v.(bool)
	return ok && b
}

// casts are the conversions, and the type that each makes.
var casts = map[string]Type{
	"tostring": String, "toint": Long, "tolong": Long, "toreal": Real, "todouble": Real,
	"tobool": Bool, "toboolean": Bool, "todynamic": Dynamic, "parse_json": Dynamic,
}

// casted converts a value; null where it cannot be.
func casted(to Type, v any) any {
	switch to {
	case String:
		return toText(v)
	case Long:
		if i, ok := toLong(v); ok {
			return i
		}
	case Real:
		if f, ok := toReal(v); ok {
			return f
		}
	case Bool:
		if b, ok := toBool(v); ok {
			return b
		}
	case Dynamic:
		return toDynamic(v)
	}
	return nil
}

// toDynamic parses a string as JSON; what is none stays a string.
func toDynamic(v any) any {
	s, ok := v.(string)
	if !ok || len(s) > maxText {
		return v
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var parsed any
	if err := d.Decode(&parsed); err != nil || d.More() {
		return v
	}
	return parsed
}

// compare orders two values of one kind; ok is false for others.
func compare(a, b any) (order int, ok bool) {
	if ai, af, aw, isNumber := figure(a); isNumber {
		bi, bf, bw, ok := figure(b)
		if aw && bw {
			return cmp.Compare(ai, bi), ok
		}
		return cmp.Compare(af, bf), ok
	}
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case bool:
		b, ok := b.(bool)
		return cmp.Compare(rank(a), rank(b)), ok
	}
	return 0, false
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// equal is "==": null of two nulls, false of one
// (learn.microsoft.com/kusto/query/scalar-data-types/null-values).
func equal(a, b any) any {
	switch {
	case a == nil && b == nil:
		return nil
	case a == nil || b == nil:
		return false
	}
	order, ok := compare(a, b)
	return ok && order == 0
}

// sorted orders values of any kind for sorting: null first.
func sorted(a, b any) int {
	if order, ok := compare(a, b); ok {
		return order
	}
	if a == nil || b == nil {
		return cmp.Compare(rank(a != nil), rank(b != nil))
	}
	return strings.Compare(toText(a), toText(b))
}

// identity is a text that two values share only if they are the same.
func identity(values ...any) string {
	var b strings.Builder
	for _, v := range values {
		s := toText(v)
		b.WriteString(string(kindOf(v)) + strconv.Itoa(len(s)) + ":" + s)
	}
	return b.String()
}

func kindOf(v any) Type {
	if v == nil {
		return "null"
	}
	return typeOf(v)
}
