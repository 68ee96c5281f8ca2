// Package conformance runs the official clients of Azure's interfaces, unchanged,
// against the lab: what they take for Azure, other programs will.
//
// It is a module of its own, so that the clients stay out of the tool's.
package conformance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pldoctor/internal/env"
	"pldoctor/internal/lab"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

const (
	subscription = "00000000-0000-0000-0000-000000000001"
	group        = "stock"
	vault        = "stockvault"
)

// shape is one of the stock worlds.
func shape(t *testing.T, name string) stock.Shape {
	t.Helper()
	for _, s := range stock.Shapes("AzureCloud") {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no shape %s", name)
	return stock.Shape{}
}

func start(t *testing.T, w *world.World, a lab.Azure) *lab.Lab {
	t.Helper()
	l := lab.Start(w, lab.Options{Azure: a})
	t.Cleanup(l.Close)
	return l
}

// transport carries HTTP over the connections of a host.
func transport(t *testing.T, e env.Env) *http.Client {
	t.Helper()
	roots, err := e.Roots()
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(to)
			if err != nil {
				return nil, err
			}
			addrs, _, err := e.Lookup(ctx, host)
			if err != nil {
				return nil, err
			}
			return e.Dial(ctx, network, net.JoinHostPort(addrs[0].String(), port))
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// options are those of every client: no retries but where a test is about them.
func options(c *http.Client, retries int32) policy.ClientOptions {
	if retries == 0 {
		retries = -1
	}
	return policy.ClientOptions{Transport: c, Cloud: cloud.AzurePublic, Retry: policy.RetryOptions{MaxRetries: retries}}
}

// An azure is a host's way to Azure: who it is, and how it gets there.
type azure struct {
	credential azcore.TokenCredential
	options    *arm.ClientOptions
}

// signIn gets a credential with a secret, as a service principal does. The lab
// takes any secret; the ids are those that stand in the host's own tokens.
func signIn(t *testing.T, e env.Env) azure {
	t.Helper()
	token, err := e.Token(t.Context(), "https://management.azure.com")
	if err != nil {
		t.Fatal(err)
	}
	c, opt := claims(t, token), options(transport(t, e), 0)
	credential, err := azidentity.NewClientSecretCredential(c["tid"], c["appid"], "any", &azidentity.ClientSecretCredentialOptions{ClientOptions: opt})
	if err != nil {
		t.Fatal(err)
	}
	return azure{credential, &arm.ClientOptions{ClientOptions: opt}}
}

// operator is signed in to a lab of one of the stock worlds.
func operator(t *testing.T, name string, a lab.Azure) azure {
	t.Helper()
	return signIn(t, start(t, shape(t, name).World, a).Operator())
}

// code is that of Azure's error, and its status.
func code(err error) string {
	var e *azcore.ResponseError
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s", e.StatusCode, e.ErrorCode)
}

// TestVersions: the clients are those that the module asks for.
func TestVersions(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(".", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`armdnsresolver v1\.3\.0\b`).Match(text) {
		t.Error("go.mod does not pin armdnsresolver v1.3.0")
	}
}
