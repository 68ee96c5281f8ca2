package lab

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/world"
)

// A signer signs the service's public zones, where a DNS server of the World
// validates, since such a server is of interest only where they are. Azure's own
// are not known to be signed, so a lab in which nobody validates has no signatures.
type signer struct {
	w     *world.World
	key   *dns.DNSKEY
	by    crypto.Signer
	zones []dnsname.Name
}

// validity is how long a signature holds, before and after it is made.
const validity = 24 * time.Hour

// newSigner returns nil for a World in which nobody validates.
func newSigner(w *world.World) *signer {
	validates := false
	for h := range w.Hosts() {
		validates = validates || h.DNS != nil && h.DNS.Validate
	}
	if !validates {
		return nil
	}
	key := &dns.DNSKEY{Flags: dns.ZONE | dns.SEP, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
	private, err := key.Generate(256)
	if err != nil {
		panic(err) // of the size: it is the algorithm's own
	}
	by := private.(crypto.Signer) //nolint:forcetypeassert // an ECDSA key
	return &signer{w, key, by, []dnsname.Name{w.Service().Suffix, w.Service().Core}}
}

// TrustAnchors are the keys of the zones that are signed, as a validator's file
// of trust anchors has them; "" where none is.
func (l *Lab) TrustAnchors() string {
	var b strings.Builder
	if s := l.signer(); s != nil {
		for _, zone := range s.zones {
			fmt.Fprintln(&b, s.dnskey(zone))
		}
	}
	return b.String()
}

func (s *signer) dnskey(zone dnsname.Name) *dns.DNSKEY {
	key := *s.key
	key.Hdr = header(zone.String(), dns.TypeDNSKEY, 3600)
	return &key
}

// zoneOf returns the signed zone that a name is in.
func (s *signer) zoneOf(name dnsname.Name) (zone dnsname.Name, ok bool) {
	if s == nil { // nobody validated at the start
		return zone, false
	}
	for _, zone := range s.zones {
		if name.Under(zone) {
			return zone, true
		}
	}
	return zone, false
}

// keys answers a question for the key of a signed zone.
func (s *signer) keys(m *dns.Msg) (*dns.Msg, bool) {
	if s == nil || len(m.Question) != 1 || m.Question[0].Qtype != dns.TypeDNSKEY {
		return nil, false
	}
	name, err := dnsname.Parse(m.Question[0].Name)
	zone, ok := s.zoneOf(name)
	if err != nil || !ok || zone != name {
		return nil, false
	}
	out := response(m, dns.RcodeSuccess)
	out.Answer = s.signed([]dns.RR{s.dnskey(zone)}, zone)
	return out, true
}

// sign adds to an answer the signatures that its asker wants: of what the public
// DNS says as well. Nobody has signed what a private zone says.
func (s *signer) sign(out *dns.Msg, q resolve.Question, r resolve.Reply) {
	if opt := out.IsEdns0(); s == nil || opt == nil || !opt.Do() {
		return
	}
	var answer []dns.RR
	for _, set := range sets(out.Answer) {
		owner, err := dnsname.Parse(set[0].Header().Name)
		zone, ok := s.zoneOf(owner)
		if err == nil && ok && s.proven(owner, q, set) {
			set = s.signed(set, zone)
		}
		answer = append(answer, set...)
	}
	out.Answer = answer
	if len(out.Ns) > 0 && !r.Private {
		s.deny(out, q, r)
	}
}

// authentic tells whether a server sets AD: it has validated all of the answer,
// and its asker knows the flag (RFC 6840, sections 5.7 and 5.8).
func (l *Lab) authentic(at resolve.Server, m *dns.Msg, q resolve.Question, r resolve.Reply) bool {
	h, ok := l.World().Host(at.ID)
	opt := m.IsEdns0()
	if !ok || h.DNS == nil || !h.DNS.Validate || q.CD || r.By == h.ID || !m.AuthenticatedData && (opt == nil || !opt.Do()) {
		return false
	}
	_, signed := l.signer().zoneOf(q.Name)
	for _, alias := range r.Chain {
		_, below := l.signer().zoneOf(alias.To)
		signed = signed && below
	}
	return signed && (r.Outcome == fact.OK || r.Outcome == fact.NoData || r.Outcome == fact.NXDomain)
}

// sets are the records by owner and type, as they stand one after the other.
func sets(all []dns.RR) (list [][]dns.RR) {
	for _, rr := range all {
		if n := len(list) - 1; n >= 0 && dns.IsRRset(append(slices.Clip(list[n]), rr)) {
			list[n] = append(list[n], rr)
			continue
		}
		list = append(list, []dns.RR{rr})
	}
	return list
}

// truth is what the public DNS has for a name.
func (s *signer) truth(name dnsname.Name, q resolve.Question) resolve.Reply {
	q.Name = name
	return resolve.Serve(s.w, resolve.Server{Kind: resolve.PublicServer, ID: world.Internet}, q, nil)
}

func (s *signer) proven(owner dnsname.Name, q resolve.Question, set []dns.RR) bool {
	truth := s.truth(owner, q)
	for _, rr := range set {
		if c, ok := rr.(*dns.CNAME); ok {
			to, err := dnsname.Parse(c.Target)
			return err == nil && len(truth.Chain) > 0 && truth.Chain[0].To == to
		}
		a, ok := addressOf(rr, q.Type)
		if !ok || len(truth.Chain) > 0 || !slices.Contains(truth.Addrs, a) {
			return false
		}
	}
	return true
}

// signed is a set of records with its signature.
func (s *signer) signed(set []dns.RR, zone dnsname.Name) []dns.RR {
	at := now()
	sig := &dns.RRSIG{
		Hdr:       header(set[0].Header().Name, dns.TypeRRSIG, set[0].Header().Ttl),
		Algorithm: s.key.Algorithm, KeyTag: s.dnskey(zone).KeyTag(), SignerName: zone.String(),
		Inception: uint32(at.Add(-validity).Unix()), Expiration: uint32(at.Add(validity).Unix()),
	}
	if err := sig.Sign(s.by, set); err != nil {
		panic(err) // of the set, which is this package's own
	}
	return append(set, sig)
}
