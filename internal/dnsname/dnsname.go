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
	text := s
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	switch n := len(text) - 1; {
	case n == 0:
		return Name{}, errors.New("empty name")
	case n > maxName:
		return Name{}, fmt.Errorf("name of %d characters, the limit is %d", n, maxName)
	}
	if err := checkLabels(text); err != nil {
		return Name{}, fmt.Errorf("name %.80q: %w", s, err)
	}
	return Name{strings.ToLower(text)}, nil
}

// checkLabels looks at labels that each have a dot behind them. It comes before
// the change to lower case, which would turn some letters that are not ASCII
// into ones that are.
func checkLabels(text string) error {
	start := 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '.':
			if err := checkLength(i - start); err != nil {
				return err
			}
			start = i + 1
		case !stands[c] && (c != '*' || i > 0 || text[1] != '.'):
			return fmt.Errorf("character %q", c)
		}
	}
	return nil
}

func checkLength(n int) error {
	switch {
	case n == 0:
		return errors.New("empty label")
	case n > maxLabel:
		return fmt.Errorf("label of %d characters, the limit is %d", n, maxLabel)
	}
	return nil
}

// stands tells which characters stand in a label.
var stands = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") {
		t[c] = true
	}
	return t
}()

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

// MarshalText writes the name as Host does, and the root as a dot.
func (n Name) MarshalText() ([]byte, error) {
	if n == Root {
		return []byte(n.text), nil
	}
	return []byte(n.Host()), nil
}

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

// Child returns the name with label, or several with dots between them, put in
// front.
func (n Name) Child(label string) (Name, error) {
	switch {
	case n.IsZero():
		return Name{}, errors.New("no name to put a label before")
	case n == Root:
		return Parse(label)
	}
	text := label + "." + n.text
	front := text[:len(label)+1]
	if err := checkLabels(front); err != nil {
		return Name{}, fmt.Errorf("name %.80q: %w", text, err)
	}
	if len(text)-1 > maxName {
		return Name{}, fmt.Errorf("name of %d characters, the limit is %d", len(text)-1, maxName)
	}
	if lower := strings.ToLower(front); lower != front { // n is lower-case already
		text = lower + n.text
	}
	return Name{text}, nil
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
