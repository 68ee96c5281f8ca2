package lab

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// A conn is one end of a connection through the lab. Its errors are those that
// package net makes of a kernel's.
type conn struct {
	network       string
	in, out       *lane
	local, remote net.Addr
	peer          netip.AddrPort // remote as a value
	closed        func()         // tells the lab; may be nil
	silenced      func()         // tells whoever carries the packets; may be nil
	once          sync.Once
}

// A packetConn is one end of a connected datagram socket.
type packetConn struct{ *conn }

// newPair makes both ends of a connection. The server sees the client at seen,
// which is not what the client thinks of itself when there is NAT on the way.
func newPair(network string, client, server, seen netip.AddrPort, delay time.Duration, narrow bool) (near, far *conn) {
	packets := network == "udp"
	there := &lane{delay: delay, packets: packets, narrow: narrow}
	back := &lane{delay: delay, packets: packets, narrow: narrow}
	near = &conn{network: network, in: back, out: there, local: addr(network, client), remote: addr(network, server), peer: server}
	far = &conn{network: network, in: there, out: back, local: addr(network, server), remote: addr(network, seen), peer: seen}
	return near, far
}

func addr(network string, a netip.AddrPort) net.Addr {
	if network == "udp" {
		return net.UDPAddrFromAddrPort(a)
	}
	return net.TCPAddrFromAddrPort(a)
}

// Read reads what has arrived.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	return n, c.fail("read", err)
}

// Write sends b on its way; it waits only for a reader that is far behind.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	return n, c.fail("write", err)
}

func (c *conn) fail(op string, err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // a reader of a net.Conn is owed the bare io.EOF
		return err
	}
	return &net.OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}

// Close closes both directions; the far side reads what was sent, then EOF.
func (c *conn) Close() error {
	return c.shut(io.EOF, net.ErrClosed, syscall.EPIPE)
}

// Reset cuts the connection off: the far side reads a reset.
func (c *conn) Reset() { c.abort() }

// abort is Reset, for the lab's own servers.
func (c *conn) abort() {
	_ = c.shut(os.NewSyscallError("read", syscall.ECONNRESET), net.ErrClosed, syscall.ECONNRESET)
}

// cut resets the connection at both ends, as machines do that do not know it.
func (c *conn) cut() {
	_ = c.shut(os.NewSyscallError("read", syscall.ECONNRESET), os.NewSyscallError("read", syscall.ECONNRESET), syscall.ECONNRESET)
}

// kill ends the connection at both ends and at once, as the lab closes.
func (c *conn) kill() {
	_ = c.shut(net.ErrClosed, net.ErrClosed, syscall.ECONNRESET)
	c.in.finish(net.ErrClosed)
	c.out.leave(net.ErrClosed, syscall.ECONNRESET)
}

func (c *conn) shut(end, left error, told syscall.Errno) error {
	err := c.fail("close", net.ErrClosed)
	c.once.Do(func() {
		err = nil
		c.out.finish(end)
		c.in.leave(left, told)
		if c.closed != nil {
			c.closed()
		}
	})
	return err
}

// CloseWrite shuts down the writing side, as net.TCPConn's does.
func (c *conn) CloseWrite() error {
	c.out.finish(io.EOF)
	return nil
}

// silence makes all that either side writes vanish, as a firewall does that
// begins to drop the packets of an open connection.
func (c *conn) silence() {
	c.in.lose()
	c.out.lose()
	if c.silenced != nil {
		c.silenced()
	}
}

// LocalAddr is this side's own address.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the far side's address as this side sees it.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline bounds Read; the zero time is no bound.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

// SetWriteDeadline bounds Write; the zero time is no bound.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// ReadFrom reads one datagram; a connected socket hears its peer only.
func (c packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := c.Read(b)
	return n, c.remote, err
}

// WriteTo sends one datagram to the peer, whatever the address says.
func (c packetConn) WriteTo(b []byte, _ net.Addr) (int, error) { return c.Write(b) }
