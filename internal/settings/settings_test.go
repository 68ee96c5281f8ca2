package settings

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
)

func TestParseHosts(t *testing.T) {
	const text = "\ufeff127.0.0.1\tlocalhost localhost.localdomain\n" +
		"# 10.9.9.9 fabrikam.vault.azure.net\n" +
		"\n" +
		"  10.1.2.3   Fabrikam.Vault.Azure.NET alias # 10.9.9.9 x\r\n" +
		"::1 localhost\n" +
		"::ffff:10.1.2.4 mapped\n" +
		"fe80::1%lo0 scoped\n" +
		"10.1.2.5\n" +
		"300.1.2.3 not.an.address\n" +
		"fabrikam.vault.azure.net 10.1.2.3\n" +
		"10.1.2.6 good bad..name *.wild last." // no newline at the end
	want := []string{
		"1 localhost 127.0.0.1", "1 localhost.localdomain 127.0.0.1",
		"4 fabrikam.vault.azure.net 10.1.2.3", "4 alias 10.1.2.3",
		"5 localhost ::1", "6 mapped 10.1.2.4", "7 scoped fe80::1%lo0",
		"11 good 10.1.2.6", "11 *.wild 10.1.2.6", "11 last 10.1.2.6",
	}
	var got []string
	for _, e := range ParseHosts(text) {
		got = append(got, fmt.Sprint(e.Line, " ", e.Name.Host(), " ", e.Addr))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestParseResolvConf(t *testing.T) {
	tests := map[string]struct {
		text, want string
	}{
		"empty": {"", "[] [] 0"},
		"usual": {
			"# made by hand\nnameserver 10.1.0.4\nnameserver 168.63.129.16\nsearch corp.example example\noptions ndots:5 timeout:2\n",
			"[10.1.0.4 168.63.129.16] [corp.example example] 5",
		},
		"three servers are read":    {"nameserver 1.1.1.1\nnameserver ::1\nnameserver fe80::1%eth0\nnameserver 8.8.8.8", "[1.1.1.1 ::1 fe80::1%eth0] [] 0"},
		"bad addresses":             {"nameserver nobody\nnameserver\nnameserver 10.1.0.4 # the good one", "[10.1.0.4] [] 0"},
		"the last search list":      {"search a b\nsearch c", "[] [c] 0"},
		"domain is a list of one":   {"search a b\ndomain c d", "[] [c] 0"},
		"comments":                  {"#nameserver 1.1.1.1\n;nameserver 1.1.1.1\n# nameserver 1.1.1.1", "[] [] 0"},
		"ndots has a limit":         {"options ndots:150", "[] [] 15"},
		"ndots that are no number":  {"options ndots:3\noptions ndots:x ndots: ndots:-1", "[] [] 3"},
		"windows line ends":         {"nameserver 10.1.0.4\r\nsearch corp.example\r\n", "[10.1.0.4] [corp.example] 0"},
		"words nobody knows":        {"sortlist 10.0.0.0\nlookup file bind\n", "[] [] 0"},
		"options without ndots":     {"options rotate edns0", "[] [] 0"},
		"leading and trailing room": {"   nameserver   10.1.0.4   ", "[10.1.0.4] [] 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := ParseResolvConf(tt.text)
			if got := fmt.Sprint(c.Servers, " ", c.Search, " ", c.Ndots); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// environ reads KEY=VALUE words.
func environ(text string) func(string) string {
	return func(key string) string {
		for word := range strings.FieldsSeq(text) {
			if value, ok := strings.CutPrefix(word, key+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestProxyFor(t *testing.T) {
	host := dnsname.MustParse("fabrikam.vault.azure.net")
	tests := []struct{ env, want string }{
		{"", "direct"},
		{"HTTP_PROXY=http://p:3128", "direct"}, // says nothing of https requests
		{"HTTPS_PROXY=http://p:3128", "p 3128 by HTTPS_PROXY"},
		{"https_proxy=http://q:1 HTTPS_PROXY=http://p:3128", "q 1 by https_proxy"},
		{"ALL_PROXY=http://p:3128", "p 3128 by ALL_PROXY"},
		{"ALL_PROXY=http://a:1 HTTPS_PROXY=http://p:3128", "p 3128 by HTTPS_PROXY"},
		{"HTTPS_PROXY=p:3128", "p 3128 by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://p", "p 80 by HTTPS_PROXY"},
		{"HTTPS_PROXY=https://p", "p 443 TLS by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://user:secret@10.1.0.9:3128/", "10.1.0.9 3128 by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://[fd00::9]:3128", "fd00::9 3128 by HTTPS_PROXY"},
		{"HTTPS_PROXY=socks5h://me:pass@p:1080", "socks5h://p:1080 socks5h is not supported by HTTPS_PROXY"},
		{"ALL_PROXY=socks5://p:1080", "socks5://p:1080 socks5 is not supported by ALL_PROXY"},
		{"HTTPS_PROXY=http://[::1", "http://[::1 is no URL by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://me:p@ss@[::1", "http://[::1 is no URL by HTTPS_PROXY"},
		{"HTTPS_PROXY=me:pa://ss@p", "p is no URL by HTTPS_PROXY"},
		{"HTTPS_PROXY=me:pass@p:3128:9", "p:3128:9 is no URL by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://", "http:// names no host by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://p:3128:9", "http://p:3128:9 is no URL by HTTPS_PROXY"},
		{"HTTPS_PROXY=http://p:99999", "http://p:99999 names no port by HTTPS_PROXY"},
		{"HTTPS_PROXY=socks5://p:1080 NO_PROXY=azure.net", "direct by NO_PROXY"},
		{"HTTPS_PROXY=http://p:1 NO_PROXY=*", "direct by NO_PROXY"},
		{"HTTPS_PROXY=http://p:1 NO_PROXY=x,.vault.azure.net", "direct by NO_PROXY"},
		{"HTTPS_PROXY=http://p:1 no_proxy=azure.net NO_PROXY=x", "direct by no_proxy"},
		{"HTTPS_PROXY=http://p:1 NO_PROXY=.internal", "p 1 by HTTPS_PROXY"},
		{"NO_PROXY=*", "direct"},
	}
	for _, tt := range tests {
		p := ProxyFor(host, environ(tt.env))
		got := "direct"
		switch {
		case p.Fault != "":
			got = p.Server() + " " + p.Fault
		case !p.Direct():
			got = p.Host + " " + p.Port
		}
		if p.TLS {
			got += " TLS"
		}
		if p.Variable != "" {
			got += " by " + p.Variable
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.env, got, tt.want)
		}
	}
}

func TestExempt(t *testing.T) {
	host := dnsname.MustParse("fabrikam.vault.azure.net")
	tests := map[string]bool{
		"":                                  false,
		"*":                                 true,
		" * ":                               true,
		"fabrikam.vault.azure.net":          true,
		"FABRIKAM.VAULT.AZURE.NET":          true,
		"fabrikam.vault.azure.net:443":      true,
		"vault.azure.net":                   true,
		".vault.azure.net":                  true,
		"*.vault.azure.net":                 true,
		"net":                               true,
		"ault.azure.net":                    false,
		"privatelink.vaultcore.azure.net":   false,
		"a.fabrikam.vault.azure.net":        false,
		"10.0.0.0/8,10.1.2.3":               false,
		"169.254.169.254,, vault.azure.net": true,
		"[::1]:443,::1,.":                   false,
	}
	for list, want := range tests {
		if got := Exempt(host, list); got != want {
			t.Errorf("Exempt(%q) = %v", list, got)
		}
	}
}

func FuzzParseHosts(f *testing.F) {
	for _, s := range []string{"", "10.1.2.3 a b # c", "::1%x a\n\n1.1.1.1\tb.", "\ufeff1.1.1.1 a", "\r\n#\n1.1.1.1 a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 1
		for _, e := range ParseHosts(text) {
			if e.Name.IsZero() || !e.Addr.IsValid() || e.Addr.Is4In6() || e.Line < last || e.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("%+v after line %d", e, last)
			}
			last = e.Line
		}
	})
}

func FuzzParseResolvConf(f *testing.F) {
	for _, s := range []string{"", "nameserver 1.1.1.1", "search a b", "options ndots:99999999999999999999", "domain\t.", ";\n#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := ParseResolvConf(text)
		if len(c.Servers) > maxServers || c.Ndots < 0 || c.Ndots > maxNdots {
			t.Fatalf("%+v", c)
		}
		for _, a := range c.Servers {
			if !a.IsValid() {
				t.Fatalf("%+v", c)
			}
		}
		if slices.Contains(c.Search, "") {
			t.Fatalf("%q", c.Search)
		}
	})
}

func FuzzProxyFor(f *testing.F) {
	f.Add("fabrikam.vault.azure.net", "http://p:3128", "")
	f.Add("fabrikam.vault.azure.net", "p", ".vault.azure.net")
	f.Add("a", "https://[::1]:9", "*,10.0.0.0/8,::1")
	f.Add(".", "http://%zz", ".,*.,[")
	f.Fuzz(func(t *testing.T, host, proxy, exempt string) {
		name, err := dnsname.Parse(host)
		if err != nil {
			return
		}
		env := map[string]string{"HTTPS_PROXY": proxy, "NO_PROXY": exempt}
		p := ProxyFor(name, func(k string) string { return env[k] })
		switch {
		case p.Direct() && (p.Port != "" || p.TLS):
			t.Fatalf("direct, with %+v", p)
		case !p.Direct() && ((p.Port == "") != (p.Fault != "") || p.Variable != "HTTPS_PROXY"):
			t.Fatalf("%+v", p)
		case proxy != "" && p.Direct() && !Exempt(name, exempt):
			t.Fatalf("%q was passed over", proxy)
		case strings.Contains(p.Setting, "@"):
			t.Fatalf("%q shows credentials", p.Server())
		case !p.Direct() && Exempt(name, exempt):
			t.Fatalf("%q is exempt by %q", name, exempt)
		}
	})
}

func TestAddressesAreNoNames(t *testing.T) {
	// An address parses as a name as well; it must not exempt one.
	if Exempt(dnsname.MustParse("a.10.1.2.3"), netip.MustParseAddr("10.1.2.3").String()) {
		t.Error("an address exempted a name")
	}
}
