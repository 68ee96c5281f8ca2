package keyvault

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" // the thumbprint that the data plane shows
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

// A certificate has a key and a secret of its name and version beside it.
type certificate struct {
	der    []byte
	policy *policy
	made   bool // by an operation of the vault, and not imported
}

func (c certificate) full(b *bundle, url, name, version string) {
	c.brief(b)
	at := "/" + name + "/" + version
	b.ID, b.KID, b.SID = url+"/certificates"+at, url+"/keys"+at, url+"/secrets"+at
	b.DER, b.Policy = c.der, c.policy
	if c.made {
		b.Pending = &reference{url + "/certificates/" + name + "/pending"}
	}
}

func (c certificate) brief(b *bundle) {
	sum := sha1.Sum(c.der)
	b.Thumbprint = encode64(sum[:])
}

// issue makes a self-signed certificate.
func (v *Vault) issue(p *policy, k key, serial int64, now time.Time) ([]byte, error) {
	t, err := p.template()
	if err != nil {
		return nil, err
	}
	// Azure's are valid from ten minutes before, for clocks that are behind.
	t.SerialNumber, t.NotBefore, t.NotAfter = big.NewInt(serial), now.Add(-10*time.Minute), now.AddDate(0, p.X509.Months, 0)
	der, err := x509.CreateCertificate(v.rand, t, t, k.private.Public(), k.private)
	if err != nil {
		return nil, badParameter("The policy describes no certificate: %v", err)
	}
	return der, nil
}

// hold adds a certificate with its key and its secret as one version. The lock
// is held.
func (v *Vault) hold(r Request, d document, p *policy, k key, der []byte, made bool) (*version[certificate], error) {
	text, err := export(p, k, der)
	if err != nil {
		return nil, err
	}
	if err := v.freeForCertificate(r.Name); err != nil {
		return nil, err
	}
	id, err := v.nextVersion("certificates/" + r.Name)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, badParameter("The certificate cannot be read: %v", err)
	}
	from, until := parsed.NotBefore.Unix(), parsed.NotAfter.Unix()
	a := newAttributes(settable{d.Attributes.Enabled, &from, &until}, r.Now)
	p = p.completed()
	p.ID, p.Attributes = v.url+"/certificates/"+r.Name+"/policy", &attributes{Enabled: true, Created: a.Created, Updated: a.Updated}
	v.keys.add(r.Name, &version[key]{id, a, d.Tags, true, k})
	v.secrets.add(r.Name, &version[secret]{id, a, d.Tags, true, secret{text, p.Secret.ContentType, v.url + "/keys/" + r.Name + "/" + id}})
	added := &version[certificate]{id, a, d.Tags, false, certificate{der, p, made}}
	v.certificates.add(r.Name, added)
	return added, nil
}

// freeForCertificate tells whether a certificate can have that name: neither a
// key nor a secret may have it that is nobody's.
func (v *Vault) freeForCertificate(name string) error {
	for _, err := range []error{v.certificates.free(name, false), v.keys.free(name, true), v.secrets.free(name, true)} {
		if err != nil {
			return err
		}
	}
	return nil
}

// export is the value of a certificate's secret: with the private key, if that
// is exportable.
func export(p *policy, k key, der []byte) (string, error) {
	var private []byte
	if *p.Key.Exportable {
		var err error
		if private, err = x509.MarshalPKCS8PrivateKey(k.private); err != nil {
			return "", err
		}
	}
	switch p.Secret.ContentType {
	case pfxType:
		raw, err := encodePFX(private, der)
		return base64.StdEncoding.EncodeToString(raw), err
	case pemType:
		var b bytes.Buffer
		for _, block := range []pem.Block{{Type: "PRIVATE KEY", Bytes: private}, {Type: "CERTIFICATE", Bytes: der}} {
			if len(block.Bytes) > 0 {
				b.Write(pem.EncodeToMemory(&block))
			}
		}
		return b.String(), nil
	}
	return "", badParameter("Invalid contentType value: %s", p.Secret.ContentType)
}

// importCertificate takes a certificate with its private key in PEM.
func (v *Vault) importCertificate(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	if d.Value == nil {
		return reply{}, badParameter("The parameter value is required.")
	}
	k, der, err := readPEM([]byte(*d.Value))
	if err != nil {
		return reply{}, err
	}
	p := policy{}
	if d.Policy != nil {
		p = *d.Policy
	}
	if p.Secret == nil {
		p.Secret = &secretPolicy{pemType}
	}
	if p.Issuer == nil {
		p.Issuer = &issuer{Name: "Unknown"}
	}
	added, err := v.hold(r, d, p.completed(), k, der, false)
	if err != nil {
		return reply{}, err
	}
	return ok(v.certificates.show(v, v.certificates.live[strings.ToLower(r.Name)], added, true))
}

// readPEM reads a private key (PKCS #8) and the first certificate, which must
// belong to it.
func readPEM(text []byte) (k key, der []byte, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "PRIVATE KEY":
			if k, err = readPrivate(block.Bytes); err != nil {
				return key{}, nil, err
			}
		case block.Type == "CERTIFICATE" && der == nil:
			der = block.Bytes
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil || k.private == nil {
		return key{}, nil, badParameter("The parameter value is no certificate with its private key (PKCS #8) in PEM, which is what can be imported here.")
	}
	public, same := k.private.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !same || !public.Equal(cert.PublicKey) {
		return key{}, nil, badParameter("The private key is not that of the certificate.")
	}
	return k, der, nil
}

func readPrivate(der []byte) (key, error) {
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return key{}, badParameter("The private key cannot be read: %v", err)
	}
	switch private := private.(type) {
	case *rsa.PrivateKey:
		return key{private, "RSA", rsaOps}, nil
	case *ecdsa.PrivateKey:
		if _, known := curves[private.Curve.Params().Name]; known {
			return key{private, "EC", ecOps}, nil
		}
	}
	return key{}, badParameter("The private key is of a type that no certificate here can have.")
}

func (v *Vault) updateCertificate(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	d.Attributes.From, d.Attributes.Until = nil, nil // those of the certificate
	return v.certificates.update(v, r, d, func(c *version[certificate]) {
		if d.Policy != nil {
			c.content.policy = c.content.policy.merged(*d.Policy)
		}
	})
}

// deleteCertificate takes the key and the secret along; so do recovery and
// purging.
func (v *Vault) deleteCertificate(r Request) (reply, error) {
	a, err := v.certificates.remove(v, r)
	if err == nil {
		v.keys.bury(r.Name, r.Now)
		v.secrets.bury(r.Name, r.Now)
		delete(v.pending, strings.ToLower(r.Name))
	}
	return a, err
}

func (v *Vault) recoverCertificate(r Request) (reply, error) {
	a, err := v.certificates.recover(v, r)
	if err == nil {
		v.keys.restore(r.Name)
		v.secrets.restore(r.Name)
	}
	return a, err
}

func (v *Vault) purgeCertificate(r Request) (reply, error) {
	a, err := v.certificates.purge(r)
	if err == nil {
		delete(v.keys.gone, strings.ToLower(r.Name))
		delete(v.secrets.gone, strings.ToLower(r.Name))
	}
	return a, err
}

func (v *Vault) getPolicy(r Request) (reply, error) {
	_, c, err := v.certificates.lookup(r)
	if err != nil {
		return reply{}, err
	}
	return ok(c.content.policy)
}

func (v *Vault) updatePolicy(r Request) (reply, error) {
	var by policy
	if err := r.read(&by); err != nil {
		return reply{}, err
	}
	_, c, err := v.certificates.lookup(r)
	if err != nil {
		return reply{}, err
	}
	c.content.policy = c.content.policy.merged(by)
	return ok(c.content.policy)
}
