package lab

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
)

// Ports that somebody listens at.
const (
	dnsPort   = 53
	httpPort  = 80
	httpsPort = 443
)

// synPatience is how long Linux goes on sending SYNs to somebody who does not
// answer: tcp_syn_retries 6, tcp(7).
const synPatience = 127 * time.Second

// protocols are the networks that can be dialled.
var protocols = map[string]route.Protocol{
	"tcp": route.TCP, "tcp4": route.TCP, "tcp6": route.TCP,
	"udp": route.UDP, "udp4": route.UDP, "udp6": route.UDP,
}

// errnos are the errors of a connect that somebody on the way answered.
var errnos = map[fact.Outcome]syscall.Errno{
	fact.Refused:     syscall.ECONNREFUSED,
	fact.Unreachable: syscall.EHOSTUNREACH,
	fact.Reset:       syscall.ECONNRESET,
}

// An arrival is a connection as its far end sees it.
type arrival struct {
	flow     route.Flow
	decision route.Decision
	server   resolve.Server // of a flow to port 53
	trail    trail          // of a flow to port 53
	inner    bool           // the rest of the way of another connection, which is judged in its place
}

// source is the client as the far end sees it.
func (a arrival) source() netip.Addr {
	if a.decision.Source.IsValid() {
		return a.decision.Source
	}
	return a.flow.From.Addr
}

// A handler serves one connection at its far end, until it returns.
type handler func(c *conn, a arrival)

// dial opens a connection from a machine. It fails as net.Dialer does.
func (l *Lab) dial(ctx context.Context, from caller, network, address string) (net.Conn, error) {
	proto, known := protocols[network]
	if !known {
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError(network)}
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.AddrError{Err: "not ip:port", Addr: address}}
	}
	flow := route.Flow{From: from.origin, To: netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), Proto: proto}
	a := arrival{flow: flow, trail: trailOf(ctx)}
	a.server, a.decision = l.decide(flow)
	if proto == route.UDP {
		return packetConn{l.socket(from, a)}, nil
	}
	c, err := l.connect(ctx, from, a)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr("tcp", a.flow.To), Err: err}
	}
	return c, nil
}

// decide asks where a packet goes, and traces the answer.
func (l *Lab) decide(f route.Flow) (resolve.Server, route.Decision) {
	server, d := l.find(f)
	kind, to := fact.Routed, string(d.Target.ID)
	if d.Outcome != fact.OK {
		kind, to = fact.Stopped, string(d.Reason)
	}
	l.trace(fact.Event{Stage: fact.StageConnect, Kind: kind, Who: fact.Ref(d.By), Subject: f.To.String(), To: to})
	return server, d
}

// find tells where a packet goes and, at port 53, which DNS server is there. A
// machine reaches its own loopback addresses.
func (l *Lab) find(f route.Flow) (server resolve.Server, d route.Decision) {
	switch to := f.To.Addr(); {
	case f.To.Port() == dnsPort:
		server, d = resolve.Find(l.World(), f.From, to, f.Proto)
		if h, ok := l.World().Host(server.ID); ok && h.DNS != nil && h.DNS.NoTCP && f.Proto == route.TCP {
			d.Outcome, d.Reason, d.By = fact.Refused, fact.PortClosed, h.ID
		}
		return server, d
	case to.IsLoopback():
		return server, route.Decision{Outcome: fact.OK, Source: to, Target: route.Target{Kind: route.AtHost, ID: f.From.Machine}}
	}
	return server, route.Decide(l.World(), f)
}

// service returns what listens at the far end, nil if nothing does.
func (l *Lab) service(a arrival) handler {
	port := a.flow.To.Port()
	if open := l.standIn(a); open != nil {
		return l.handOver(open)
	}
	switch kind := a.decision.Target.Kind; {
	case port == dnsPort && a.server.Kind != resolve.NoServer:
		return l.serveDNS
	case a.flow.Proto != route.TCP:
		return nil
	case port == httpsPort && (kind == route.AtEndpoint || kind == route.AtFrontEnd):
		return l.serveVault
	case port == httpsPort && kind == route.AtManagement:
		return l.serveManagement
	case port == httpsPort && kind == route.AtAuthority:
		return l.serveAuthority
	case port == httpPort && kind == route.AtMetadata:
		return l.serveMetadata
	case kind == route.AtHost:
		if h, ok := l.World().Host(a.decision.Target.ID); ok && h.Proxy != nil && h.Proxy.Port == port {
			return l.serveProxy(h)
		}
	}
	return nil
}

// connect shakes hands: one round trip, or what a kernel makes of none.
func (l *Lab) connect(ctx context.Context, from caller, a arrival) (*conn, error) {
	o := a.decision.Outcome
	errno, answered := errnos[o]
	if o != fact.OK && o != fact.Stalled && !answered {
		if err := l.sleep(ctx, synPatience); err != nil {
			return nil, err
		}
		return nil, os.NewSyscallError("connect", syscall.ETIMEDOUT)
	}
	if err := l.sleep(ctx, l.opt.RTT); err != nil {
		return nil, err
	}
	serve := l.service(a)
	if answered || serve == nil {
		return nil, os.NewSyscallError("connect", cmp.Or(errno, syscall.ECONNREFUSED))
	}
	near, far := l.pair("tcp", from, a)
	if !l.run(far, a, serve) {
		return nil, net.ErrClosed
	}
	return near, nil
}

// socket makes a connected datagram socket. Nothing has been sent yet: what is
// wrong on the way shows once something is.
func (l *Lab) socket(from caller, a arrival) *conn {
	near, far := l.pair("udp", from, a)
	serve := l.service(a)
	errno, answered := errnos[a.decision.Outcome]
	switch {
	case !answered && a.decision.Outcome != fact.OK && a.decision.Outcome != fact.Stalled:
		far.silence()
		serve = func(c *conn, _ arrival) { _, _ = c.Read(make([]byte, 1)) }
	case answered || serve == nil:
		serve = func(c *conn, _ arrival) { unreachable(c, cmp.Or(errno, syscall.ECONNREFUSED)) }
	}
	if !l.run(far, a, serve) {
		far.kill()
	}
	return near
}

// unreachable answers the first datagram with what an ICMP message makes a
// connected socket read.
func unreachable(c *conn, errno syscall.Errno) {
	if _, err := c.Read(make([]byte, 1)); err == nil {
		c.out.finish(os.NewSyscallError("read", errno))
		c.in.leave(net.ErrClosed, errno)
	}
}

// pair makes both ends of a connection, the near one at a port of its own.
func (l *Lab) pair(network string, from caller, a arrival) (near, far *conn) {
	port := uint16(32768 + l.ports.Add(1)%28232) // Linux's ip_local_port_range
	client, seen := netip.AddrPortFrom(from.addr, port), netip.AddrPortFrom(a.source(), port)
	return newPair(network, client, a.flow.To, seen, l.opt.RTT/2, a.decision.Outcome == fact.Stalled)
}

// run serves the far end of a connection in a goroutine of its own, unless the
// lab is closed.
func (l *Lab) run(c *conn, a arrival, serve handler) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.conns[c] = a
	c.closed = func() {
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
	}
	l.wg.Go(func() {
		defer func() { _ = c.Close() }()
		serve(c, a)
	})
	return true
}

// sleep waits for d, or until the caller or the lab gives up.
func (l *Lab) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ioError(ctx.Err())
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ioError(ctx.Err())
	case <-l.ctx.Done():
		return net.ErrClosed
	}
}

// ioError makes of a context's error what package net makes of it.
func ioError(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return timeoutError{}
	case errors.Is(err, context.Canceled):
		return canceledError{}
	}
	return err
}

// A timeoutError is package net's own, which is not exported.
type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Is(err error) bool {
	return err == os.ErrDeadlineExceeded || err == context.DeadlineExceeded
}

// A canceledError is package net's own, which is not exported.
type canceledError struct{}

func (canceledError) Error() string     { return "operation was canceled" }
func (canceledError) Is(err error) bool { return err == context.Canceled }
