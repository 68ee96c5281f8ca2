package lab

import (
	"maps"
	"sync"

	"pldoctor/internal/fact"
	"pldoctor/internal/manage"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// A present is the World as it is now, and what is made of it.
type present struct {
	world *world.World
	plane func() *manage.Plane // made when it is first asked
}

func (l *Lab) presently(w *world.World) *present {
	return &present{w, sync.OnceValue(func() *manage.Plane { return l.newPlane(w) })}
}

// World is the World as it is now.
func (l *Lab) World() *world.World { return l.now.Load().world }

// Change puts another World in the place of the one that is, at once: each
// packet, question and request from now on meets the new one. What DNS servers
// keep they keep until its TTL ends. A connection that is open stays where its
// way does, or where only a network security group would not let it be opened
// any more, since those have a record of it
// (learn.microsoft.com/azure/virtual-network/network-security-groups-overview,
// "flow record"); the vault judges each of its requests as things are then. On
// one whose way is blocked, packets vanish. One whose packets come out
// elsewhere, or from another source, is reset by who does not know it (RFC 9293,
// section 3.5.1).
func (l *Lab) Change(w *world.World) {
	l.now.Store(l.presently(w))
	l.mu.Lock()
	open := maps.Clone(l.conns)
	l.mu.Unlock()
	for c, a := range open {
		l.rejudge(c, a)
	}
}

// rejudge does with an open connection what the World of now does.
func (l *Lab) rejudge(c *conn, a arrival) {
	if o := a.decision.Outcome; a.inner || o != fact.OK && o != fact.Stalled {
		return
	}
	if h, ok := l.World().Host(a.flow.From.Machine); ok {
		a.flow.From = route.FromHost(l.World(), h)
	}
	server, d := l.find(a.flow)
	same := d.Target == a.decision.Target && d.Source == a.decision.Source && d.Resigner == a.decision.Resigner && server == a.server
	switch {
	case d.Reason == fact.ByNSG:
	case d.Reason == fact.EndpointDead && d.By == a.decision.Target.ID: // it was let in; what it asks for is refused
	case d.Outcome == fact.OK || d.Outcome == fact.Stalled:
		if !same {
			c.cut()
		}
	case d.Outcome == fact.Refused || d.Outcome == fact.Reset:
		c.cut()
	default:
		c.silence()
	}
}

// latest is a host as it is now. One that is gone stays as it was.
func (l *Lab) latest(h *world.Host) *world.Host {
	if now, ok := l.World().Host(h.ID); ok {
		return now
	}
	return h
}
