package lab

import (
	"strings"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
)

// deny makes a negative answer one that is proven, where the public DNS denies the
// same: with the signed zone's SOA record, and NSEC records made on the spot that
// say of no more names than they must that they do not exist (RFC 4470).
func (s *signer) deny(out *dns.Msg, q resolve.Question, r resolve.Reply) {
	name := q.Name
	for _, alias := range r.Chain {
		name = alias.To
	}
	zone, ok := s.zoneOf(name)
	truth := s.truth(name, q)
	if !ok || truth.Outcome != r.Outcome || len(truth.Chain) > 0 {
		return
	}
	soa, isSOA := out.Ns[0].(*dns.SOA)
	if !isSOA {
		return
	}
	soa.Hdr.Name = zone.String()
	out.Ns = s.signed([]dns.RR{soa}, zone)
	proof := []*dns.NSEC{{NextDomain: `\000.` + name.String(), TypeBitMap: []uint16{dns.TypeA, dns.TypeRRSIG, dns.TypeNSEC}}}
	proof[0].Hdr.Name = name.String()
	if r.Outcome == fact.NXDomain {
		proof = []*dns.NSEC{around(nextCloser(name, zone)), around("*." + zone.String())}
	}
	for _, n := range proof {
		n.Hdr = header(n.Hdr.Name, dns.TypeNSEC, r.TTL)
		out.Ns = append(out.Ns, s.signed([]dns.RR{n}, zone)...)
	}
}

// nextCloser is the name right below a zone that a name is, or is in.
func nextCloser(name, zone dnsname.Name) string {
	for name.Parent() != zone && !name.Parent().IsZero() {
		name = name.Parent()
	}
	return name.String()
}

// around is a record that spans one name, all below it, and next to nothing else.
func around(name string) *dns.NSEC {
	label, rest, _ := strings.Cut(name, ".")
	n := &dns.NSEC{NextDomain: label + `\000.` + rest, TypeBitMap: []uint16{dns.TypeRRSIG, dns.TypeNSEC}}
	last := label[len(label)-1] - 1
	n.Hdr.Name = label[:len(label)-1] + escaped(last) + `\255.` + rest
	return n
}

func escaped(c byte) string {
	if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
		return string(c)
	}
	return `\` + string('0'+c/100) + string('0'+c/10%10) + string('0'+c%10)
}
