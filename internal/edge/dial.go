package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
)

// Dial opens a flow to a socket of the host's, which sees it come from the
// address from. Where the port of that is taken by another flow from there,
// another one is. Network is "tcp" or "udp".
func (e *Edge) Dial(ctx context.Context, network string, from, to netip.AddrPort) (net.Conn, error) {
	near, far := fullAddress(from), fullAddress(to)
	if from.Addr().Is4() != to.Addr().Is4() {
		return nil, fmt.Errorf("from %s to %s: two families of addresses", from, to)
	}
	open := e.dialTCP
	if network == "udp" {
		open = e.dialUDP
	}
	c, err := open(ctx, near, far)
	if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		near.Port = 0
		c, err = open(ctx, near, far)
	}
	return c, err
}

func (e *Edge) dialTCP(ctx context.Context, near, far tcpip.FullAddress) (net.Conn, error) {
	c, err := gonet.DialTCPWithBind(ctx, e.stack, near, far, protocolOf(far))
	if err != nil {
		return nil, err // not a nil *TCPConn
	}
	return c, nil
}

func (e *Edge) dialUDP(_ context.Context, near, far tcpip.FullAddress) (net.Conn, error) {
	c, err := gonet.DialUDP(e.stack, &near, &far, protocolOf(far))
	if err != nil {
		return nil, err
	}
	return c, nil
}

func fullAddress(a netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFromSlice(a.Addr().AsSlice()), Port: a.Port()}
}

func protocolOf(a tcpip.FullAddress) tcpip.NetworkProtocolNumber {
	if a.Addr.Len() == 4 {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}
