package conformance

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azcertificates"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"pldoctor/internal/lab"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

const vaultURL = "https://" + vault + ".vault.azure.net"

// A dataPlane is the three clients of a vault's data plane on one host.
type dataPlane struct {
	secrets      *azsecrets.Client
	keys         *azkeys.Client
	certificates *azcertificates.Client
}

func planeOf(t *testing.T, az azure) dataPlane {
	t.Helper()
	opt := az.options.ClientOptions
	return dataPlane{
		must[*azsecrets.Client](t)(azsecrets.NewClient(vaultURL, az.credential, &azsecrets.ClientOptions{ClientOptions: opt})),
		must[*azkeys.Client](t)(azkeys.NewClient(vaultURL, az.credential, &azkeys.ClientOptions{ClientOptions: opt})),
		must[*azcertificates.Client](t)(azcertificates.NewClient(vaultURL, az.credential, &azcertificates.ClientOptions{ClientOptions: opt})),
	}
}

// administered is a lab whose client may do everything to its vault.
func administered(t *testing.T, change func(*world.Host)) (l *lab.Lab, client world.ID) {
	t.Helper()
	s := shape(t, "single-vnet")
	h, ok := s.World.Host(s.Client)
	if !ok {
		t.Fatal("no client")
	}
	other := *h
	other.Identity = world.Administrator
	if change != nil {
		change(&other)
	}
	return start(t, s.World.With(world.Put(&other)), lab.Azure{}), s.Client
}

// inside are the clients on the host that reaches the vault privately.
func inside(t *testing.T, change func(*world.Host)) dataPlane {
	t.Helper()
	l, client := administered(t, change)
	e, err := l.Env(client)
	if err != nil {
		t.Fatal(err)
	}
	return planeOf(t, signIn(t, e))
}

// refusedWith is the status of an error, its code and its inner code.
func refusedWith(err error) string {
	var e *azcore.ResponseError
	if !errors.As(err, &e) || e.RawResponse == nil {
		return code(err)
	}
	body, err := io.ReadAll(e.RawResponse.Body)
	if err != nil {
		return err.Error()
	}
	parsed, _ := service.ParseError(body)
	return strings.TrimSpace(code(e) + " " + parsed.Inner)
}

func refuse(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || refusedWith(err) != want {
		t.Errorf("%s: %q (%v), want %q", what, refusedWith(err), err, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

// TestDenied: whoever is refused learns it from the error's inner code, on
// every kind of object and before its content is looked at.
func TestDenied(t *testing.T) {
	l, client := administered(t, func(h *world.Host) { h.Identity = world.NoRole })
	e, err := l.Env(client)
	check(t, err)
	reader := shape(t, "single-vnet")
	readers, err := start(t, reader.World, lab.Azure{}).Env(reader.Client)
	check(t, err)
	for _, c := range []struct {
		who              string
		plane            dataPlane
		read, write, key string
	}{
		{"no role", planeOf(t, signIn(t, e)), "403 Forbidden ForbiddenByRbac", "403 Forbidden ForbiddenByRbac", "403 Forbidden ForbiddenByRbac"},
		{"reader of secrets", planeOf(t, signIn(t, readers)), "404 SecretNotFound", "403 Forbidden ForbiddenByRbac", "403 Forbidden ForbiddenByRbac"},
		{"from the internet", planeOf(t, signIn(t, l.Operator())), "403 Forbidden ForbiddenByConnection", "403 Forbidden ForbiddenByConnection", "403 Forbidden ForbiddenByConnection"},
	} {
		for what, call := range map[string]func(context.Context) error{
			"read": func(ctx context.Context) error {
				_, err := c.plane.secrets.GetSecret(ctx, "db", "", nil)
				return err
			},
			"write": func(ctx context.Context) error {
				_, err := c.plane.secrets.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: ptr("x")}, nil)
				return err
			},
			"key": func(ctx context.Context) error {
				_, err := c.plane.keys.CreateKey(ctx, "k", azkeys.CreateKeyParameters{Kty: ptr(azkeys.KeyTypeEC)}, nil)
				return err
			},
			"certificate": func(ctx context.Context) error {
				_, err := c.plane.certificates.NewListCertificatePropertiesPager(nil).NextPage(ctx)
				return err
			},
		} {
			want := map[string]string{"read": c.read, "write": c.write, "key": c.key, "certificate": c.key}[what]
			refuse(t, c.who+", "+what, call(t.Context()), want)
		}
	}
}
