package lab

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// A Door is where the packets of a host enter the lab that a network stack
// outside it sends, such as a real kernel's. That stack shakes hands itself,
// and its link takes its own time: what comes in here costs no round trip.
// Otherwise it meets what Env.Dial of the same host meets.
type Door struct {
	lab *Lab
	me  *world.Host
	at  *atomic.Pointer[standing]
}

// Door returns the door of a host.
func (l *Lab) Door(host world.ID) (Door, error) {
	h, ok := l.World().Host(host)
	if !ok {
		return Door{}, fmt.Errorf("the lab has no host %q", host.Name())
	}
	return Door{l, h, new(atomic.Pointer[standing])}, nil
}

// A standing is where a host is in a World. It is worked out once, since a flow
// is soon judged.
type standing struct {
	world  *world.World
	origin route.Origin
}

// origin is where the host is now.
func (d Door) origin() route.Origin {
	now := d.lab.World()
	if s := d.at.Load(); s != nil && s.world == now {
		return s.origin
	}
	s := &standing{now, d.lab.callerOf(d.me).origin}
	d.at.Store(s)
	return s.origin
}

// A Fate is what becomes of the first packet of a flow.
type Fate int

// What can become of a packet.
const (
	Dropped     Fate = iota // nobody answers
	Accepted                // somebody listens
	Stalled                 // somebody listens, and packets with more than StallLimit vanish both ways
	Refused                 // a TCP reset, or ICMP port unreachable
	Unreachable             // ICMP host unreachable
)

// StallLimit is the payload, in bytes, of the largest packet that gets through
// a path that stalls.
const StallLimit = narrowLimit

// fates are those of what is not accepted; what is missing is dropped.
var fates = map[fact.Outcome]Fate{
	fact.OK: Accepted, fact.Stalled: Stalled,
	fact.Refused: Refused, fact.Reset: Refused, fact.Unreachable: Unreachable,
}

// A Flow is a TCP connection or a conversation in UDP datagrams whose first
// packet has been judged.
type Flow struct {
	Fate Fate

	door Door
	from netip.AddrPort
	to   arrival
}

// Knock judges the first packet of a flow. Network is "tcp" or "udp"; from is
// what the packet has for its source.
func (d Door) Knock(network string, from, to netip.AddrPort) Flow {
	a := arrival{flow: route.Flow{From: d.origin(), To: to, Proto: protocols[network]}}
	a.server, a.decision = d.lab.decide(a.flow)
	f := Flow{Fate: fates[a.decision.Outcome], door: d, from: from, to: a}
	if (f.Fate == Accepted || f.Fate == Stalled) && d.lab.service(a) == nil {
		f.Fate = Refused
	}
	return f
}

// Ping judges an ICMP echo request. Only machines answer it: Key Vault's front
// ends, private endpoints and Azure's DNS do not.
func (d Door) Ping(to netip.Addr) Fate {
	flow := route.Flow{From: d.origin(), To: netip.AddrPortFrom(to, 0), Proto: route.ICMP}
	return fates[route.Decide(d.lab.World(), flow).Outcome]
}

// A Stream is the near end of a flow that was accepted. Of a UDP flow, a Read
// takes one datagram and a Write sends one.
type Stream interface {
	net.Conn
	CloseWrite() error // ends one direction, as a FIN does
	Reset()            // ends both, as an RST does
}

// Open joins a flow that was accepted with the service that it leads to.
// Silenced is called if a firewall on the way begins to drop its packets. The
// error is net.ErrClosed once the lab is closed.
func (f Flow) Open(silenced func()) (Stream, error) {
	l, network := f.door.lab, string(f.to.flow.Proto)
	seen := netip.AddrPortFrom(f.to.source(), f.from.Port())
	near, far := newPair(network, f.from, f.to.flow.To, seen, 0, false)
	far.silenced = silenced
	serve := l.service(f.to)
	if serve == nil || !l.run(far, f.to, serve) {
		return nil, net.ErrClosed
	}
	return near, nil
}
