package azure

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/service"
)

// get asks for a token of a cloud's vaults.
func get(t *testing.T, e env.Env, cloud string) (string, error) {
	t.Helper()
	s, ok := service.KeyVault(cloud)
	if !ok {
		t.Fatalf("no Key Vault in %s", cloud)
	}
	tokens, err := Tokens(e, s)
	if err != nil {
		t.Fatal(err)
	}
	return tokens(t.Context(), s.Audience)
}

// TestServicePrincipal shows whom the secret goes to, by which way, and what
// for.
func TestServicePrincipal(t *testing.T) {
	for _, tt := range []struct{ name, cloud, variable, host, scope string }{
		{"public", "AzureCloud", "", "login.microsoftonline.com", "https://vault.azure.net/.default"},
		{"government", "AzureUSGovernment", "", "login.microsoftonline.us", "https://vault.usgovcloudapi.net/.default"},
		{"china", "AzureChinaCloud", "", "login.chinacloudapi.cn", "https://vault.azure.cn/.default"},
		{"variable", "AzureCloud", "https://login.microsoftonline.us/", "login.microsoftonline.us", "https://vault.azure.net/.default"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t).principal()
			n.set("AZURE_AUTHORITY_HOST", tt.variable)
			n.refused["[2603:1006::1]:443"] = true
			got, err := get(t, n.env(), tt.cloud)
			if err != nil || got != bearer {
				t.Fatalf("got %q, %v", got, err)
			}
			r := n.saw("/contoso/oauth2/v2.0/token")
			if !strings.HasPrefix(r.Form.Get("scope"), tt.scope) || r.Form.Get("client_secret") != secret || r.Host != tt.host || r.TLS == nil {
				t.Errorf("%s was asked for the scope %q", r.Host, r.Form.Get("scope"))
			}
			if slices.ContainsFunc(n.dialed, func(a string) bool { return a != authority }) {
				t.Errorf("dialled %v, not just %s", n.dialed, authority)
			}
		})
	}
}

// TestProxy shows that requests go by the proxy of the machine's settings, and
// those to the machine's own metadata service do not.
func TestProxy(t *testing.T) {
	n := newNetwork(t).principal()
	n.set("HTTPS_PROXY", "http://user:password@proxy.contoso.com:3128")
	var connected []string
	n.serve("10.0.0.8:3128", nil, func(w http.ResponseWriter, r *http.Request) {
		connected = append(connected, r.Method+" "+r.Host+r.Header.Get("Proxy-Authorization"))
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		n.servers[authority](near)
	})
	if got, err := get(t, n.env(), "AzureCloud"); err != nil || got != bearer {
		t.Fatalf("got %q, %v", got, err)
	}
	if slices.Contains(n.dialed, authority) || len(connected) == 0 || connected[0] != "CONNECT login.microsoftonline.com:443" {
		t.Errorf("dialled %v, the proxy was asked to %v", n.dialed, connected)
	}
}

func TestManagedIdentity(t *testing.T) {
	n := newNetwork(t)
	identity := rand.Text() // azidentity keeps tokens of managed identities for the life of the process
	n.set("AZURE_CLIENT_ID", identity)
	n.set("HTTPS_PROXY", "http://proxy.contoso.com:3128")
	n.set("HTTP_PROXY", "http://proxy.contoso.com:3128")
	n.serve(metadata, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"expires_in":"3599","resource":%q,"token_type":"Bearer"}`, bearer, r.Form.Get("resource"))
	})
	got, err := get(t, n.env(), "AzureCloud")
	if err != nil || got != bearer {
		t.Fatalf("got %q, %v", got, err)
	}
	asked := n.asked[len(n.asked)-1]
	if asked.Form.Get("resource") != audience || asked.Form.Get("client_id") != identity || slices.ContainsFunc(n.dialed, func(a string) bool { return a != metadata }) {
		t.Errorf("asked for %v at %v", asked.Form, n.dialed)
	}
}

// TestRefusal shows what an error says of an answer, which here repeats the
// secret.
func TestRefusal(t *testing.T) {
	n := newNetwork(t).principal()
	n.serve(authority, n.certificate(), func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/token") {
			grant(w, r)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_codes":[7000215],"error_description":"AADSTS7000215: Invalid client secret provided: %s"}`, secret)
	})
	refused(t, n, "tried ClientSecret, which fails: login.microsoftonline.com answers with status 401 invalid_client (https://login.microsoftonline.com/error?code=7000215)")
}

// TestGarbage is an authority that is none, and repeats what it was sent.
func TestGarbage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"error", 400, secret, "tried ClientSecret, which fails: login.microsoftonline.com answers with status 400"},
		{"secret for a code", 400, `{"error":"` + secret + `"}`, "tried ClientSecret, which fails: login.microsoftonline.com answers with status 400"},
		{"no JSON", 200, secret, "tried ClientSecret, which fails: json decode error: invalid character 's' looking for beginning of value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t).principal()
			n.serve(authority, n.certificate(), func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/token") {
					grant(w, r)
					return
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			refused(t, n, tt.want)
		})
	}
}

// TestRedirect shows that a secret is sent to nobody but the authority.
func TestRedirect(t *testing.T) {
	n := newNetwork(t).principal()
	n.serve(authority, n.certificate(), func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			http.Redirect(w, r, "https://login.microsoftonline.us/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		grant(w, r)
	})
	refused(t, n, "tried ClientSecret, which fails: login.microsoftonline.com answers with status 307")
}

// TestImpostor shows that nothing is sent to whom the roots do not vouch for.
func TestImpostor(t *testing.T) {
	n := newNetwork(t).principal()
	n.roots = x509.NewCertPool()
	refused(t, n, "tried ClientSecret, which fails: login.microsoftonline.com: tls: failed to verify certificate: x509: certificate signed by unknown authority")
	if len(n.asked) != 0 {
		t.Errorf("asked it for %s", n.asked[0].URL)
	}
}

// refused asks in vain and looks at the error.
func refused(t *testing.T, n *network, want string) {
	t.Helper()
	got, err := get(t, n.env(), "AzureCloud")
	if err == nil {
		t.Fatalf("got %q, want an error", got)
	}
	check(t, err, want)
}

// silent takes a connection and says nothing.
func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// longest is what probe shows of an error.
const longest = 200

func check(t *testing.T, err error, want string) {
	t.Helper()
	text := err.Error()
	if !strings.Contains(text, want) {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if strings.Contains(text, secret) || strings.Contains(text, bearer) || strings.Contains(text, "\n") || len(text) > longest && !strings.Contains(text[:longest], remedy) {
		t.Errorf("not short or not discreet: %s", text)
	}
}

// TestTime shows how long it takes at most until nobody gave a token.
func TestTime(t *testing.T) {
	for _, tt := range []struct {
		name  string
		setup func(*network)
		most  time.Duration
		want  string
	}{
		{"no credential", func(*network) {}, time.Second, remedy + "; tried Environment, WorkloadIdentity, ManagedIdentity"},
		{"authority silent", func(n *network) { delete(n.principal().servers, authority) }, 7 * time.Second, "tried ClientSecret, which fails: login.microsoftonline.com: context deadline exceeded"},
		{"authority mute", func(n *network) { n.principal().servers[authority] = silent }, tokenTime, "no credential gave one in time; tried ClientSecret"},
		{"authority refuses connections", func(n *network) { n.principal().refused[authority] = true }, time.Second, "tried ClientSecret, which fails: login.microsoftonline.com: dial tcp: connection refused"},
		{"metadata service mute", func(n *network) { n.servers[metadata] = silent }, time.Second, remedy},
		{"metadata service alone, silent", func(n *network) { n.set("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential") }, tokenTime, "tried ManagedIdentity"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t)
			n.refused["[2603:1006::1]:443"] = true
			tt.setup(n)
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := get(t, n.env(), "AzureCloud")
				if took := time.Since(start); err == nil || took > tt.most {
					t.Fatalf("%v after %v, want an error within %v", err, took, tt.most)
				}
				check(t, err, tt.want)
				time.Sleep(time.Hour) // until the connections of the bubble are given up
			})
		})
	}
}

func TestWrongSettings(t *testing.T) {
	s, _ := service.KeyVault("AzureCloud")
	n := newNetwork(t)
	noRoots := n.env()
	noRoots.Roots = func() (*x509.CertPool, error) { return nil, errors.New("no roots here") }
	if _, err := Tokens(noRoots, s); err == nil || !strings.Contains(err.Error(), "no roots here") {
		t.Errorf("without roots: %v", err)
	}
	n.set("AZURE_TOKEN_CREDENTIALS", "magic")
	if _, err := Tokens(n.env(), s); err == nil || err.Error() != `choosing a credential: invalid AZURE_TOKEN_CREDENTIALS value "magic"` {
		t.Errorf("a kind that is none: %v", err)
	}
	n.set("AZURE_TOKEN_CREDENTIALS", "prod")
	n.principal().set("AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com")
	refused(t, n, remedy+"; tried Environment (cannot use an authority host without https), WorkloadIdentity, ManagedIdentity")
	if len(n.asked) != 0 {
		t.Errorf("asked %s", n.asked[0].Host)
	}
}

// TestExplainUnknown is a text of which nobody knows the form.
func TestExplainUnknown(t *testing.T) {
	if got := explain(t.Context(), errors.New("news")); !strings.HasPrefix(got.Error(), remedy) {
		t.Errorf("got %q", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, want := explain(ended, errors.New("news")).Error(), "no credential gave one in time; tried DefaultAzure (news)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
