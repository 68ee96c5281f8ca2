package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"pldoctor/internal/fact"
)

func TestProxy(t *testing.T) {
	names := keyVault(t).CertificateNames()
	for _, tt := range []struct {
		name  string
		proxy func(inside func(net.Conn)) func(net.Conn)
		url   string
		want  fact.Outcome
		stage fact.Stage
	}{
		{"carries", tunnels("HTTP/1.1 200 Connection established\r\n\r\n"), "http://squid.example:3128", fact.OK, 0},
		{"wants credentials", tunnels("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"), "http://me:secret@10.1.0.9:3128", fact.ProxyAuth, fact.StageProxy},
		{"forbids", tunnels("HTTP/1.1 403 Forbidden\r\n\r\n"), "http://10.1.0.9:3128", fact.ProxyForbidden, fact.StageProxy},
		{"cannot connect", tunnels("HTTP/1.1 503 Service Unavailable\r\n\r\n"), "http://10.1.0.9:3128", fact.ProxyGateway, fact.StageProxy},
		{"is none", tunnels("SSH-2.0\r\n"), "http://10.1.0.9:3128", fact.Malformed, fact.StageProxy},
		{"dead", nil, "http://10.1.0.9:3128", fact.Timeout, fact.StageProxy},
		{"speaks TLS, signed by nobody", func(func(net.Conn)) func(net.Conn) {
			return inspector.server(silent, never, "10.1.0.9")
		}, "https://10.1.0.9:3128", fact.NameMismatch, fact.StageProxy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := healthy(t)
			outside := &vault{info: "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=InterNetwork;"}
			if tt.proxy != nil {
				h.tcp["10.1.0.9:3128"] = tt.proxy(trusted.server(outside.serve, never, names...))
			}
			h.env = map[string]string{"HTTPS_PROXY": tt.url}
			synctest.Test(t, func(t *testing.T) {
				e := h.Env()
				vaults := e.Lookup
				e.Lookup = func(ctx context.Context, name string) ([]netip.Addr, string, error) {
					if name == "squid.example" {
						return addrs("10.1.0.9", "fd00::9"), "", nil
					}
					return vaults(ctx, name)
				}
				seen := Run(t.Context(), e, target(t), Options{})
				j := seen.Journey
				if j.Proxy.Outcome != tt.want || !strings.HasSuffix(j.Proxy.Server, ":3128") || strings.Contains(fmt.Sprint(seen), "secret@") {
					t.Errorf("proxy %+v, want %q", j.Proxy, tt.want)
				}
				if seen.Requests[0].Stage != tt.stage && tt.stage != 0 || seen.Requests[0].Proxy == "" {
					t.Errorf("request %+v", seen.Requests[0])
				}
				if tt.want == fact.OK && (j.Verdict() != fact.Public || j.Connect != (fact.ConnectHop{Outcome: fact.OK})) {
					t.Errorf("journey %+v", j)
				}
				if seen.Direct.Verdict() != fact.Private {
					t.Errorf("past the proxy %+v", seen.Direct)
				}
			})
		})
	}
}

// TestProxyUnusable: a setting that cannot be followed is no direct path. What
// lies past it is looked at all the same.
func TestProxyUnusable(t *testing.T) {
	for _, tt := range []struct{ setting, server, fault string }{
		{"socks5h://me:secret@10.1.0.9:1080", "socks5h://10.1.0.9:1080", "socks5h is not supported"},
		{"http://me:secret@[::1", "http://[::1", "is no URL"},
	} {
		h, _ := healthy(t)
		h.env = map[string]string{"HTTPS_PROXY": tt.setting}
		seen, _ := look(t, h, Options{Cut: true}, nil)
		want := fact.ProxyHop{Outcome: fact.ProxyUnusable, Server: tt.server}
		if j := seen.Journey; j.Proxy != want || j.Verdict() != fact.Undetermined || j.Connect != (fact.ConnectHop{}) {
			t.Errorf("%s: %q %+v", tt.setting, j.Verdict(), j)
		}
		if seen.Direct.Verdict() != fact.Private {
			t.Errorf("%s: past it %+v", tt.setting, seen.Direct)
		}
		if c := seen.Client; c.Proxy != tt.server || c.ProxySource != "HTTPS_PROXY" || c.ProxyFault != tt.fault {
			t.Errorf("%s: client %+v", tt.setting, c)
		}
		if strings.Contains(fmt.Sprint(seen), "secret@") || h.hasDialed("10.1.0.9") {
			t.Errorf("%s: the password is shown, or the proxy dialled", tt.setting)
		}
	}
}

// tunnels answers CONNECT so and, if that is yes, goes on as another. It fails
// whoever sends credentials.
func tunnels(head string) func(func(net.Conn)) func(net.Conn) {
	return func(inside func(net.Conn)) func(net.Conn) {
		return func(c net.Conn) {
			buffer := make([]byte, 4096)
			n, _ := c.Read(buffer)
			asked := string(buffer[:n])
			if !strings.HasPrefix(asked, "CONNECT fabrikam.vault.azure.net:443 HTTP/1.1\r\nHost: fabrikam.vault.azure.net:443\r\n") ||
				strings.Contains(asked, "Authorization") {
				return
			}
			_, _ = c.Write([]byte(head))
			inside(c)
		}
	}
}
