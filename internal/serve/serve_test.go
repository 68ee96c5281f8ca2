package serve

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/env"
	"pldoctor/internal/lab"
	"pldoctor/internal/machine"
	"pldoctor/internal/scenario"
)

var anyPort = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)

// serving serves the client of a scenario.
func serving(t *testing.T, name string) (*Server, env.Env) {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(s.World, lab.Options{})
	e, err := l.Env(s.DefaultHost().ID)
	if err != nil {
		t.Fatal(err)
	}
	server, err := Start(e, Addresses{anyPort, anyPort})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		l.Close()
	})
	return server, e
}

// dial dials this machine's loopback.
func dial(t *testing.T, network string, to netip.AddrPort) net.Conn {
	t.Helper()
	c, err := machine.Env().Dial(t.Context(), network, to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestDNS(t *testing.T) {
	server, _ := serving(t, "healthy")
	for _, network := range []string{"udp", "tcp"} {
		c := &dns.Conn{Conn: dial(t, network, server.Addresses().DNS)}
		m := new(dns.Msg).SetQuestion("fabrikam.vault.azure.net.", dns.TypeA)
		if err := c.WriteMsg(m); err != nil {
			t.Fatal(err)
		}
		r, err := c.ReadMsg()
		if err != nil || len(r.Answer) != 2 || !strings.HasSuffix(r.Answer[1].String(), "10.1.2.3") {
			t.Errorf("%s: %v, %v", network, r, err)
		}
	}
}

// TestHTTPS: the name that the client asks for decides where the lab leads it.
func TestHTTPS(t *testing.T) {
	server, e := serving(t, "healthy")
	roots, err := e.Roots()
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(dial(t, "tcp", server.Addresses().HTTPS), &tls.Config{ServerName: "fabrikam.vault.azure.net", RootCAs: roots})
	if _, err := io.WriteString(c, "GET /healthstatus HTTP/1.1\r\nHost: fabrikam.vault.azure.net\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if err != nil || !bytes.HasPrefix(text, []byte("HTTP/1.1 200 OK")) || !bytes.Contains(text, []byte("addr=10.4.5.6")) {
		t.Errorf("%s, %v", text, err)
	}
}

// TestNoWay: what leads nowhere is reset.
func TestNoWay(t *testing.T) {
	server, _ := serving(t, "connect-refused")
	for _, name := range []string{"", "fabrikam.vault.azure.net"} {
		c := tls.Client(dial(t, "tcp", server.Addresses().HTTPS), &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err := c.Handshake(); err == nil {
			t.Errorf("%q: a handshake", name)
		}
	}
	if _, err := Start(env.Env{}, Addresses{netip.MustParseAddrPort("0.0.0.0:0"), anyPort}); err == nil {
		t.Error("it listens to everybody")
	}
}

func TestNothingLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("served", func(t *testing.T) {
		server, _ := serving(t, "connect-timeout")
		_, _ = dial(t, "tcp", server.Addresses().HTTPS).Write([]byte{22, 3, 1})
		_, _ = dial(t, "udp", server.Addresses().DNS).Write(make([]byte, 12))
	})
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, and before %d", runtime.NumGoroutine(), before)
		}
	}
}
