package edge

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// TestDial: the host sees flows come from wherever the lab says, twice from one
// port as well, and what it does not listen for it refuses.
func TestDial(t *testing.T) {
	x := attached(t, "healthy", Options{})
	address := tcpipAddress(netip.MustParseAddr("10.4.5.6"))
	for port, network := range map[uint16]string{53: "udp", 3128: "tcp"} {
		x.echoes(tcpip.FullAddress{NIC: hostNIC, Addr: address, Port: port})
		for _, from := range []string{"192.168.7.7:40000", "192.168.7.7:40000", "8.8.8.8:53"} {
			c, err := x.edge.Dial(t.Context(), network, netip.MustParseAddrPort(from), netip.AddrPortFrom(netip.MustParseAddr("10.4.5.6"), port))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = c.Write([]byte("who am I?"))
			b := make([]byte, 64)
			n, err := c.Read(b)
			if want, _, _ := strings.Cut(from, ":"); err != nil || !strings.HasPrefix(string(b[:n]), want+":") {
				t.Errorf("%s from %s: %q, %v", network, from, b[:n], err)
			}
		}
	}
	for _, network := range []string{"tcp", "udp"} {
		if _, err := x.edge.Dial(t.Context(), network, netip.MustParseAddrPort("[fd00::1]:1"), netip.MustParseAddrPort("10.4.5.6:53")); err == nil {
			t.Errorf("%s: from one family to another", network)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := x.edge.Dial(ctx, "tcp", netip.MustParseAddrPort("8.8.8.8:1"), netip.MustParseAddrPort("10.4.5.6:81")); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listens: %v", err)
	}
}

// echoes makes the host tell whoever asks, by TCP or UDP, who that is.
func (x *site) echoes(at tcpip.FullAddress) {
	x.t.Helper()
	packets, err := gonet.DialUDP(x.stack, &at, nil, ipv4.ProtocolNumber)
	if err != nil {
		x.t.Fatal(err)
	}
	connections, err := gonet.ListenTCP(x.stack, at, ipv4.ProtocolNumber)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _, _ = packets.Close(), connections.Close() })
	go func() {
		b := make([]byte, 64)
		for _, from, err := packets.ReadFrom(b); err == nil; _, from, err = packets.ReadFrom(b) {
			_, _ = packets.WriteTo([]byte(from.String()), from)
		}
	}()
	go func() {
		for c, err := connections.Accept(); err == nil; c, err = connections.Accept() {
			_, _ = io.WriteString(c, c.RemoteAddr().String())
		}
	}()
}
