package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
)

const (
	// dnsIdle is how long a DNS server keeps an idle TCP connection: the
	// default of Unbound and, nearly, of BIND.
	dnsIdle = 30 * time.Second
	// dnsAtOnce is how many questions of one client a server works on; it
	// drops what comes beyond.
	dnsAtOnce = 32
)

// serveDNS answers the questions of one socket or connection, each as soon as
// its answer is known.
func (l *Lab) serveDNS(c *conn, a arrival) {
	slots, questions := make(chan struct{}, dnsAtOnce), make(chan *dns.Msg, dnsAtOnce)
	var answering sync.WaitGroup
	defer answering.Wait()
	defer close(questions)
	answer := func() {
		for m := range questions {
			l.answer(c, a, m)
			<-slots
		}
	}
	workers, room := 0, make([]byte, maxPacket)
	stream := a.flow.Proto == route.TCP
	for {
		if stream {
			_ = c.SetReadDeadline(now().Add(dnsIdle))
		}
		m, err := receive(c, room)
		switch {
		case err != nil && (stream || !errors.Is(err, errNoMessage)):
			return
		case err != nil || m.Response: // noise
			continue
		}
		select {
		case slots <- struct{}{}:
			if len(slots) > workers { // none is idle
				workers++
				answering.Go(answer)
			}
			questions <- m
		default:
		}
	}
}

// answer answers one message, or stays silent.
func (l *Lab) answer(c *conn, a arrival, m *dns.Msg) {
	q, rcode := questionOf(m)
	if rcode != dns.RcodeSuccess {
		_ = send(c, response(m, rcode))
		return
	}
	if out, ok := l.signer().keys(m); ok {
		_ = send(c, out)
		return
	}
	r := l.reply(a, q)
	if l.sleep(l.ctx, r.After) != nil {
		return
	}
	kind := fact.Answered
	if _, said := rcodes[r.Outcome]; !said {
		kind = fact.Silent
	}
	l.trace(fact.Event{Stage: fact.StageResolver, Kind: kind, Who: fact.Ref(a.server.ID), Subject: q.Name.Host(), To: string(r.Outcome)})
	if kind == fact.Silent {
		return
	}
	if a.flow.Proto == route.TCP {
		r.Truncated = false
	}
	out := l.message(m, q, r)
	l.signer().sign(out, q, r)
	out.AuthenticatedData = l.authentic(a.server, m, q, r)
	if a.flow.Proto == route.UDP {
		out.Truncate(payload(m))
	}
	_ = send(c, out)
}

// payload is how long an answer the asker takes over UDP.
func payload(m *dns.Msg) int {
	if opt := m.IsEdns0(); opt != nil {
		return int(min(max(opt.UDPSize(), dns.MinMsgSize), maxPacket))
	}
	return dns.MinMsgSize
}

// reply has a server find its answer: out of its cache, else by one step of
// its own, whose questions to others go over the wire.
func (l *Lab) reply(a arrival, q resolve.Question) resolve.Reply {
	delay, most := l.caching(a.server)
	if most > 0 {
		if r, ok := l.cache.get(a.server.ID, q, now()); ok {
			r.After = delay
			return r
		}
	}
	ctx := context.WithValue(l.ctx, trailKey{}, a.trail.onward())
	r := resolve.Serve(l.World(), a.server, q, l.ask(ctx, callerAt(a.server.Origin)))
	if most > 0 {
		l.cache.put(a.server.ID, q, r, most, now())
	}
	return r
}

// ownCache is how long, at most, Azure's DNS and public resolvers keep an
// answer, where the lab has them do so: its TTL ends long before.
const ownCache = 24 * time.Hour

// caching tells how long, at most, a server keeps an answer, and what an answer
// takes out of its cache.
func (l *Lab) caching(s resolve.Server) (delay, most time.Duration) {
	switch host, ok := l.World().Host(s.ID); {
	case ok && host.DNS != nil:
		return host.DNS.Delay, host.DNS.Cache
	case l.opt.Caching:
		return 0, ownCache
	}
	return 0, 0
}
