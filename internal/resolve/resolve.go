// Package resolve says what a DNS server answers: one step of one server at a
// time, so that a driver can carry the questions between servers itself, in
// the mind (InMind) or on the wire.
package resolve

import (
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// A Question is what a server is asked.
type Question struct {
	Name dnsname.Name
	Type world.RecordType // TypeA or TypeAAAA; others get NODATA
	// CD disables checking: who validates passes on what it would reject, and
	// asks others with CD as well (RFC 4035, section 3.2.2).
	CD bool
}

// A ServerKind is the kind of a DNS server.
type ServerKind string

// Kinds of DNS servers.
const (
	NoServer       ServerKind = ""
	AzureServer    ServerKind = "azure-dns"        // 168.63.129.16, in the asker's VNet
	InboundServer  ServerKind = "resolver-inbound" // a Private Resolver's inbound endpoint
	FirewallServer ServerKind = "firewall-proxy"
	HostServer     ServerKind = "host"
	PublicServer   ServerKind = "public"
	UnreadServer   ServerKind = "unread" // something is there, and what it does is not known
)

// A Server is a DNS server as one asker finds it.
type Server struct {
	Kind   ServerKind
	ID     world.ID     // VNet of AzureServer; resolver; firewall; host; Internet of PublicServer
	Origin route.Origin // from where it asks others
}

// An Alias is a CNAME record of an answer: to where, and for how long.
type Alias struct {
	To  dnsname.Name
	TTL uint32 // seconds
}

// A Reply is what came of a question. Outcome is OK when an address came;
// NXDomain, NoData, ServFail, DNSRefuse when an answer without one did;
// Timeout, Refused, Unreachable when none did, Truncated when TC was set and
// TCP failed; Unseen when nobody can know, behind an UnreadServer.
//
// Its slices may be a World's own: they are only read.
type Reply struct {
	Outcome   fact.Outcome
	Chain     []Alias
	Addrs     []netip.Addr
	TTL       uint32        // seconds, of the addresses, or the negative TTL (RFC 2308)
	Truncated bool          // TC over UDP: ask again over TCP
	NoTCP     bool          // and TCP/53 is refused
	After     time.Duration // how long the server takes, or took; see Ask
	By        world.ID      // the zone that decided, or the server itself
	Reason    fact.Reason
	// Private says that the last name of the chain was answered out of a
	// private zone. It is for people: no server decides by it, since it does
	// not travel on the wire.
	Private bool
}

// Ask carries a question from a server to another, for at most within, and
// returns what came back, never anything but OK, NXDomain, NoData, ServFail,
// DNSRefuse, Timeout, Refused, Unreachable, Truncated or Unseen. Drivers supply
// it: predict by calling Serve again, the lab by sending a DNS message.
//
// After is the time that the caller still has to add: a driver that waited for
// the answer in truth leaves it zero.
type Ask func(to netip.Addr, q Question, within time.Duration) Reply
