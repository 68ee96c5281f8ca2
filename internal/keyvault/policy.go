package keyvault

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A policy says how a certificate is made: learn.microsoft.com/azure/key-vault/
// certificates/about-certificates#certificate-policy. It is never changed, but
// replaced.
type policy struct {
	ID         string        `json:"id,omitempty"`
	Key        *keyPolicy    `json:"key_props,omitempty"`
	Secret     *secretPolicy `json:"secret_props,omitempty"`
	X509       *x509Policy   `json:"x509_props,omitempty"`
	Lifetime   []action      `json:"lifetime_actions,omitempty"`
	Issuer     *issuer       `json:"issuer,omitempty"`
	Attributes *attributes   `json:"attributes,omitempty"`
}

type keyPolicy struct {
	Exportable *bool  `json:"exportable,omitempty"`
	Type       string `json:"kty,omitempty"`
	Size       int    `json:"key_size,omitempty"`
	Reuse      bool   `json:"reuse_key"`
	Curve      string `json:"crv,omitempty"`
}

type secretPolicy struct {
	ContentType string `json:"contentType,omitempty"`
}

type x509Policy struct {
	Subject  string   `json:"subject"`
	Names    *names   `json:"sans,omitempty"`
	Extended []string `json:"ekus,omitempty"`
	Usage    []string `json:"key_usage,omitempty"`
	Months   int      `json:"validity_months,omitempty"`
}

type names struct {
	DNS       []string `json:"dns_names,omitempty"`
	Emails    []string `json:"emails,omitempty"`
	Addresses []string `json:"ipAddresses,omitempty"`
	URIs      []string `json:"uris,omitempty"`
}

type issuer struct {
	Name string `json:"name,omitempty"`
	Type string `json:"cty,omitempty"`
}

type action struct {
	Trigger trigger `json:"trigger"`
	Action  struct {
		Type string `json:"action_type,omitempty"`
	} `json:"action"`
}

type trigger struct {
	Percentage int `json:"lifetime_percentage,omitempty"`
	Days       int `json:"days_before_expiry,omitempty"`
}

// The two forms of a certificate's secret.
const (
	pfxType = "application/x-pkcs12"
	pemType = "application/x-pem-file"
)

// completed returns a policy with what the client left open.
func (p policy) completed() *policy {
	yes := true
	k := keyPolicy{}
	if p.Key != nil {
		k = *p.Key
	}
	if k.Type == "" {
		k.Type = "RSA"
	}
	if k.Size == 0 && k.Type == "RSA" {
		k.Size = 2048
	}
	if k.Exportable == nil {
		k.Exportable = &yes
	}
	p.Key = &k
	if p.Secret == nil || p.Secret.ContentType == "" {
		p.Secret = &secretPolicy{pfxType}
	}
	if p.Issuer == nil {
		p.Issuer = &issuer{Name: "Self"}
	}
	x := x509Policy{}
	if p.X509 != nil {
		x = *p.X509
	}
	if len(x.Extended) == 0 {
		x.Extended = []string{"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"} // of servers and clients: RFC 5280, section 4.2.1.12
	}
	if len(x.Usage) == 0 {
		x.Usage = []string{"digitalSignature", "keyEncipherment"}
	}
	if x.Months == 0 {
		x.Months = 12
	}
	p.X509 = &x
	if p.Lifetime == nil {
		renew := action{Trigger: trigger{Percentage: 80}}
		renew.Action.Type = "AutoRenew"
		p.Lifetime = []action{renew}
	}
	return &p
}

// merged returns a policy with the parts that a client replaces.
func (p policy) merged(by policy) *policy {
	if by.Key != nil {
		p.Key = by.Key
	}
	if by.Secret != nil {
		p.Secret = by.Secret
	}
	if by.X509 != nil {
		p.X509 = by.X509
	}
	if by.Lifetime != nil {
		p.Lifetime = by.Lifetime
	}
	if by.Issuer != nil {
		p.Issuer = by.Issuer
	}
	return p.completed()
}

// usages are the bits of a certificate's key usage (RFC 5280, section 4.2.1.3).
var usages = map[string]x509.KeyUsage{
	"digitalSignature": x509.KeyUsageDigitalSignature, "nonRepudiation": x509.KeyUsageContentCommitment,
	"keyEncipherment": x509.KeyUsageKeyEncipherment, "dataEncipherment": x509.KeyUsageDataEncipherment,
	"keyAgreement": x509.KeyUsageKeyAgreement, "keyCertSign": x509.KeyUsageCertSign, "cRLSign": x509.KeyUsageCRLSign,
	"encipherOnly": x509.KeyUsageEncipherOnly, "decipherOnly": x509.KeyUsageDecipherOnly,
}

// maxMonths is how long a certificate may be valid: ten years.
const maxMonths = 120

// template is the certificate that a policy describes, but for its times.
func (p policy) template() (*x509.Certificate, error) {
	x := p.X509
	if x.Subject == "" && x.Names == nil {
		return nil, badParameter("The policy must have an X.509 subject or subject alternative names.")
	}
	if x.Months < 1 || x.Months > maxMonths {
		return nil, badParameter("Invalid validity_months value: %d", x.Months)
	}
	t := &x509.Certificate{BasicConstraintsValid: true}
	var err error
	if t.Subject, err = parseSubject(x.Subject); err != nil {
		return nil, err
	}
	for _, word := range x.Usage {
		bit, known := usages[word]
		if !known {
			return nil, badParameter("Invalid key_usage value: %s", word)
		}
		t.KeyUsage |= bit
	}
	for _, text := range x.Extended {
		oid, err := parseOID(text)
		if err != nil {
			return nil, err
		}
		t.UnknownExtKeyUsage = append(t.UnknownExtKeyUsage, oid)
	}
	if x.Names == nil {
		return t, nil
	}
	return t, x.Names.put(t)
}

// put writes the alternative names into a certificate.
func (n names) put(t *x509.Certificate) error {
	t.DNSNames, t.EmailAddresses = n.DNS, n.Emails
	for _, text := range n.Addresses {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return badParameter("Invalid ipAddresses value: %s", text)
		}
		t.IPAddresses = append(t.IPAddresses, a.AsSlice())
	}
	for _, text := range n.URIs {
		u, err := url.Parse(text)
		if err != nil {
			return badParameter("Invalid uris value: %s", text)
		}
		t.URIs = append(t.URIs, u)
	}
	return nil
}

func parseOID(text string) (asn1.ObjectIdentifier, error) {
	var oid asn1.ObjectIdentifier
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, badParameter("Invalid ekus value: %s", text)
		}
		oid = append(oid, n)
	}
	if len(oid) < 2 || oid[0] > 2 || oid[0] < 2 && oid[1] > 39 {
		return nil, badParameter("Invalid ekus value: %s", text)
	}
	return oid, nil
}

// parseSubject reads a distinguished name (RFC 4514, without escapes).
func parseSubject(text string) (pkix.Name, error) {
	var n pkix.Name
	parts := map[string]*[]string{
		"O": &n.Organization, "OU": &n.OrganizationalUnit, "L": &n.Locality, "ST": &n.Province, "S": &n.Province, "C": &n.Country,
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.ToUpper(strings.TrimSpace(name)), strings.TrimSpace(value)
		list, known := parts[name]
		switch {
		case text == "":
		case name == "CN" && value != "":
			n.CommonName = value
		case known && value != "":
			*list = append(*list, value)
		default:
			return n, badParameter("Invalid X.509 subject: %s", text)
		}
	}
	return n, nil
}
