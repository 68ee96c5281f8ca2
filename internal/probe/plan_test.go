package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
)

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, a := range list {
		all = append(all, ip(a))
	}
	return all
}

func TestPlanQuestions(t *testing.T) {
	const usual = "A fabrikam.vault.azure.net, AAAA fabrikam.vault.azure.net, A fabrikam.privatelink.vaultcore.azure.net"
	for _, tt := range []struct {
		name      string
		resolvers env.Resolvers
		host      string
		public    bool
		want      []string // role, server, questions
	}{
		{name: "no server", want: []string{"azure-dns 168.63.129.16 2s: " + usual}},
		{
			name: "one server", resolvers: env.Resolvers{Servers: addrs("10.0.0.53")},
			want: []string{"configured 10.0.0.53 5s: " + usual, "azure-dns 168.63.129.16 2s: " + usual},
		},
		{
			name: "Azure DNS is configured", resolvers: env.Resolvers{Servers: addrs("168.63.129.16")},
			want: []string{"configured 168.63.129.16 5s: " + usual},
		},
		{
			name: "public too", resolvers: env.Resolvers{Servers: addrs("10.0.0.53")}, public: true,
			want: []string{"configured 10.0.0.53 5s: " + usual, "azure-dns 168.63.129.16 2s: " + usual, "public 8.8.8.8 5s: " + usual},
		},
		{
			name: "public is configured", resolvers: env.Resolvers{Servers: addrs("8.8.8.8", "8.8.8.8", "::ffff:8.8.8.8")}, public: true,
			want: []string{"configured 8.8.8.8 5s: " + usual, "azure-dns 168.63.129.16 2s: " + usual},
		},
		{
			name: "split: the longest domain above the name, first",
			resolvers: env.Resolvers{Servers: addrs("10.0.0.53"), Split: map[string][]netip.Addr{
				"azure.net.": addrs("10.0.0.1"), "vault.azure.net.": addrs("10.0.0.2"), "vaultcore.azure.net.": addrs("10.0.0.3"),
			}},
			want: []string{"configured 10.0.0.2 5s: " + usual, "configured 10.0.0.53 5s: " + usual, "azure-dns 168.63.129.16 2s: " + usual},
		},
		{
			name: "the name in the private zone", resolvers: env.Resolvers{Servers: addrs("168.63.129.16")},
			host: "fabrikam.privatelink.vaultcore.azure.net",
			want: []string{"configured 168.63.129.16 5s: A fabrikam.privatelink.vaultcore.azure.net, " +
				"AAAA fabrikam.privatelink.vaultcore.azure.net, A fabrikam.vault.azure.net, AAAA fabrikam.vault.azure.net"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			to := target(t)
			if tt.host != "" {
				to.Host = dnsname.MustParse(tt.host)
			}
			p := MakePlan(to, Options{}).Asking(tt.resolvers, tt.public)
			if got := spoken(p); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// spoken is a line for each server of a plan.
func spoken(p Plan) []string {
	var lines []string
	for _, s := range p.Servers {
		var asked []string
		within := ""
		for _, q := range p.Questions {
			if q.Server == s.Addr {
				within, asked = q.Within.String(), append(asked, q.Type+" "+q.Name.Host())
			}
		}
		lines = append(lines, fmt.Sprintf("%s %s %s: %s", s.Role, s.Addr, within, strings.Join(asked, ", ")))
	}
	return lines
}

func TestPlanBoundsServers(t *testing.T) {
	var many []netip.Addr
	for i := range byte(50) {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, 0, i}))
	}
	p := MakePlan(target(t), Options{}).Asking(env.Resolvers{Servers: many}, true)
	if got := len(p.Servers); got != fact.MaxServers+2 || len(p.Questions) > maxQuestions {
		t.Errorf("%d servers are asked %d questions, want %d servers, Azure DNS and a public one", got, len(p.Questions), fact.MaxServers)
	}
}

func TestPlanName(t *testing.T) {
	for host, want := range map[string]fact.Outcome{
		"fabrikam.vault.azure.net":                 fact.OK,
		"fabrikam.vaultcore.azure.net":             fact.OK,
		"fabrikam.privatelink.vaultcore.azure.net": fact.PrivatelinkName,
		"fabrikam.vault.azure.cn":                  fact.OtherCloud,
		"fabrikam.vault.usgovcloudapi.net":         fact.OtherCloud,
		"fabrikam.privatelink.vaultcore.azure.cn":  fact.OtherCloud,
	} {
		to := target(t)
		to.Host = dnsname.MustParse(host)
		if got := MakePlan(to, Options{}).Name; got.Outcome != want || got.Host != to.Host {
			t.Errorf("%s: %+v, want %q", host, got, want)
		}
	}
}

// TestPlanToken: the vault's own hostname is the only one that is owed a token,
// and only by name.
func TestPlanToken(t *testing.T) {
	for _, tt := range []struct {
		host         string
		authenticate bool
		name         string
	}{
		{"fabrikam.vault.azure.net", true, "https://vault.azure.net"},
		{"fabrikam.vault.azure.net", false, ""},
		{"fabrikam.privatelink.vaultcore.azure.net", true, ""},
		{"fabrikam.vault.azure.cn", true, ""},
		{"evil.example", true, ""},
	} {
		to := target(t)
		to.Host = dnsname.MustParse(tt.host)
		p := MakePlan(to, Options{Authenticate: tt.authenticate})
		if got := p.ByName(ip(endpoint)).Audience; got != tt.name {
			t.Errorf("%s by name: token for %q, want %q", tt.host, got, tt.name)
		}
		if got := p.ByProxy().Audience; got != tt.name {
			t.Errorf("%s by proxy: token for %q, want %q", tt.host, got, tt.name)
		}
		if a := p.ByAddress(ip(endpoint)); a.Audience != "" || a.Secrets {
			t.Errorf("%s by address: asks more than who is there: %+v", tt.host, a)
		}
	}
}

func TestPlanAttempts(t *testing.T) {
	p := MakePlan(target(t), Options{})
	if a := p.ByName(ip(endpoint)); a.Name != fabrikam || a.HostHeader != fabrikam.Host() || a.Path != "/healthstatus" {
		t.Errorf("by name: %+v", a)
	}
	to := target(t)
	to.Host = fabrikamAlias
	p = MakePlan(to, Options{HostHeader: "app.example"})
	byName, byAddress := p.ByName(ip(endpoint)), p.ByAddress(ip(endpoint))
	if byName.Name != fabrikamAlias || byAddress.Name != fabrikam || byName.HostHeader != "app.example" {
		t.Errorf("by name %+v, by address %+v", byName, byAddress)
	}
}

func TestDialable(t *testing.T) {
	got := dialable(addrs(
		"10.1.2.3", "127.0.0.1", "::1", "169.254.169.254", "fe80::1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::",
		"168.63.129.16", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "52.168.109.101", "fd00::1", "2603::1",
	))
	if want := addrs("10.1.2.3", "52.168.109.101", "fd00::1", "2603::1"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFirst(t *testing.T) {
	for _, tt := range []struct{ want, from string }{
		{"fd00::1", "fd00::1 10.1.2.3 10.1.2.4"},
		{"10.1.2.3", "10.1.2.3 fd00::1"},
	} {
		if got := first(addrs(strings.Fields(tt.from)...)); got != ip(tt.want) {
			t.Errorf("of %s: %v, want %s", tt.from, got, tt.want)
		}
	}
	if got := first(nil); got.IsValid() {
		t.Errorf("of nothing: %v", got)
	}
}
