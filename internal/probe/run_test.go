package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

var (
	trusted   = newAuthority("Lab Root")
	inspector = newAuthority("Corp Inspection CA")
	never     = time.Time{} // a certificate that does not expire
)

// healthy is a host in a VNet that is linked to the zone, and its vault.
func healthy(t testing.TB) (*host, *vault) {
	t.Helper()
	v := &vault{info: viaPrivateLink}
	return &host{
		tcp: map[string]func(net.Conn){
			endpoint + ":443": trusted.server(v.serve, never, keyVault(t).CertificateNames()...),
		},
		udp:   map[string]func(net.Conn){server + ":53": zone(privateZone...), azure + ":53": zone(privateZone...)},
		addrs: []string{endpoint},
		roots: trusted.pool(),
	}, v
}

// look runs a probe in virtual time and says how long it took.
func look(t *testing.T, h *host, o Options, edit func(*Target)) (seen fact.Observation, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		to := target(t)
		if edit != nil {
			edit(&to)
		}
		started := time.Now()
		seen = Run(t.Context(), h.Env(), to, o)
		took = time.Since(started)
		time.Sleep(time.Minute) // for servers that are slow to notice
	})
	return seen, took
}

func TestHealthy(t *testing.T) {
	h, v := healthy(t)
	seen, _ := look(t, h, Options{Client: "app", Candidates: addrs(endpoint)}, nil)
	want := fact.Journey{
		Name:     fact.NameHop{Outcome: fact.OK, Host: fabrikam},
		Resolver: fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: ip(server)},
		Answer:   fact.AnswerHop{Outcome: fact.OK, Alias: true, Class: fact.PrivateAddr, Addr: ip(endpoint)},
		Connect:  fact.ConnectHop{Outcome: fact.OK, Addr: ip(endpoint)},
		TLS:      fact.TLSHop{Outcome: fact.OK},
		Exchange: fact.ExchangeHop{
			Outcome: fact.OK, Status: 200, Conn: service.ConnPrivateLink, Source: ip("10.4.5.6"),
			Endpoint: "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/privateendpoints/pe",
		},
	}
	if seen.Journey != want || seen.Direct != want {
		t.Errorf("journey\n%+v\nwant\n%+v", seen.Journey, want)
	}
	if !seen.Complete || seen.Journey.Verdict() != fact.Private || seen.Client.Host != "app" || seen.Client.Runs != "machine" {
		t.Errorf("complete %v, verdict %q, client %+v", seen.Complete, seen.Journey.Verdict(), seen.Client)
	}
	if got := v.wasAsked(); !slices.Equal(got, []string{"/healthstatus", "/secrets"}) {
		t.Errorf("the vault was asked %q: more than one connection, or not all of it", got)
	}
	if len(seen.Addresses) != 1 || len(seen.Servers) != 2 || len(seen.Lookups) != 7 || len(seen.Requests) != 2 {
		t.Errorf("%d addresses, %d servers, %d lookups, %d requests", len(seen.Addresses), len(seen.Servers), len(seen.Lookups), len(seen.Requests))
	}
	if seen.Lookups[0].Transport != env.BySystem || seen.Requests[0].Issuer != "CN=Lab Root" || seen.Journey.TLS.Issuer != "" {
		t.Errorf("resolved by %q, certificate by %q", seen.Lookups[0].Transport, seen.Requests[0].Issuer)
	}
	if r := seen.Requests[1]; r.Status != 401 || r.Denial != service.DeniedNoToken || r.Stage != fact.StageAccess || r.RequestID != "1" {
		t.Errorf("without a token: %+v", r)
	}
}

// TestFailures follows one fault at a time to its place in the journey.
func TestFailures(t *testing.T) {
	names := keyVault(t).CertificateNames()
	at := endpoint + ":443"
	for _, tt := range []struct {
		name  string
		fault func(h *host, v *vault)
		want  string // connect, TLS, issuer, exchange
	}{
		{"dropped", func(h *host, _ *vault) { delete(h.tcp, at) }, "timeout   "},
		{"refused", func(h *host, _ *vault) { h.closed = []string{at} }, "refused   "},
		{"full-sized packets vanish", func(h *host, _ *vault) { h.tcp[at] = silent }, "ok stalled  "},
		{"cut off in the handshake", func(h *host, _ *vault) { h.tcp[at] = func(net.Conn) {} }, "ok reset  "},
		{"plain HTTP", func(h *host, _ *vault) { h.tcp[at] = says("HTTP/1.1 400 Bad Request\r\n\r\n") }, "ok tls-failed  "},
		{"re-signed", func(h *host, v *vault) { h.tcp[at] = inspector.server(v.serve, never, names...) }, "ok untrusted-issuer CN=Corp Inspection CA "},
		{"no roots", func(h *host, _ *vault) { h.roots = nil }, "ok untrusted-issuer CN=Lab Root "},
		{"another name", func(h *host, v *vault) { h.tcp[at] = trusted.server(v.serve, never, "nginx.example") }, "ok name-mismatch  "},
		{"expired", func(h *host, v *vault) {
			h.tcp[at] = trusted.server(v.serve, time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), names...)
		}, "ok certificate-expired  "},
		{"something else answers", func(h *host, _ *vault) {
			h.tcp[at] = trusted.server(says("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"), never, names...)
		}, "ok ok  not-key-vault"},
		{"redirected", func(h *host, _ *vault) {
			h.tcp[at] = trusted.server(says("HTTP/1.1 302 Found\r\nLocation: https://10.9.9.9/\r\nContent-Length: 0\r\n\r\n"), never, names...)
		}, "ok ok  not-key-vault"},
		{"forbidden by something else", func(h *host, _ *vault) {
			h.tcp[at] = trusted.server(says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), never, names...)
		}, "ok ok  not-key-vault"},
		{"a gateway without a vault behind it", func(h *host, _ *vault) {
			h.tcp[at] = trusted.server(says("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), never, names...)
		}, "ok ok  no-network-info"},
		{"throttled", func(h *host, _ *vault) {
			h.tcp[at] = trusted.server(says("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"), never, names...)
		}, "ok ok  no-network-info"},
		{"no HTTP", func(h *host, _ *vault) { h.tcp[at] = trusted.server(says("SSH-2.0\r\n"), never, names...) }, "ok ok  malformed"},
		{"closes", func(h *host, _ *vault) {
			h.tcp[at] = trusted.server(func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }, never, names...)
		}, "ok ok  reset"},
		{"silent", func(h *host, _ *vault) { h.tcp[at] = trusted.server(silent, never, names...) }, "ok ok  timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, v := healthy(t)
			tt.fault(h, v)
			h.token = func(context.Context, string) (string, error) { return "secret", nil }
			seen, took := look(t, h, Options{Authenticate: true}, nil)
			j := seen.Journey
			got := fmt.Sprintf("%s %s %s %s", j.Connect.Outcome, j.TLS.Outcome, j.TLS.Issuer, j.Exchange.Outcome)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if took > DefaultBudget || !seen.Complete {
				t.Errorf("took %v, complete %v", took, seen.Complete)
			}
			if asked := v.wasAsked(); len(asked) > 0 {
				t.Errorf("asked %q over a chain that failed", asked)
			}
			if len(seen.Requests) == 0 || seen.Requests[0].Error == "" || slices.ContainsFunc(seen.Requests, func(r fact.Request) bool { return r.Token }) {
				t.Errorf("requests %+v", seen.Requests)
			}
			if seen.Addresses[0].Connect != j.Connect || seen.Addresses[0].TLS != j.TLS || seen.Addresses[0].Exchange != j.Exchange {
				t.Errorf("the address says otherwise: %+v", seen.Addresses[0])
			}
		})
	}
}

func TestToken(t *testing.T) {
	const rbac = `{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.","innererror":{"code":"ForbiddenByRbac"}}}`
	const firewall = `{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.","innererror":{"code":"ForbiddenByFirewall"}}}`
	give := func(_ context.Context, audience string) (string, error) {
		if audience != "https://vault.azure.net" {
			return "", errors.New("for whom?")
		}
		return "secret", nil
	}
	for _, tt := range []struct {
		name   string
		token  func(context.Context, string) (string, error)
		denial string
		want   fact.AccessHop
		asked  bool
	}{
		{"admitted", give, "", fact.AccessHop{Outcome: fact.OK}, true},
		{"no role", give, rbac, fact.AccessHop{Outcome: fact.RefusedIdentity, Denial: service.DeniedRBAC}, true},
		{"firewall", give, firewall, fact.AccessHop{Outcome: fact.RefusedNetwork, Denial: service.DeniedFirewall}, true},
		{"unreadable", give, "no", fact.AccessHop{}, true},
		{"none to be had", func(context.Context, string) (string, error) { return "", errors.New("az login") }, "", fact.AccessHop{}, false},
		{"no way to get one", nil, "", fact.AccessHop{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, v := healthy(t)
			h.token, v.denial = tt.token, tt.denial
			seen, _ := look(t, h, Options{Authenticate: true}, nil)
			if seen.Journey.Access != tt.want {
				t.Errorf("access %+v, want %+v", seen.Journey.Access, tt.want)
			}
			if asked := v.wasAsked(); slices.Contains(asked, "token /secrets/") != tt.asked {
				t.Errorf("asked %q", asked)
			}
			if last := seen.Requests[len(seen.Requests)-1]; last.Token != tt.asked || !tt.asked && last.Error == "" {
				t.Errorf("request %+v", last)
			}
		})
	}
}

// TestTokenIsKept: whoever is not the vault by its own name gets no token.
func TestTokenIsKept(t *testing.T) {
	h, v := healthy(t)
	h.tcp[endpoint+":443"] = trusted.server(v.serve, never, fabrikamAlias.Host(), "fabrikam.vault.azure.cn")
	h.token = func(context.Context, string) (string, error) { return "secret", nil }
	h.udp[server+":53"] = zone("fabrikam.vault.azure.cn. 1 IN A "+endpoint, privateZone[1])
	for _, name := range []string{"fabrikam.privatelink.vaultcore.azure.net", "fabrikam.vault.azure.cn"} {
		seen, _ := look(t, h, Options{Authenticate: true}, func(to *Target) { _ = to.Host.UnmarshalText([]byte(name)) })
		if seen.Journey.Exchange.Outcome != fact.OK || seen.Journey.Access != (fact.AccessHop{}) {
			t.Errorf("%s: %+v", name, seen.Journey)
		}
	}
	if asked := v.wasAsked(); slices.Contains(asked, "token /secrets/") {
		t.Errorf("asked %q", asked)
	}
}

// TestPrivatelinkName: by the name in use the certificate does not fit, by the
// vault's own name it does, at the same address.
func TestPrivatelinkName(t *testing.T) {
	h, _ := healthy(t)
	seen, _ := look(t, h, Options{}, func(to *Target) { to.Host = fabrikamAlias })
	if j := seen.Journey; j.Name.Outcome != fact.PrivatelinkName || j.TLS.Outcome != fact.NameMismatch || j.Answer.Addr != ip(endpoint) {
		t.Errorf("journey %+v", j)
	}
	if view, ok := seen.At(ip(endpoint)); !ok || view.Exchange.Outcome != fact.OK {
		t.Errorf("address %+v", seen.Addresses)
	}
	if view := seen.Servers[0]; !view.Host.Alias || view.Alias.Addr != ip(endpoint) {
		t.Errorf("server %+v", view)
	}
}

// TestCandidates: an address is tried whatever DNS says, and what servers say
// that programs do not ask is tried as well.
func TestCandidates(t *testing.T) {
	h, v := healthy(t)
	outside := &vault{info: "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=InterNetwork;"}
	h.addrs = []string{frontEnd}
	h.udp[server+":53"] = zone(publicZone...)
	h.tcp[frontEnd+":443"] = trusted.server(outside.serve, never, keyVault(t).CertificateNames()...)
	h.closed = []string{"10.1.2.4:443"}
	seen, _ := look(t, h, Options{Candidates: addrs("10.1.2.4", "127.0.0.1")}, nil)
	if seen.Journey.Verdict() != fact.Public || seen.Journey.Exchange.Source != ip("20.1.2.3") {
		t.Errorf("journey %+v", seen.Journey)
	}
	var tried []netip.Addr
	for _, view := range seen.Addresses {
		tried = append(tried, view.Addr)
	}
	if want := addrs(frontEnd, "10.1.2.4", endpoint); !slices.Equal(tried, want) {
		t.Errorf("tried %v, want %v", tried, want)
	}
	if asked := v.wasAsked(); !slices.Equal(asked, []string{"/healthstatus"}) { // the one in use is asked more
		t.Errorf("an address that is not in use was asked %q", asked)
	}
	if asked := outside.wasAsked(); !slices.Equal(asked, []string{"/healthstatus", "/secrets"}) {
		t.Errorf("the address in use was asked %q", asked)
	}
	if seen.Servers[1].Host.Addr != ip(endpoint) {
		t.Errorf("Azure DNS knows the endpoint: %+v", seen.Servers)
	}
	if view, _ := seen.At(ip("10.1.2.4")); view.Connect.Outcome != fact.Refused {
		t.Errorf("candidate %+v", view)
	}
}

// TestLaterCandidates: addresses that become known while the run is on its way
// are tried; one who never says any holds nobody up.
func TestLaterCandidates(t *testing.T) {
	h, _ := healthy(t)
	h.closed = []string{"10.1.2.4:443"}
	later := func(context.Context) []netip.Addr {
		time.Sleep(2 * time.Second)
		return addrs("10.1.2.4", "127.0.0.1", endpoint)
	}
	seen, took := look(t, h, Options{Later: later}, nil)
	if view, ok := seen.At(ip("10.1.2.4")); !ok || view.Connect.Outcome != fact.Refused || len(seen.Addresses) != 2 || took > 3*time.Second {
		t.Errorf("%+v after %v", seen.Addresses, took)
	}
	seen, took = look(t, h, Options{Cut: true, Later: func(ctx context.Context) []netip.Addr { <-ctx.Done(); return nil }}, nil)
	if seen.Journey.Verdict() != fact.Private || took > time.Second {
		t.Errorf("%s after %v", seen.Journey.Verdict(), took)
	}
}

// TestHostileAnswer: an answer full of addresses is no port scan, and no
// special address is ever dialled.
func TestHostileAnswer(t *testing.T) {
	h, _ := healthy(t)
	lines := []string{
		"fabrikam.vault.azure.net. 1 IN A 127.0.0.1", "fabrikam.vault.azure.net. 1 IN A 169.254.169.254",
		"fabrikam.vault.azure.net. 1 IN AAAA ::1", "fabrikam.vault.azure.net. 1 IN AAAA ::ffff:127.0.0.1",
	}
	for i := range 40 {
		lines = append(lines, fmt.Sprintf("fabrikam.vault.azure.net. 1 IN A 10.66.0.%d", i))
	}
	h.udp[azure+":53"] = zone(lines...)
	h.addrs = []string{"127.0.0.1"}
	seen, _ := look(t, h, Options{}, nil)
	if j := seen.Journey; j.Answer.Class != fact.SpecialAddr || j.Connect != (fact.ConnectHop{}) {
		t.Errorf("journey %+v", j)
	}
	if got := len(seen.Addresses); got > fact.MaxLearnt {
		t.Errorf("%d addresses were tried", got)
	}
	for _, special := range []string{"127.0.0.1:443", "169.254.169.254", "[::"} {
		if h.hasDialed(special) {
			t.Errorf("%s was dialled", special)
		}
	}
}

// TestLibraryThatDoesNotSay: getent tells a name that does not exist and a
// server that does not answer by one status; the servers themselves tell.
func TestLibraryThatDoesNotSay(t *testing.T) {
	h, _ := healthy(t)
	h.addrs, h.err = nil, errors.New("getent: no such host, or no server answered")
	h.udp[server+":53"] = silent
	seen, _ := look(t, h, Options{}, nil)
	if l := seen.Lookups[0]; l.Outcome != fact.Unseen || l.Error != h.err.Error() {
		t.Errorf("the program's lookup %+v", l)
	}
	if j := seen.Journey; j.Resolver.Outcome != fact.Timeout || j.Answer != (fact.AnswerHop{}) {
		t.Errorf("journey %+v", j)
	}
}

// TestHostHeaderThatIsNone: a header that package http would leave out, or that
// would add another, is not sent.
func TestHostHeaderThatIsNone(t *testing.T) {
	for _, text := range []string{"a\r\nX: y", "a b", "a/b"} {
		h, v := healthy(t)
		seen, _ := look(t, h, Options{HostHeader: text}, nil)
		if asked := v.wasAsked(); len(asked) > 0 || seen.Journey.Exchange.Outcome != fact.Unseen || seen.Requests[0].Error == "" {
			t.Errorf("%q: asked %q, %+v", text, asked, seen.Journey.Exchange)
		}
	}
}

func TestHostHeader(t *testing.T) {
	h, v := healthy(t)
	look(t, h, Options{HostHeader: "app.example"}, nil)
	if !slices.Contains(v.hosts, "app.example") || slices.Contains(v.hosts, fabrikam.Host()) {
		t.Errorf("the vault was called %q", v.hosts)
	}
}

func TestHostsFile(t *testing.T) {
	h, _ := healthy(t)
	h.hosts = "127.0.0.1 localhost\n10.1.2.3 fabrikam.vault.azure.net other # old\n"
	h.udp = nil
	seen, _ := look(t, h, Options{}, nil)
	if got := seen.Journey.Resolver; got != (fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaHostsFile}) {
		t.Errorf("resolver %+v", got)
	}
	if c := seen.Client; len(c.HostsFile) != 1 || c.HostsFile[0].Line != 2 || c.HostsPath != "/etc/hosts" {
		t.Errorf("client %+v", c)
	}
}
