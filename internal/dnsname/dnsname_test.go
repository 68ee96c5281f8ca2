package dnsname

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	name253 := strings.Join([]string{label63, label63, label63, strings.Repeat("b", 61)}, ".")
	tests := []struct {
		text, want, wantErr string
	}{
		{text: "fabrikam.vault.azure.net", want: "fabrikam.vault.azure.net."},
		{text: "fabrikam.vault.azure.net.", want: "fabrikam.vault.azure.net."},
		{text: "FabriKam.Vault.AZURE.net", want: "fabrikam.vault.azure.net."},
		{text: ".", want: "."},
		{text: "localhost", want: "localhost."},
		{text: "*.privatelink.vaultcore.azure.net", want: "*.privatelink.vaultcore.azure.net."},
		{text: "_dns.resolver-1.arpa", want: "_dns.resolver-1.arpa."},
		{text: label63 + ".net", want: label63 + ".net."},
		{text: name253, want: name253 + "."},
		{text: name253 + ".", want: name253 + "."},
		{text: "", wantErr: "empty name"},
		{text: "..", wantErr: "empty label"},
		{text: ".net", wantErr: "empty label"},
		{text: "a..b", wantErr: "empty label"},
		{text: "a.b..", wantErr: "empty label"},
		{text: "a" + label63 + ".net", wantErr: "label of 64 characters, the limit is 63"},
		{text: "b" + name253, wantErr: "name of 254 characters, the limit is 253"},
		{text: "a.*.net", wantErr: "character '*'"},
		{text: "a*.net", wantErr: "character '*'"},
		{text: "a b.net", wantErr: "character ' '"},
		{text: "a/b", wantErr: "character '/'"},
		{text: "\u212aey.net", wantErr: "character"}, // the Kelvin sign, whose lower case is k
		{text: "müller.net", wantErr: "character"},
	}
	for _, tt := range tests {
		n, err := Parse(tt.text)
		switch {
		case tt.wantErr == "" && (err != nil || n.String() != tt.want):
			t.Errorf("Parse(%q) = %q, %v; want %q", tt.text, n, err, tt.want)
		case tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)):
			t.Errorf("Parse(%q) = %q, %v; want error with %q", tt.text, n, err, tt.wantErr)
		case err != nil && !n.IsZero():
			t.Errorf("Parse(%q) returns %q beside an error", tt.text, n)
		}
	}
}

func TestRelations(t *testing.T) {
	tests := []struct {
		name, zone string
		under      bool
		label      string
	}{
		{"a.b.net", "b.net", true, "a"},
		{"a.b.net", "net", true, "a.b"},
		{"a.b.net", ".", true, "a.b.net"},
		{"b.net", "b.net", true, "@"},
		{".", ".", true, "@"},
		{"ab.net", "b.net", false, ""},
		{"net", "b.net", false, ""},
		{".", "net", false, ""},
	}
	for _, tt := range tests {
		n, zone := MustParse(tt.name), MustParse(tt.zone)
		if got := n.Under(zone); got != tt.under {
			t.Errorf("%q under %q: %v", n, zone, got)
		}
		if label, ok := n.RelativeTo(zone); label != tt.label || ok != tt.under {
			t.Errorf("%q relative to %q: %q, %v; want %q", n, zone, label, ok, tt.label)
		}
	}
	var none Name
	if none.Under(Root) || Root.Under(none) || none.Under(none) {
		t.Error("no name is under no name")
	}
}

func TestParts(t *testing.T) {
	n := MustParse("a.b.net")
	var labels []string
	for ; !n.IsZero(); n = n.Parent() {
		labels = append(labels, n.Label()+"/"+n.Host())
	}
	if got, want := strings.Join(labels, " "), "a/a.b.net b/b.net net/net /"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := MustParse("a.b.net").Dots(); got != 2 || Root.Dots() != 0 {
		t.Errorf("%d dots, of the root %d", got, Root.Dots())
	}
	if n, err := Root.Child("net"); err != nil || n != MustParse("net") {
		t.Errorf("child of the root: %q, %v", n, err)
	}
	if n, err := MustParse("b.net").Child("A"); err != nil || n != MustParse("a.b.net") {
		t.Errorf("child: %q, %v", n, err)
	}
	for _, label := range []string{"", "a.", "a b", strings.Repeat("a", 64)} {
		if n, err := MustParse("net").Child(label); err == nil {
			t.Errorf("child %q: %q", label, n)
		}
	}
}

func TestText(t *testing.T) {
	for _, n := range []Name{{}, Root, MustParse("a.b.net")} {
		b, err := json.Marshal(n)
		var back Name
		if err != nil || json.Unmarshal(b, &back) != nil || back != n {
			t.Errorf("%q became %s, then %q", n, b, back)
		}
	}
	var n Name
	if err := n.UnmarshalText([]byte("a b")); err == nil || !n.IsZero() {
		t.Errorf("%q, %v", n, err)
	}
}

func TestMustParsePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustParse("a..b")
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", ".", "..", "fabrikam.vault.azure.net", "FABRIKAM.privatelink.vaultcore.azure.net.", "*.a", "a.*",
		"\u212a.net", "xn--mller-kva.de", strings.Repeat("a.", 127), strings.Repeat("a", 64), "a\x00b", "-._",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if !n.IsZero() {
				t.Fatalf("a name %q beside the error %v", n, err)
			}
			return
		}
		if len(n.String()) > 254 || n.String() != strings.ToLower(n.String()) || !strings.HasSuffix(n.String(), ".") {
			t.Fatalf("not canonical: %q", n)
		}
		if !strings.EqualFold(strings.TrimSuffix(s, ".")+".", n.String()) && n != Root {
			t.Fatalf("%q became %q", s, n)
		}
		if again, err := Parse(n.String()); err != nil || again != n {
			t.Fatalf("%q parsed again: %q, %v", n, again, err)
		}
		if n == Root {
			return
		}
		parent := n.Parent()
		child, err := parent.Child(n.Label())
		if err != nil || child != n || !n.Under(parent) || parent.Under(n) {
			t.Fatalf("%q: parent %q, its child %q, %v", n, parent, child, err)
		}
		if label, ok := n.RelativeTo(parent); !ok || label != n.Label() {
			t.Fatalf("%q relative to %q: %q", n, parent, label)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("fabrikam.privatelink.vaultcore.azure.net."); err != nil {
			b.Fatal(err)
		}
	}
}
