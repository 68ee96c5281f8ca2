package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

const management = "https://management.azure.com"

// A reader is a program on a host that asks Resource Manager.
type reader struct {
	t     *testing.T
	http  *http.Client
	token string
}

func newReader(t *testing.T, e env.Env) *reader {
	t.Helper()
	roots, err := e.Roots()
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
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
	t.Cleanup(transport.CloseIdleConnections)
	r := &reader{t: t, http: &http.Client{Transport: transport}}
	if e.Token != nil {
		if r.token, err = e.Token(t.Context(), management); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A reply is a response with its body as JSON.
type reply struct {
	*http.Response
	body map[string]any
}

// get follows keys down into the body; a number is a place in a list.
func (r reply) get(keys ...any) any {
	var v any = r.body
	for _, key := range keys {
		switch key := key.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			all, _ := v.([]any)
			if key >= len(all) {
				return nil
			}
			v = all[key]
		}
	}
	return v
}

func (r reply) count(keys ...any) int {
	all, _ := r.get(keys...).([]any)
	return len(all)
}

func (r *reader) do(method, url string, headers map[string]string, body any) reply {
	r.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	if url[0] == '/' {
		url = management + url
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, bytes.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	for key, value := range headers {
		req.Header.Set(key, value)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	out := reply{Response: resp}
	if len(raw) > 0 && json.Unmarshal(raw, &out.body) != nil {
		r.t.Fatalf("%s %s: %q is no JSON", method, url, raw)
	}
	return out
}

func (r *reader) get(url string) reply {
	r.t.Helper()
	return r.do("GET", url, nil, nil)
}

func (r *reader) query(text string, options ...map[string]any) reply {
	r.t.Helper()
	body := map[string]any{"query": text}
	for _, o := range options {
		body["options"] = o
	}
	return r.do("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", nil, body)
}

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

// live runs a test in a bubble on a live world.
func live(t *testing.T, w *world.World, opt Options, f func(t *testing.T, l *Lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := Start(w, opt)
		t.Cleanup(l.Close)
		f(t, l)
	})
}

func TestOperator(t *testing.T) {
	live(t, shape(t, "single-vnet").World, Options{RTT: 20 * time.Millisecond}, func(t *testing.T, l *Lab) {
		r := newReader(t, l.Operator())
		if got := r.get("/subscriptions?api-version=2022-12-01"); got.StatusCode != http.StatusOK || got.count("value") != 1 {
			t.Errorf("subscriptions: %s %v", got.Status, got.body)
		}
		got := r.query("resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name, properties.vaultUri | order by name asc")
		if got.StatusCode != http.StatusOK || got.get("data", 1, "properties_vaultUri") != "https://stockvault.vault.azure.net/" {
			t.Errorf("vaults: %s %v", got.Status, got.body)
		}
	})
}
