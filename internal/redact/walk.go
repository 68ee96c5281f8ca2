package redact

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A mask is what becomes of the strings under a key.
type mask func(r *Redactor, text string) string

// rewrite masks a JSON document by a table of keys, in lower case. Members with
// other keys are left out, and so are numbers and booleans but those under the
// keys in plain.
func (r *Redactor) rewrite(raw json.RawMessage, keys map[string]mask, plain map[string]bool) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	w := walk{r, keys, plain}
	return json.Marshal(w.value(v, (*Redactor).text, ""))
}

type walk struct {
	r     *Redactor
	keys  map[string]mask
	plain map[string]bool
}

// value masks what stands under a key in a list of children, which in names.
func (w walk) value(v any, m mask, in string) any {
	switch v := v.(type) {
	case string:
		return m(w.r, v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = w.value(e, m, in)
		}
		return out
	case map[string]any:
		return w.object(v, in)
	}
	if w.plain[in] {
		return v
	}
	return nil
}

func (w walk) object(o map[string]any, in string) map[string]any {
	out := make(map[string]any, len(o))
	for _, key := range slices.Sorted(maps.Keys(o)) {
		lower := strings.ToLower(key)
		m, known := w.keys[lower]
		if !known {
			continue
		}
		if name, ok := o[key].(string); ok && lower == "name" && w.isResource() {
			out[key] = w.r.nameOf(o, name, in)
			continue
		}
		out[key] = w.value(o[key], m, lower)
	}
	return out
}

func (w walk) isResource() bool { return w.keys["properties"] != nil }

// nameOf masks the name of a resource or of a part of one, as the id does where
// there is one.
func (r *Redactor) nameOf(o map[string]any, name, in string) string {
	if id, ok := o["id"].(string); ok && strings.HasPrefix(id, "/") {
		if last := id[strings.LastIndexByte(id, '/')+1:]; strings.EqualFold(last, name) {
			masked := r.id(id)
			return masked[strings.LastIndexByte(masked, '/')+1:]
		}
	}
	if kind, ok := o["type"].(string); ok && strings.Contains(kind, "/") {
		_, types, _ := strings.Cut(strings.ToLower(kind), "/")
		if kinds, parts := strings.Split(types, "/"), strings.Split(name, "/"); len(kinds) == len(parts) {
			for i := range parts {
				parts[i] = r.segment(kinds[i], parts[i])
			}
			return strings.Join(parts, "/")
		}
	}
	return r.segment(in, name)
}
