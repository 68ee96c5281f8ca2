package azure

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pldoctor/internal/env"
)

const (
	secret    = "s3cr3t~value" // of the service principal
	bearer    = "header.payload.signature"
	audience  = "https://vault.azure.net"
	authority = "20.190.0.1:443"
	metadata  = "169.254.169.254:80"
	resources = "20.190.0.2:443"
)

// A network is all that the tests' Env reaches, in memory: servers by address.
type network struct {
	t       *testing.T
	servers map[string]func(net.Conn) // nobody: silence
	refused map[string]bool           // by address
	roots   *x509.CertPool
	vars    map[string]string

	mu     sync.Mutex
	dialed []string
	asked  []*http.Request // with their forms read
}

// newNetwork returns a network of an authority that gives tokens, in a process
// without credentials: only the credentials "prod" are tried, so that no
// program is run.
func newNetwork(t *testing.T) *network {
	n := &network{
		t: t, servers: make(map[string]func(net.Conn)), refused: make(map[string]bool),
		roots: x509.NewCertPool(), vars: make(map[string]string),
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		for _, prefix := range []string{"AZURE_", "IDENTITY_", "MSI_", "IMDS_"} {
			if strings.HasPrefix(name, prefix) {
				n.set(name, "")
			}
		}
	}
	n.set("AZURE_TOKEN_CREDENTIALS", "prod")
	n.serve(authority, n.certificate(), grant)
	return n
}

// set sets a variable of the process, which azidentity reads, and of the Env.
func (n *network) set(name, value string) {
	n.t.Setenv(name, value)
	n.vars[name] = value
	if value == "" {
		_ = os.Unsetenv(name) // Setenv restores it
	}
}

// principal gives the process the credentials of a service principal.
func (n *network) principal() *network {
	n.set("AZURE_TENANT_ID", "contoso")
	n.set("AZURE_CLIENT_ID", "client")
	n.set("AZURE_CLIENT_SECRET", secret)
	return n
}

func (n *network) env() env.Env {
	return env.Env{
		Dial:   n.dial,
		Lookup: n.lookup,
		Getenv: func(name string) string { return n.vars[name] },
		Roots:  func() (*x509.CertPool, error) { return n.roots, nil },
		Now:    time.Now,
	}
}

// lookup knows all names of the tests: a proxy's, and those of authorities.
func (n *network) lookup(_ context.Context, name string) ([]netip.Addr, string, error) {
	switch {
	case strings.HasPrefix(name, "login."):
		return []netip.Addr{netip.MustParseAddr("2603:1006::1"), netip.MustParseAddr("20.190.0.1")}, "", nil
	case strings.HasPrefix(name, "management."):
		return []netip.Addr{netip.MustParseAddr("20.190.0.2")}, "", nil
	case name == "proxy.contoso.com":
		return []netip.Addr{netip.MustParseAddr("10.0.0.8")}, "", nil
	}
	return nil, "", &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	serve := n.servers[address]
	n.mu.Unlock()
	switch {
	case n.refused[address]:
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
	case serve == nil:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	near, far := wire()
	go serve(far)
	return near, nil
}

// wire is a pipe with room in it, as a network has.
func wire() (near, far net.Conn) {
	near, a := net.Pipe()
	b, far := net.Pipe()
	go relay(a, b)
	go relay(b, a)
	return near, far
}

func relay(from, to net.Conn) {
	queue := make(chan []byte, 1024)
	go func() {
		defer func() { _ = to.Close() }()
		for data := range queue {
			if _, err := to.Write(data); err != nil {
				_ = from.Close()
			}
		}
	}()
	defer close(queue)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		queue <- slices.Clone(buffer[:n])
	}
}

// serve has a handler answer at an address, over TLS where there is a
// certificate.
func (n *network) serve(address string, secured *tls.Config, answer http.HandlerFunc) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		n.mu.Lock()
		n.asked = append(n.asked, r)
		n.mu.Unlock()
		answer(w, r)
	})}
	go func() { _ = s.Serve(l) }()
	n.t.Cleanup(func() { _ = s.Close() })
	n.servers[address] = func(c net.Conn) {
		if secured != nil {
			c = tls.Server(c, secured)
		}
		select {
		case l.conns <- c:
		case <-l.closed:
		}
	}
}

// saw returns the requests to a path's end, of which there has to be one.
func (n *network) saw(end string) *http.Request {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range n.asked {
		if strings.HasSuffix(r.URL.Path, end) {
			return r
		}
	}
	n.t.Fatalf("nobody asked for %s", end)
	return nil
}

// grant answers as Entra ID does where it agrees.
func grant(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	base := (&url.URL{Scheme: "https", Host: r.Host, Path: "/contoso"}).String()
	switch {
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		_, _ = fmt.Fprintf(w, `{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token"}`, base)
	case strings.HasSuffix(r.URL.Path, "/token"):
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, bearer)
	default:
		http.NotFound(w, r)
	}
}

// A listener hands on connections that were made in memory.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// certificate makes one for every authority, and the roots trust it.
func (n *network) certificate() *tls.Config {
	n.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		n.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn", "management.azure.com", "management.contoso.example"},
		IsCA:     true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		n.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		n.t.Fatal(err)
	}
	n.roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}
