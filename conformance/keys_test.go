package conformance

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// TestRSAKey has an RSA key do all that it can, and checks what it signs by
// the public half that the vault shows.
func TestRSAKey(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).keys
	made, err := c.CreateKey(ctx, "rsa", azkeys.CreateKeyParameters{Kty: ptr(azkeys.KeyTypeRSA), KeySize: ptr(int32(2048))}, nil)
	check(t, err)
	if len(made.Key.N) != 256 || !bytes.Equal(made.Key.E, []byte{1, 0, 1}) || *made.Key.Kty != azkeys.KeyTypeRSA || len(made.Key.KeyOps) != 6 {
		t.Fatalf("made %+v", made.Key)
	}
	for _, a := range []azkeys.EncryptionAlgorithm{azkeys.EncryptionAlgorithmRSA15, azkeys.EncryptionAlgorithmRSAOAEP, azkeys.EncryptionAlgorithmRSAOAEP256} {
		sealed, err := c.Encrypt(ctx, "rsa", "", azkeys.KeyOperationParameters{Algorithm: ptr(a), Value: []byte("plain")}, nil)
		check(t, err)
		open, err := c.Decrypt(ctx, "rsa", sealed.KID.Version(), azkeys.KeyOperationParameters{Algorithm: ptr(a), Value: sealed.Result}, nil)
		check(t, err)
		wrapped, err := c.WrapKey(ctx, "rsa", "", azkeys.KeyOperationParameters{Algorithm: ptr(a), Value: []byte("wrapped")}, nil)
		check(t, err)
		unwrapped, err := c.UnwrapKey(ctx, "rsa", "", azkeys.KeyOperationParameters{Algorithm: ptr(a), Value: wrapped.Result}, nil)
		check(t, err)
		if string(open.Result) != "plain" || string(unwrapped.Result) != "wrapped" {
			t.Errorf("%s: %q, %q", a, open.Result, unwrapped.Result)
		}
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(made.Key.N), E: 65537}
	digest := sha256.Sum256([]byte("text"))
	for _, a := range []azkeys.SignatureAlgorithm{azkeys.SignatureAlgorithmRS256, azkeys.SignatureAlgorithmPS256} {
		signed, err := c.Sign(ctx, "rsa", "", azkeys.SignParameters{Algorithm: ptr(a), Value: digest[:]}, nil)
		check(t, err)
		good := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signed.Result) == nil
		if a == azkeys.SignatureAlgorithmPS256 {
			good = rsa.VerifyPSS(public, crypto.SHA256, digest[:], signed.Result, nil) == nil
		}
		verified, err := c.Verify(ctx, "rsa", "", azkeys.VerifyParameters{Algorithm: ptr(a), Digest: digest[:], Signature: signed.Result}, nil)
		check(t, err)
		if !good || !*verified.Value {
			t.Errorf("%s: %t here, %t there", a, good, *verified.Value)
		}
	}
	_, err = c.Sign(ctx, "rsa", "", azkeys.SignParameters{Algorithm: ptr(azkeys.SignatureAlgorithmES256), Value: digest[:]}, nil)
	refuse(t, "the wrong algorithm", err, "400 BadParameter")
}

// TestECKeys signs on every curve.
func TestECKeys(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).keys
	d256, d384, d512 := sha256.Sum256([]byte("text")), sha512.Sum384([]byte("text")), sha512.Sum512([]byte("text"))
	for curve, how := range map[azkeys.CurveName]struct {
		algorithm azkeys.SignatureAlgorithm
		digest    []byte
	}{
		azkeys.CurveNameP256: {azkeys.SignatureAlgorithmES256, d256[:]},
		azkeys.CurveNameP384: {azkeys.SignatureAlgorithmES384, d384[:]},
		azkeys.CurveNameP521: {azkeys.SignatureAlgorithmES512, d512[:]},
	} {
		name := "ec-" + string(curve)
		made, err := c.CreateKey(ctx, name, azkeys.CreateKeyParameters{Kty: ptr(azkeys.KeyTypeEC), Curve: ptr(curve)}, nil)
		check(t, err)
		signed, err := c.Sign(ctx, name, "", azkeys.SignParameters{Algorithm: ptr(how.algorithm), Value: how.digest}, nil)
		check(t, err)
		verified, err := c.Verify(ctx, name, "", azkeys.VerifyParameters{Algorithm: ptr(how.algorithm), Digest: how.digest, Signature: signed.Result}, nil)
		check(t, err)
		public, err := ecdsa.ParseUncompressedPublicKey(curveOf[curve], append(append([]byte{4}, made.Key.X...), made.Key.Y...))
		check(t, err)
		half := len(signed.Result) / 2
		here := ecdsa.Verify(public, how.digest, new(big.Int).SetBytes(signed.Result[:half]), new(big.Int).SetBytes(signed.Result[half:]))
		if !here || !*verified.Value || *made.Key.Crv != curve {
			t.Errorf("%s: %t here, %t there", curve, here, *verified.Value)
		}
		other := append([]byte(nil), how.digest...)
		other[0] ^= 1
		verified, err = c.Verify(ctx, name, "", azkeys.VerifyParameters{Algorithm: ptr(how.algorithm), Digest: other, Signature: signed.Result}, nil)
		check(t, err)
		if *verified.Value {
			t.Errorf("%s: another text's signature is right", curve)
		}
	}
	_, err := c.CreateKey(ctx, "k", azkeys.CreateKeyParameters{Kty: ptr(azkeys.KeyTypeEC), Curve: ptr(azkeys.CurveNameP256K)}, nil)
	refuse(t, "a curve that is not served", err, "400 BadParameter")
}

// TestKeyLife lists, updates, deletes, recovers and purges.
func TestKeyLife(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).keys
	for range 2 {
		_, err := c.CreateKey(ctx, "k", azkeys.CreateKeyParameters{Kty: ptr(azkeys.KeyTypeEC), Tags: map[string]*string{"a": ptr("b")}}, nil)
		check(t, err)
	}
	keys := all(t, c.NewListKeyPropertiesPager(nil), func(p azkeys.ListKeyPropertiesResponse) []*azkeys.KeyProperties { return p.Value })
	versions := all(t, c.NewListKeyPropertiesVersionsPager("k", nil), func(p azkeys.ListKeyPropertiesVersionsResponse) []*azkeys.KeyProperties { return p.Value })
	if len(keys) != 1 || keys[0].KID.Name() != "k" || len(versions) != 2 || versions[1].KID.Version() == "" || *keys[0].Tags["a"] != "b" {
		t.Errorf("%d keys, %d versions", len(keys), len(versions))
	}
	past := time.Now().Add(-time.Hour)
	updated, err := c.UpdateKey(ctx, "k", "", azkeys.UpdateKeyParameters{
		KeyOps: []*azkeys.KeyOperation{ptr(azkeys.KeyOperationSign)}, KeyAttributes: &azkeys.KeyAttributes{Expires: &past},
	}, nil)
	check(t, err)
	if len(updated.Key.KeyOps) != 1 {
		t.Errorf("updated %+v", updated.Key)
	}
	digest := make([]byte, 32)
	_, err = c.Sign(ctx, "k", "", azkeys.SignParameters{Algorithm: ptr(azkeys.SignatureAlgorithmES256), Value: digest}, nil)
	refuse(t, "expired", err, "403 Forbidden")
	_, err = c.Verify(ctx, "k", "", azkeys.VerifyParameters{Algorithm: ptr(azkeys.SignatureAlgorithmES256), Digest: digest, Signature: digest}, nil)
	refuse(t, "not among key_ops", err, "403 Forbidden KeyOperationForbidden")

	deleted, err := c.DeleteKey(ctx, "k", nil)
	check(t, err)
	if deleted.Key == nil || *deleted.RecoveryID != vaultURL+"/deletedkeys/k" {
		t.Errorf("deleted %+v", deleted.DeletedKey)
	}
	_, err = c.GetKey(ctx, "k", "", nil)
	refuse(t, "deleted", err, "404 KeyNotFound")
	_, err = c.CreateKey(ctx, "k", azkeys.CreateKeyParameters{Kty: ptr(azkeys.KeyTypeEC)}, nil)
	refuse(t, "made again", err, "409 Conflict ObjectIsDeletedButRecoverable")
	gone := all(t, c.NewListDeletedKeyPropertiesPager(nil), func(p azkeys.ListDeletedKeyPropertiesResponse) []*azkeys.DeletedKeyProperties { return p.Value })
	if len(gone) != 1 || gone[0].KID.Name() != "k" {
		t.Errorf("%d are deleted", len(gone))
	}
	_, err = c.RecoverDeletedKey(ctx, "k", nil)
	check(t, err)
	_, err = c.GetKey(ctx, "k", "", nil)
	check(t, err)
	_, err = c.DeleteKey(ctx, "k", nil)
	check(t, err)
	_, err = c.GetDeletedKey(ctx, "k", nil)
	check(t, err)
	_, err = c.PurgeDeletedKey(ctx, "k", nil)
	check(t, err)
	_, err = c.GetDeletedKey(ctx, "k", nil)
	refuse(t, "purged", err, "404 KeyNotFound")
}
