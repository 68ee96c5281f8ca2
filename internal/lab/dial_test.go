package lab

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/world"
)

// TestDialFails: a connection fails when, and as, a kernel's would.
func TestDialFails(t *testing.T) {
	const nobody, closed, vanished = "10.1.0.200:443", "10.1.0.20:444", "10.1.0.200:53"
	within := func(d time.Duration) func() (context.Context, context.CancelFunc) {
		return func() (context.Context, context.CancelFunc) { return context.WithTimeout(context.Background(), d) }
	}
	cancelled := func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		return ctx, cancel
	}
	for name, c := range map[string]struct {
		network, address string
		ctx              func() (context.Context, context.CancelFunc)
		is               error
		text             string
		timeout          bool
		after            time.Duration
	}{
		"black hole": {
			"tcp", nobody, within(time.Hour), syscall.ETIMEDOUT,
			"dial tcp 10.1.0.200:443: connect: connection timed out", true, 127 * time.Second,
		},
		"deadline": {
			"tcp", nobody, within(3 * time.Second), os.ErrDeadlineExceeded,
			"dial tcp 10.1.0.200:443: i/o timeout", true, 3 * time.Second,
		},
		"deadline, as a context's": {"tcp", nobody, within(time.Second), context.DeadlineExceeded, "", true, time.Second},
		"cancelled": {
			"tcp", nobody, cancelled, context.Canceled,
			"dial tcp 10.1.0.200:443: operation was canceled", false, time.Second,
		},
		"refused": {
			"tcp", closed, within(time.Hour), syscall.ECONNREFUSED,
			"dial tcp 10.1.0.20:444: connect: connection refused", false, rtt,
		},
		"a name":             {"tcp", vaultHost + ":443", within(time.Hour), nil, "dial tcp: address fabrikam.vault.azure.net:443: not ip:port", false, 0},
		"an unknown network": {"ip", nobody, within(time.Hour), nil, "dial ip: unknown network ip", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{RTT: rtt}, vm("server", "10.1.0.20"))
				defer l.Close()
				ctx, cancel := c.ctx()
				defer cancel()
				began := time.Now()
				conn, err := on(t, l, "app").Dial(ctx, c.network, c.address)
				if err == nil {
					t.Fatalf("connected to %v", conn.RemoteAddr())
				}
				if took := time.Since(began); took != c.after {
					t.Errorf("took %v, want %v", took, c.after)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("%v is no %v", err, c.is)
				}
				if c.text != "" && err.Error() != c.text {
					t.Errorf("got %q, want %q", err, c.text)
				}
				var network net.Error
				if !errors.As(err, &network) || network.Timeout() != c.timeout {
					t.Errorf("%v: Timeout is not %v", err, c.timeout)
				}
			})
		})
	}
}

// TestUDPFails: a socket connects whatever is behind it; a closed port shows
// after the first packet, a packet that is dropped never.
func TestUDPFails(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		is      error
		after   time.Duration
	}{
		"closed port": {"10.1.0.20:53", syscall.ECONNREFUSED, rtt},
		"dropped":     {"10.1.0.200:53", os.ErrDeadlineExceeded, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{RTT: rtt}, vm("server", "10.1.0.20"))
				defer l.Close()
				conn, err := on(t, l, "app").Dial(context.Background(), "udp", c.address)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				began := time.Now()
				_ = conn.SetDeadline(began.Add(5 * time.Second))
				write(t, conn, []byte("anybody there?"))
				_, err = conn.Read(make([]byte, 10))
				if took := time.Since(began); !errors.Is(err, c.is) || took != c.after {
					t.Errorf("%v after %v, want %v after %v", err, took, c.is, c.after)
				}
			})
		})
	}
}

// TestAddresses: both sides see true addresses, the far one after NAT.
func TestAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := vm("app", "10.1.0.10")
		app.PublicAddress = ip("20.1.2.3")
		l := start(t, Options{}, app)
		defer l.Close()
		e := on(t, l, "app")
		c, err := e.Dial(context.Background(), "tcp", publicIP+":443")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if got := c.LocalAddr().(*net.TCPAddr); got.IP.String() != "10.1.0.10" || got.Port < 32768 {
			t.Errorf("local %v", got)
		}
		if got := c.RemoteAddr().String(); got != publicIP+":443" {
			t.Errorf("remote %v", got)
		}
		res, err := get(e, publicIP, "/healthstatus", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("x-ms-keyvault-network-info"); got != "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=InterNetwork;" {
			t.Errorf("the vault saw %s", got)
		}
	})
}

// TestCloseEndsAll: no goroutine outlives its lab, whatever it was waiting for.
func TestCloseEndsAll(t *testing.T) {
	before := runtime.NumGoroutine()
	dns := vm("dns", "10.1.0.53")
	dns.DNS = &world.DNSRole{Forward: []world.Forward{{Domain: root, To: addrs("10.1.0.200")}}}
	proxy := vm("proxy", "10.1.0.9")
	proxy.Proxy = &world.ProxyRole{Port: 3128}
	l := start(t, Options{}, dns, proxy)
	e := on(t, l, "app")
	var left []net.Conn
	for _, c := range []struct{ network, address, say string }{
		{"tcp", privateIP + ":443", ""},
		{"tcp", publicIP + ":443", "not TLS at all"},
		{"tcp", "168.63.129.16:53", "\x00"},
		{"udp", "168.63.129.16:53", "junk"},
		{"udp", "10.1.0.200:53", "junk"},
		{"tcp", "10.1.0.9:3128", "CONNECT 10.1.0.200:443 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"tcp", "10.1.0.9:3128", "CONNECT " + privateIP + ":443 HTTP/1.1\r\nHost: x\r\n\r\n"},
	} {
		conn, err := e.Dial(context.Background(), c.network, c.address)
		if err != nil {
			t.Fatal(err)
		}
		write(t, conn, []byte(c.say))
		left = append(left, conn)
	}
	failed := make(chan error, 2)
	go func() { _, err := e.Dial(context.Background(), "tcp", "10.1.0.200:443"); failed <- err }()
	go func() { _, err := dig(e, "udp", "10.1.0.53", vaultHost, 1); failed <- err }()
	time.Sleep(20 * time.Millisecond)
	l.Close()
	l.Close()
	for range 2 {
		if err := <-failed; err == nil {
			t.Error("a call outlived its lab")
		}
	}
	for _, c := range left {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%v is open", c.RemoteAddr())
		}
	}
	if c, err := e.Dial(context.Background(), "tcp", privateIP+":443"); err == nil {
		t.Errorf("%v connected after Close", c.RemoteAddr())
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines before, now:\n%s", before, stacks[:runtime.Stack(stacks, true)])
}
