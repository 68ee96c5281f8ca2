// Package env is the one door through which a probe reaches a network and the
// settings of the host that it runs on: a struct of functions in standard
// types. There is no default. A probe that was handed a lab host's Env cannot
// leave the lab.
package env

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// Env is a host as a program on it sees the world.
type Env struct {
	// Dial opens a connection to an address "ip:port", never to a name, from
	// this host. Network is "tcp" or "udp".
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Lookup resolves a name as programs on this host do (hosts file, resolver
	// library, search domains), IPv4 and IPv6, in the order in which they try
	// the addresses (RFC 6724). By is what it went by, one of the constants
	// below, also where it fails.
	Lookup func(ctx context.Context, name string) (addrs []netip.Addr, by string, err error)
	// Resolvers says which DNS servers this host is configured to ask.
	Resolvers func(ctx context.Context) (Resolvers, error)
	// HostsFile returns the text of the hosts file and its path.
	HostsFile func() (text, path string, err error)
	// Getenv reads an environment variable, "" when it is not set.
	Getenv func(key string) string
	// Addresses are the host's own, loopback left out.
	Addresses func() []netip.Addr
	// Connections are the far ends of the TCP connections that programs on this
	// host hold open. Nil where the system does not tell.
	Connections func() ([]netip.AddrPort, error)
	// Exists tells whether a file is there; platforms betray themselves so.
	Exists func(path string) bool
	// Roots are the certificate authorities that this host trusts.
	Roots func() (*x509.CertPool, error)
	// Token gets an access token for an audience such as
	// "https://vault.azure.net". Nil when there is no way to get one.
	Token func(ctx context.Context, audience string) (string, error)
	// Now is this host's clock.
	Now func() time.Time
}

// What a Lookup goes by. Go's own resolver knows less of a host than its
// programs do: what it says is no proof of what they get.
const (
	BySystem     = "system"      // the operating system's library
	ByGetent     = "getent"      // the same, by getent(1)
	ByGoResolver = "go-resolver" // package net of Go
)

// Resolvers is what a host is told about DNS servers.
type Resolvers struct {
	Servers []netip.Addr            // in the order in which they are asked
	Uplinks []netip.Addr            // whom a resolver on the host itself, among Servers, asks in turn
	Split   map[string][]netip.Addr // per domain, with a final dot; split DNS of a VPN, NRPT, scoped resolvers
	Search  []string
	Ndots   int // 0 means the default, 1
	Source  string
}
