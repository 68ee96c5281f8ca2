package edge

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
)

// A packet is what the edge looks at in an IP packet.
type packet struct {
	raw      []byte
	network  tcpip.NetworkProtocolNumber
	proto    tcpip.TransportProtocolNumber
	src, dst netip.AddrPort // ports of 0 where there are none
	opens    bool           // a TCP SYN that begins a connection
	echo     bool           // an ICMP echo request
}

// A key names a flow as the host sees it.
type key struct {
	proto    tcpip.TransportProtocolNumber
	src, dst netip.AddrPort
}

func (p packet) key() key     { return key{p.proto, p.src, p.dst} }
func (p packet) reverse() key { return key{p.proto, p.dst, p.src} }

// parse reads a packet's headers; false, where it is none for a single machine.
func parse(b []byte) (packet, bool) {
	p := packet{raw: b}
	var src, dst tcpip.Address
	var rest []byte
	switch header.IPVersion(b) {
	case header.IPv4Version:
		h := header.IPv4(b)
		if !h.IsValid(len(b)) {
			return p, false
		}
		p.network, p.proto, rest = ipv4.ProtocolNumber, h.TransportProtocol(), h.Payload()
		src, dst = h.SourceAddress(), h.DestinationAddress()
		if h.FragmentOffset() > 0 || h.More() && p.proto == header.ICMPv4ProtocolNumber {
			rest = nil // what it carries is in others, too
		}
	case header.IPv6Version:
		h := header.IPv6(b)
		if !h.IsValid(len(b)) {
			return p, false
		}
		p.network, p.proto, rest = ipv6.ProtocolNumber, tcpip.TransportProtocolNumber(h.NextHeader()), h.Payload()
		src, dst = h.SourceAddress(), h.DestinationAddress()
	default:
		return p, false
	}
	p.transport(rest)
	p.src, p.dst = netip.AddrPortFrom(address(src), p.src.Port()), netip.AddrPortFrom(address(dst), p.dst.Port())
	to := p.dst.Addr()
	return p, !to.IsMulticast() && to != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// transport reads the ports, or what kind of message it is.
func (p *packet) transport(b []byte) {
	switch {
	case p.proto == header.TCPProtocolNumber && len(b) >= header.TCPMinimumSize:
		h := header.TCP(b)
		p.src, p.dst = ports(h)
		p.opens = h.Flags()&(header.TCPFlagSyn|header.TCPFlagAck) == header.TCPFlagSyn
	case p.proto == header.UDPProtocolNumber && len(b) >= header.UDPMinimumSize:
		p.src, p.dst = ports(header.UDP(b))
	case p.proto == header.ICMPv4ProtocolNumber && len(b) >= header.ICMPv4MinimumSize:
		p.echo = header.ICMPv4(b).Type() == header.ICMPv4Echo
	case p.proto == header.ICMPv6ProtocolNumber && len(b) >= header.ICMPv6MinimumSize:
		p.echo = header.ICMPv6(b).Type() == header.ICMPv6EchoRequest
	}
}

func ports(h header.Transport) (src, dst netip.AddrPort) {
	return netip.AddrPortFrom(netip.Addr{}, h.SourcePort()), netip.AddrPortFrom(netip.Addr{}, h.DestinationPort())
}

func address(a tcpip.Address) netip.Addr {
	addr, _ := netip.AddrFromSlice(a.AsSlice())
	return addr
}

// Limits are the flows whose packets something on the way takes: those that are
// larger than a number of bytes.
type limits struct {
	some  atomic.Bool // spares the lock where there are none
	mu    sync.Mutex
	flows map[key]int
}

func (l *limits) set(k key, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flows == nil {
		l.flows = make(map[key]int)
	}
	l.flows[k] = bytes
	l.some.Store(true)
}

// release forgets a flow that is over, unless nothing of it gets through: what
// the host still sends is taken, too.
func (l *limits) release(k key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flows[k] > 0 {
		l.forget(k)
	}
}

func (l *limits) forget(k key) {
	delete(l.flows, k)
	l.some.Store(len(l.flows) > 0)
}

// pass tells whether a packet of a flow gets through. One that opens a
// connection begins anew.
func (l *limits) pass(p packet, k key) bool {
	if !l.some.Load() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	limit, limited := l.flows[k]
	if limited && limit == 0 && p.opens {
		l.forget(k)
		return true
	}
	return !limited || len(p.raw) <= limit
}

// stallLimit is the largest packet of a flow that stalls.
func stallLimit(payload int) int { return payload + header.IPv4MinimumSize + header.TCPMinimumSize }
