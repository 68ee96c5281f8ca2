package azure

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"pldoctor/internal/env"
)

func TestProxyFor(t *testing.T) {
	for _, tt := range []struct{ proxy, to, want string }{
		{"http://proxy.contoso.com:3128", "https://login.microsoftonline.com/", "http://proxy.contoso.com:3128"},
		{"https://user:word@proxy.contoso.com", "https://login.microsoftonline.com/", "https://proxy.contoso.com:443"},
		{"", "https://login.microsoftonline.com/", ""},
		{"http://proxy.contoso.com:3128", "https://login.microsoftonline.us/", ""}, // exempt
		{"http://proxy.contoso.com:3128", "http://169.254.169.254/metadata", ""},
		{"http://proxy.contoso.com:3128", "http://localhost:40342/metadata", ""},
		{"http://proxy.contoso.com:3128", "https://10.0.0.4:2377/metadata", ""},
	} {
		vars := map[string]string{"HTTPS_PROXY": tt.proxy, "HTTP_PROXY": tt.proxy, "NO_PROXY": "login.microsoftonline.us"}
		u, err := url.Parse(tt.to)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p, err := proxyFor(u, env.Env{Getenv: func(name string) string { return vars[name] }}); err != nil || p != nil {
			got = p.String()
		}
		if got != tt.want {
			t.Errorf("%s with the proxy %s goes by %q, want %q", tt.to, tt.proxy, got, tt.want)
		}
	}
}

func TestUnknownHost(t *testing.T) {
	n := newNetwork(t)
	if _, err := dial(t.Context(), n.env(), "tcp", "nowhere.contoso.com:443"); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("an unknown host: %v", err)
	}
	bare := n.env()
	bare.Lookup = func(context.Context, string) ([]netip.Addr, string, error) { return nil, "", nil }
	if _, err := dial(t.Context(), bare, "tcp", "nowhere.contoso.com:443"); err == nil || len(n.dialed) != 0 {
		t.Errorf("a host without addresses: %v", err)
	}
}
