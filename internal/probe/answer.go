package probe

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// Types of questions, as fact.Lookup writes them.
const (
	typeA    = "A"
	typeAAAA = "AAAA"
)

// maxChain bounds how many aliases are followed. BIND gives up after 16 as well
// (max-query-restarts and its predecessors).
const maxChain = 16

var rcodes = map[int]failure{
	dns.RcodeNameError:     {fact.NXDomain, "NXDOMAIN"},
	dns.RcodeServerFailure: {fact.ServFail, "SERVFAIL"},
	dns.RcodeRefused:       {fact.DNSRefuse, "REFUSED"},
}

// errNotOurs is the error of a message that answers somebody else's question.
var errNotOurs = failure{fact.Malformed, "answers another question"}

// An answer is what a message says of a question, and no more than that.
type answer struct {
	chain     []dnsname.Name
	addrs     []netip.Addr
	ttl       uint32
	truncated bool
}

// parseAnswer reads an answer to q. The names of the chain are followed only
// through alias records of the answer itself; an address record counts only
// when it stands at the end of that chain, so that a server cannot slip in an
// address for another name. The error is a failure.
func parseAnswer(message []byte, id uint16, q Question) (answer, error) {
	var m dns.Msg
	if len(message) < 2 || uint16(message[0])<<8|uint16(message[1]) != id {
		return answer{}, errNotOurs
	}
	if err := m.Unpack(message); err != nil {
		return answer{}, failure{fact.Malformed, "a message that cannot be read"}
	}
	if !m.Response || m.Opcode != dns.OpcodeQuery || !echoes(m, q) {
		return answer{}, errNotOurs
	}
	if m.Truncated {
		return answer{truncated: true}, nil
	}
	a, err := follow(m.Answer, q)
	if err != nil {
		return answer{}, err
	}
	if m.Rcode != dns.RcodeSuccess {
		a.addrs, a.ttl = nil, negativeTTL(m.Ns)
		if f, known := rcodes[m.Rcode]; known {
			return a, f
		}
		return a, failure{fact.ServFail, "RCODE " + dns.RcodeToString[m.Rcode]}
	}
	if len(a.addrs) == 0 {
		a.ttl = negativeTTL(m.Ns)
		return a, failure{fact.NoData, "no " + q.Type + " record"}
	}
	return a, nil
}

// echoes tells whether the message repeats the question. A server that could
// not even read it answers an error without one.
func echoes(m dns.Msg, q Question) bool {
	if len(m.Question) == 0 {
		return m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError
	}
	asked := m.Question[0]
	name, err := dnsname.Parse(asked.Name)
	return len(m.Question) == 1 && err == nil && name == q.Name &&
		asked.Qtype == dns.StringToType[q.Type] && asked.Qclass == dns.ClassINET
}

// follow walks the alias records from the question to the addresses.
func follow(records []dns.RR, q Question) (answer, error) {
	a := answer{ttl: ^uint32(0)}
	at, seen := q.Name, []dnsname.Name{q.Name}
	for {
		next, ttl, found, err := aliasOf(records, at)
		if err != nil {
			return answer{}, err
		}
		if !found {
			break
		}
		if slices.Contains(seen, next) {
			return answer{}, failure{fact.Malformed, "the aliases run in a circle"}
		}
		if len(a.chain) == maxChain {
			return answer{}, failure{fact.Malformed, fmt.Sprintf("more than %d aliases", maxChain)}
		}
		at, seen = next, append(seen, next)
		a.chain, a.ttl = append(a.chain, next), min(a.ttl, ttl)
	}
	for _, rr := range records {
		addr, ok := addressOf(rr, at, q.Type)
		if ok && !slices.Contains(a.addrs, addr) {
			a.addrs, a.ttl = append(a.addrs, addr), min(a.ttl, rr.Header().Ttl)
		}
	}
	return a, nil
}

func aliasOf(records []dns.RR, owner dnsname.Name) (to dnsname.Name, ttl uint32, found bool, err error) {
	for _, rr := range records {
		cname, ok := rr.(*dns.CNAME)
		if !ok || !owns(rr, owner) {
			continue
		}
		if to, err = dnsname.Parse(cname.Target); err != nil {
			return dnsname.Name{}, 0, false, failure{fact.Malformed, "an alias for what is no host name"}
		}
		return to, cname.Hdr.Ttl, true, nil
	}
	return dnsname.Name{}, 0, false, nil
}

func addressOf(rr dns.RR, owner dnsname.Name, kind string) (netip.Addr, bool) {
	if !owns(rr, owner) {
		return netip.Addr{}, false
	}
	var ip []byte
	switch rr := rr.(type) {
	case *dns.A:
		if kind == typeA {
			ip = rr.A.To4()
		}
	case *dns.AAAA:
		if kind == typeAAAA {
			ip = rr.AAAA.To16()
		}
	}
	a, ok := netip.AddrFromSlice(ip)
	return a.Unmap(), ok
}

func owns(rr dns.RR, owner dnsname.Name) bool {
	name, err := dnsname.Parse(rr.Header().Name)
	return err == nil && name == owner && rr.Header().Class == dns.ClassINET
}

// negativeTTL is how long a denial may be kept (RFC 2308, section 5).
func negativeTTL(authority []dns.RR) uint32 {
	for _, rr := range authority {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(soa.Hdr.Ttl, soa.Minttl)
		}
	}
	return 0
}
