package keyvault

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
)

// A key is a private key, of which only the public half is ever shown.
type key struct {
	private crypto.Signer // *rsa.PrivateKey or *ecdsa.PrivateKey
	kind    string        // kty: "RSA", "EC" or one of these with "-HSM"
	ops     []string      // what it may be used for
}

// A jwk is a public key as JSON (RFC 7517) with what Key Vault adds.
type jwk struct {
	KID    string   `json:"kid"`
	Type   string   `json:"kty"`
	KeyOps []string `json:"key_ops"`
	N      string   `json:"n,omitempty"`
	E      string   `json:"e,omitempty"`
	Curve  string   `json:"crv,omitempty"`
	X      string   `json:"x,omitempty"`
	Y      string   `json:"y,omitempty"`
}

func (k key) full(b *bundle, url, name, version string) {
	j := &jwk{KID: url + "/keys/" + name + "/" + version, Type: k.kind, KeyOps: k.ops}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		j.N, j.E = encode64(public.N.Bytes()), encode64(exponent(public.E))
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err) // the curves are those of crypto/elliptic
		}
		half := len(point) / 2 // behind a byte that says how the point is written
		j.Curve, j.X, j.Y = public.Curve.Params().Name, encode64(point[1:1+half]), encode64(point[1+half:])
	}
	b.Key = j
}

func (k key) brief(*bundle) {}

// encode64 writes octets as JWK and the data plane do (RFC 7515, section 2).
func encode64(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }

// decode64 reads what clients write, some of them with padding.
func decode64(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// exponent is a number in as few octets as it needs.
func exponent(e int) []byte {
	return bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, uint64(e)), "\x00")
}

// What keys of each type may be used for, unless the client says less.
var (
	rsaOps = []string{"encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"}
	ecOps  = []string{"sign", "verify"}
)

// curves are those of learn.microsoft.com/azure/key-vault/keys/about-keys, but
// for P-256K, which Go's cryptography lacks.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// A specification says what key to make.
type specification struct {
	kind, curve    string
	size, exponent int
	ops            []string
}

// generate makes a key. RSA keys of 4096 bits take seconds.
func (v *Vault) generate(s specification) (key, error) {
	k, allowed := key{kind: s.kind}, ecOps
	var err error
	switch strings.TrimSuffix(s.kind, "-HSM") {
	case "RSA":
		allowed = rsaOps
		k.private, err = v.generateRSA(s)
	case "EC":
		k.private, err = v.generateEC(s)
	case "":
		err = badParameter("The parameter kty is required.")
	default:
		err = badParameter("Invalid kty value: %s", s.kind)
	}
	if err != nil {
		return key{}, err
	}
	k.ops, err = opsOf(s.ops, allowed)
	return k, err
}

func (v *Vault) generateRSA(s specification) (crypto.Signer, error) {
	switch {
	case s.size == 0:
		s.size = 2048
	case s.size != 2048 && s.size != 3072 && s.size != 4096:
		return nil, badParameter("Invalid key_size value: %d. Keys of type RSA have 2048, 3072 or 4096 bits.", s.size)
	}
	if s.exponent != 0 && s.exponent != 65537 {
		return nil, badParameter("The public_exponent %d is not supported here; 65537 is.", s.exponent)
	}
	return rsa.GenerateKey(v.rand, s.size)
}

func (v *Vault) generateEC(s specification) (crypto.Signer, error) {
	if s.curve == "" {
		s.curve = "P-256"
	}
	curve, known := curves[s.curve]
	if !known {
		return nil, badParameter("The curve %s is not supported here; P-256, P-384 and P-521 are.", s.curve)
	}
	return ecdsa.GenerateKey(curve, v.rand)
}

// opsOf are the operations that a client wants for a key, or all.
func opsOf(wanted, allowed []string) ([]string, error) {
	if len(wanted) == 0 {
		return allowed, nil
	}
	for _, op := range wanted {
		if !slices.Contains(allowed, op) {
			return nil, badParameter("Invalid key_ops value: %s", op)
		}
	}
	return wanted, nil
}

// createKey makes the key before it takes the lock: it takes long.
func (v *Vault) createKey(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	made, err := v.generate(specification{d.Type, d.Curve, d.Size, d.Exponent, d.KeyOps})
	if err != nil {
		return reply{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.keys.free(r.Name, false); err != nil {
		return reply{}, err
	}
	id, err := v.nextVersion("keys/" + r.Name)
	if err != nil {
		return reply{}, err
	}
	added := &version[key]{id: id, attributes: newAttributes(d.Attributes, r.Now), tags: d.Tags, content: made}
	return ok(v.keys.show(v, v.keys.add(r.Name, added), added, true))
}

func (v *Vault) updateKey(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	_, found, err := v.keys.lookup(r)
	if err != nil {
		return reply{}, err
	}
	ops := found.content.ops
	if d.KeyOps != nil {
		allowed := ecOps
		if strings.HasPrefix(found.content.kind, "RSA") {
			allowed = rsaOps
		}
		if ops, err = opsOf(d.KeyOps, allowed); err != nil {
			return reply{}, err
		}
	}
	return v.keys.update(v, r, d, func(k *version[key]) { k.content.ops = ops })
}
