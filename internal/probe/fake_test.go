package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/service"
)

var (
	fabrikam      = dnsname.MustParse("fabrikam.vault.azure.net")
	fabrikamAlias = dnsname.MustParse("fabrikam.privatelink.vaultcore.azure.net")
	ip            = netip.MustParseAddr
)

const (
	endpoint = "10.1.2.3"
	frontEnd = "52.168.109.101"
	server   = "10.0.0.53"
	azure    = "168.63.129.16"
)

func keyVault(t testing.TB) service.Service {
	t.Helper()
	s, ok := service.KeyVault("AzureCloud")
	if !ok {
		t.Fatal("no Key Vault in AzureCloud")
	}
	return s
}

func target(t testing.TB) Target { return Target{Service: keyVault(t), Vault: "fabrikam"} }

// A host is a made-up host: what answers where, and what it was told.
type host struct {
	tcp     map[string]func(net.Conn) // by ip:port; nobody: silence
	udp     map[string]func(net.Conn)
	closed  []string // where connections are refused
	addrs   []string // what programs are told
	err     error
	env     map[string]string
	hosts   string
	servers []netip.Addr // configured; nil: server alone
	split   map[string][]netip.Addr
	unread  bool // nobody can say which DNS servers there are
	roots   *x509.CertPool
	token   func(context.Context, string) (string, error)

	mu     sync.Mutex
	dialed []string
}

// Env is the host as a probe sees it. Its one configured DNS server is server.
func (h *host) Env() env.Env {
	return env.Env{
		Dial: h.dial,
		Lookup: func(context.Context, string) ([]netip.Addr, string, error) {
			var addrs []netip.Addr
			for _, a := range h.addrs {
				addrs = append(addrs, ip(a))
			}
			return addrs, env.BySystem, h.err
		},
		Resolvers: func(context.Context) (env.Resolvers, error) {
			if h.unread {
				return env.Resolvers{}, os.ErrPermission
			}
			if h.servers == nil {
				return env.Resolvers{Servers: addrs(server), Split: h.split}, nil
			}
			return env.Resolvers{Servers: h.servers, Split: h.split}, nil
		},
		HostsFile: func() (string, string, error) { return h.hosts, "/etc/hosts", nil },
		Getenv:    func(key string) string { return h.env[key] },
		Addresses: func() []netip.Addr { return []netip.Addr{ip("10.4.5.6")} },
		Exists:    func(string) bool { return false },
		Roots:     func() (*x509.CertPool, error) { return h.roots, nil },
		Token:     h.token,
		Now:       time.Now,
	}
}

func (h *host) dial(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.Lock()
	h.dialed = append(h.dialed, network+" "+address)
	h.mu.Unlock()
	if slices.Contains(h.closed, address) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	serve := map[string]map[string]func(net.Conn){"tcp": h.tcp, "udp": h.udp}[network][address]
	if serve == nil {
		if network == "udp" {
			serve = silent
		} else {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		}
	}
	near, far := wire()
	go serving(far, serve)
	return near, nil
}

func serving(c net.Conn, serve func(net.Conn)) {
	defer func() { _ = c.Close() }()
	serve(c)
}

// wire is a pipe with room in it, as a network has.
func wire() (near, far net.Conn) {
	near, a := net.Pipe()
	b, far := net.Pipe()
	go relay(a, b)
	go relay(b, a)
	return kernelLike{near}, far
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

// kernelLike fails a write as a kernel does.
type kernelLike struct{ net.Conn }

func (c kernelLike) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	}
	return n, err
}

// hasDialed tells whether something was ever dialled.
func (h *host) hasDialed(part string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.dialed, func(d string) bool { return strings.Contains(d, part) })
}

func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// zone serves records, in zone file lines, to every question: an A record for
// an AAAA question is left out, and what has no record does not exist.
func zone(lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 512)
		for {
			n, err := c.Read(buffer)
			if err != nil {
				return
			}
			_, _ = c.Write(reply(buffer[:n], dns.RcodeSuccess, lines...))
		}
	}
}

// rcode answers every question so.
func rcode(code int) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 512)
		n, _ := c.Read(buffer)
		_, _ = c.Write(reply(buffer[:n], code))
	}
}

// reply makes an answer of the records that lead from the question on.
func reply(question []byte, code int, lines ...string) []byte {
	var q, m dns.Msg
	if err := q.Unpack(question); err != nil {
		panic(err)
	}
	m.SetRcode(&q, code)
	at := q.Question[0].Name
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			panic(err)
		}
		kind := rr.Header().Rrtype
		if rr.Header().Name == at && (kind == dns.TypeCNAME || kind == q.Question[0].Qtype) {
			m.Answer = append(m.Answer, rr)
		}
		if c, ok := rr.(*dns.CNAME); ok && c.Hdr.Name == at {
			at = c.Target
		}
	}
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

// framed serves over TCP what another serves over UDP.
func framed(lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		var length [2]byte
		_, _ = io.ReadFull(c, length[:])
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		_, _ = io.ReadFull(c, question)
		answer := reply(question, dns.RcodeSuccess, lines...)
		_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
}

var (
	privateZone = []string{
		"fabrikam.vault.azure.net. 60 IN CNAME fabrikam.privatelink.vaultcore.azure.net.",
		"fabrikam.privatelink.vaultcore.azure.net. 10 IN A " + endpoint,
	}
	publicZone = []string{
		"fabrikam.vault.azure.net. 60 IN CNAME fabrikam.privatelink.vaultcore.azure.net.",
		"fabrikam.privatelink.vaultcore.azure.net. 60 IN CNAME data-prod-eus.vaultcore.azure.net.",
		"data-prod-eus.vaultcore.azure.net. 60 IN A " + frontEnd,
	}
)

// An authority signs certificates that are valid at any time a test runs at.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(name string) *authority {
	a := &authority{}
	a.cert, a.key = certify(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func certify(template *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template.SerialNumber = big.NewInt(1)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	template.NotBefore = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert, key
}

// server terminates TLS under the names and hands the inside to serve.
func (a *authority) server(serve func(net.Conn), until time.Time, names ...string) func(net.Conn) {
	cert, key := certify(&x509.Certificate{DNSNames: names, NotAfter: until}, a)
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
	}
	return func(c net.Conn) {
		secured := tls.Server(c, config)
		if secured.Handshake() == nil {
			serve(secured)
		}
	}
}

// A vault answers as Key Vault does and records what it was asked.
type vault struct {
	info   string // x-ms-keyvault-network-info
	denial string // the body of a 403 to requests with a token; "" admits

	mu    sync.Mutex
	asked []string // path, or "token path"
	hosts []string
}

const viaPrivateLink = "conn_type=PrivateLink;private_endpoint=/subscriptions/S/resourceGroups/rg/providers/" +
	"Microsoft.Network/privateEndpoints/pe;addr=10.4.5.6;act_addr_fam=InterNetworkV6;"

func (v *vault) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		q, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		status, body := v.answer(q)
		_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\n"+service.HeaderNetworkInfo+": "+v.info+
			"\r\nx-ms-request-id: 1\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
	}
}

func (v *vault) answer(q *http.Request) (status, body string) {
	token := q.Header.Get("Authorization") != ""
	v.mu.Lock()
	defer v.mu.Unlock()
	path := q.URL.Path
	if token {
		path, _, _ = strings.Cut(path, "pldoctor-")
		path = "token " + path
	}
	v.asked, v.hosts = append(v.asked, path), append(v.hosts, q.Host)
	switch {
	case q.URL.Path == service.HealthPath:
		return "200 OK", "true"
	case !token:
		return "401 Unauthorized", `{"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer or PoP token."}}`
	case v.denial != "":
		return "403 Forbidden", v.denial
	}
	return "404 Not Found", `{"error":{"code":"SecretNotFound","message":"A secret with (name/id) x was not found in this key vault."}}`
}

func (v *vault) wasAsked() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.asked)
}

func itoa(n int) string { return string(big.NewInt(int64(n)).Append(nil, 10)) }
