package scenario

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"pldoctor/internal/dnsname"
)

// Limits of a file. Aliases are followed, and what they lead to is counted
// again, so that a small file cannot grow into a large one.
const (
	maxSize   = 16 << 20 // bytes
	maxValues = 500_000
	maxDepth  = 64
)

// A node is a YAML value that knows where it stands.
type node struct {
	y     *yaml.Node
	path  string
	owner string // "host app"
	r     *reader
}

func (n node) fail(format string, args ...any) {
	n.r.fail(n.line(), n.owner, n.path, format, args...)
}

func (n node) line() int {
	if n.y == nil {
		return 0
	}
	return n.y.Line
}

// follow resolves aliases and counts the value.
func (n node) follow() node {
	for depth := 0; n.y != nil && n.y.Kind == yaml.AliasNode; depth++ {
		n.y = n.y.Alias
		if depth == maxDepth {
			n.y = nil
		}
	}
	n.r.values++
	if n.r.values > maxValues {
		n.r.fail(0, "", "", "holds more than %d values, aliases followed", maxValues)
		n.y = nil
	}
	return n
}

// isNull tells whether there is nothing: no node, or null.
func (n node) isNull() bool { return n.y == nil || n.y.ShortTag() == "!!null" }

// entries yields the keys of a mapping with their values. A key that stands
// twice is a fault.
func (n node) entries() iter.Seq2[node, node] {
	return func(yield func(key, value node) bool) {
		n = n.follow()
		if n.isNull() {
			return
		}
		if n.y.Kind != yaml.MappingNode {
			n.fail("is not a list of keys and values")
			return
		}
		seen := make(map[string]bool)
		for i := 0; i+1 < len(n.y.Content); i += 2 {
			name := n.y.Content[i].Value
			path := strings.TrimPrefix(n.path+"."+name, ".")
			key := node{n.y.Content[i], path, n.owner, n.r}
			if seen[name] || key.y.Kind != yaml.ScalarNode {
				key.fail("stands twice, or is no text")
				continue
			}
			seen[name] = true
			if !yield(key, node{n.y.Content[i+1], path, n.owner, n.r}) {
				return
			}
		}
	}
}

// keys says what to do with the value of each key.
type keys map[string]func(node)

// object reads a mapping: a key that is not among those known is a fault.
func (n node) object(known keys) {
	for key, value := range n.entries() {
		read, ok := known[key.y.Value]
		if !ok {
			key.fail("is not a key; known here: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		read(value)
	}
}

// into stores what read returns.
func into[T any](to *T, read func(node) T) func(node) {
	return func(n node) { *to = read(n) }
}

func (n node) list() []node {
	n = n.follow()
	if n.isNull() {
		return nil
	}
	if n.y.Kind != yaml.SequenceNode {
		n.fail("is not a list")
		return nil
	}
	all := make([]node, len(n.y.Content))
	for i, y := range n.y.Content {
		all[i] = node{y, n.path + "[" + strconv.Itoa(i) + "]", n.owner, n.r}
	}
	return all
}

// oneOrMany reads a list; a value that is no list stands for a list of it.
func (n node) oneOrMany() []node {
	if n = n.follow(); n.y != nil && n.y.Kind == yaml.ScalarNode && !n.isNull() {
		return []node{n}
	}
	return n.list()
}

// get returns the value of a key, to be read before the others.
func (n node) get(name string) node {
	for key, value := range n.entries() {
		if key.y.Value == name {
			return value
		}
	}
	return node{nil, n.path + "." + name, n.owner, n.r}
}

func (n node) text() string {
	n = n.follow()
	if n.isNull() {
		return ""
	}
	if n.y.Kind != yaml.ScalarNode {
		n.fail("is not a text")
		return ""
	}
	if strings.ContainsFunc(n.y.Value, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' }) {
		n.fail("holds control characters")
		return ""
	}
	return n.y.Value
}

func (n node) flag() (b bool) {
	n = n.follow()
	if n.y == nil || n.y.ShortTag() != "!!bool" || n.y.Decode(&b) != nil {
		n.fail("is neither true nor false")
	}
	return b
}

func (n node) number(most int) int {
	v, err := strconv.Atoi(n.text())
	if err != nil || v < 0 || v > most {
		n.fail("is not a number from 0 to %d", most)
		return 0
	}
	return v
}

// maxDelay bounds delays and time-outs: no resolver waits longer.
const maxDelay = 10 * time.Minute

func (n node) duration() time.Duration {
	d, err := time.ParseDuration(n.text())
	if err != nil || d < 0 || d > maxDelay {
		n.fail("is not a duration from 0s to %s, such as 500ms", maxDelay)
		return 0
	}
	return d
}

func (n node) addr() netip.Addr {
	a, err := netip.ParseAddr(n.text())
	if err != nil || a.Zone() != "" {
		n.fail("is not an address")
		return netip.Addr{}
	}
	return a.Unmap()
}

func (n node) prefix() netip.Prefix {
	p, err := netip.ParsePrefix(n.text())
	if err != nil || p != p.Masked() {
		n.fail("is not a prefix, such as 192.168.0.0/16")
		return netip.Prefix{}
	}
	return p
}

func (n node) domain() dnsname.Name {
	name, err := dnsname.Parse(n.text())
	if err != nil {
		n.fail("is no DNS name: %v", err)
	}
	return name
}

func (n node) addrs() []netip.Addr {
	all := each(n, node.addr)
	return slices.DeleteFunc(all, func(a netip.Addr) bool { return !a.IsValid() })
}

func (n node) prefixes() []netip.Prefix {
	all := each(n, node.prefix)
	return slices.DeleteFunc(all, func(p netip.Prefix) bool { return !p.IsValid() })
}

func (n node) texts() []string { return each(n, node.text) }

func each[T any](n node, read func(node) T) []T {
	var all []T
	for _, element := range n.oneOrMany() {
		all = append(all, read(element))
	}
	return all
}

// word reads one of some words.
func word[T ~string](words ...T) func(node) T {
	return func(n node) T {
		s := T(n.text())
		if !slices.Contains(words, s) {
			n.fail("is %.40q, not one of %v", string(s), words)
			return ""
		}
		return s
	}
}

// value returns what encoding/json would make of the same value.
func (n node) value(depth int) any {
	n = n.follow()
	if n.y == nil {
		return nil
	}
	if depth > maxDepth {
		n.fail("is nested deeper than %d levels", maxDepth)
		return nil
	}
	switch n.y.Kind {
	case yaml.MappingNode:
		object := make(map[string]any)
		for key, value := range n.entries() {
			object[key.y.Value] = value.value(depth + 1)
		}
		return object
	case yaml.SequenceNode:
		values := make([]any, 0, len(n.y.Content))
		for _, element := range n.list() {
			values = append(values, element.value(depth+1))
		}
		return values
	default:
		return n.scalar()
	}
}

func (n node) scalar() any {
	var v any
	switch n.y.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		if err := n.y.Decode(&v); err != nil {
			n.fail("cannot be read: %s", firstLine(err))
		}
		return v
	}
	return n.y.Value
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimPrefix(fmt.Sprint(err), "yaml: "), "\n")
	return line
}
