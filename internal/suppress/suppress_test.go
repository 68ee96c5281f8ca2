package suppress

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	list, err := Parse("f.yaml", []byte("suppressions:\n- {code: PL2*, vault: kv-*, reason: built next week, expires: 2027-01-31}\n"))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	w := list[0]
	if w.Code != "PL2*" || w.Vault != "kv-*" || w.Network != "" || w.Reason != "built next week" || w.Line != 2 ||
		!w.Expires.Equal(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", w)
	}
	if list, err := Parse("f.yaml", nil); len(list) > 0 || err != nil {
		t.Error(list, err)
	}
}

// TestFaults: each fault is named with its line, and none is passed over.
func TestFaults(t *testing.T) {
	const ok = "reason: r, expires: 2027-01-31"
	for text, want := range map[string]string{
		"- {" + ok + "}":                           "f.yaml:2: says neither code nor vault nor network",
		"- {code: PL201, expires: 2027-01-31}":     "f.yaml:2: reason is missing",
		"- {code: PL201, reason: r}":               "f.yaml:2: expires has to be a date such as 2027-01-31, not \"\"",
		"- {code: PL201, reason: r, expires: soon": "f.yaml: yaml: ",
		"- {cod: PL201, " + ok + "}":               "f.yaml:2: unknown key \"cod\"",
		"- PL201":                                  "f.yaml:2: is no entry",
		"- {vault: \"[\", " + ok + "}":             "f.yaml:2: \"[\" is no pattern",
	} {
		_, err := Parse("f.yaml", []byte("suppressions:\n"+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
	if _, err := Parse("f.yaml", []byte("supressions: []\n")); err == nil {
		t.Error("a misspelt key is passed over")
	}
}
