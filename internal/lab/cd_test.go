package lab

import (
	"testing"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/resolve"
	"pldoctor/internal/world"
)

// TestCheckingDisabledOnTheWire: the CD bit travels with a question, and its
// answer repeats it (RFC 4035, section 3.2.2).
func TestCheckingDisabledOnTheWire(t *testing.T) {
	for _, cd := range []bool{false, true} {
		q := resolve.Question{Name: dnsname.MustParse(vaultHost), Type: world.TypeA, CD: cd}
		m := query(7, q)
		got, rcode := questionOf(m)
		if m.CheckingDisabled != cd || got != q || rcode != dns.RcodeSuccess || response(m, rcode).CheckingDisabled != cd {
			t.Errorf("CD %v: sent %v, read %+v", cd, m.CheckingDisabled, got)
		}
	}
}
