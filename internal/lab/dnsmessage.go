package lab

import (
	"net/netip"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/world"
)

// privateMaster is the primary name server in the SOA record of every private
// DNS zone, as dig shows it.
const privateMaster = "azureprivatedns.net."

// udpSize is the payload that the servers of a lab offer and ask for over UDP:
// the size of the DNS Flag Day 2020.
const udpSize = 1232

// rcodes are the outcomes that a message can tell.
var rcodes = map[fact.Outcome]int{
	fact.OK:        dns.RcodeSuccess,
	fact.NoData:    dns.RcodeSuccess,
	fact.Truncated: dns.RcodeSuccess,
	fact.NXDomain:  dns.RcodeNameError,
	fact.ServFail:  dns.RcodeServerFailure,
	fact.DNSRefuse: dns.RcodeRefused,
}

// query makes the message with which one machine asks another.
func query(id uint16, q resolve.Question) *dns.Msg {
	m := &dns.Msg{MsgHdr: dns.MsgHdr{Id: id, RecursionDesired: true, CheckingDisabled: q.CD}}
	m.Question = []dns.Question{{Name: q.Name.String(), Qtype: dns.StringToType[string(q.Type)], Qclass: dns.ClassINET}}
	return m.SetEdns0(udpSize, false)
}

// questionOf reads what a message asks. When a server cannot even begin with
// it, rcode says so.
func questionOf(m *dns.Msg) (q resolve.Question, rcode int) {
	switch opt := m.IsEdns0(); {
	case m.Opcode != dns.OpcodeQuery:
		return q, dns.RcodeNotImplemented
	case len(m.Question) != 1:
		return q, dns.RcodeFormatError
	case opt != nil && opt.Version() != 0:
		return q, dns.RcodeBadVers
	case m.Question[0].Qclass != dns.ClassINET:
		return q, dns.RcodeRefused
	}
	name, err := dnsname.Parse(m.Question[0].Name)
	if err != nil { // well-formed for DNS, yet nothing that anybody registers
		return q, dns.RcodeNameError
	}
	kind := world.RecordType(dns.Type(m.Question[0].Qtype).String())
	return resolve.Question{Name: name, Type: kind, CD: m.CheckingDisabled}, dns.RcodeSuccess
}

// response starts the answer to m with what every answer has.
func response(m *dns.Msg, rcode int) *dns.Msg {
	r := new(dns.Msg)
	r.SetRcode(m, rcode)
	r.RecursionAvailable, r.Compress = true, true
	if opt := m.IsEdns0(); opt != nil {
		r.SetEdns0(udpSize, opt.Do())
	}
	return r
}

// message puts a reply on the wire. Its owner names repeat the question as it
// was written.
func (l *Lab) message(m *dns.Msg, q resolve.Question, r resolve.Reply) *dns.Msg {
	rcode, known := rcodes[r.Outcome]
	if !known {
		rcode = dns.RcodeServerFailure
	}
	out := response(m, rcode)
	if out.Truncated = r.Truncated; r.Truncated || rcode == dns.RcodeServerFailure || rcode == dns.RcodeRefused {
		return out
	}
	name, owner := q.Name, m.Question[0].Name
	for _, alias := range r.Chain {
		out.Answer = append(out.Answer, &dns.CNAME{Hdr: header(owner, dns.TypeCNAME, alias.TTL), Target: alias.To.String()})
		name, owner = alias.To, alias.To.String()
		if m.Question[0].Qtype == dns.TypeCNAME {
			out.Rcode = dns.RcodeSuccess
			return out
		}
	}
	for _, a := range r.Addrs {
		out.Answer = append(out.Answer, address(owner, a, r.TTL))
	}
	if len(r.Addrs) == 0 && r.Reason != fact.Filtered {
		out.Ns = []dns.RR{l.authority(name, r)}
	}
	return out
}

func header(owner string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

func address(owner string, a netip.Addr, ttl uint32) dns.RR {
	if a.Is4() {
		return &dns.A{Hdr: header(owner, dns.TypeA, ttl), A: a.AsSlice()}
	}
	return &dns.AAAA{Hdr: header(owner, dns.TypeAAAA, ttl), AAAA: a.AsSlice()}
}

// authority makes the SOA record that goes with a negative answer (RFC 2308).
// That of a private DNS zone is as Azure fills it in.
func (l *Lab) authority(name dnsname.Name, r resolve.Reply) *dns.SOA {
	zone, private := l.privateZone(name, r)
	soa := &dns.SOA{
		Hdr: header(zone.String(), dns.TypeSOA, 3600),
		Ns:  "ns1-01.azure-dns.com.", Mbox: "azuredns-hostmaster.microsoft.com.",
		Serial: 1, Refresh: 3600, Retry: 300, Expire: 2419200, Minttl: 300,
	}
	if private {
		soa.Ns, soa.Mbox, soa.Minttl = privateMaster, "azureprivatedns-host.microsoft.com.", 10
	}
	if r.TTL > 0 {
		soa.Minttl = r.TTL
	}
	return soa
}

// privateZone finds the private DNS zone that denies a name; for a public
// answer it returns the name's parent. What came over the wire does not name
// the resource.
func (l *Lab) privateZone(name dnsname.Name, r resolve.Reply) (zone dnsname.Name, private bool) {
	if z, ok := l.World().Zone(r.By); ok {
		return z.Domain, true
	}
	for zone := name; r.Private && !zone.IsZero(); zone = zone.Parent() {
		for range l.World().ZonesNamed(zone) {
			return zone, true
		}
	}
	if name == dnsname.Root {
		return name, false
	}
	return name.Parent(), false
}

// replyOf reads an answer to q off the wire. Who decided it, and why, is not
// on the wire.
func replyOf(m *dns.Msg, q resolve.Question) resolve.Reply {
	r := resolve.Reply{Truncated: m.Truncated}
	switch m.Rcode {
	case dns.RcodeSuccess:
		r.Outcome = fact.NoData
	case dns.RcodeNameError:
		r.Outcome = fact.NXDomain
	case dns.RcodeRefused:
		r.Outcome = fact.DNSRefuse
	default:
		r.Outcome = fact.ServFail
		return r
	}
	owner := q.Name
	for next, ok := aliasOf(m, owner); ok && len(r.Chain) < len(m.Answer); next, ok = aliasOf(m, owner) {
		r.Chain, owner = append(r.Chain, next), next.To
	}
	for _, rr := range m.Answer {
		if a, ok := addressOf(rr, q.Type); ok && owned(rr, owner) {
			r.Outcome, r.Addrs, r.TTL = fact.OK, append(r.Addrs, a), rr.Header().Ttl
		}
	}
	if r.Outcome != fact.OK {
		r.TTL, r.Private = negative(m)
	}
	return r
}

func owned(rr dns.RR, owner dnsname.Name) bool {
	n, err := dnsname.Parse(rr.Header().Name)
	return err == nil && n == owner
}

func aliasOf(m *dns.Msg, owner dnsname.Name) (resolve.Alias, bool) {
	for _, rr := range m.Answer {
		if c, ok := rr.(*dns.CNAME); ok && owned(rr, owner) {
			to, err := dnsname.Parse(c.Target)
			return resolve.Alias{To: to, TTL: c.Hdr.Ttl}, err == nil
		}
	}
	return resolve.Alias{}, false
}

func addressOf(rr dns.RR, want world.RecordType) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		a, ok := netip.AddrFromSlice(rr.A.To4())
		return a, ok && want == world.TypeA
	case *dns.AAAA:
		a, ok := netip.AddrFromSlice(rr.AAAA)
		return a, ok && want == world.TypeAAAA
	}
	return netip.Addr{}, false
}

// negative reads the SOA record that goes with a negative answer: its TTL, and
// whether it is a private DNS zone's.
func negative(m *dns.Msg) (ttl uint32, private bool) {
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(soa.Hdr.Ttl, soa.Minttl), soa.Ns == privateMaster
		}
	}
	return 0, false
}
