package lab

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"

	"pldoctor/internal/env"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// Where hosts of a lab, all of which are Linux, keep their settings.
const (
	hostsPath  = "/etc/hosts"
	resolvPath = "/etc/resolv.conf"
)

// A caller is a machine that opens connections: where its packets start, and
// the address that it takes for its own.
type caller struct {
	origin route.Origin
	addr   netip.Addr
}

func callerAt(o route.Origin) caller { return caller{o, o.Addr} }

// callerOf is a host. A pod's own address is not the one its packets leave with.
func (l *Lab) callerOf(h *world.Host) caller {
	h = l.latest(h)
	c := callerAt(route.FromHost(l.World(), h))
	if h.Address.IsValid() {
		c.addr = h.Address
	}
	return c
}

// Env returns a host as a program on it sees the world. The world's HostHeader
// of a host has no part in it: no machine adds that, the application sends it,
// and whoever stands in for the application has to.
func (l *Lab) Env(host world.ID) (env.Env, error) {
	h, ok := l.World().Host(host)
	if !ok {
		return env.Env{}, fmt.Errorf("the lab has no host %q", host.Name())
	}
	return l.env(h), nil
}

func (l *Lab) env(h *world.Host) env.Env {
	return env.Env{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return l.dial(ctx, l.callerOf(h), network, address)
		},
		Lookup: func(ctx context.Context, name string) ([]netip.Addr, string, error) {
			addrs, err := l.lookup(ctx, h, name)
			return addrs, env.BySystem, err
		},
		Resolvers:   func(context.Context) (env.Resolvers, error) { return l.resolvers(l.latest(h)), nil },
		HostsFile:   func() (string, string, error) { return l.latest(h).HostsFile, hostsPath, nil },
		Getenv:      func(key string) string { return getenv(l.latest(h))(key) },
		Addresses:   func() []netip.Addr { return addresses(l.latest(h)) },
		Connections: func() ([]netip.AddrPort, error) { return open(l.latest(h)), nil },
		Exists:      exists(h),
		Roots:       func() (*x509.CertPool, error) { return l.auth.roots(l.trusted()) },
		Token:       l.tokens(h),
		Now:         now,
	}
}

func (l *Lab) resolvers(h *world.Host) env.Resolvers {
	r := env.Resolvers{Servers: l.World().Nameservers(h), Search: h.Search, Ndots: h.Ndots, Source: resolvPath}
	for _, f := range h.Split {
		if r.Split == nil {
			r.Split = make(map[string][]netip.Addr)
		}
		r.Split[f.Domain.String()] = f.To
	}
	return r
}

func addresses(h *world.Host) []netip.Addr {
	var all []netip.Addr
	if h.Address.IsValid() {
		all = append(all, h.Address)
	}
	return append(all, h.Addresses...)
}

// open are the connections that the host's programs keep from before, all of them
// to HTTPS.
func open(h *world.Host) []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range h.Open {
		all = append(all, netip.AddrPortFrom(a, httpsPort))
	}
	return all
}

// trusted returns the distinguished names of the authorities, beside the lab's
// own, that clients trust.
func (l *Lab) trusted() []string {
	var names []string
	for h := range l.World().Hosts() {
		if h.Proxy != nil && h.Proxy.InterceptTLS && h.Proxy.Trusted {
			names = append(names, l.issuer(h.ID))
		}
	}
	return names
}
