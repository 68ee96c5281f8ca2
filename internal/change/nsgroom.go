package change

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// firstDenial is where people begin to number rules that deny, so that there is
// room for what is allowed ahead of them.
const firstDenial = 1000

// priority is a free one ahead of the rules that may decide otherwise: after
// those that come before them, where there is room. Where all are taken, it is
// that of the first of them.
func (c SetNSGRule) priority(rules []world.NSGRule) int {
	limit, last := c.opposed(rules), firstPriority-priorityStep
	taken := map[int]bool{}
	for _, r := range rules {
		if r.Inbound == c.Inbound && r.Priority < limit {
			taken[r.Priority], last = true, max(last, r.Priority)
		}
	}
	next := last + priorityStep
	if !c.Allow && next < firstDenial && firstDenial < limit {
		next = firstDenial
	}
	if next < limit {
		return next
	}
	for p := limit - 1; p >= firstPriority; p-- {
		if !taken[p] {
			return p
		}
	}
	return limit
}

// opposed is the priority of the first rule of the same direction that may
// decide otherwise about the same packets; one past the last where there is
// none.
func (c SetNSGRule) opposed(rules []world.NSGRule) int {
	i := slices.IndexFunc(rules, func(r world.NSGRule) bool {
		return r.Inbound == c.Inbound && r.Allow != c.Allow && c.meets(r)
	})
	if i < 0 {
		return lastPriority + 1
	}
	return rules[i].Priority
}

// meets tells whether a rule may be about the same packets. What is behind a
// service tag, or where packets come from, is not looked at.
func (c SetNSGRule) meets(r world.NSGRule) bool {
	protocol, port := c.match()
	n, _ := strconv.Atoi(port)
	alike := protocol == "*" || anyWord(r.Protocol) || strings.EqualFold(r.Protocol, protocol)
	return alike && covers(r.DestinationPorts, func(word string) bool { return holdsPort(word, n) }) &&
		covers(r.Destinations, func(word string) bool { return mayHold(word, c.To) })
}

// covers tells whether one of the words of a rule holds; no words hold
// everything.
func covers(words []string, holds func(string) bool) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return anyWord(w) || holds(w) })
}

func anyWord(word string) bool { return word == "" || word == "*" || strings.EqualFold(word, "Any") }

// holdsPort tells whether "443" or "400-500" holds a port.
func holdsPort(word string, port int) bool {
	first, last, ranged := strings.Cut(word, "-")
	if !ranged {
		last = first
	}
	from, err := strconv.Atoi(strings.TrimSpace(first))
	to, bad := strconv.Atoi(strings.TrimSpace(last))
	return err == nil && bad == nil && from <= port && port <= to
}

// mayHold tells whether an address or a prefix holds a; a range or a service tag
// may.
func mayHold(word string, a netip.Addr) bool {
	if p, err := netip.ParsePrefix(word); err == nil {
		return p.Contains(a)
	}
	if one, err := netip.ParseAddr(word); err == nil {
		return one == a
	}
	return true
}
