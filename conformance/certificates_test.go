package conformance

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azcertificates"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

var curveOf = map[azkeys.CurveName]elliptic.Curve{
	azkeys.CurveNameP256: elliptic.P256(), azkeys.CurveNameP384: elliptic.P384(), azkeys.CurveNameP521: elliptic.P521(),
}

// selfSigned asks for a certificate of a name, in PEM.
func selfSigned(name string) azcertificates.CreateCertificateParameters {
	return azcertificates.CreateCertificateParameters{CertificatePolicy: &azcertificates.CertificatePolicy{
		IssuerParameters: &azcertificates.IssuerParameters{Name: ptr("Self")},
		KeyProperties:    &azcertificates.KeyProperties{KeyType: ptr(azcertificates.KeyTypeEC), Curve: ptr(azcertificates.CurveNameP256)},
		SecretProperties: &azcertificates.SecretProperties{ContentType: ptr("application/x-pem-file")},
		X509CertificateProperties: &azcertificates.X509CertificateProperties{
			Subject: ptr("CN=" + name + ",O=Contoso"), SubjectAlternativeNames: &azcertificates.SubjectAlternativeNames{DNSNames: []*string{&name}},
		},
	}}
}

// TestCertificates makes a certificate, which brings a key and a secret along.
func TestCertificates(t *testing.T) {
	ctx, plane := t.Context(), inside(t, nil)
	c := plane.certificates
	begun, err := c.CreateCertificate(ctx, "web", selfSigned("web.contoso.com"), nil)
	check(t, err)
	done, err := c.GetCertificateOperation(ctx, "web", nil)
	check(t, err)
	if *begun.Status != "inProgress" || *done.Status != "completed" || *done.Target != vaultURL+"/certificates/web" {
		t.Errorf("%s, then %s", *begun.Status, *done.Status)
	}
	got, err := c.GetCertificate(ctx, "web", "", nil)
	check(t, err)
	parsed, err := x509.ParseCertificate(got.CER)
	check(t, err)
	if sum := sha1.Sum(got.CER); parsed.Subject.String() != "CN=web.contoso.com,O=Contoso" || parsed.VerifyHostname("web.contoso.com") != nil || !bytes.Equal(sum[:], got.X509Thumbprint) {
		t.Errorf("subject %s", parsed.Subject)
	}
	if *got.Policy.KeyProperties.KeyType != azcertificates.KeyTypeEC || got.Attributes.Expires.Unix() != parsed.NotAfter.Unix() || got.ID.Version() == "" {
		t.Errorf("got %+v", got.Policy)
	}
	secret, err := plane.secrets.GetSecret(ctx, got.SID.Name(), got.SID.Version(), nil)
	check(t, err)
	if _, err := tls.X509KeyPair([]byte(*secret.Value), []byte(*secret.Value)); err != nil || !*secret.Managed {
		t.Errorf("secret: %v", err)
	}
	_, err = plane.keys.GetKey(ctx, got.KID.Name(), got.KID.Version(), nil)
	check(t, err)
	_, err = plane.secrets.SetSecret(ctx, "web", azsecrets.SetSecretParameters{Value: ptr("x")}, nil)
	if err == nil {
		t.Error("a certificate's secret was set")
	}

	_, err = c.ImportCertificate(ctx, "copy", azcertificates.ImportCertificateParameters{Base64EncodedCertificate: secret.Value}, nil)
	check(t, err)
	list := all(t, c.NewListCertificatePropertiesPager(nil), func(p azcertificates.ListCertificatePropertiesResponse) []*azcertificates.CertificateProperties {
		return p.Value
	})
	versions := all(t, c.NewListCertificatePropertiesVersionsPager("web", nil), func(p azcertificates.ListCertificatePropertiesVersionsResponse) []*azcertificates.CertificateProperties {
		return p.Value
	})
	if len(list) != 2 || len(versions) != 1 || !bytes.Equal(list[0].X509Thumbprint, list[1].X509Thumbprint) {
		t.Errorf("%d certificates, %d versions", len(list), len(versions))
	}
	updated, err := c.UpdateCertificate(ctx, "web", "", azcertificates.UpdateCertificateParameters{Tags: map[string]*string{"a": ptr("b")}}, nil)
	check(t, err)
	policy, err := c.UpdateCertificatePolicy(ctx, "web", azcertificates.CertificatePolicy{
		X509CertificateProperties: &azcertificates.X509CertificateProperties{Subject: ptr("CN=x"), ValidityInMonths: ptr(int32(3))},
	}, nil)
	check(t, err)
	if *updated.Tags["a"] != "b" || *policy.X509CertificateProperties.ValidityInMonths != 3 || *policy.KeyProperties.KeyType != azcertificates.KeyTypeEC {
		t.Errorf("updated %+v, %+v", updated.Tags, policy.CertificatePolicy)
	}
}

// TestCertificateSoftDelete: the key and the secret go and come with it.
func TestCertificateSoftDelete(t *testing.T) {
	ctx, plane := t.Context(), inside(t, nil)
	c := plane.certificates
	_, err := c.CreateCertificate(ctx, "web", selfSigned("web.contoso.com"), nil)
	check(t, err)
	deleted, err := c.DeleteCertificate(ctx, "web", nil)
	check(t, err)
	if *deleted.RecoveryID != vaultURL+"/deletedcertificates/web" || len(deleted.CER) == 0 {
		t.Errorf("deleted %+v", deleted.DeletedCertificate)
	}
	_, err = plane.secrets.GetSecret(ctx, "web", "", nil)
	refuse(t, "its secret", err, "404 SecretNotFound")
	_, err = c.CreateCertificate(ctx, "web", selfSigned("web.contoso.com"), nil)
	refuse(t, "made again", err, "409 Conflict ObjectIsDeletedButRecoverable")
	gone := all(t, c.NewListDeletedCertificatePropertiesPager(nil), func(p azcertificates.ListDeletedCertificatePropertiesResponse) []*azcertificates.DeletedCertificateProperties {
		return p.Value
	})
	if len(gone) != 1 {
		t.Errorf("%d are deleted", len(gone))
	}
	_, err = c.RecoverDeletedCertificate(ctx, "web", nil)
	check(t, err)
	_, err = plane.secrets.GetSecret(ctx, "web", "", nil)
	check(t, err)
	_, err = c.DeleteCertificate(ctx, "web", nil)
	check(t, err)
	_, err = c.PurgeDeletedCertificate(ctx, "web", nil)
	check(t, err)
	_, err = c.GetCertificate(ctx, "web", "", nil)
	refuse(t, "purged", err, "404 CertificateNotFound")
	_, err = c.CreateCertificate(ctx, "web", selfSigned("web.contoso.com"), nil)
	check(t, err)
}

// TestPendingCertificate waits for an authority that the vault does not know.
func TestPendingCertificate(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).certificates
	_, err := c.GetCertificateOperation(ctx, "web", nil)
	refuse(t, "before", err, "404 PendingCertificateNotFound")
	asked := selfSigned("web.contoso.com")
	asked.CertificatePolicy.IssuerParameters.Name = ptr("Unknown")
	begun, err := c.CreateCertificate(ctx, "web", asked, nil)
	check(t, err)
	request, err := x509.ParseCertificateRequest(begun.CSR)
	check(t, err)
	if request.CheckSignature() != nil || request.Subject.CommonName != "web.contoso.com" {
		t.Errorf("request for %s", request.Subject)
	}
	cancelled, err := c.UpdateCertificateOperation(ctx, "web", azcertificates.UpdateCertificateOperationParameter{CancellationRequested: ptr(true)}, nil)
	check(t, err)
	if !*cancelled.CancellationRequested || *cancelled.Status != "cancelled" {
		t.Errorf("%s", *cancelled.Status)
	}
	_, err = c.DeleteCertificateOperation(ctx, "web", nil)
	check(t, err)
	_, err = c.GetCertificateOperation(ctx, "web", nil)
	refuse(t, "after", err, "404 PendingCertificateNotFound")
}
