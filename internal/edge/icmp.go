package edge

import (
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// hops is the TTL of what the edge sends by itself.
const hops = 64

// quoted is how much of a packet an ICMP error brings back: its header and the
// beginning of what it carries, by which the sender knows it. RFC 1812 asks for
// as much as fits into 576 bytes.
const quoted = 512

// unreachable is the ICMP error that says that no way leads to where a packet
// goes. It seems to come from there.
func unreachable(p packet) []byte {
	quote := p.raw[:min(len(p.raw), quoted)]
	if p.network == ipv4.ProtocolNumber {
		m := header.ICMPv4(append(make([]byte, header.ICMPv4MinimumSize), quote...))
		m.SetType(header.ICMPv4DstUnreachable)
		m.SetCode(header.ICMPv4HostUnreachable)
		return back4(p, m)
	}
	m := header.ICMPv6(append(make([]byte, header.ICMPv6DstUnreachableMinimumSize), quote...))
	m.SetType(header.ICMPv6DstUnreachable)
	m.SetCode(header.ICMPv6AddressUnreachable)
	return back6(p, m)
}

// pong is the answer to a ping: the same, but for its type.
func pong(p packet) []byte {
	if p.network == ipv4.ProtocolNumber {
		m := header.ICMPv4(slices.Clone(header.IPv4(p.raw).Payload()))
		m.SetType(header.ICMPv4EchoReply)
		return back4(p, m)
	}
	m := header.ICMPv6(slices.Clone(header.IPv6(p.raw).Payload()))
	m.SetType(header.ICMPv6EchoReply)
	return back6(p, m)
}

// back4 sends a message back to where a packet came from.
func back4(p packet, m header.ICMPv4) []byte {
	m.SetChecksum(0)
	m.SetChecksum(^checksum.Checksum(m, 0))
	b := make([]byte, header.IPv4MinimumSize, header.IPv4MinimumSize+len(m))
	ip := header.IPv4(b)
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(cap(b)), TTL: hops, Protocol: uint8(header.ICMPv4ProtocolNumber),
		SrcAddr: tcpip.AddrFromSlice(p.dst.Addr().AsSlice()), DstAddr: tcpip.AddrFromSlice(p.src.Addr().AsSlice()),
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	return append(b, m...)
}

// back6 does so in IPv6.
func back6(p packet, m header.ICMPv6) []byte {
	src, dst := tcpip.AddrFromSlice(p.dst.Addr().AsSlice()), tcpip.AddrFromSlice(p.src.Addr().AsSlice())
	m.SetChecksum(0)
	m.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: m, Src: src, Dst: dst}))
	b := make([]byte, header.IPv6MinimumSize, header.IPv6MinimumSize+len(m))
	header.IPv6(b).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(m)), TransportProtocol: header.ICMPv6ProtocolNumber,
		HopLimit: hops, SrcAddr: src, DstAddr: dst,
	})
	return append(b, m...)
}
