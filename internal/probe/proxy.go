package probe

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strconv"

	"pldoctor/internal/fact"
)

// tunnel connects to the proxy and has it connect to the vault by name.
// Credentials of the proxy are never sent: a proxy that wants some is reported.
func (v *traveller) tunnel(ctx context.Context) (net.Conn, error) {
	to, err := v.proxyAddress(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := v.dial(ctx, to)
	if err != nil {
		return nil, err
	}
	tunnel, err := v.tunnelOver(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return tunnel, nil
}

func (v *traveller) tunnelOver(ctx context.Context, conn net.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tunnelTime)
	defer cancel()
	if v.Proxy.TLS {
		secured := tls.Client(conn, v.tlsConfig(v.Proxy.Host))
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secured
	}
	c := newChannel(conn)
	status, err := c.connect(ctx, net.JoinHostPort(v.Name.Host(), "443"))
	if err != nil {
		return nil, err
	}
	if err := refusal(status); err != nil {
		return nil, err
	}
	return &tunnelled{conn, c}, nil
}

// refusal reads a proxy's answer to CONNECT.
func refusal(status int) error {
	text := "proxy answers CONNECT with " + strconv.Itoa(status)
	switch {
	case status < 300:
		return nil
	case status == 407:
		return failure{fact.ProxyAuth, text}
	case status >= 500:
		return failure{fact.ProxyGateway, text}
	}
	return failure{fact.ProxyForbidden, text}
}

// proxyAddress resolves the proxy's name as programs on the host do. Unlike a
// vault's, its address may well be the host's own.
func (v *traveller) proxyAddress(ctx context.Context) (netip.AddrPort, error) {
	port, err := strconv.ParseUint(v.Proxy.Port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, failure{fact.Unreachable, "a proxy without a port: " + shown(v.Proxy.Port)}
	}
	addr, err := netip.ParseAddr(v.Proxy.Host)
	if err != nil {
		addrs, _, err := v.env.Lookup(ctx, v.Proxy.Host)
		if err != nil {
			return netip.AddrPort{}, err
		}
		if addr = first(addrs); !addr.IsValid() {
			return netip.AddrPort{}, failure{fact.NXDomain, "no such host"}
		}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// tunnelled reads what the proxy sent behind its answer before the rest.
type tunnelled struct {
	net.Conn
	c *channel
}

func (t *tunnelled) Read(b []byte) (int, error) {
	if n := t.c.reader.Buffered(); n > 0 {
		return t.c.reader.Read(b[:min(n, len(b))])
	}
	return t.Conn.Read(b)
}
