package world

import (
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
)

// A Zone is a Microsoft.Network/privateDnsZones.
type Zone struct {
	Meta
	Domain  dnsname.Name
	Links   []Link
	Records []Record // a World holds them sorted by label, compared without case, then type
	labels  *labels  // of a zone with many records; see labelled
}

// A Link is a virtual network link of a private DNS zone.
type Link struct {
	Meta
	VNet         ID
	VNetPath     string
	Registration bool
	Redirect     bool // resolutionPolicy NxDomainRedirect
	InProgress   bool // virtualNetworkLinkState InProgress
}

// A RecordType is the type of a record set.
type RecordType string

// Types of record sets that matter to a hostname.
const (
	TypeA     RecordType = "A"
	TypeAAAA  RecordType = "AAAA"
	TypeCNAME RecordType = "CNAME"
)

// A Record is a record set of a private DNS zone.
type Record struct {
	Meta
	Label   string // relative to the zone: "fabrikam", "*", "@"
	Type    RecordType
	TTL     uint32 // seconds
	Addrs   []netip.Addr
	Alias   dnsname.Name // of a CNAME
	Auto    bool         // written by auto-registration
	Creator string       // metadata "creator": names the endpoint that wrote it
}

// A Resolver is a Microsoft.Network/dnsResolvers.
type Resolver struct {
	Meta
	VNet    ID
	Inbound []netip.Addr
	// Outbound endpoints by id; a ruleset names them.
	Outbound []ID
}

// A Ruleset is a Microsoft.Network/dnsForwardingRulesets.
type Ruleset struct {
	Meta
	Outbound []ID
	VNets    []ID // linked
	Rules    []ForwardingRule
}

// A ForwardingRule sends questions below a domain to other servers.
type ForwardingRule struct {
	Meta
	Domain  dnsname.Name
	Targets []netip.AddrPort
	Enabled bool
}

// A DNSRole is what a host that is a DNS server does.
type DNSRole struct {
	Forward         []Forward // longest domain first
	Records         map[dnsname.Name][]netip.Addr
	FilterPrivate   bool          // drops private addresses (rebinding protection)
	FilterWhole     bool          // and with one the whole answer, as dnsmasq does and unbound does not
	Validate        bool          // DNSSEC: an unsigned answer below a signed parent is bogus
	Delay           time.Duration // before each answer
	UpstreamTimeout time.Duration // zero: DefaultUpstreamTimeout
	Fallback        bool          // after the time-out goes to the public roots
	Cache           time.Duration // keeps what it heard, at most
	Chases          bool          // asks again for each alias by its own rules
	Truncates       bool          // sets TC over UDP
	NoTCP           bool          // refuses TCP/53
}

// DefaultUpstreamTimeout is how long a DNS server waits for another.
const DefaultUpstreamTimeout = 5 * time.Second

// A Forward sends questions below a domain to other servers, in order.
type Forward struct {
	Domain dnsname.Name
	To     []netip.Addr
}
