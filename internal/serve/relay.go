package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	dnsPort   = 53
	httpsPort = "443"
	maxDNS    = 65535
	// patience is how long a question waits for its answer: longer than any
	// client does.
	patience = 30 * time.Second
	atOnce   = 256 // questions that wait; what comes beyond is dropped
)

// datagrams puts each question to the host's resolver.
func (s *Server) datagrams() {
	slots := make(chan struct{}, atOnce)
	b := make([]byte, maxDNS)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		message := slices.Clone(b[:n])
		select {
		case slots <- struct{}{}:
			s.wg.Go(func() {
				defer func() { <-slots }()
				s.exchange(message, from)
			})
		default:
		}
	}
}

// exchange asks one question, and brings the answer back, if one comes.
func (s *Server) exchange(message []byte, from netip.AddrPort) {
	c, err := s.resolver("udp")
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(s.ctx, func() { _ = c.Close() })()
	_ = c.SetDeadline(s.host.Now().Add(patience))
	if _, err := c.Write(message); err != nil {
		return
	}
	answer := make([]byte, maxDNS)
	if n, err := c.Read(answer); err == nil {
		_, _ = s.udp.WriteToUDPAddrPort(answer[:n], from)
	}
}

// question is a TCP connection to the resolver.
func (s *Server) question(c *net.TCPConn) {
	far, err := s.resolver("tcp")
	if err != nil {
		reset(c)
		return
	}
	s.join(c, far, nil)
}

// connection is a TLS connection. It goes where the host finds the name that
// the client asks for; one that asks for none is reset.
func (s *Server) connection(c *net.TCPConn) {
	_ = c.SetReadDeadline(s.host.Now().Add(patience))
	hello, name := greeting(c)
	_ = c.SetReadDeadline(time.Time{})
	far, err := s.dial(name)
	if err != nil {
		reset(c)
		return
	}
	s.join(c, far, hello)
}

var errNameless = errors.New("the client names no host")

func (s *Server) dial(name string) (net.Conn, error) {
	if name == "" {
		return nil, errNameless
	}
	addrs, _, err := s.host.Lookup(s.ctx, name)
	for _, a := range addrs {
		var c net.Conn
		if c, err = s.host.Dial(s.ctx, "tcp", net.JoinHostPort(a.String(), httpsPort)); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// errRead ends a handshake that was begun for the client's hello alone.
var errRead = errors.New("the hello has been read")

// greeting reads the client's hello, and returns what it read with the name in
// it.
func greeting(c net.Conn) (hello []byte, name string) {
	heard := &listener{Conn: c}
	_ = tls.Server(heard, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		name = h.ServerName
		return nil, errRead
	}}).Handshake()
	return heard.read.Bytes(), name
}

// A listener hears what comes, and says nothing.
type listener struct {
	net.Conn

	read bytes.Buffer
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.read.Write(b[:n])
	return n, err
}

func (l *listener) Write(b []byte) (int, error) { return len(b), nil }

// join carries bytes both ways, those read before first.
func (s *Server) join(near *net.TCPConn, far net.Conn, before []byte) {
	defer func() { _ = far.Close() }()
	defer context.AfterFunc(s.ctx, func() { _ = far.Close() })()
	if _, err := far.Write(before); err != nil {
		reset(near)
		return
	}
	var down sync.WaitGroup
	down.Go(func() {
		if _, err := io.Copy(near, far); err != nil {
			reset(near)
			return
		}
		_ = near.CloseWrite()
	})
	_, _ = io.Copy(far, near)
	if half, ok := far.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	down.Wait()
}

// reset has the client read a reset: the nearest to a connection refused that
// one can be which is open.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
