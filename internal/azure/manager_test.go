package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/service"
)

// signedIn is an Env whose tokens come out of nowhere.
func (n *network) signedIn() env.Env {
	e := n.env()
	e.Token = func(context.Context, string) (string, error) { return bearer, nil }
	return e
}

func managerOf(t *testing.T, e env.Env, say func(string), debug bool) *manager {
	t.Helper()
	s, _ := service.KeyVault("AzureCloud")
	m, err := newManager(e, s.Cloud, say, debug)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHostileAnswers: what a server makes of a list ends in an error that says
// so, and the token goes to nobody else.
func TestHostileAnswers(t *testing.T) {
	huge := strings.Repeat(" ", 1<<20)
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
		rows   int
	}{
		"forbidden": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization to perform action 'Microsoft.Network/privateDnsZones/read' over scope '/subscriptions/s'."}}`)
		}, "403 AuthorizationFailed: lacks Microsoft.Network/privateDnsZones/read", 0},
		"not a code": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"error":{"code":"\u001b[2J","message":["x"]}}`)
		}, "400", 0},
		"a redirection": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
		}, "307: a redirection, which is not followed", 0},
		"another host": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"value":[{}],"nextLink":"https://management.azure.com.evil.example/x"}`)
		}, `the next page is said to be at "https://management.azure.com.evil.example/x", which is not management.azure.com: it is not asked for`, 1},
		"plain text": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"value":[],"nextLink":"http://management.azure.com/x"}`)
		}, `the next page is said to be at "http://management.azure.com/x", which is not management.azure.com: it is not asked for`, 0},
		"the same page again": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, `{"value":[{}],"nextLink":"https://%s/again"}`, r.Host)
		}, "the list of things does not end", 2},
		"no end of pages": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, `{"value":[{}],"nextLink":"https://%s%s?x=%d"}`, r.Host, r.URL.Path, time.Now().UnixNano())
		}, "the list of things does not end", maxPages},
		"no JSON":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `<html>`) }, "the list of things is malformed: invalid character '<' looking for beginning of value", 0},
		"wrong types": {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"value":"x"}`) }, "the list of things is malformed: json: cannot unmarshal string into Go struct field page.value of type []json.RawMessage", 0},
		"larger than all": {func(w http.ResponseWriter, _ *http.Request) {
			for range maxAnswer>>20 + 1 {
				_, _ = fmt.Fprint(w, huge)
			}
		}, "the answer is larger than 32 MiB", 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.serve(resources, n.certificate(), tt.answer)
			rows, err := managerOf(t, n.signedIn(), nil, false).list(t.Context(), "/subscriptions/s/things", networkVersion)
			if err == nil || err.Error() != tt.want || len(rows) != tt.rows {
				t.Errorf("%d rows, %v; want %d, %s", len(rows), err, tt.rows, tt.want)
			}
			for _, address := range n.dialed {
				if address != resources {
					t.Errorf("dialled %s", address)
				}
			}
		})
	}
}

// TestGraphThatDoesNotEnd: pages without rows, and the same page again.
func TestGraphThatDoesNotEnd(t *testing.T) {
	for name, answer := range map[string]string{
		"no rows": `{"data":[],"$skipToken":"a"}`, "the same": `{"data":[{}],"$skipToken":"a"}`,
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			n.serve(resources, n.certificate(), func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, answer) })
			_, err := managerOf(t, n.signedIn(), nil, false).query(t.Context(), "resources")
			if err == nil || err.Error() != "the answer of Resource Graph does not end" {
				t.Error(err)
			}
		})
	}
}

// TestEndpointVariable: whom the variable makes be asked, with a token for the
// cloud's own audience.
func TestEndpointVariable(t *testing.T) {
	for value, want := range map[string]string{
		"":                                     "management.azure.com",
		"https://management.contoso.example":   "management.contoso.example",
		"https://management.contoso.example/":  "management.contoso.example",
		"http://management.contoso.example":    `AZURE_RESOURCE_MANAGER_URL is "http://management.contoso.example", which is not https://HOST`,
		"https://u:p@management.contoso.local": `AZURE_RESOURCE_MANAGER_URL is "https://u:p@management.contoso.local", which is not https://HOST`,
		"management.contoso.example":           `AZURE_RESOURCE_MANAGER_URL is "management.contoso.example", which is not https://HOST`,
	} {
		n := newNetwork(t)
		n.set(EndpointVariable, value)
		n.serve(resources, n.certificate(), func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"id":"x"}`) })
		audience := ""
		e := n.signedIn()
		e.Token = func(_ context.Context, a string) (string, error) { audience = a; return bearer, nil }
		s, _ := service.KeyVault("AzureCloud")
		m, err := newManager(e, s.Cloud, nil, false)
		if err != nil {
			if err.Error() != want {
				t.Errorf("%s: %v, want %s", value, err, want)
			}
			continue
		}
		if _, err := m.get(t.Context(), "/x", networkVersion); err != nil {
			t.Errorf("%s: %v", value, err)
		}
		if r := n.saw("/x"); r.Host != want || r.Header.Get("Authorization") != "Bearer "+bearer || audience != "https://management.azure.com" {
			t.Errorf("%s: asked %s with a token for %s", value, r.Host, audience)
		}
	}
}

// TestNoToken: nothing is sent, once and not four times.
func TestNoToken(t *testing.T) {
	n := newNetwork(t)
	tries := 0
	e := n.signedIn()
	e.Token = func(context.Context, string) (string, error) { tries++; return "", errors.New("run az login") }
	_, err := managerOf(t, e, nil, false).get(t.Context(), "/x", networkVersion)
	if err == nil || err.Error() != "no token for Azure Resource Manager: run az login" || tries != 1 || len(n.asked) > 0 {
		t.Errorf("%v after %d tries and %d requests", err, tries, len(n.asked))
	}
}

// TestDebug: requests are told, tokens and bodies are not.
func TestDebug(t *testing.T) {
	n := newNetwork(t)
	n.serve(resources, n.certificate(), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-ms-request-id", "1234")
		_, _ = fmt.Fprint(w, `{"secret":"s"}`)
	})
	var said []string
	m := managerOf(t, n.signedIn(), func(s string) { said = append(said, s) }, true)
	if _, err := m.get(t.Context(), "/subscriptions", networkVersion); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(said, "\n")
	if !strings.HasPrefix(text, "GET management.azure.com/subscriptions: 200 after ") || !strings.HasSuffix(text, `, request "1234"`) || strings.Contains(text, "signature") || len(said) != 1 {
		t.Errorf("said %q", text)
	}
}

// TestQuota: sixty questions, where fifteen are allowed in five seconds, take
// fifteen seconds, are never refused, and the waits are told.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var waits, refused int
		start, used := time.Now(), 0
		q := newQuota(time.Now, func(string) { mu.Lock(); defer mu.Unlock(); waits++ })
		ask := func() {
			if err := q.await(t.Context()); err != nil {
				t.Error(err)
			}
			mu.Lock()
			if time.Since(start) >= graphWindow {
				start, used = time.Now(), 0
			}
			used++
			if used > firstQuota {
				refused++
			}
			h := http.Header{}
			h.Set("x-ms-user-quota-remaining", fmt.Sprint(max(0, firstQuota-used)))
			h.Set("x-ms-user-quota-resets-after", fmt.Sprintf("00:00:%02d", int((graphWindow-time.Since(start)+time.Second-1)/time.Second)))
			mu.Unlock()
			time.Sleep(50 * time.Millisecond)
			q.learn(&http.Response{Header: h})
		}
		began := time.Now()
		together(60, func(int) { ask() })
		if took := time.Since(began); refused > 0 || took < 15*time.Second || took > 17*time.Second || waits != 3 {
			t.Errorf("%d refused, %v, %d waits", refused, took, waits)
		}
	})
}

func TestClockTime(t *testing.T) {
	for text, want := range map[string]time.Duration{"00:00:05": 5 * time.Second, "00:01:00": time.Minute, "": -1, "5": -1, "00:00:-1": -1, "99:00:00": -1} {
		if got, ok := clockTime(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

// FuzzBody: whatever Azure answers, what leads on from it is found without a
// panic, and a refusal repeats nothing but codes.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e","properties":{"subnet":{"id":"/x"},"networkInterfaces":[{"id":"n"}]}}`))
	f.Add([]byte(`{"error":{"code":"AuthorizationFailed","message":"perform action 'a/b/read' over"}}`))
	f.Add([]byte(`{"properties":{"subnets":[{"properties":{"routeTable":[]}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b body
		_ = json.Unmarshal(data, &b)
		b.Properties.addresses()
		b.Properties.references()
		if said := refusalOf(http.StatusForbidden, data).Error(); strings.ContainsAny(said, "\x1b\n\"") {
			t.Errorf("said %q", said)
		}
		_, _ = parseInstance(data)
	})
}
