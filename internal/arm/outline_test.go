package arm

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// FuzzOutline holds Members and Elements to encoding/json, on all valid JSON.
func FuzzOutline(f *testing.F) {
	for _, text := range []string{
		`{}`, `[]`, ` [ 1 , "a,]" , {"b":[]} , null ] `, `{"A":1,"a":{"\\":"\"}"},"b\u0041":true}`, `{"x":"\\\\"}`, `[[[]],"\\"]`, `{"k":-1.5e9}`, "[\n]",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.TrimSpace(data)
		if !json.Valid(data) {
			return
		}
		var list []json.RawMessage
		if items, ok := Elements(data); ok != (data[0] == '[') || ok && (json.Unmarshal(data, &list) != nil || !slices.EqualFunc(items, list, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })) {
			t.Errorf("%q: %q, %v; want %q", data, items, ok, list)
		}
		var object map[string]json.RawMessage
		if data[0] != '{' || json.Unmarshal(data, &object) != nil {
			return
		}
		members := Members(data)
		for key, value := range object {
			if _, others := object[strings.ToLower(key)]; (!others || key == strings.ToLower(key)) && len(members) == len(object) && !bytes.Equal(members[strings.ToLower(key)], value) {
				t.Errorf("%q: %q is %q, want %q", data, key, members[strings.ToLower(key)], value)
			}
		}
		if len(members) > len(object) {
			t.Errorf("%q: %d members of %d", data, len(members), len(object))
		}
	})
}
