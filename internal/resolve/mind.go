package resolve

import (
	"net/netip"
	"slices"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// MaxDepth is how many servers a question goes through, one forwarding to the
// next, before it counts as looping. A driver that has carried it that far
// answers LoopReply in place of the next server. Chains of forwarders in the
// field have five at most: site, hub, firewall, ruleset, inbound endpoint.
const MaxDepth = 8

// LoopReply is what becomes of a question that goes round: servers limit their
// own work and answer SERVFAIL.
func LoopReply() Reply { return Reply{Outcome: fact.ServFail, Reason: fact.Looped} }

// maxAsked bounds the work on one question where servers that loop have many
// targets each.
const maxAsked = 2000

// A Hop is one question carried from a machine to a server, and what came back.
type Hop struct {
	Depth    int      // 0 for the client's own question
	From     world.ID // who asked
	To       netip.Addr
	Server   Server // NoServer if the question did not arrive
	Question Question
	Reply    Reply
}

// InMind returns an Ask for a machine that recurses in place of sending
// messages: it finds the server and calls Serve, whose own questions it
// carries in the same way.
func InMind(w *world.World, from route.Origin) Ask { return new(Mind).Of(w, from, nil) }

// A Mind is what a machine knows while it asks in place of sending messages: the
// server that it found last. One machine after the other can have the same Mind,
// not several at once.
type Mind struct {
	w    *world.World
	from route.Origin
	see  func(Hop)
	left int

	// The server that the machine itself asked last: it asks the same one again
	// and again.
	near     netip.Addr
	server   Server
	decision route.Decision

	// What servers told it by themselves, as long as there is room.
	heard []heard
	room  int

	ask  Ask // m.begin
	next *asker
}

// An asker is the server that carries a question on at some depth: there is one at
// a time, which leaves its room to the next.
type asker struct {
	mind  *Mind
	from  route.Origin
	depth int
	ask   Ask // a.carry
	next  *asker
}

func newAsker(m *Mind, depth int) *asker {
	a := &asker{mind: m, depth: depth}
	a.ask = a.carry
	return a
}

func (a *asker) carry(to netip.Addr, q Question, within time.Duration) Reply {
	return a.mind.carry(a.from, a.depth, to, q, within)
}

// onward returns how a server asks others that was itself asked at some depth.
func (m *Mind) onward(depth int, from route.Origin) Ask {
	a := m.next
	for a.depth <= depth {
		if a.next == nil {
			a.next = newAsker(m, a.depth+1)
		}
		a = a.next
	}
	a.from = from
	return a.ask
}

// Of returns an Ask for a machine that has nothing in mind yet. It shows each hop
// to see once its reply is known, the deeper before the one that caused it. A nil
// see is none.
func (m *Mind) Of(w *world.World, from route.Origin, see func(Hop)) Ask {
	if m.ask == nil {
		m.ask, m.next = m.begin, newAsker(m, 1)
	}
	*m = Mind{w: w, from: from, see: see, heard: m.heard[:0], ask: m.ask, next: m.next}
	return m.ask
}

// Remember makes the machine look up once what it asks again and again: a probe
// asks what a program has asked.
func (m *Mind) Remember() {
	m.room = 4
	m.heard = slices.Grow(m.heard, m.room)
}

func (m *Mind) begin(to netip.Addr, q Question, within time.Duration) Reply {
	m.left = maxAsked
	return m.carry(m.from, 0, to, q, within)
}

// heard is what a server said without asking others.
type heard struct {
	server world.ID
	kind   ServerKind
	q      Question
	reply  Reply
}

// serve is Serve, with the machine's own questions remembered.
func (m *Mind) serve(s Server, depth int, q Question) Reply {
	for i := range m.heard {
		if h := &m.heard[i]; depth == 0 && h.q == q && h.server == s.ID && h.kind == s.Kind {
			return h.reply
		}
	}
	left := m.left
	r := Serve(m.w, s, q, m.onward(depth, s.Origin))
	if depth == 0 && left == m.left && len(m.heard) < m.room {
		m.heard = append(m.heard, heard{s.ID, s.Kind, q, r})
	}
	return r
}

// find is Find, with the machine's own server remembered.
func (m *Mind) find(from route.Origin, depth int, to netip.Addr) (Server, route.Decision) {
	if depth > 0 {
		return Find(m.w, from, to, route.UDP)
	}
	if m.near != to {
		m.server, m.decision = Find(m.w, from, to, route.UDP)
		m.near = to
	}
	return m.server, m.decision
}

func (m *Mind) carry(from route.Origin, depth int, to netip.Addr, q Question, within time.Duration) Reply {
	if depth >= MaxDepth || m.left == 0 {
		return LoopReply()
	}
	m.left--
	server, r := m.exchange(from, depth, to, q, within)
	if m.see != nil {
		m.see(Hop{depth, from.Machine, to, server, q, r})
	}
	return r
}

// exchange is one question and its answer, over UDP and, if need be, TCP. An
// answer that takes as long as the asker waits is too late.
func (m *Mind) exchange(from route.Origin, depth int, to netip.Addr, q Question, within time.Duration) (Server, Reply) {
	server, d := m.find(from, depth, to)
	if server.Kind == NoServer {
		return server, unanswered(d, within)
	}
	r := m.serve(server, depth, q)
	switch {
	case r.After >= within && answers(r.Outcome):
		return server, Reply{Outcome: fact.Timeout, After: within, By: server.ID, Reason: fact.ServerNotReached}
	case r.After >= within:
		return server, Reply{Outcome: fact.Timeout, After: within, By: r.By, Reason: r.Reason}
	case r.Truncated:
		return server, m.overTCP(from, to, server.ID, r)
	}
	return server, r
}

// overTCP is the same question again, since TC was set.
func (m *Mind) overTCP(from route.Origin, to netip.Addr, server world.ID, r Reply) Reply {
	_, d := Find(m.w, from, to, route.TCP)
	switch {
	case d.Outcome != fact.OK:
		return Reply{Outcome: fact.Truncated, After: r.After, By: d.By, Reason: d.Reason}
	case r.NoTCP:
		return Reply{Outcome: fact.Truncated, After: r.After, By: server, Reason: fact.PortClosed}
	}
	r.Truncated = false
	return r
}

// unanswered is the reply of a server that the question does not reach.
func unanswered(d route.Decision, within time.Duration) Reply {
	r := Reply{Outcome: d.Outcome, By: d.By, Reason: d.Reason}
	switch d.Outcome {
	case fact.Refused, fact.Unreachable:
	default:
		r.Outcome, r.After = fact.Timeout, within
	}
	if r.Reason == fact.NoReason {
		r.Reason = fact.ServerNotReached
	}
	return r
}
