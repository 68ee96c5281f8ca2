package azure

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/settings"
)

// connectTime is what one address gets. That a host drops what is sent to it
// shows before the time for all is over, though azidentity asks it four times.
const connectTime = 1500 * time.Millisecond

// newClient returns an HTTP client whose connections are those of e. It
// follows no redirect: what it sends is often a secret, meant for one host.
func newClient(e env.Env) (*http.Client, error) {
	roots, err := e.Roots()
	if err != nil || roots == nil {
		return nil, fmt.Errorf("no certificate authorities to verify who issues tokens: %w", cmp.Or(err, errors.New("the machine has none")))
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:         func(ctx context.Context, network, to string) (net.Conn, error) { return dial(ctx, e, network, to) },
			Proxy:               func(r *http.Request) (*url.URL, error) { return proxyFor(r.URL, e) },
			TLSClientConfig:     &tls.Config{RootCAs: roots, Time: e.Now, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: tryTime,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: maxFlying, // the next round of requests finds the connections of the one before
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// dial connects to a host's first IPv4 address or, where that does not answer,
// to its first IPv6 address.
func dial(ctx context.Context, e env.Env, network, to string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		return nil, err
	}
	addrs, err := addresses(ctx, e, host)
	if err != nil {
		return nil, err
	}
	var first error
	for _, addr := range addrs {
		conn, err := connect(ctx, e, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

func connect(ctx context.Context, e env.Env, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return e.Dial(ctx, network, address)
}

// addresses are a host's first of either family, at least one.
func addresses(ctx context.Context, e env.Env, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	found, _, err := e.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var firsts []netip.Addr
	for _, ofFamily := range []func(netip.Addr) bool{netip.Addr.Is4, netip.Addr.Is6} {
		if i := slices.IndexFunc(found, ofFamily); i >= 0 {
			firsts = append(firsts, found[i])
		}
	}
	if firsts == nil {
		return nil, fmt.Errorf("%s has no address", host)
	}
	return firsts, nil
}

// proxyFor returns the proxy that takes a request, nil for none. Managed
// identities are had from an address or in plain text, on this very machine,
// and no proxy may stand between
// (learn.microsoft.com/azure/virtual-machines/instance-metadata-service). A
// proxy's credentials are never sent.
func proxyFor(u *url.URL, e env.Env) (*url.URL, error) {
	_, notAddress := netip.ParseAddr(u.Hostname())
	name, err := dnsname.Parse(u.Hostname())
	if u.Scheme != "https" || notAddress == nil || err != nil {
		return nil, nil //nolint:nilnil // what package http takes for no proxy
	}
	p := settings.ProxyFor(name, e.Getenv)
	switch {
	case p.Direct():
		return nil, nil //nolint:nilnil // as above
	case p.Fault != "":
		return nil, fmt.Errorf("%s: the proxy %s %s", p.Variable, p.Server(), p.Fault)
	case p.TLS:
		return &url.URL{Scheme: "https", Host: p.Server()}, nil
	}
	return &url.URL{Scheme: "http", Host: p.Server()}, nil
}
