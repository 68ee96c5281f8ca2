package probe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// message packs an answer to "fabrikam.vault.azure.net. IN A".
func message(t testing.TB, edit func(*dns.Msg), lines ...string) []byte {
	t.Helper()
	var m dns.Msg
	m.SetQuestion(fabrikam.String(), dns.TypeA)
	m.Id, m.Response = 7, true
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	if edit != nil {
		edit(&m)
	}
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func chainOf(n int) []string {
	lines := []string{"fabrikam.vault.azure.net. 60 IN CNAME n1.example."}
	for i := range n - 1 {
		lines = append(lines, fmt.Sprintf("n%d.example. 60 IN CNAME n%d.example.", i+1, i+2))
	}
	return append(lines, fmt.Sprintf("n%d.example. 60 IN A 10.1.2.3", n))
}

func names(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("n%d.example", i+1))
	}
	return strings.Join(list, " ")
}

func TestParseAnswer(t *testing.T) {
	soa := func(m *dns.Msg) {
		rr, _ := dns.NewRR("privatelink.vaultcore.azure.net. 3600 IN SOA azureprivatedns.net. host. 1 3600 300 2419200 10")
		m.Ns = append(m.Ns, rr)
	}
	for _, tt := range []struct {
		name  string
		edit  func(*dns.Msg)
		lines []string
		want  string // outcome, chain, addresses, TTL
	}{
		{"private", nil, privateZone, "ok [fabrikam.privatelink.vaultcore.azure.net] [10.1.2.3] 10"},
		{"public", nil, publicZone, "ok [fabrikam.privatelink.vaultcore.azure.net data-prod-eus.vaultcore.azure.net] [52.168.109.101] 60"},
		{"in another order and case", nil, []string{
			"Fabrikam.PrivateLink.vaultcore.azure.net. 10 IN A 10.1.2.3",
			"FABRIKAM.vault.azure.net. 60 IN CNAME fabrikam.PRIVATELINK.vaultcore.azure.net.",
		}, "ok [fabrikam.privatelink.vaultcore.azure.net] [10.1.2.3] 10"},
		{"no data", soa, nil, "nodata [] [] 10"},
		{"alias without address", soa, privateZone[:1], "nodata [fabrikam.privatelink.vaultcore.azure.net] [] 10"},
		{"NXDOMAIN behind the alias", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; soa(m) }, privateZone[:1], "nxdomain [fabrikam.privatelink.vaultcore.azure.net] [] 10"},
		{"NXDOMAIN with an address", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }, privateZone, "nxdomain [fabrikam.privatelink.vaultcore.azure.net] [] 0"},
		{"SERVFAIL", func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure }, nil, "servfail [] [] 0"},
		{"REFUSED", func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }, nil, "dns-refused [] [] 0"},
		{"FORMERR without the question", func(m *dns.Msg) { m.Rcode = dns.RcodeFormatError; m.Question = nil }, nil, "servfail [] [] 0"},
		{"truncated", func(m *dns.Msg) { m.Truncated = true }, privateZone, "truncated"},

		{"address of another name", nil, []string{"contoso.vault.azure.net. 60 IN A 10.1.2.3"}, "nodata [] [] 0"},
		{"address off the chain", nil, append([]string{"fabrikam.privatelink.vaultcore.azure.net. 60 IN A 10.1.2.3"}, "fabrikam.vault.azure.net. 60 IN A 52.168.109.101"), "ok [] [52.168.109.101] 60"},
		{"address beside an alias", nil, append([]string{"fabrikam.vault.azure.net. 60 IN A 10.9.9.9"}, privateZone...), "ok [fabrikam.privatelink.vaultcore.azure.net] [10.1.2.3] 10"},
		{"address of another class", nil, []string{"fabrikam.vault.azure.net. 60 CH A 10.1.2.3"}, "nodata [] [] 0"},
		{"address of another kind", nil, []string{"fabrikam.vault.azure.net. 60 IN AAAA fd00::1"}, "nodata [] [] 0"},
		{"circle", nil, []string{privateZone[0], "fabrikam.privatelink.vaultcore.azure.net. 1 IN CNAME fabrikam.vault.azure.net."}, "malformed"},
		{"alias for itself", nil, []string{"fabrikam.vault.azure.net. 60 IN CNAME fabrikam.vault.azure.net."}, "malformed"},
		{"alias for no host name", nil, []string{`fabrikam.vault.azure.net. 60 IN CNAME a\032b.example.`}, "malformed"},
		{"as long as may be", nil, chainOf(maxChain), "ok [" + names(maxChain) + "] [10.1.2.3] 60"},
		{"too long", nil, chainOf(maxChain + 1), "malformed"},

		{"another id", func(m *dns.Msg) { m.Id = 8 }, privateZone, "not ours"},
		{"a question", func(m *dns.Msg) { m.Response = false }, privateZone, "not ours"},
		{"another question", func(m *dns.Msg) { m.Question[0].Name = "contoso.vault.azure.net." }, privateZone, "not ours"},
		{"another type", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }, privateZone, "not ours"},
		{"no question", func(m *dns.Msg) { m.Question = nil }, privateZone, "not ours"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := parseAnswer(message(t, tt.edit, tt.lines...), 7, Question{Name: fabrikam, Type: typeA})
			if got := describe(a, err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func describe(a answer, err error) string {
	outcome, _ := Classify(err)
	var chain []string
	for _, n := range a.chain {
		chain = append(chain, n.Host())
	}
	switch {
	case errors.Is(err, errNotOurs):
		return "not ours"
	case outcome == fact.Malformed:
		return "malformed"
	case a.truncated:
		return "truncated"
	}
	return fmt.Sprint(outcome, " ", chain, " ", a.addrs, " ", a.ttl)
}

// FuzzDNSAnswer holds the parser to this: it never panics, and an address that
// it accepts stands in the message under a name to which the message's own
// aliases lead.
func FuzzDNSAnswer(f *testing.F) {
	f.Add(message(f, nil, privateZone...))
	f.Add(message(f, nil, publicZone...))
	f.Add(message(f, nil, chainOf(maxChain+1)...))
	f.Add(message(f, nil, "contoso.vault.azure.net. 60 IN A 10.1.2.3", "fabrikam.vault.azure.net. 60 IN A 10.1.2.4"))
	f.Add(message(f, func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }, privateZone...))
	f.Add([]byte{0, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseAnswer(data, 7, Question{Name: fabrikam, Type: typeA})
		if err != nil {
			if outcome, _ := Classify(err); outcome == fact.OK || outcome == fact.Unseen || len(a.addrs) > 0 {
				t.Fatalf("error %v with outcome %q and %v", err, outcome, a.addrs)
			}
			return
		}
		if a.truncated {
			return
		}
		if len(a.addrs) == 0 || len(a.chain) > maxChain {
			t.Fatalf("accepted %+v", a)
		}
		reachable := reachable(t, data)
		for _, addr := range a.addrs {
			if !slices.Contains(reachable, addr.String()) {
				t.Fatalf("accepted %v, which is off the chain %v", addr, a.chain)
			}
		}
	})
}

// reachable walks all aliases of a message, whichever way they branch, and
// returns the addresses that they lead to.
func reachable(t *testing.T, data []byte) []string {
	var m dns.Msg
	if err := m.Unpack(data); err != nil {
		t.Fatal(err)
	}
	names := []dnsname.Name{fabrikam}
	var addrs []string
	for i := 0; i < len(names); i++ {
		for _, rr := range m.Answer {
			owner, err := dnsname.Parse(rr.Header().Name)
			if err != nil || owner != names[i] {
				continue
			}
			switch rr := rr.(type) {
			case *dns.A:
				addrs = append(addrs, rr.A.String())
			case *dns.CNAME:
				if to, err := dnsname.Parse(rr.Target); err == nil && !slices.Contains(names, to) {
					names = append(names, to)
				}
			}
		}
	}
	return addrs
}
