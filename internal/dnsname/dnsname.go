// Package dnsname holds a DNS name as a value that can be compared.
//
// A name is parsed once, at the edge, and is then always absolute, lower-case
// and within the limits of RFC 1035, so that two names are equal exactly when
// they are the same name.
package dnsname

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of RFC 1035, section 2.3.4.
const (
	maxLabel = 63
	maxName  = 253 // of the text without its final dot
)

// A Name is an absolute DNS name. The zero Name is no name at all; the root is
// Root. Names can be compared with == and used as map keys.
type Name struct{ text string } // lower-case, with a final dot

// Root is the root of the DNS.
var Root = Name{"."}

// Parse reads a name, absolute or not, and takes it as absolute. It accepts
// what can stand in a host name, and underscores and a leading "*" label,
// which stand in zones.
func Parse(s string) (Name, error) {
	if s == "." {
		return Root, nil
	}
	text := strings.ToLower(strings.TrimSuffix(s, "."))
	if text == "" {
		return Name{}, errors.New("empty name")
	}
	if len(text) > maxName {
		return Name{}, fmt.Errorf("name of %d characters, the limit is %d", len(text), maxName)
	}
	for i, label := range strings.Split(text, ".") {
		if err := checkLabel(label, i == 0); err != nil {
			return Name{}, fmt.Errorf("name %.80q: %w", s, err)
		}
	}
	return Name{text + "."}, nil
}

func checkLabel(label string, first bool) error {
	switch {
	case label == "":
		return errors.New("empty label")
	case len(label) > maxLabel:
		return fmt.Errorf("label of %d characters, the limit is %d", len(label), maxLabel)
	case label == "*" && first:
		return nil
	}
	for _, c := range []byte(label) {
		letter := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
		if !letter {
			return fmt.Errorf("character %q in label %.63q", c, label)
		}
	}
	return nil
}

// MustParse is Parse for names written in this program; it panics on error.
func MustParse(s string) Name {
	n, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

// IsZero tells whether n is no name at all.
func (n Name) IsZero() bool { return n.text == "" }

// String returns the name with its final dot, as zone files write it.
func (n Name) String() string { return n.text }

// Host returns the name without its final dot, as people and URLs write it.
func (n Name) Host() string { return strings.TrimSuffix(n.text, ".") }

// MarshalText writes the name as Host does.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.Host()), nil }

// UnmarshalText reads what MarshalText wrote; an empty text is no name.
func (n *Name) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*n = Name{}
		return nil
	}
	parsed, err := Parse(string(b))
	*n = parsed
	return err
}

// Under tells whether n is zone or a name below it.
func (n Name) Under(zone Name) bool {
	if zone == Root {
		return !n.IsZero()
	}
	if zone.IsZero() || !strings.HasSuffix(n.text, zone.text) {
		return false
	}
	rest := len(n.text) - len(zone.text)
	return rest == 0 || n.text[rest-1] == '.'
}

// Parent returns the name without its first label; the parent of a top-level
// name is Root, that of Root is no name.
func (n Name) Parent() Name {
	if n == Root || n.IsZero() {
		return Name{}
	}
	_, rest, _ := strings.Cut(n.text, ".")
	if rest == "" {
		return Root
	}
	return Name{rest}
}

// Label returns the first label, "" for Root.
func (n Name) Label() string {
	label, _, _ := strings.Cut(n.text, ".")
	return label
}

// Child returns the name with label put in front.
func (n Name) Child(label string) (Name, error) {
	if n == Root {
		return Parse(label)
	}
	return Parse(label + "." + n.text)
}

// RelativeTo returns what stands in front of zone, "@" for the zone itself, as
// zone files write it; ok is false when n is not under zone.
func (n Name) RelativeTo(zone Name) (label string, ok bool) {
	switch {
	case !n.Under(zone):
		return "", false
	case n == zone:
		return "@", true
	case zone == Root:
		return n.Host(), true
	}
	return n.text[:len(n.text)-len(zone.text)-1], true
}

// Dots counts the dots of the name as people write it, which is what a
// resolver's ndots option compares with.
func (n Name) Dots() int { return strings.Count(n.Host(), ".") }
