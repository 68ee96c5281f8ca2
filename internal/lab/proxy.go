package lab

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"pldoctor/internal/gate"
	"pldoctor/internal/world"
)

// proxyPatience bounds how long a proxy tries to resolve a name, and then to
// connect: Envoy's default connect_timeout.
const proxyPatience = 5 * time.Second

// A leftover is a stream whose first bytes somebody has read already.
type leftover struct {
	*conn
	r io.Reader
}

func (c leftover) Read(b []byte) (int, error) { return c.r.Read(b) }

// serveProxy is an explicit HTTP proxy: it answers CONNECT, by opening a
// connection of its own, from where it stands, to what it resolves the name to.
func (l *Lab) serveProxy(h *world.Host) handler {
	return func(c *conn, _ arrival) {
		limit := &io.LimitedReader{R: c, N: maxHeader}
		r := bufio.NewReader(limit)
		_ = c.SetDeadline(now().Add(requestTime))
		req, err := http.ReadRequest(r)
		if err != nil {
			refuse(c, limit, err)
			return
		}
		up, status := l.proxyConnect(h, req)
		if status != http.StatusOK {
			_ = proxyRefusal(status).write(c, "")
			return
		}
		defer func() { _ = up.Close() }()
		_ = c.SetDeadline(time.Time{})
		if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
		early, _ := r.Peek(r.Buffered()) // what the client sent without waiting
		down := leftover{c, io.MultiReader(bytes.NewReader(early), c)}
		if h.Proxy.InterceptTLS && h.Proxy.BlockPage {
			l.block(down, l.issuer(h.ID), req.URL.Hostname())
			return
		}
		if h.Proxy.InterceptTLS {
			l.resign(down, up, l.issuer(h.ID), req.URL.Hostname(), h.Proxy.RewriteHost)
			return
		}
		l.tunnel(down, up, nil)
	}
}

// block ends the client's TLS in the name of the authority called dn and answers
// every request with a page of the proxy's own.
func (l *Lab) block(down stream, dn, name string) {
	config, err := l.auth.resigner(dn, name)
	if err != nil {
		return
	}
	client := tls.Server(down, config)
	if !shaken(client) {
		return
	}
	serveHTTP(client, func(*http.Request) answer {
		return answer{
			status: http.StatusForbidden, headers: []gate.Header{{Name: "Content-Type", Value: "text/html; charset=utf-8"}},
			body: "<html><head><title>Blocked</title></head><body>This site is blocked by policy.</body></html>\r\n",
		}
	})
	_ = client.Close()
}

func proxyRefusal(status int) answer {
	a := answer{status: status, last: true}
	if status == http.StatusProxyAuthRequired {
		a.headers = []gate.Header{{Name: "Proxy-Authenticate", Value: `Basic realm="proxy"`}}
	}
	return a
}

// proxyConnect opens the connection that a client asks for, or says with which
// status it is refused.
func (l *Lab) proxyConnect(h *world.Host, req *http.Request) (stream, int) {
	if req.Method != http.MethodConnect {
		return nil, http.StatusNotImplemented
	}
	if a := h.Proxy.Answers; a != 0 && a/100 != 2 {
		return nil, a
	}
	up, err := l.reach(h, req.URL.Hostname(), cmp.Or(req.URL.Port(), "443"))
	var network net.Error
	switch {
	case err == nil:
		return up, http.StatusOK
	case errors.As(err, &network) && network.Timeout():
		return nil, http.StatusGatewayTimeout
	}
	return nil, http.StatusBadGateway
}

// reach connects from a host to the first address of a name that lets it.
func (l *Lab) reach(h *world.Host, name, port string) (stream, error) {
	ctx, cancel := context.WithTimeout(l.ctx, proxyPatience)
	addrs, err := l.lookup(ctx, h, name)
	cancel()
	for _, a := range addrs {
		var c net.Conn
		ctx, cancel := context.WithTimeout(l.ctx, proxyPatience)
		c, err = l.dial(ctx, l.callerOf(h), "tcp", net.JoinHostPort(a.String(), port))
		cancel()
		if err == nil {
			return c.(stream), nil
		}
	}
	return nil, err
}
