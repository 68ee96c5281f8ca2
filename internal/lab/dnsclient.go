package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// A trail is how a question came to where it is. It is not on the wire: the
// fabric carries it beside a question's packets, as a packet carries its TTL,
// and so a question that goes round ends. A real server within the round takes
// it off; then time-outs end it.
type trail struct {
	depth int           // servers that it went through
	left  *atomic.Int64 // questions that may still be asked on its behalf; nil at its start
}

// maxAsked bounds what one question may cause where servers that loop have
// many targets each.
const maxAsked = 2000

type trailKey struct{}

func trailOf(ctx context.Context) trail {
	t, _ := ctx.Value(trailKey{}).(trail)
	return t
}

// onward is the trail of what a server asks in turn.
func (t trail) onward() trail {
	if t.left == nil {
		t.left = new(atomic.Int64)
		t.left.Store(maxAsked)
	}
	return trail{t.depth + 1, t.left}
}

// exhausted tells whether the question must not be carried any further.
func (t trail) exhausted() bool {
	return t.depth >= resolve.MaxDepth || t.left != nil && t.left.Add(-1) < 0
}

// ask returns the way in which a machine asks DNS servers: a message over UDP,
// once, and over TCP when the answer is truncated.
func (l *Lab) ask(ctx context.Context, from caller) resolve.Ask {
	return func(to netip.Addr, q resolve.Question, within time.Duration) resolve.Reply {
		if trailOf(ctx).exhausted() {
			return resolve.LoopReply()
		}
		l.trace(fact.Event{Stage: fact.StageResolver, Kind: fact.Asked, Who: fact.Ref(from.origin.Machine), Subject: q.Name.Host(), To: to.String()})
		r := l.exchange(ctx, from, route.UDP, to, q, within)
		if !r.Truncated {
			return r
		}
		switch r = l.exchange(ctx, from, route.TCP, to, q, within); r.Outcome {
		case fact.Timeout, fact.Refused, fact.Unreachable:
			return resolve.Reply{Outcome: fact.Truncated}
		}
		return r
	}
}

// askBoth is ask for a resolver library, which asks for A and AAAA at once:
// with the question for A it sends the one for AAAA, whose answer is then there
// when it is wanted.
func (l *Lab) askBoth(ctx context.Context, from caller) resolve.Ask {
	ask := l.ask(ctx, from)
	type asked struct {
		to netip.Addr
		q  resolve.Question
	}
	sent := make(map[asked]chan resolve.Reply)
	return func(to netip.Addr, q resolve.Question, within time.Duration) resolve.Reply {
		if answer, ok := sent[asked{to, q}]; ok {
			delete(sent, asked{to, q})
			return <-answer
		}
		if q.Type == world.TypeA {
			twin := resolve.Question{Name: q.Name, Type: world.TypeAAAA, CD: q.CD}
			answer := make(chan resolve.Reply, 1)
			sent[asked{to, twin}] = answer
			go func() { answer <- ask(to, twin, within) }()
		}
		return ask(to, q, within)
	}
}

// exchange sends one question and waits for its answer.
func (l *Lab) exchange(ctx context.Context, from caller, proto route.Protocol, to netip.Addr, q resolve.Question, within time.Duration) resolve.Reply {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	c, err := l.dial(ctx, from, string(proto), netip.AddrPortFrom(to, dnsPort).String())
	if err != nil {
		return resolve.Reply{Outcome: outcomeOf(err)}
	}
	defer func() { _ = c.Close() }()
	deadline, _ := ctx.Deadline() // what comes at that very moment is too late
	_ = c.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(validFrom) })
	defer stop()
	m := query(uint16(l.ids.Add(1)), q)
	if err := send(c, m); err != nil {
		return resolve.Reply{Outcome: outcomeOf(err)}
	}
	for room := make([]byte, maxPacket); ; {
		in, err := receive(c, room)
		if err != nil {
			return resolve.Reply{Outcome: outcomeOf(err)}
		}
		if in.Id == m.Id && in.Response {
			return replyOf(in, q)
		}
	}
}

// outcomeOf says what an error of a connection means to who asked a question.
func outcomeOf(err error) fact.Outcome {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return fact.Refused
	case errors.Is(err, syscall.EHOSTUNREACH):
		return fact.Unreachable
	case errors.Is(err, errNoMessage), errors.Is(err, io.EOF):
		return fact.ServFail
	}
	return fact.Timeout
}

var errNoMessage = errors.New("not a DNS message")

// isStream tells whether messages on c have a length in front (RFC 1035,
// section 4.2.2).
func isStream(c net.Conn) bool { return c.LocalAddr().Network() == "tcp" }

// send writes one message.
func send(c net.Conn, m *dns.Msg) error {
	text, err := m.Pack()
	if err != nil {
		return err
	}
	if isStream(c) {
		text = append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(text)), uint16(len(text))), text...)
	}
	_, err = c.Write(text)
	return err
}

// receive reads one message. It is read into room, of maxPacket bytes, where it
// fits; nothing of it stays there.
func receive(c net.Conn, room []byte) (*dns.Msg, error) {
	text := room
	if isStream(c) {
		var head [2]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return nil, err
		}
		size := int(binary.BigEndian.Uint16(head[:]))
		text = slices.Grow(room[:0], size)[:size]
	}
	n, err := readMessage(c, text)
	if err != nil {
		return nil, err
	}
	m := new(dns.Msg)
	if m.Unpack(text[:n]) != nil {
		return m, errNoMessage
	}
	return m, nil
}

func readMessage(c net.Conn, text []byte) (int, error) {
	if isStream(c) {
		return io.ReadFull(c, text)
	}
	return c.Read(text)
}

// maxPacket is the largest datagram that the machines of a lab read.
const maxPacket = 4096
