package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"

	"github.com/miekg/dns"

	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// A StandIn is a program outside the process that serves in place of a host: it
// opens a flow to one of the program's sockets. Network is "tcp" or "udp"; the
// program sees the flow come from the address from, at its own address to.
type StandIn func(ctx context.Context, network string, from, to netip.AddrPort) (net.Conn, error)

// StandIn makes a program serve what arrives at a host, at the ports where the
// host serves in the World: 53 of a DNS server, a proxy's own. What the program
// asks others comes in by the host's Door.
func (l *Lab) StandIn(host world.ID, open StandIn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.standIns == nil {
		l.standIns = make(map[world.ID]StandIn)
	}
	l.standIns[host] = open
}

// standIn is what serves an arrival in place of the lab, nil for the lab itself.
func (l *Lab) standIn(a arrival) StandIn {
	if a.decision.Target.Kind != route.AtHost {
		return nil
	}
	h, ok := l.World().Host(a.decision.Target.ID)
	if !ok || !serves(h, a.flow.To.Port()) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.standIns[h.ID]
}

func serves(h *world.Host, port uint16) bool {
	return h.DNS != nil && port == dnsPort || h.Proxy != nil && port == h.Proxy.Port
}

// handOver joins a flow with the program that stands in.
func (l *Lab) handOver(open StandIn) handler {
	return func(c *conn, a arrival) {
		from := netip.AddrPortFrom(a.source(), c.peer.Port())
		far, err := open(l.ctx, string(a.flow.Proto), from, a.flow.To)
		if err != nil {
			c.abort()
			return
		}
		defer context.AfterFunc(l.ctx, func() { _ = far.Close() })()
		if s, ok := far.(stream); ok && a.flow.Proto == route.TCP {
			l.tunnel(c, s, nil)
			return
		}
		var back sync.WaitGroup
		back.Go(func() { _ = relay(c, far) })
		_ = relay(far, c)
		_ = far.Close()
		back.Wait()
	}
}

// asker is who asks a program whether it serves yet: a machine of a network that
// is for examples (RFC 5737).
var asker = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 40053)

// Ready tells whether a program serves what a host serves in the World: it takes
// a connection as a proxy, and answers a question as a DNS server, one that
// every server answers by itself.
func (s StandIn) Ready(ctx context.Context, h *world.Host) error {
	if h.Proxy != nil {
		c, err := s(ctx, "tcp", asker, netip.AddrPortFrom(h.Address, h.Proxy.Port))
		if err != nil {
			return fmt.Errorf("TCP port %d: %w", h.Proxy.Port, err)
		}
		_ = c.Close()
	}
	if h.DNS == nil {
		return nil
	}
	if err := s.answers(ctx, netip.AddrPortFrom(h.Address, dnsPort)); err != nil {
		return fmt.Errorf("UDP port %d: %w", dnsPort, err)
	}
	return nil
}

func (s StandIn) answers(ctx context.Context, to netip.AddrPort) error {
	c, err := s(ctx, "udp", asker, to)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if by, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(by)
	}
	m := new(dns.Msg)
	m.SetQuestion("version.bind.", dns.TypeTXT)
	m.Question[0].Qclass = dns.ClassCHAOS
	text, err := m.Pack()
	if err != nil {
		return err
	}
	if _, err := c.Write(text); err != nil {
		return err
	}
	n, err := c.Read(make([]byte, maxPacket))
	if n == 0 && (err == nil || errors.Is(err, io.EOF)) {
		return errNoMessage
	}
	return err
}
