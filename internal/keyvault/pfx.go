package keyvault

import "encoding/asn1"

// A PFX (RFC 7292) without a password: as Key Vault hands them out, save that
// nothing in it is encrypted and that no MAC covers it, which the RFC leaves
// open.
type pfx struct {
	Version int
	Content contentInfo
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content []byte `asn1:"explicit,tag:0"` // OCTET STRING
}

type safeBag struct {
	ID    asn1.ObjectIdentifier
	Value asn1.RawValue
}

type certBag struct {
	ID    asn1.ObjectIdentifier
	Value []byte `asn1:"explicit,tag:0"`
}

var (
	dataType    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	keyBagType  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	certBagType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	x509Type    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
)

// encodePFX packs a certificate and, unless it is nil, its private key in
// PKCS #8.
func encodePFX(private, der []byte) ([]byte, error) {
	cert, err := asn1.Marshal(certBag{x509Type, der})
	if err != nil {
		return nil, err
	}
	bags := []safeBag{{certBagType, explicit(cert)}}
	if private != nil {
		bags = append(bags, safeBag{keyBagType, explicit(private)})
	}
	safe, err := asn1.Marshal(bags)
	if err != nil {
		return nil, err
	}
	safes, err := asn1.Marshal([]contentInfo{{dataType, safe}})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(pfx{3, contentInfo{dataType, safes}})
}

// explicit puts the tag [0] around a value, which encoding/asn1 does not do
// around raw ones.
func explicit(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: der}
}
