package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
)

// maxStray is how many messages that answer no question of ours are passed
// over; who sends more is not waited for.
const maxStray = 16

// lookup asks as programs on the host do.
func lookup(ctx context.Context, e env.Env, p Plan) fact.Lookup {
	l := fact.Lookup{Question: p.Host}
	started := e.Now()
	addrs, by, err := e.Lookup(ctx, p.Host.Host())
	l.Took, l.Transport = e.Now().Sub(started), by
	for _, a := range addrs {
		if a = a.Unmap(); a.IsValid() && !slices.Contains(l.Addrs, a) {
			l.Addrs = append(l.Addrs, a)
		}
	}
	switch {
	case ctx.Err() != nil:
		l.Addrs, l.Error = nil, "cut short"
	case err == nil && len(l.Addrs) == 0:
		l.Outcome, l.Error = fact.NoData, "no address"
	default:
		l.Outcome, l.Error = Classify(err)
	}
	return l
}

// ask puts a question to its server, over UDP and, where the answer does not
// fit, over TCP.
func ask(ctx context.Context, e env.Env, q Question) fact.Lookup {
	bounded, cancel := context.WithTimeout(ctx, q.Within)
	defer cancel()
	started := e.Now()
	l := fact.Lookup{Server: q.Server, Question: q.Name, Type: q.Type, CD: q.CD, Transport: "udp"}
	a, err := exchange(bounded, e, q, "udp")
	if err == nil && a.truncated {
		l.Transport = "tcp"
		a, err = exchange(bounded, e, q, "tcp")
		if ctx.Err() == nil && (outOfReach(err) || a.truncated) {
			err = failure{fact.Truncated, "the answer needs TCP, which fails"}
		}
	}
	l.Took = e.Now().Sub(started)
	if ctx.Err() != nil && (outOfReach(err) || a.truncated) {
		l.Error = "cut short"
		return l
	}
	l.Outcome, l.Error = Classify(err)
	l.Chain, l.Addrs, l.TTL = a.chain, a.addrs, a.ttl
	return l
}

// outOfReach tells an error of the way to the server from one in its words.
func outOfReach(err error) bool {
	var f failure
	return err != nil && !errors.As(err, &f)
}

// exchange sends the question and waits for its answer. It adds no EDNS(0)
// record, since resolver libraries add none by default: what it is told is
// what they are told.
func exchange(ctx context.Context, e env.Env, q Question, network string) (answer, error) {
	id := uint16(rand.Uint32()) //nolint:gosec // math/rand/v2 seeds itself with secrets; an id has 16 bits anyway
	m := dns.Msg{MsgHdr: dns.MsgHdr{Id: id, RecursionDesired: true, CheckingDisabled: q.CD}}
	m.Question = []dns.Question{{Name: q.Name.String(), Qtype: dns.StringToType[q.Type], Qclass: dns.ClassINET}}
	packed, err := m.Pack()
	if err != nil {
		return answer{}, failure{fact.Malformed, "a name that DNS cannot carry"}
	}
	conn, err := e.Dial(ctx, network, netip.AddrPortFrom(q.Server, 53).String())
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = conn.Close() }()
	defer bound(ctx, conn)()
	if network == "tcp" {
		return overStream(conn, packed, id, q)
	}
	return overPackets(conn, packed, id, q)
}

// overPackets sends one datagram and, halfway through the time, another: the
// first may have got lost.
func overPackets(conn net.Conn, question []byte, id uint16, q Question) (answer, error) {
	if _, err := conn.Write(question); err != nil {
		return answer{}, err
	}
	again := time.AfterFunc(q.Within/2, func() { _, _ = conn.Write(question) })
	defer again.Stop()
	buffer := make([]byte, 4096)
	for stray := range maxStray {
		n, err := conn.Read(buffer)
		switch {
		case err != nil && stray > 0:
			return answer{}, errNotOurs
		case err != nil:
			return answer{}, err
		}
		if a, err := parseAnswer(buffer[:n], id, q); !errors.Is(err, errNotOurs) {
			return a, err
		}
	}
	return answer{}, errNotOurs
}

// overStream frames the message with its length (RFC 1035, section 4.2.2).
func overStream(conn net.Conn, question []byte, id uint16, q Question) (answer, error) {
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(question))) //nolint:gosec // a question has at most 271 octets
	if _, err := conn.Write(append(framed, question...)); err != nil {
		return answer{}, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return answer{}, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return answer{}, err
	}
	return parseAnswer(message, id, q)
}

// bound makes a connection fail once ctx ends, and returns what lifts that. It
// goes by the context's clock alone: the host's own may be wrong.
func bound(ctx context.Context, conn net.Conn) (lift func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}
