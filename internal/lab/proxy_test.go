package lab

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/world"
)

func proxyWith(role world.ProxyRole) *world.Host {
	h := vm("squid", "10.1.0.9")
	role.Port = 3128
	h.Proxy = &role
	return h
}

// through returns a dialer by way of CONNECT; a refusal is an error that tells
// the status.
func through(e env.Env, host string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := e.Dial(ctx, "tcp", "10.1.0.9:3128")
		if err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(c, "CONNECT %s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", host)
		r := bufio.NewReader(c)
		res, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode != 200:
			return nil, fmt.Errorf("%d %s", res.StatusCode, res.Header.Get("Proxy-Authenticate"))
		}
		return c, nil
	}
}

// TestProxyCarries: the vault sees the proxy, which resolved the name itself.
func TestProxyCarries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{RTT: rtt}, proxyWith(world.ProxyRole{}))
		defer l.Close()
		e := on(t, l, "app")
		began := time.Now()
		res, err := get(e, "", "/healthstatus", through(e, vaultHost))
		if err != nil {
			t.Fatal(err)
		}
		const want = "conn_type=PrivateLink;private_endpoint=" + endpoint + ";addr=10.1.0.9;act_addr_fam=InterNetworkV6;"
		if got := res.Header.Get("x-ms-keyvault-network-info"); got != want {
			t.Errorf("the vault saw %s", got)
		}
		// Connect, CONNECT with the proxy's DNS and connect, and two more of
		// two legs each.
		if took := time.Since(began); took != 8*rtt {
			t.Errorf("took %v", took)
		}
	})
}

func TestProxyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		role world.ProxyRole
		host string
		want string
		took time.Duration
	}{
		"407":              {world.ProxyRole{Answers: 407}, vaultHost, `407 Basic realm="proxy"`, 2 * rtt},
		"403":              {world.ProxyRole{Answers: 403}, vaultHost, "403 ", 2 * rtt},
		"502":              {world.ProxyRole{Answers: 502}, vaultHost, "502 ", 2 * rtt},
		"no such name":     {world.ProxyRole{}, "other.vault.azure.net", "502 ", 3 * rtt},
		"closed port":      {world.ProxyRole{}, "10.1.0.20", "502 ", 3 * rtt},
		"nobody answers":   {world.ProxyRole{}, "10.1.0.200", "504 ", 2*rtt + proxyPatience},
		"a name of nobody": {world.ProxyRole{}, "a_b_c", "502 ", 3 * rtt},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{RTT: rtt}, proxyWith(c.role), vm("server", "10.1.0.20"))
				defer l.Close()
				began := time.Now()
				_, err := through(on(t, l, "app"), c.host)(t.Context(), "", "")
				if took := time.Since(began); err == nil || err.Error() != c.want || took != c.took {
					t.Errorf("got %v after %v, want %s after %v", err, took, c.want, c.took)
				}
			})
		})
	}
}

func TestProxyIsNoServer(t *testing.T) {
	l := start(t, Options{}, proxyWith(world.ProxyRole{}))
	defer l.Close()
	c, err := on(t, l, "app").Dial(t.Context(), "tcp", "10.1.0.9:3128")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusNotImplemented {
		t.Errorf("%v, %v", res, err)
	}
	_ = c.Close()
}

// TestProxyIntercepts: a proxy that re-signs shows its own issuer, which
// clients trust or not, and may put another name into the Host header.
func TestProxyIntercepts(t *testing.T) {
	const issuer = "CN=Corp Inspection CA,O=Corp"
	for name, c := range map[string]struct {
		role   world.ProxyRole
		path   string
		status int
	}{
		"trusted":        {world.ProxyRole{InterceptTLS: true, Issuer: issuer, Trusted: true}, "/secrets/x", 401},
		"rewrites Host":  {world.ProxyRole{InterceptTLS: true, Issuer: issuer, Trusted: true, RewriteHost: "proxy.example"}, "/secrets/x", 403},
		"is not trusted": {world.ProxyRole{InterceptTLS: true, Issuer: issuer}, "/secrets/x", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{RTT: rtt}, proxyWith(c.role))
				defer l.Close()
				e := on(t, l, "app")
				res, err := get(e, "", c.path, through(e, vaultHost))
				var unknown x509.UnknownAuthorityError
				switch {
				case c.status == 0 && errors.As(err, &unknown):
					if got := unknown.Cert.Issuer.String(); got != issuer {
						t.Errorf("issuer %s", got)
					}
				case err != nil:
					t.Error(err)
				case res.StatusCode != c.status || res.TLS.PeerCertificates[0].Issuer.String() != issuer:
					t.Errorf("%s from %v: %s", res.Status, res.TLS.PeerCertificates[0].Issuer, res.Header.Get("Test-Body"))
				}
			})
		})
	}
}

func TestDistinguishedNames(t *testing.T) {
	for dn, want := range map[string]string{
		"CN=Corp Inspection CA":    "CN=Corp Inspection CA",
		"CN=CA, OU=IT,O=Corp,C=US": "CN=CA,OU=IT,O=Corp,C=US",
		"CN=CA,L=Oslo,ST=Oslo":     "CN=CA,L=Oslo,ST=Oslo",
		"Corp Inspection":          "CN=Corp Inspection",
		"":                         "CN=",
	} {
		if n := parseDN(dn); n.String() != want && dn != "" {
			t.Errorf("%q: got %q, want %q", dn, n.String(), want)
		}
	}
}
