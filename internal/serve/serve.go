// Package serve has a host of a lab answer on loopback ports of this machine:
// questions of DNS go to the host's DNS server, and TLS connections where the
// host would open them for the name that the client asks for. It works on every
// system, and changes nothing on this one.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"pldoctor/internal/env"
)

// Addresses are where to listen. A port of 0 is any that is free.
type Addresses struct {
	DNS   netip.AddrPort // UDP and TCP
	HTTPS netip.AddrPort
}

// A Server answers on loopback ports. Close ends it.
type Server struct {
	host env.Env
	udp  *net.UDPConn
	tcp  net.Listener // DNS
	tls  net.Listener

	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// Start begins to serve. The host is one of a lab's. The addresses have to be
// loopback ones: nothing here asks who is there.
func Start(host env.Env, at Addresses) (*Server, error) {
	for _, a := range []netip.AddrPort{at.DNS, at.HTTPS} {
		if !a.Addr().IsLoopback() {
			return nil, fmt.Errorf("%s is no loopback address", a)
		}
	}
	s := &Server{host: host}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.listen(at); err != nil {
		s.Close()
		return nil, err
	}
	s.wg.Go(s.datagrams)
	s.wg.Go(func() { s.accept(s.tcp, s.question) })
	s.wg.Go(func() { s.accept(s.tls, s.connection) })
	return s, nil
}

func (s *Server) listen(at Addresses) (err error) {
	if s.udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at.DNS)); err != nil {
		return err
	}
	if s.tcp, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(s.Addresses().DNS)); err != nil {
		return err
	}
	s.tls, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at.HTTPS))
	return err
}

// Addresses are where it listens.
func (s *Server) Addresses() (at Addresses) {
	if a, ok := s.udp.LocalAddr().(*net.UDPAddr); ok {
		at.DNS = a.AddrPort()
	}
	if s.tls == nil {
		return at
	}
	if a, ok := s.tls.Addr().(*net.TCPAddr); ok {
		at.HTTPS = a.AddrPort()
	}
	return at
}

// Close ends it, and returns when no goroutine of it runs any more.
func (s *Server) Close() {
	s.stop()
	if s.udp != nil {
		_ = s.udp.Close()
	}
	for _, l := range []net.Listener{s.tcp, s.tls} {
		if l != nil {
			_ = l.Close()
		}
	}
	s.wg.Wait()
}

// accept serves each connection until the listener is closed.
func (s *Server) accept(l net.Listener, serve func(*net.TCPConn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		conn, ok := c.(*net.TCPConn)
		if !ok {
			continue
		}
		s.wg.Go(func() {
			defer context.AfterFunc(s.ctx, func() { _ = conn.Close() })()
			defer func() { _ = conn.Close() }()
			serve(conn)
		})
	}
}

// resolver dials the DNS server that the host asks first.
func (s *Server) resolver(network string) (net.Conn, error) {
	r, err := s.host.Resolvers(s.ctx)
	if err != nil {
		return nil, err
	}
	if len(r.Servers) == 0 {
		return nil, errors.New("the host has no DNS server")
	}
	return s.host.Dial(s.ctx, network, netip.AddrPortFrom(r.Servers[0], dnsPort).String())
}
