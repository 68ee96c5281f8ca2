package lab

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// dialTLS opens a TLS connection to the vault at an address.
func dialTLS(t *testing.T, e env.Env, address string) *tls.Conn {
	t.Helper()
	c, err := e.Dial(t.Context(), "tcp", address+":443")
	if err != nil {
		t.Fatal(err)
	}
	roots, err := e.Roots()
	if err != nil {
		t.Fatal(err)
	}
	return tls.Client(c, &tls.Config{RootCAs: roots, ServerName: vaultHost})
}

// TestTranscript: a keep-alive connection, byte for byte, headers in the
// service's order and case.
func TestTranscript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{RTT: rtt})
		defer l.Close()
		c := dialTLS(t, on(t, l, "app"), privateIP)
		send := "GET /healthstatus HTTP/1.1\r\nHost: " + vaultHost + "\r\n\r\n" +
			"GET /secrets/x HTTP/1.1\r\nHost: " + vaultHost + "\r\nConnection: close\r\n\r\n"
		if _, err := io.WriteString(c, send); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		const info = "x-ms-keyvault-network-info: conn_type=PrivateLink;private_endpoint=" + endpoint + ";addr=10.1.0.10;act_addr_fam=InterNetworkV6;\r\n"
		const want = "HTTP/1.1 200 OK\r\n" +
			"Cache-Control: no-cache\r\nPragma: no-cache\r\nContent-Type: application/json; charset=utf-8\r\n" +
			"x-ms-request-id: 00000000-0000-4000-8000-000000000001\r\nx-ms-keyvault-service-version: 1.9.3019.1\r\n" + info +
			"Strict-Transport-Security: max-age=31536000;includeSubDomains\r\nContent-Length: 4\r\n\r\ntrue" +
			"HTTP/1.1 401 Unauthorized\r\n"
		if !strings.HasPrefix(string(got), want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if !strings.Contains(string(got), "\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n") || !strings.Contains(string(got), "-000000000002\r\n") {
			t.Errorf("date or request id of the second response:\n%s", got)
		}
	})
}

// TestTokens: the front end knows a token of a host, and what it is worth.
func TestTokens(t *testing.T) {
	const audience = "https://vault.azure.net"
	for name, c := range map[string]struct {
		identity world.Identity
		audience string
		wait     time.Duration
		spoil    string
		status   int
	}{
		"reader":           {world.Reader, audience, 0, "", 200},
		"no role":          {world.NoRole, audience, 0, "", 403},
		"invalid":          {world.InvalidIdentity, audience, 0, "", 401},
		"wrong audience":   {world.Reader, "https://management.azure.com", 0, "", 401},
		"expired":          {world.Reader, audience, tokenLife, "", 401},
		"not a token":      {world.Reader, audience, 0, "x.y", 401},
		"somebody unknown": {world.Reader, audience, 0, ".e30.", 401},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := vm("app", "10.1.0.10")
				app.Identity = c.identity
				l := start(t, Options{}, app)
				defer l.Close()
				e := on(t, l, "app")
				token, err := e.Token(t.Context(), c.audience)
				if err != nil {
					t.Fatal(err)
				}
				if c.spoil != "" {
					token = c.spoil
				}
				time.Sleep(c.wait)
				conn := dialTLS(t, e, privateIP)
				defer func() { _ = conn.Close() }()
				_, _ = fmt.Fprintf(conn, "GET /secrets?api-version=7.4 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", vaultHost, token)
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				if res.StatusCode != c.status {
					t.Errorf("%s %s", res.Status, body)
				}
			})
		})
	}
	l := start(t, Options{}, &world.Host{Meta: world.Meta{ID: world.HostID("anon")}, Network: world.Internet, Address: ip("203.0.113.8")})
	defer l.Close()
	if on(t, l, "anon").Token != nil {
		t.Error("a host without an identity gets tokens")
	}
}

// TestBadRequests: what is no request ends the connection with the status that
// says so.
func TestBadRequests(t *testing.T) {
	const host = "\r\nHost: x\r\n"
	for name, c := range map[string]struct{ send, want string }{
		"not HTTP":         {"hello\r\n\r\n", "HTTP/1.1 400 "},
		"no host":          {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
		"HTTP/2":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 "},
		"endless header":   {"GET / HTTP/1.1" + host + "X: " + strings.Repeat("x", maxHeader), "HTTP/1.1 431 "},
		"endless body":     {"PUT /secrets/x HTTP/1.1" + host + "Content-Length: 2000000\r\n\r\n" + strings.Repeat("x", 2000000), "HTTP/1.1 413 "},
		"hung up":          {"GET / HT", "HTTP/1.1 400 "},
		"silent":           {"", ""},
		"HEAD has no body": {"HEAD /healthstatus HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "},
		"continue":         {"GET /healthstatus HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := ends("tcp", 0, false)
				go func() {
					serveHTTP(far, func(*http.Request) answer { return answer{status: 200, body: "body"} })
					_ = far.Close()
				}()
				go func() {
					_, _ = io.WriteString(near, c.send)
					if name == "hung up" {
						_ = near.CloseWrite()
					}
				}()
				began := time.Now()
				got, err := io.ReadAll(near)
				_ = near.Close()
				if err != nil && !errors.Is(err, syscall.ECONNRESET) || !strings.HasPrefix(string(got), c.want) || c.want == "" && len(got) > 0 {
					t.Errorf("got %q, %v, want %q", got, err, c.want)
				}
				if took := time.Since(began); name == "silent" && took != requestTime {
					t.Errorf("a silent client was served for %v", took)
				}
				if name == "HEAD has no body" && bytes.HasSuffix(got, []byte("body")) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

// TestCertificates: the front end's covers the vault's name, not the private
// zone's.
func TestCertificates(t *testing.T) {
	l := start(t, Options{})
	defer l.Close()
	e := on(t, l, "app")
	roots, err := e.Roots()
	if err != nil {
		t.Fatal(err)
	}
	for name, good := range map[string]bool{vaultHost: true, "fabrikam.vaultcore.azure.net": true, "fabrikam.privatelink.vaultcore.azure.net": false} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			c, err := e.Dial(t.Context(), "tcp", privateIP+":443")
			if err != nil {
				t.Fatal(err)
			}
			tc := tls.Client(c, &tls.Config{RootCAs: roots, ServerName: name, MinVersion: version, MaxVersion: version})
			if err := tc.Handshake(); (err == nil) != good {
				t.Errorf("%s, TLS %x: %v", name, version, err)
			}
			_ = tc.Close()
		}
	}
}

// TestStalledPath: the connection opens, and the handshake is never heard of.
func TestStalledPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{RTT: rtt})
		defer l.Close()
		me := caller{addr: ip("10.1.0.10")}
		a := arrival{}
		a.decision.Outcome, a.flow.To = fact.Stalled, netip.MustParseAddrPort(privateIP+":443")
		a.decision.Target.Kind, a.flow.Proto = "private-endpoint", "tcp"
		c, err := l.connect(t.Context(), me, a)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		err = tls.Client(c, &tls.Config{ServerName: vaultHost, CurvePreferences: []tls.CurveID{tls.X25519}}).Handshake()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("handshake: %v", err)
		}
		_ = c.Close()
	})
}

// TestOwnAuthority: a lab uses the authority and the request ids that it is
// given.
func TestOwnAuthority(t *testing.T) {
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	l := start(t, Options{Authority: a, RequestID: func(n uint64) string { return fmt.Sprint("request ", n) }})
	defer l.Close()
	e := on(t, l, "app")
	res, err := get(e, privateIP, "/healthstatus", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("x-ms-request-id"); got != "request 1" {
		t.Errorf("request id %q", got)
	}
	if err := res.TLS.PeerCertificates[0].CheckSignatureFrom(a.root.cert); err != nil {
		t.Errorf("issuer %v: %v", res.TLS.PeerCertificates[0].Issuer, err)
	}
}

// FuzzServeHTTP: whatever a client sends, the server answers or hangs up, and
// ends.
func FuzzServeHTTP(f *testing.F) {
	for _, s := range []string{
		"GET /healthstatus HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"GET / HTTP/1.0\n\n", "\x16\x03\x01", "", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		near, far := ends("tcp", 0, false)
		write(t, near, text)
		_ = near.CloseWrite()
		serveHTTP(far, func(req *http.Request) answer { return answer{status: 200, body: req.Host} })
		_ = far.Close()
		if _, err := io.ReadAll(near); err != nil {
			t.Error(err)
		}
	})
}
