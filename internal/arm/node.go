package arm

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// A node is a value inside a resource that knows where it stands. Reading one
// that is absent gives the zero value; reading one of another kind gives it
// too, and an Error.
type node struct {
	v    any
	path string
	in   *item
}

func (n node) fail(format string, args ...any) { n.in.fail(n.path, format, args...) }

func (n node) wrong(want string) { n.fail("is %s, not %s", kindOf(n.v), want) }

func kindOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("%.60q", v)
	}
	return fmt.Sprint(v)
}

func (n node) absent() bool { return n.v == nil || n.v == "" }

// get follows keys down.
func (n node) get(keys ...string) node {
	for _, key := range keys {
		object, ok := n.v.(map[string]any)
		if n.v != nil && !ok {
			n.wrong("an object")
		}
		path := key
		if n.path != "" {
			path = n.path + "." + key
		}
		n = node{lookup(object, key), path, n.in}
	}
	return n
}

// lookup prefers the key as written; ARM itself takes keys in any case.
func lookup(object map[string]any, key string) any {
	if v, ok := object[key]; ok {
		return v
	}
	var match string
	for k := range object {
		if strings.EqualFold(k, key) && (match == "" || k < match) {
			match = k
		}
	}
	return object[match]
}

// or returns other where n is absent.
func (n node) or(other node) node {
	if n.absent() {
		return other
	}
	return n
}

func (n node) list() []node {
	if n.v == nil {
		return nil
	}
	values, ok := n.v.([]any)
	if !ok {
		n.wrong("a list")
		return nil
	}
	nodes := make([]node, len(values))
	for i, v := range values {
		nodes[i] = node{v, n.path + "[" + strconv.Itoa(i) + "]", n.in}
	}
	return nodes
}

// first returns the first element of a list, or an absent node.
func (n node) first() node {
	if all := n.list(); len(all) > 0 {
		return all[0]
	}
	return node{nil, n.path + "[0]", n.in}
}

func (n node) str() string {
	if n.v == nil {
		return ""
	}
	s, ok := n.v.(string)
	if !ok {
		n.wrong("a string")
	}
	return s
}

// oneOf reads an enumeration, whose values ARM compares without case.
func (n node) oneOf(absent string, values ...string) string {
	s := n.str()
	if s == "" {
		return absent
	}
	i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, s) })
	if i < 0 {
		n.fail("is %.60q, not one of %s", s, strings.Join(values, ", "))
		return absent
	}
	return values[i]
}

func (n node) boolean(absent bool) bool {
	if n.v == nil {
		return absent
	}
	b, ok := n.v.(bool)
	if !ok {
		n.wrong("true or false")
		return absent
	}
	return b
}

func (n node) number(absent, most int64) int64 {
	if n.v == nil {
		return absent
	}
	i, ok := integer(n.v)
	if !ok || i < 0 || i > most {
		n.wrong(fmt.Sprintf("a number from 0 to %d", most))
		return absent
	}
	return i
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case json.Number:
		i, err := v.Int64()
		return i, err == nil
	case int:
		return int64(v), true
	case int64:
		return v, true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	}
	return 0, false
}

func (n node) addr() netip.Addr {
	if n.absent() {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(n.str())
	if err != nil || a.Zone() != "" {
		n.wrong("an address")
		return netip.Addr{}
	}
	return a.Unmap()
}

// prefix reads a prefix; a bare address is a prefix of its whole length.
func (n node) prefix() netip.Prefix {
	s := n.str()
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen())
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		n.wrong("a prefix")
		return netip.Prefix{}
	}
	return p.Masked()
}

func (n node) domain() dnsname.Name {
	if n.absent() {
		n.fail("is missing")
		return dnsname.Name{}
	}
	name, err := dnsname.Parse(n.str())
	if err != nil {
		n.fail("is no DNS name: %v", err)
	}
	return name
}

func (n node) strs() []string { return each(n, node.str) }

// addrsInText reads addresses that stand in one text, with commas between them.
func (n node) addrsInText() (all addressSet) {
	for word := range strings.FieldsFuncSeq(n.str(), func(c rune) bool { return c == ',' || c == ' ' }) {
		all = all.with(node{word, n.path, n.in}.addr())
	}
	return all
}

func (n node) addrs() []netip.Addr { return valid(each(n, node.addr)) }

func (n node) prefixes() []netip.Prefix { return valid(each(n, node.prefix)) }

// valid leaves out what was absent, or a fault that has been noted.
func valid[T interface{ IsValid() bool }](all []T) []T {
	return slices.DeleteFunc(all, func(v T) bool { return !v.IsValid() })
}

// An addressSet is a list of addresses, each once.
type addressSet []netip.Addr

func (s addressSet) with(more ...netip.Addr) addressSet {
	for _, a := range more {
		if a.IsValid() && !slices.Contains(s, a) {
			s = append(s, a)
		}
	}
	return s
}

// each reads the elements of a list; nil where there are none.
func each[T any](n node, read func(node) T) []T {
	var all []T
	for _, element := range n.list() {
		all = append(all, read(element))
	}
	return all
}

// merged reads one value or many: ARM often has a key for each.
func merged(one, many node) []string {
	all := many.strs()
	if !one.absent() {
		all = append([]string{one.str()}, all...)
	}
	return all
}

// ref reads a reference to a resource of a type; the zero Meta where absent.
func (n node) ref(resourceType string) world.Meta {
	m := n.loose(resourceType)
	if m.ID != "" && !strings.EqualFold(typeOf(m.Path), resourceType) {
		n.fail("is %.200q, which names no %s", n.str(), resourceType)
		return world.Meta{}
	}
	return m
}

// loose reads a reference that may as well lead to other types, such as those
// of classic networks; a short one is a name of the type.
func (n node) loose(resourceType string) world.Meta {
	s := n.str()
	switch {
	case s == "":
		return world.Meta{}
	case s[0] == '/' && wellFormed(world.At(s).Path):
		return world.At(s)
	case s[0] == '/' || n.in.opt.Group == "":
		n.fail("is %.200q, which is no resource id", s)
		return world.Meta{}
	}
	path, ok := n.in.opt.path(resourceType, s)
	if !ok {
		n.fail("is %.200q, which names no %s", s, resourceType)
		return world.Meta{}
	}
	return world.At(path)
}

// required notes the fault of a reference that is absent.
func (n node) required() node {
	if n.absent() {
		n.fail("is missing")
	}
	return n
}
