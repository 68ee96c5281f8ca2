package conformance

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pldoctor/internal/lab"
)

// claims are the texts of a token.
func claims(t *testing.T, token string) map[string]string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var all map[string]any
	if err != nil || json.Unmarshal(raw, &all) != nil {
		t.Fatalf("%q is no token: %v", token, err)
	}
	texts := make(map[string]string)
	for key, value := range all {
		if s, ok := value.(string); ok {
			texts[key] = s
		}
	}
	return texts
}

func TestClientSecret(t *testing.T) {
	az := operator(t, "single-vnet", lab.Azure{})
	for scope, audience := range map[string]string{
		"https://management.azure.com/.default":  "https://management.azure.com",
		"https://management.azure.com//.default": "https://management.azure.com/",
		"https://vault.azure.net/.default":       "https://vault.azure.net",
	} {
		token, err := az.credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
		if err != nil {
			t.Fatal(err)
		}
		if got := claims(t, token.Token)["aud"]; got != audience {
			t.Errorf("for %s the token is for %q", scope, got)
		}
	}
}

func TestUnknownApplication(t *testing.T) {
	l := start(t, shape(t, "single-vnet").World, lab.Azure{})
	e := l.Operator()
	token, err := e.Token(t.Context(), "https://vault.azure.net")
	if err != nil {
		t.Fatal(err)
	}
	credential, err := azidentity.NewClientSecretCredential(claims(t, token)["tid"], "11111111-1111-1111-1111-111111111111", "any",
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(transport(t, e), 0)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
	if err == nil || !strings.Contains(err.Error(), "AADSTS700016") {
		t.Errorf("got %v", err)
	}
}

// TestManagedIdentity is a virtual machine that asks the metadata service.
func TestManagedIdentity(t *testing.T) {
	s := shape(t, "single-vnet")
	l := start(t, s.World, lab.Azure{})
	e, err := l.Env(s.Client)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options(transport(t, e), 0)})
	if err != nil {
		t.Fatal(err)
	}
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := claims(t, token.Token); got["aud"] != "https://vault.azure.net" || got["sub"] != string(s.Client) {
		t.Errorf("got %v", got)
	}
}
