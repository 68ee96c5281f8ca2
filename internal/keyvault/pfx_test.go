package keyvault_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"testing"
)

// unwrap reads the next structure of a DER text.
func unwrap(t *testing.T, der []byte, into any, params string) (rest []byte) {
	t.Helper()
	rest, err := asn1.UnmarshalWithParams(der, into, params)
	if err != nil {
		t.Fatal(err)
	}
	return rest
}

// TestPFX unpacks what a certificate's secret holds by RFC 7292: a
// certificate, and the key that belongs to it unless the policy keeps it in.
func TestPFX(t *testing.T) {
	v := empty()
	const rest = `"kty":"EC"},"x509_props":{"subject":"CN=x"}}}`
	do(t, v, ask("CreateCertificate open", `{"policy":{"key_props":{`+rest), 202)
	do(t, v, ask("CreateCertificate kept", `{"policy":{"key_props":{"exportable":false,`+rest), 202)
	for name, want := range map[string]int{"open": 2, "kept": 1} {
		raw, err := base64.StdEncoding.DecodeString(member(t, do(t, v, ask("GetSecret "+name, ""), 200), "value"))
		if err != nil {
			t.Fatal(err)
		}
		type content struct {
			Type asn1.ObjectIdentifier
			Data []byte `asn1:"explicit,tag:0"`
		}
		var outer struct {
			Version int
			Safe    content
		}
		var safes []content
		var bags []struct {
			Type asn1.ObjectIdentifier
			Data asn1.RawValue
		}
		unwrap(t, raw, &outer, "")
		unwrap(t, outer.Safe.Data, &safes, "")
		unwrap(t, safes[0].Data, &bags, "")
		if outer.Version != 3 || len(bags) != want {
			t.Fatalf("%s: version %d, %d bags", name, outer.Version, len(bags))
		}
		var held content
		unwrap(t, bags[0].Data.Bytes, &held, "")
		cert, err := x509.ParseCertificate(held.Data)
		if err != nil {
			t.Fatal(err)
		}
		der, err := base64.StdEncoding.DecodeString(member(t, do(t, v, ask("GetCertificate "+name, ""), 200), "cer"))
		if err != nil || !bytes.Equal(cert.Raw, der) || cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) != nil {
			t.Errorf("%s: another certificate, %v", name, err)
		}
		if want == 1 {
			continue
		}
		private, err := x509.ParsePKCS8PrivateKey(bags[1].Data.Bytes)
		if err != nil || !private.(*ecdsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
			t.Errorf("%s: another key, %v", name, err)
		}
	}
}
