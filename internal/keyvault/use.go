package keyvault

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" // RSA-OAEP means it (RFC 7518, section 4.3)
	"crypto/sha256"
	"hash"
	"io"
	"math/big"
	"slices"
)

// What a key is used for: the operation as key_ops names it, and whether it
// brings something new about, which an expired key must not.
var uses = map[string]struct {
	op    string
	makes bool
}{
	"Encrypt": {"encrypt", true}, "Decrypt": {"decrypt", false},
	"WrapKey": {"wrapKey", true}, "UnwrapKey": {"unwrapKey", false},
	"Sign": {"sign", true}, "Verify": {"verify", false},
}

// A result is what comes of the use of a key.
type result struct {
	KID   string `json:"kid"`
	Value string `json:"value"`
}

// A judgement says whether a signature is right.
type judgement struct {
	Value bool `json:"value"`
}

// useKey has a key do what the operation says.
func (v *Vault) useKey(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	k, kid, err := v.usable(r)
	if err != nil {
		return reply{}, err
	}
	if d.Value == nil {
		return reply{}, badParameter("The parameter value is required.")
	}
	value, err := decode64(*d.Value)
	if err != nil {
		return reply{}, badParameter("The parameter value is not base64url.")
	}
	switch r.Operation {
	case "Sign":
		value, err = k.sign(v.rand, d.Algorithm, value)
	case "Verify":
		return k.verify(d, value)
	case "Encrypt", "WrapKey":
		value, err = k.encrypt(v.rand, d.Algorithm, value)
	default:
		value, err = k.decrypt(d.Algorithm, value)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(result{KID: kid, Value: encode64(value)})
}

// usable finds a key that may be used for the operation now, and its id.
func (v *Vault) usable(r Request) (k key, kid string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	o, found, err := v.keys.lookup(r)
	if err != nil {
		return key{}, "", err
	}
	use, a, now := uses[r.Operation], found.attributes, r.Now.Unix()
	switch {
	case !a.Enabled:
		return key{}, "", keyKind.disabled(use.op)
	case a.From != nil && now < *a.From:
		return key{}, "", forbidden("", "Operation %s is not allowed on a key that is not valid yet.", use.op)
	case use.makes && a.Until != nil && now >= *a.Until:
		return key{}, "", forbidden("", "Operation %s is not allowed on an expired key.", use.op)
	case !slices.Contains(found.content.ops, use.op):
		return key{}, "", forbidden("KeyOperationForbidden", "Operation %s is not permitted on this key.", use.op)
	}
	return found.content, v.url + "/keys/" + o.name + "/" + found.id, nil
}

// paddings are the algorithms of encryption with their hashes (RFC 7518,
// section 4.1); RSA1_5 has none.
var paddings = map[string]func() hash.Hash{"RSA1_5": nil, "RSA-OAEP": sha1.New, "RSA-OAEP-256": sha256.New}

// padding finds the algorithm and the key for it.
func (k key) padding(algorithm string) (*rsa.PrivateKey, func() hash.Hash, error) {
	h, known := paddings[algorithm]
	private, isRSA := k.private.(*rsa.PrivateKey)
	if !known || !isRSA {
		return nil, nil, wrongAlgorithm(algorithm, k)
	}
	return private, h, nil
}

func wrongAlgorithm(algorithm string, k key) error {
	return badParameter("Key and signing or encryption algorithm do not fit, or are not served here: %s with a key of type %s.", algorithm, k.kind)
}

func (k key) encrypt(rand io.Reader, algorithm string, plain []byte) ([]byte, error) {
	private, h, err := k.padding(algorithm)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	if h == nil {
		//lint:ignore SA1019 RSA1_5 is among the algorithms of Key Vault
		sealed, err = rsa.EncryptPKCS1v15(rand, &private.PublicKey, plain) //nolint:staticcheck // as above
	} else {
		sealed, err = rsa.EncryptOAEP(h(), rand, &private.PublicKey, plain, nil)
	}
	if err != nil {
		return nil, badParameter("The parameter value is too long for the key and the algorithm.")
	}
	return sealed, nil
}

func (k key) decrypt(algorithm string, sealed []byte) ([]byte, error) {
	private, h, err := k.padding(algorithm)
	if err != nil {
		return nil, err
	}
	var plain []byte
	if h == nil {
		//lint:ignore SA1019 RSA1_5 is among the algorithms of Key Vault
		plain, err = rsa.DecryptPKCS1v15(nil, private, sealed) //nolint:staticcheck // as above
	} else {
		plain, err = rsa.DecryptOAEP(h(), nil, private, sealed, nil)
	}
	if err != nil {
		return nil, badParameter("The parameter value cannot be decrypted with this key and algorithm.")
	}
	return plain, nil
}

// schemes are the algorithms of signatures (RFC 7518, section 3.1); those of
// ECDSA belong to one curve each.
var schemes = map[string]struct {
	hash  crypto.Hash
	curve string
	pss   bool
}{
	"RS256": {hash: crypto.SHA256}, "RS384": {hash: crypto.SHA384}, "RS512": {hash: crypto.SHA512},
	"PS256": {hash: crypto.SHA256, pss: true}, "PS384": {hash: crypto.SHA384, pss: true}, "PS512": {hash: crypto.SHA512, pss: true},
	"ES256": {hash: crypto.SHA256, curve: "P-256"}, "ES384": {hash: crypto.SHA384, curve: "P-384"}, "ES512": {hash: crypto.SHA512, curve: "P-521"},
}

// sizes of digests, and of the coordinates of signatures, in bytes.
var (
	digestSizes = map[crypto.Hash]int{crypto.SHA256: 32, crypto.SHA384: 48, crypto.SHA512: 64}
	coordinates = map[string]int{"P-256": 32, "P-384": 48, "P-521": 66}
)

func (k key) sign(rand io.Reader, algorithm string, digest []byte) ([]byte, error) {
	s, known := schemes[algorithm]
	if known && len(digest) != digestSizes[s.hash] {
		return nil, badParameter("Invalid length of value: %d bytes. Algorithm %s takes a digest of %d bytes.", len(digest), algorithm, digestSizes[s.hash])
	}
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		switch {
		case !known || s.curve != "":
		case s.pss:
			return rsa.SignPSS(rand, private, s.hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		default:
			return rsa.SignPKCS1v15(rand, private, s.hash, digest)
		}
	case *ecdsa.PrivateKey:
		if !known || s.curve != private.Curve.Params().Name {
			break
		}
		x, y, err := ecdsa.Sign(rand, private, digest)
		if err != nil {
			return nil, err
		}
		n := coordinates[s.curve]
		signature := make([]byte, 2*n)
		x.FillBytes(signature[:n])
		y.FillBytes(signature[n:])
		return signature, nil
	}
	return nil, wrongAlgorithm(algorithm, k)
}

// verify judges a signature, which is the value, of a digest.
func (k key) verify(d document, signature []byte) (reply, error) {
	if d.Digest == nil {
		return reply{}, badParameter("The parameter digest is required.")
	}
	digest, err := decode64(*d.Digest)
	s, known := schemes[d.Algorithm]
	if err != nil || known && len(digest) != digestSizes[s.hash] {
		return reply{}, badParameter("The parameter digest is not one of algorithm %s in base64url.", d.Algorithm)
	}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		switch {
		case !known || s.curve != "":
		case s.pss:
			return ok(judgement{rsa.VerifyPSS(public, s.hash, digest, signature, nil) == nil})
		default:
			return ok(judgement{rsa.VerifyPKCS1v15(public, s.hash, digest, signature) == nil})
		}
	case *ecdsa.PublicKey:
		if !known || s.curve != public.Curve.Params().Name {
			break
		}
		n := coordinates[s.curve]
		good := len(signature) == 2*n &&
			ecdsa.Verify(public, digest, new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:]))
		return ok(judgement{good})
	}
	return reply{}, wrongAlgorithm(d.Algorithm, k)
}
