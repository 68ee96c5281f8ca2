package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// An Authority issues the certificates of a lab: those of Azure's own servers,
// and through further authorities those of machines that re-sign TLS. It holds
// for the years 1970 to 2100, so that it serves under a virtual clock, too. It
// is safe for use by many labs at a time.
type Authority struct {
	root issuer
	pool *x509.CertPool
	leaf *ecdsa.PrivateKey // of every certificate that it issues: nothing here is secret

	mu      sync.Mutex
	servers map[string]*tls.Config // by the names covered
	others  map[string]issuer      // by distinguished name
}

// An issuer signs certificates.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority with keys of its own.
func NewAuthority() (*Authority, error) {
	root, err := newIssuer(pkix.Name{CommonName: "pldoctor lab root", Organization: []string{"pldoctor"}})
	if err != nil {
		return nil, err
	}
	leaf, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	return &Authority{
		root: root, pool: pool, leaf: leaf,
		servers: make(map[string]*tls.Config), others: make(map[string]issuer),
	}, nil
}

var (
	validFrom  = time.Unix(0, 0)
	validUntil = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

func newIssuer(subject pkix.Name) (issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issuer{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: subject, NotBefore: validFrom, NotAfter: validUntil,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return issuer{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return issuer{cert, key}, err
}

// ballast makes a certificate as large as the chain that Azure's front ends
// send, about 4 kB, so that a path that drops large segments drops it. The arc
// is IANA's for use in documentation (RFC 5612).
var ballast = pkix.Extension{
	Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1},
	Value: append([]byte{4, 0x82, 0x0c, 0x00}, make([]byte, 0x0c00)...), // OCTET STRING of 3072 bytes
}

// sign issues a server certificate for names, which may be addresses.
func (a *Authority) sign(by issuer, names ...string) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: validFrom, NotAfter: validUntil,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		ExtraExtensions: []pkix.Extension{ballast},
	}
	for _, name := range names {
		if ip, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, net.IP(ip.AsSlice()))
			continue
		}
		template.DNSNames = append(template.DNSNames, name)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &a.leaf.PublicKey, by.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate for %q: %w", names, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.leaf}, nil
}

// server returns the TLS settings of a server of Azure's own that is known by
// these names.
func (a *Authority) server(names []string) (*tls.Config, error) {
	key := strings.Join(names, " ")
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.servers[key]; ok {
		return c, nil
	}
	cert, err := a.sign(a.root, names...)
	if err != nil {
		return nil, err
	}
	c := serverConfig()
	c.Certificates = []tls.Certificate{cert}
	a.servers[key] = c
	return c, nil
}

// resigner returns the TLS settings of a machine that shows certificates of
// its own making: for the name that the client asked for, else for fallback.
func (a *Authority) resigner(dn, fallback string) (*tls.Config, error) {
	by, err := a.other(dn)
	if err != nil {
		return nil, err
	}
	c := serverConfig()
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		name := hello.ServerName
		if name == "" {
			name = fallback
		}
		cert, err := a.sign(by, name)
		return &cert, err
	}
	return c, nil
}

// other returns the authority of that distinguished name.
func (a *Authority) other(dn string) (issuer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if by, ok := a.others[dn]; ok {
		return by, nil
	}
	by, err := newIssuer(parseDN(dn))
	if err == nil {
		a.others[dn] = by
	}
	return by, err
}

// roots returns a pool of the authority's own root and those of others.
func (a *Authority) roots(others []string) (*x509.CertPool, error) {
	if len(others) == 0 {
		return a.pool, nil
	}
	certs, err := a.certificates(others)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool, nil
}

// certificates are the authority's own root and those of others.
func (a *Authority) certificates(others []string) ([]*x509.Certificate, error) {
	certs := []*x509.Certificate{a.root.cert}
	for _, dn := range others {
		by, err := a.other(dn)
		if err != nil {
			return nil, err
		}
		certs = append(certs, by.cert)
	}
	return certs, nil
}

// serverConfig offers what Key Vault does, TLS 1.2 and 1.3, with the one curve
// that is quick, and no sessions to resume: each handshake is a whole one.
func serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519},
		SessionTicketsDisabled: true, NextProtos: []string{"http/1.1"},
	}
}

// parseDN reads a distinguished name such as "CN=Corp Inspection CA,O=Corp"
// (RFC 4514, without escapes). A text that is none is taken for a common name.
func parseDN(dn string) pkix.Name {
	var n pkix.Name
	fields := map[string]func(string){
		"CN": func(v string) { n.CommonName = v },
		"O":  func(v string) { n.Organization = append(n.Organization, v) },
		"OU": func(v string) { n.OrganizationalUnit = append(n.OrganizationalUnit, v) },
		"L":  func(v string) { n.Locality = append(n.Locality, v) },
		"ST": func(v string) { n.Province = append(n.Province, v) },
		"C":  func(v string) { n.Country = append(n.Country, v) },
	}
	for part := range strings.SplitSeq(dn, ",") {
		key, value, found := strings.Cut(part, "=")
		set, known := fields[strings.ToUpper(strings.TrimSpace(key))]
		if !found || !known {
			return pkix.Name{CommonName: dn}
		}
		set(strings.TrimSpace(value))
	}
	return n
}
