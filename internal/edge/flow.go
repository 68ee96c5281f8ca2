package edge

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"pldoctor/internal/lab"
)

const (
	// orphaned is how long the near half of a connection may stay quiet whose
	// far half is closed: Linux's tcp_fin_timeout, tcp(7).
	orphaned = time.Minute
	// idle is after what time a conversation in datagrams is over: Linux's
	// nf_conntrack_udp_timeout.
	idle  = 30 * time.Second
	chunk = 32 << 10 // bytes of a connection that are carried at a time
	// datagrams are as large as what the machines of a lab read at a time. A
	// conversation has room for two of them for as long as it lasts.
	datagrams = 4096
)

// connect judges a TCP segment that belongs to no connection. Where it returns
// false, the stack answers with a reset.
func (e *Edge) connect(id stack.TransportEndpointID, pkt *stack.PacketBuffer) bool {
	h := header.TCP(pkt.TransportHeader().Slice())
	if h.Flags()&(header.TCPFlagSyn|header.TCPFlagAck|header.TCPFlagRst) != header.TCPFlagSyn {
		return false
	}
	e.mu.Lock()
	_, known := e.pending[id]
	e.mu.Unlock()
	if known {
		return true
	}
	k := keyOf(header.TCPProtocolNumber, id)
	f := e.door.Knock("tcp", k.src, k.dst)
	if f.Fate != lab.Accepted && f.Fate != lab.Stalled {
		return e.decline(f.Fate, pkt)
	}
	if f.Fate == lab.Stalled {
		e.limits.set(k, stallLimit(lab.StallLimit))
	}
	e.mu.Lock()
	e.pending[id] = f
	e.mu.Unlock()
	return e.syn.HandlePacket(id, pkt)
}

// decline does with a packet what its flow's fate says. Where it returns false,
// the stack says that nobody listens.
func (e *Edge) decline(fate lab.Fate, pkt *stack.PacketBuffer) bool {
	if fate == lab.Unreachable {
		view := pkt.ToView()
		defer view.Release()
		if p, ok := parse(view.AsSlice()); ok {
			e.out.send(unreachable(p))
		}
	}
	return fate != lab.Refused
}

// accept shakes hands, and joins the connection with the lab.
func (e *Edge) accept(r *tcp.ForwarderRequest) {
	id := r.ID()
	var queue waiter.Queue
	ep, failed := r.CreateEndpoint(&queue)
	e.mu.Lock()
	f := e.pending[id]
	delete(e.pending, id)
	e.mu.Unlock()
	r.Complete(failed != nil)
	if failed != nil {
		return
	}
	k := keyOf(header.TCPProtocolNumber, id)
	far, err := f.Open(func() {
		e.limits.set(k, 0)
		ep.Abort()
	})
	c := &connection{near: gonet.NewTCPConn(&queue, ep), abort: ep.Abort, far: far}
	if err != nil || !e.serve(func() { e.join(c); e.limits.release(k) }) {
		ep.Abort()
	}
}

// A connection is joined of two: the host's with the edge, and one in the lab.
type connection struct {
	near   *gonet.TCPConn
	abort  func() // near, by a reset
	far    lab.Stream
	farEnd atomic.Bool // the far side sends no more
}

// join carries a connection's bytes both ways until both are done.
func (e *Edge) join(c *connection) {
	defer context.AfterFunc(e.ctx, c.far.Reset)()
	var down sync.WaitGroup
	down.Go(c.down)
	c.up()
	down.Wait()
	_ = c.far.Close()
	_ = c.near.Close()
}

// up carries what the host sends.
func (c *connection) up() {
	b := make([]byte, chunk)
	for {
		if c.farEnd.Load() {
			_ = c.near.SetReadDeadline(time.Now().Add(orphaned))
		}
		n, err := c.near.Read(b)
		if n > 0 {
			if _, gone := c.far.Write(b[:n]); gone != nil {
				c.abort()
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			_ = c.far.CloseWrite()
			return
		case err != nil:
			c.abort()
			c.far.Reset()
			return
		}
	}
}

// down carries what the lab sends.
func (c *connection) down() {
	b := make([]byte, chunk)
	for {
		n, err := c.far.Read(b)
		if n > 0 {
			if _, gone := c.near.Write(b[:n]); gone != nil {
				c.far.Reset()
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			c.farEnd.Store(true)
			_ = c.near.SetReadDeadline(time.Now().Add(orphaned))
			_ = c.near.CloseWrite()
			return
		case err != nil:
			c.abort()
			return
		}
	}
}

// datagram judges the first UDP datagram of a conversation.
func (e *Edge) datagram(id stack.TransportEndpointID, pkt *stack.PacketBuffer) bool {
	k := keyOf(header.UDPProtocolNumber, id)
	f := e.door.Knock("udp", k.src, k.dst)
	if f.Fate != lab.Accepted && f.Fate != lab.Stalled {
		return e.decline(f.Fate, pkt)
	}
	var queue waiter.Queue
	ep, failed := udp.NewForwarderRequest(e.stack, id, pkt.Clone()).CreateEndpoint(&queue)
	if failed != nil {
		return true
	}
	far, err := f.Open(func() { e.limits.set(k, 0) })
	near := gonet.NewUDPConn(&queue, ep)
	if err != nil || !e.serve(func() { e.converse(near, far) }) {
		_ = near.Close()
	}
	return true
}

// converse carries datagrams both ways until the host has been quiet for long.
func (e *Edge) converse(near *gonet.UDPConn, far lab.Stream) {
	defer context.AfterFunc(e.ctx, func() { _ = near.Close() })()
	var down sync.WaitGroup
	down.Go(func() {
		b := make([]byte, datagrams)
		for n, err := far.Read(b); err == nil; n, err = far.Read(b) {
			_, _ = near.Write(b[:n])
		}
	})
	b := make([]byte, datagrams)
	for {
		_ = near.SetReadDeadline(time.Now().Add(idle))
		n, err := near.Read(b)
		if err != nil {
			break
		}
		if _, err := far.Write(b[:n]); err != nil {
			break
		}
	}
	_ = far.Close()
	_ = near.Close()
	down.Wait()
}

// keyOf is a flow as the host sees it. The stack, which stands for the far
// side, calls that local.
func keyOf(proto tcpip.TransportProtocolNumber, id stack.TransportEndpointID) key {
	return key{
		proto: proto,
		src:   netip.AddrPortFrom(address(id.RemoteAddress), id.RemotePort),
		dst:   netip.AddrPortFrom(address(id.LocalAddress), id.LocalPort),
	}
}
