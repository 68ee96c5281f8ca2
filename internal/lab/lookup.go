package lab

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/world"
)

// lookup resolves a name as programs on a host do. It fails with what Go's own
// resolver fails with. IPv4 comes first, which is RFC 6724's order on a host
// that reaches IPv6 by a unique local address or not at all.
func (l *Lab) lookup(ctx context.Context, h *world.Host, name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}, nil
	}
	n, err := dnsname.Parse(name)
	if err != nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	found := resolve.Program(l.World(), l.latest(h), n, l.askBoth(ctx, l.callerOf(h)))
	if addrs := slices.Concat(found.A.Addrs, found.AAAA.Addrs); len(addrs) > 0 {
		return addrs, nil
	}
	failure, known := failures[found.A.Outcome]
	if !known {
		failure = failures[fact.ServFail]
	}
	if err := ctx.Err(); err != nil {
		failure = net.DNSError{Err: ioError(err).Error(), IsTimeout: true}
	}
	failure.Name = name
	if found.Server.IsValid() {
		failure.Server = netip.AddrPortFrom(found.Server, dnsPort).String()
	}
	return nil, &failure
}

// failures are the errors of package net's resolver.
var failures = map[fact.Outcome]net.DNSError{
	fact.NXDomain:    {Err: "no such host", IsNotFound: true},
	fact.NoData:      {Err: "no such host", IsNotFound: true},
	fact.ServFail:    {Err: "server misbehaving", IsTemporary: true},
	fact.DNSRefuse:   {Err: "server misbehaving", IsTemporary: true},
	fact.Truncated:   {Err: "server misbehaving", IsTemporary: true},
	fact.Timeout:     {Err: "i/o timeout", IsTimeout: true, IsTemporary: true},
	fact.Refused:     {Err: "connection refused", IsTemporary: true},
	fact.Unreachable: {Err: "no route to host", IsTemporary: true},
	fact.NoServer:    {Err: "no DNS server is configured"},
}
