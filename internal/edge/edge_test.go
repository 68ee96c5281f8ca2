package edge

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
)

// A cable is one end of a link in memory.
type cable struct {
	in, out chan []byte
	cut     chan struct{}
	once    *sync.Once
}

func newCable() (a, b *cable) {
	there, back, cut, once := make(chan []byte, queued), make(chan []byte, queued), make(chan struct{}), new(sync.Once)
	return &cable{there, back, cut, once}, &cable{back, there, cut, once}
}

func (c *cable) Read(b []byte) (int, error) {
	select {
	case p := <-c.in:
		return copy(b, p), nil
	case <-c.cut:
		return 0, io.EOF
	}
}

func (c *cable) Write(b []byte) (int, error) {
	select {
	case c.out <- bytes.Clone(b):
		return len(b), nil
	case <-c.cut:
		return 0, io.ErrClosedPipe
	}
}

func (c *cable) Close() error {
	c.once.Do(func() { close(c.cut) })
	return nil
}

// A site is a host with a network stack of its own, at the end of a link.
type site struct {
	t     *testing.T
	lab   *lab.Lab
	edge  *Edge
	stack *stack.Stack
	wire  *cable
	pings chan []byte // ICMP messages that come to the host
}

const hostNIC = 1

func tcpipAddress(a netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.AsSlice()) }

// attached attaches the client of a scenario.
func attached(t *testing.T, name string, o Options) *site {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	host := s.DefaultHost()
	near, far := newCable()
	x := &site{t: t, lab: lab.Start(s.World, lab.Options{}), wire: near, pings: make(chan []byte, 8)}
	door, err := x.lab.Door(host.ID)
	if err != nil {
		t.Fatal(err)
	}
	if x.edge, err = New(door, far, o); err != nil {
		t.Fatal(err)
	}
	x.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	link := channel.New(queued, MTU, "")
	_ = x.stack.CreateNIC(hostNIC, link)
	_ = x.stack.AddProtocolAddress(hostNIC, tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpipAddress(host.Address).WithPrefix(),
	}, stack.AddressProperties{})
	x.stack.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: hostNIC}})
	x.carry(link)
	return x
}

// carry moves packets between the host's stack and the link.
func (x *site) carry(link *channel.Endpoint) {
	ctx, stop := context.WithCancel(context.Background())
	var carries sync.WaitGroup
	carries.Go(func() {
		for pkt := link.ReadContext(ctx); pkt != nil; pkt = link.ReadContext(ctx) {
			_, _ = x.wire.Write(pkt.ToView().AsSlice())
			pkt.DecRef()
		}
	})
	carries.Go(func() {
		b := make([]byte, maxPacket)
		for n, err := x.wire.Read(b); err == nil; n, err = x.wire.Read(b) {
			if p, ok := parse(b[:n]); ok && p.proto == header.ICMPv4ProtocolNumber {
				x.pings <- bytes.Clone(header.IPv4(b[:n]).Payload())
			}
			pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b[:n])})
			link.InjectInbound(ipv4.ProtocolNumber, pkt)
			pkt.DecRef()
		}
	})
	x.t.Cleanup(func() {
		x.edge.Close()
		x.edge.Close()
		x.lab.Close()
		stop()
		carries.Wait()
		x.stack.Destroy()
	})
}

func (x *site) dial(within time.Duration, to string) (*gonet.TCPConn, error) {
	ctx, cancel := context.WithTimeout(x.t.Context(), within)
	defer cancel()
	a := netip.MustParseAddrPort(to)
	return gonet.DialContextTCP(ctx, x.stack, tcpip.FullAddress{NIC: hostNIC, Addr: tcpipAddress(a.Addr()), Port: a.Port()}, ipv4.ProtocolNumber)
}

func (x *site) packets(to string) *gonet.UDPConn {
	x.t.Helper()
	a := netip.MustParseAddrPort(to)
	c, err := gonet.DialUDP(x.stack, nil, &tcpip.FullAddress{NIC: hostNIC, Addr: tcpipAddress(a.Addr()), Port: a.Port()}, ipv4.ProtocolNumber)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = c.Close() })
	return c
}

const (
	azureDNS = "168.63.129.16:53"
	endpoint = "10.1.2.3:443"
)

// ask asks for the vault's address.
func ask(c net.Conn) (string, error) {
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	m := new(dns.Msg).SetQuestion("fabrikam.vault.azure.net.", dns.TypeA)
	conn := &dns.Conn{Conn: c}
	if err := conn.WriteMsg(m); err != nil {
		return "", err
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	r, err := conn.ReadMsg()
	if err != nil || len(r.Answer) == 0 {
		return "", errors.Join(err, errors.New("no answer"))
	}
	return r.Answer[len(r.Answer)-1].String(), nil
}

func TestDatagrams(t *testing.T) {
	x := attached(t, "healthy", Options{})
	got, err := ask(dnsUDP{x.packets(azureDNS)})
	if err != nil || !strings.HasSuffix(got, "10.1.2.3") {
		t.Errorf("%q, %v", got, err)
	}
}

// dnsUDP has the name by which package dns knows a datagram socket.
type dnsUDP struct{ net.Conn }

func (d dnsUDP) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := d.Read(b)
	return n, d.RemoteAddr(), err
}
func (d dnsUDP) WriteTo(b []byte, _ net.Addr) (int, error) { return d.Write(b) }

// TestHalfClose: whoever has said all still hears the answer, then the end.
func TestHalfClose(t *testing.T) {
	x := attached(t, "healthy", Options{})
	c, err := x.dial(5*time.Second, azureDNS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if got, err := ask(c); err != nil || !strings.HasSuffix(got, "10.1.2.3") {
		t.Errorf("%q, %v", got, err)
	}
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after the answer: %d bytes, %v, want the end", n, err)
	}
}

// TestFates: what a connection meets shows before it is open.
func TestFates(t *testing.T) {
	for _, tt := range []struct{ name, scenario, to, want string }{
		{"somebody listens", "healthy", endpoint, ""},
		{"refused", "connect-refused", "10.4.5.20:443", "refused"},
		{"dropped", "connect-timeout", endpoint, "deadline"},
		{"no way", "azure-dns-from-the-office", "10.99.99.99:443", "no route"},
		{"an endpoint drops other ports", "healthy", "10.1.2.3:80", "deadline"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := attached(t, tt.scenario, Options{})
			c, err := x.dial(700*time.Millisecond, tt.to)
			if err == nil {
				_ = c.Close()
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestStall: small packets pass, and behind a large one nothing does.
func TestStall(t *testing.T) {
	x := attached(t, "path-stalls", Options{})
	c, err := x.dial(2*time.Second, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(make([]byte, 4096)); err != nil { // no TLS: the server would close
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the server has heard of it: %v", err)
	}
}

// TestServerCloses: the host hears of it.
func TestServerCloses(t *testing.T) {
	x := attached(t, "healthy", Options{})
	c, err := x.dial(2*time.Second, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n")) // which is no TLS
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if rest, err := io.ReadAll(c); err != nil {
		t.Errorf("read %q, %v, want the end", rest, err)
	}
}

// echo sends a ping, and tells the type of the message that comes back.
func (x *site) echo(from, to string) (header.ICMPv4Type, bool) {
	host := tcpipAddress(netip.MustParseAddr(from))
	b := make([]byte, header.IPv4MinimumSize+header.ICMPv4MinimumSize)
	ip := header.IPv4(b)
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(b)), TTL: 64, Protocol: uint8(header.ICMPv4ProtocolNumber),
		SrcAddr: host, DstAddr: tcpipAddress(netip.MustParseAddr(to)),
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	m := header.ICMPv4(ip.Payload())
	m.SetType(header.ICMPv4Echo)
	m.SetChecksum(header.ICMPv4Checksum(m, 0))
	_, _ = x.wire.Write(b)
	select {
	case reply := <-x.pings:
		return header.ICMPv4(reply).Type(), true
	case <-time.After(300 * time.Millisecond):
		return 0, false
	}
}

// TestPing: machines answer, and Azure's own services do not.
func TestPing(t *testing.T) {
	x := attached(t, "peered-hub-and-spoke", Options{})
	for to, want := range map[string]bool{"10.1.0.4": true, "10.1.2.3": false, "168.63.129.16": false, "52.168.109.101": false} {
		if kind, got := x.echo("10.2.0.4", to); got != want || got && kind != header.ICMPv4EchoReply {
			t.Errorf("%s: an answer: %v (type %d), want %v", to, got, kind, want)
		}
	}
}

// TestConditions: a link takes its time, and loses what it is told to.
func TestConditions(t *testing.T) {
	x := attached(t, "healthy", Options{Conditions: Conditions{Latency: 60 * time.Millisecond}})
	started := time.Now()
	c, err := x.dial(5*time.Second, endpoint)
	if took := time.Since(started); err != nil || took < 60*time.Millisecond {
		t.Errorf("a connection took %v, %v", took, err)
	} else {
		_ = c.Close()
	}
	x.edge.Set(Conditions{Loss: 1})
	if _, err := x.dial(300*time.Millisecond, endpoint); err == nil {
		t.Error("a link that loses everything carried a connection")
	}
}

func TestCapture(t *testing.T) {
	var file bytes.Buffer
	x := attached(t, "healthy", Options{Capture: &file})
	if _, err := ask(dnsUDP{x.packets(azureDNS)}); err != nil {
		t.Fatal(err)
	}
	x.edge.Close()
	b := file.Bytes()
	if binary.NativeEndian.Uint32(b) != pcapMagic || binary.NativeEndian.Uint32(b[20:]) != rawIP {
		t.Fatalf("header % x", b[:24])
	}
	var seen []string
	for b = b[24:]; len(b) >= 16; {
		n := int(binary.NativeEndian.Uint32(b[8:]))
		p, _ := parse(b[16 : 16+n])
		seen = append(seen, p.src.Addr().String()+">"+p.dst.Addr().String())
		b = b[16+n:]
	}
	if got := strings.Join(seen, " "); got != "10.4.5.6>168.63.129.16 168.63.129.16>10.4.5.6" {
		t.Errorf("packets %s", got)
	}
}

// TestNothingLeaks: after Close no goroutine is left, whatever was under way.
func TestNothingLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("lab", func(t *testing.T) {
		x := attached(t, "healthy", Options{Conditions: Conditions{Latency: time.Millisecond}})
		open, err := x.dial(5*time.Second, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		reset, err := x.dial(5*time.Second, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = open.Write([]byte{22})
		_ = reset.Close()
		_, _ = ask(dnsUDP{x.packets(azureDNS)})
		_, _ = x.dial(50*time.Millisecond, "10.1.2.3:80")
	})
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, and before %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// FuzzParse: no packet, however damaged, does harm.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 20})
	f.Add(bytes.Repeat([]byte{0x60}, 60))
	f.Fuzz(func(_ *testing.T, b []byte) {
		p, ok := parse(b)
		if ok {
			_, _ = parse(unreachable(p))
		}
	})
}
