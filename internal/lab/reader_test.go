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

	"pldoctor/internal/env"
)

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
	return r.send(method, url, headers, text)
}

func (r *reader) send(method, url string, headers map[string]string, body []byte) reply {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, bytes.NewReader(body))
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

// post sends a form, without a token.
func (r *reader) post(url, form string) reply {
	r.t.Helper()
	return r.send("POST", url, map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""}, []byte(form))
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
