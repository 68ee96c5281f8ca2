package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/world"
)

// TestSigned: what the public DNS says is signed with the key that the lab hands
// out, what a private zone says is not, and nothing is where nobody validates.
func TestSigned(t *testing.T) {
	l := start(t, Options{}, server("validator", "10.1.0.53", world.DNSRole{Validate: true, Forward: forwardTo("168.63.129.16")}))
	defer l.Close()
	keys := make(map[string]*dns.DNSKEY)
	for line := range strings.Lines(l.TrustAnchors()) {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		keys[rr.Header().Name] = rr.(*dns.DNSKEY)
	}
	for _, tt := range []struct {
		server, name string
		qtype        uint16
		unsigned     []string // types of the records without a signature
		proofs       int      // NSEC records
	}{
		{"8.8.8.8", "vault.azure.net", dns.TypeDNSKEY, nil, 0},
		{"8.8.8.8", vaultHost, dns.TypeA, nil, 0},
		{"8.8.8.8", vaultHost, dns.TypeAAAA, nil, 1},
		{"8.8.8.8", "nobody.vault.azure.net", dns.TypeA, nil, 2},
		{"8.8.8.8", "a.b.vault.azure.net", dns.TypeA, nil, 2},
		{"168.63.129.16", vaultHost, dns.TypeA, []string{"A"}, 0},
		{"168.63.129.16", vaultHost, dns.TypeAAAA, []string{"SOA"}, 0},
		{"168.63.129.16", "fabrikam.privatelink.vaultcore.azure.net", dns.TypeDS, []string{"SOA"}, 0},
	} {
		t.Run(tt.server+"/"+tt.name+"/"+dns.TypeToString[tt.qtype], func(t *testing.T) {
			m := new(dns.Msg).SetQuestion(tt.name+".", tt.qtype).SetEdns0(4096, true)
			r := asked(t, l, tt.server, m)
			all := append(r.Answer, r.Ns...)
			signed, proofs := verified(t, keys, all)
			for _, rr := range all {
				if h := rr.Header(); h.Rrtype != dns.TypeRRSIG && !signed[h.Name+h.String()] && !slices.Contains(tt.unsigned, dns.TypeToString[h.Rrtype]) {
					t.Errorf("not signed: %s", rr)
				}
			}
			if proofs != tt.proofs {
				t.Errorf("%d NSEC records, want %d", proofs, tt.proofs)
			}
		})
	}
	m := asked(t, l, "8.8.8.8", new(dns.Msg).SetQuestion(vaultHost+".", dns.TypeA))
	if len(m.Answer) != 4 {
		t.Errorf("signatures that nobody asked for: %v", m.Answer)
	}
	plain := start(t, Options{})
	defer plain.Close()
	m = asked(t, plain, "8.8.8.8", new(dns.Msg).SetQuestion(vaultHost+".", dns.TypeA).SetEdns0(4096, true))
	if len(m.Answer) != 4 || plain.TrustAnchors() != "" {
		t.Errorf("signatures where nobody validates: %v", m.Answer)
	}
}

// verified are the records, by owner and header, whose signature holds.
func verified(t *testing.T, keys map[string]*dns.DNSKEY, all []dns.RR) (signed map[string]bool, proofs int) {
	t.Helper()
	signed = make(map[string]bool)
	for _, rr := range all {
		sig, ok := rr.(*dns.RRSIG)
		if !ok {
			continue
		}
		var set []dns.RR
		for _, of := range all {
			if h := of.Header(); h.Rrtype == sig.TypeCovered && h.Name == sig.Hdr.Name {
				set, signed[h.Name+h.String()] = append(set, of), true
			}
		}
		if err := sig.Verify(keys[sig.SignerName], set); err != nil || !sig.ValidityPeriod(time.Now()) {
			t.Errorf("%s: %v", sig, err)
		}
		if sig.TypeCovered == dns.TypeNSEC {
			proofs++
		}
	}
	return signed, proofs
}

// asked asks a server from the client's own network.
func asked(t *testing.T, l *Lab, server string, m *dns.Msg) *dns.Msg {
	t.Helper()
	from := "app"
	if server == "8.8.8.8" {
		from = "laptop"
	}
	c, err := on(t, l, from).Dial(t.Context(), "udp", server+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	conn := &dns.Conn{Conn: c, UDPSize: 4096}
	if err := conn.WriteMsg(m); err != nil {
		t.Fatal(err)
	}
	r, err := conn.ReadMsg()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
