package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// asOutcome is the argument with which this binary is a program on a host of
// the lab, as outcome.py and js/outcome.mjs are.
const asOutcome = "outcome"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == asOutcome {
		patience, err := time.ParseDuration(os.Args[2] + "s")
		fmt.Println(outcome(patience), err)
		return
	}
	os.Exit(m.Run())
}

// outcome is what the client for Go says of a request for a secret that the
// vault does not have.
func outcome(patience time.Duration) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return err.Error()
	}
	opt := &azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}}
	client, err := azsecrets.NewClient("https://fabrikam.vault.azure.net", credential, opt)
	if err != nil {
		return err.Error()
	}
	_, err = client.GetSecret(ctx, "no-such-secret", "", nil)
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return refusedWith(err)
	}
	return fmt.Sprint(err)
}

// python is Debian's own, which has the packages that its azure-cli brings along.
const python = "/usr/bin/python3"

// A machine runs programs on hosts of the lab. The user's own directory, in which
// they keep what they remember, has to be empty when the test ends.
type machine struct{ pldoctor, home string }

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{filepath.Join(t.TempDir(), "pldoctor"), t.TempDir()}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", m.pldoctor, "./cmd/pldoctor")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(m.home); len(left) > 0 || err != nil {
			t.Errorf("in the user's own directory: %v, %v", left, err)
		}
	})
	return m
}

// run runs a program on a host of a scenario. It returns all that it prints.
func (m machine) run(t *testing.T, scenario, host string, command ...string) (out string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.pldoctor, append([]string{"lab", "run", scenario, "--from", host, "--"}, command...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.home}
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// TestPrograms runs official clients, as programs of their own, on hosts of the
// lab: over a real kernel, with the certificates that a system trusts.
func TestPrograms(t *testing.T) {
	m := newMachine(t)
	t.Run("each", func(t *testing.T) {
		outcomes(t, m)
		ownTests(t, m)
		azureCLI(t, m)
	})
}

// ours is a scenario file beside this one.
const ours = "vault.yaml"

// said is what clients say where a request succeeds, but for the secret that is
// not there, and where it is refused or lost. Status, code and inner code are the
// vault's (learn.microsoft.com/azure/key-vault/general/rest-error-codes); the
// rest are the words of each client's runtime.
var said = []struct{ scenario, host, patience, js, python, goes string }{
	{ours, "app", "60", "404 SecretNotFound", "404 SecretNotFound", "404 SecretNotFound"},
	{ours, "intruder", "60", "403 Forbidden ForbiddenByRbac", "403 Forbidden ForbiddenByRbac", "403 Forbidden ForbiddenByRbac"},
	{ours, "laptop", "60", "403 Forbidden ForbiddenByConnection", "403 Forbidden ForbiddenByConnection", "403 Forbidden ForbiddenByConnection"},
	{"connect-timeout", "app", "2", "AbortError", "connect timeout", "deadline exceeded"},
	{"connect-refused", "app", "60", "ECONNREFUSED", "Connection refused", "connection refused"},
	{"tls-intercepted", "app", "60", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERTIFICATE_VERIFY_FAILED", "certificate signed by unknown authority"},
}

func outcomes(t *testing.T, m machine) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range said {
		for _, client := range []struct {
			command []string
			want    string
		}{
			{[]string{"node", "js/outcome.mjs"}, tt.js},
			{[]string{python, "outcome.py"}, tt.python},
			{[]string{self, asOutcome}, tt.goes},
		} {
			t.Run(filepath.Base(client.command[0])+" on "+tt.host+" of "+tt.scenario, func(t *testing.T) {
				t.Parallel()
				out, err := m.run(t, tt.scenario, tt.host, append(client.command, tt.patience)...)
				if err != nil || !strings.Contains(out, client.want) {
					t.Errorf("want %s: %v\n%s", client.want, err, out)
				}
			})
		}
	}
}

// ownTests has the clients do all that their own tests ask of a vault.
func ownTests(t *testing.T, m machine) {
	for _, command := range [][]string{{"node", "--test", "js/vault.test.mjs"}, {python, "vault.py"}} {
		t.Run(strings.Join(command, " "), func(t *testing.T) {
			t.Parallel()
			if out, err := m.run(t, ours, "admin", command...); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
