// Package edge is the far end of the link of one host of a lab whose packets a
// real network stack makes. It is a TCP/IP stack that answers at every address:
// each flow that the host opens is put to the lab's fabric, as those of programs
// inside the process are, before the first packet is answered. So a refused
// connection is a reset, a dropped one is silence, and one that leads nowhere an
// ICMP error.
package edge

import (
	"context"
	"fmt"
	"io"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"pldoctor/internal/lab"
)

const (
	// MTU is that of a virtual machine's network interface in Azure
	// (learn.microsoft.com/azure/virtual-network/how-to-virtual-machine-mtu).
	MTU = 1500

	nic       = 1
	queued    = 4096    // packets that wait for the link
	maxPacket = 65535   // a link that segments by itself hands over large ones
	handshake = 1 << 16 // connections that may be half open: more than a host has ports
)

// Options are the settings of a link. The zero value is one that is infinitely
// fast and loses nothing.
type Options struct {
	Conditions
	// Capture, if not nil, takes what crosses the link, at the host's end of
	// it, as a file for tcpdump and Wireshark.
	Capture io.Writer
}

// An Edge is the far end of a running link. Close ends it.
type Edge struct {
	door    lab.Door
	wire    io.ReadWriteCloser
	stack   *stack.Stack
	link    *channel.Endpoint
	syn     *tcp.Forwarder
	in, out *line
	limits  limits
	capture *capture

	ctx     context.Context
	stop    context.CancelFunc
	carries sync.WaitGroup // of what carries packets
	serves  sync.WaitGroup // of what joins flows with the lab

	mu      sync.Mutex
	closed  bool
	pending map[stack.TransportEndpointID]lab.Flow // whose handshake has not begun
}

// New serves a link, and owns it from now on: each Read of it takes an IP
// packet of the host's, and each Write sends one to the host. The door is that
// of the host in the lab.
func New(door lab.Door, wire io.ReadWriteCloser, o Options) (*Edge, error) {
	e := &Edge{door: door, wire: wire, pending: make(map[stack.TransportEndpointID]lab.Flow)}
	if o.Capture != nil {
		c, err := newCapture(o.Capture)
		if err != nil {
			return nil, err
		}
		e.capture = c
	}
	if err := e.assemble(); err != nil {
		return nil, fmt.Errorf("the lab's end of the link: %w", err)
	}
	e.ctx, e.stop = context.WithCancel(context.Background())
	e.in, e.out = newLine(e.arrive), newLine(e.leave)
	e.Set(o.Conditions)
	e.carries.Go(e.receive)
	e.carries.Go(e.transmit)
	e.carries.Go(func() { e.in.run(e.ctx) })
	e.carries.Go(func() { e.out.run(e.ctx) })
	return e, nil
}

// assemble makes the stack, which takes every address for its own.
func (e *Edge) assemble() error {
	e.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
	})
	e.link = channel.New(queued, MTU, "")
	// The host may leave checksums to a network card that there is not.
	e.link.LinkEPCapabilities = stack.CapabilityRXChecksumOffload
	e.syn = tcp.NewForwarder(e.stack, 0, handshake, e.accept)
	e.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, e.connect)
	e.stack.SetTransportProtocolHandler(udp.ProtocolNumber, e.datagram)
	e.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic}, {Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	sack := tcpip.TCPSACKEnabled(true)
	for _, do := range []func() tcpip.Error{
		func() tcpip.Error { return e.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack) },
		func() tcpip.Error { return e.stack.CreateNIC(nic, e.link) },
		func() tcpip.Error { return e.stack.SetPromiscuousMode(nic, true) },
		func() tcpip.Error { return e.stack.SetSpoofing(nic, true) },
	} {
		if err := do(); err != nil {
			return fmt.Errorf("%s", err)
		}
	}
	return nil
}

// Set changes the conditions of the link while it runs.
func (e *Edge) Set(c Conditions) {
	e.in.set(c)
	e.out.set(c)
}

// Close cuts every connection and closes the link. It returns when no goroutine
// of the edge runs any more, and may be called twice.
func (e *Edge) Close() {
	e.mu.Lock()
	again := e.closed
	e.closed = true
	e.mu.Unlock()
	if !again {
		e.stop()
		_ = e.wire.Close()
		e.stack.Close()
	}
	e.carries.Wait()
	e.serves.Wait()
	if !again {
		e.link.Close()
		e.stack.Wait()
	}
}

// serve runs what serves a flow, unless the edge is closed.
func (e *Edge) serve(run func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.serves.Go(run)
	}
	return !e.closed
}

// receive takes what the host sends.
func (e *Edge) receive() {
	b := make([]byte, maxPacket)
	for {
		n, err := e.wire.Read(b)
		if err != nil {
			return
		}
		e.capture.write(b[:n])
		e.in.send(b[:n])
	}
}

// arrive hands a packet of the host's to the stack, unless something on the way
// takes it, or nobody would answer it.
func (e *Edge) arrive(b []byte) {
	p, ok := parse(b)
	switch {
	case !ok || !e.limits.pass(p, p.key()):
		return
	case p.echo:
		e.ping(p)
		return
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b)})
	e.link.InjectInbound(p.network, pkt)
	pkt.DecRef()
}

// ping answers a ping where the lab has a machine that would.
func (e *Edge) ping(p packet) {
	switch e.door.Ping(p.dst.Addr()) {
	case lab.Accepted, lab.Stalled:
		e.out.send(pong(p))
	case lab.Unreachable:
		e.out.send(unreachable(p))
	case lab.Dropped, lab.Refused:
	}
}

// transmit takes what the stack sends.
func (e *Edge) transmit() {
	for {
		pkt := e.link.ReadContext(e.ctx)
		if pkt == nil {
			return
		}
		view := pkt.ToView()
		pkt.DecRef()
		if p, ok := parse(view.AsSlice()); ok && e.limits.pass(p, p.reverse()) {
			e.out.send(view.AsSlice())
		}
		view.Release()
	}
}

// leave writes a packet to the host. One that it has no room for is lost.
func (e *Edge) leave(b []byte) {
	e.capture.write(b)
	_, _ = e.wire.Write(b)
}
