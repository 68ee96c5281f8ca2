// Package fact holds what was seen, or would be seen, of one client's request
// to one vault: the Journey, hop by hop, and the raw observations behind it.
package fact

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
)

// A Ref names what decided something: the lower-case ARM id of a resource,
// "host:NAME", "site:NAME" or "internet". It is "" where nobody can tell.
type Ref string

// A Stage is a place in a request's journey.
type Stage uint8

// The stages, in the order in which a request goes through them.
const (
	NoStage Stage = iota
	StageName
	StageProxy
	StageResolver
	StageAnswer
	StageConnect
	StageTLS
	StageExchange
	StageAccess
)

var stageNames = [...]string{"", "name", "proxy", "resolver", "answer", "connect", "tls", "exchange", "access"}

func (s Stage) String() string { return stageNames[s] }

// MarshalText writes the stage's name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Stage) UnmarshalText(b []byte) error {
	i := slices.Index(stageNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("%.40q is no stage of a request", b)
	}
	*s = Stage(i)
	return nil
}

// An Outcome says how one hop went. The zero Outcome, Unseen, means that
// nobody looked or that the request never got there.
type Outcome string

// Outcomes of every stage.
const (
	Unseen Outcome = ""
	OK     Outcome = "ok" // answered, connected, verified, admitted

	// Ways in which a network fails. One classifier, probe.Classify, makes them
	// out of an operating system's errors.
	Timeout     Outcome = "timeout"
	Refused     Outcome = "refused"     // TCP reset in answer to SYN, or ICMP port unreachable
	Reset       Outcome = "reset"       // an open connection was cut off
	Unreachable Outcome = "unreachable" // no route, ICMP unreachable
	Stalled     Outcome = "stalled"     // open, yet large packets vanish
	Malformed   Outcome = "malformed"   // what came is not what the protocol allows

	// Of an answer (RFC 1035, RFC 2308, RFC 4035).
	NXDomain  Outcome = "nxdomain"
	NoData    Outcome = "nodata"
	ServFail  Outcome = "servfail"
	DNSRefuse Outcome = "dns-refused" // RCODE 5
	Truncated Outcome = "truncated"   // TC set, and TCP/53 fails
	NoServer  Outcome = "no-server"   // the client has no DNS server configured

	// Of the name.
	PrivatelinkName Outcome = "privatelink-name" // <vault>.privatelink.… used as the URL
	OtherCloud      Outcome = "other-cloud"      // the suffix is another cloud's

	// Of a proxy: its answer to CONNECT.
	ProxyAuth      Outcome = "proxy-407"
	ProxyForbidden Outcome = "proxy-403"
	ProxyGateway   Outcome = "proxy-502"

	// Of a proxy's setting: it cannot be followed, such as one of a SOCKS proxy.
	ProxyUnusable Outcome = "proxy-unusable"

	// Of TLS.
	UntrustedIssuer Outcome = "untrusted-issuer"
	NameMismatch    Outcome = "name-mismatch"
	CertExpired     Outcome = "certificate-expired"
	TLSFailed       Outcome = "tls-failed"

	// Of the exchange and of access.
	NotKeyVault     Outcome = "not-key-vault"   // an answer without x-ms-keyvault-network-info
	NoInfo          Outcome = "no-network-info" // one with a status that whoever is on the way may give: 400, 408, 429, 5xx
	RefusedNetwork  Outcome = "refused-network"
	RefusedIdentity Outcome = "refused-identity"
)

// A Reason says why a predicted hop went as it did. Only a prediction has one:
// from the client, a dropped packet looks the same whoever dropped it.
type Reason string

// Reasons, by the stage that they explain.
const (
	NoReason Reason = ""

	// Resolver.
	FromHostsFile    Reason = "hosts-file"
	FromCache        Reason = "cache"
	AzureOutside     Reason = "azure-dns-from-outside" // 168.63.129.16 asked from outside Azure
	ServerNotReached Reason = "server-not-reached"
	ServerNotRead    Reason = "server-not-read" // what that DNS server does inside is not known

	// Answer.
	NoZoneLinked   Reason = "no-zone-linked"    // alias present, no private zone on the way
	NoRecord       Reason = "no-record"         // a linked zone holds no record
	FromZone       Reason = "private-zone"      // a linked zone's record
	FromWildcard   Reason = "wildcard-record"   // a linked zone's "*" record
	NotRegistered  Reason = "not-registered"    // public DNS knows no such name
	PublicRegistry Reason = "public-registry"   // the vault has no alias
	FallenBack     Reason = "nxdomain-redirect" // the link's resolutionPolicy asked public DNS
	RootsAsked     Reason = "public-fallback"   // a forwarder failed, and the server asked the public roots
	Looped         Reason = "forwarding-loop"
	Filtered       Reason = "filtered" // private addresses dropped
	Bogus          Reason = "bogus"    // DNSSEC validation

	// Connect.
	NoPath          Reason = "no-path"          // the networks are not connected at all
	PeeringState    Reason = "peering"          // a peering exists but does not carry it
	ByNSG           Reason = "nsg"              // a network security group denies
	ByRoute         Reason = "route"            // a route's next hop does not deliver
	ByFirewall      Reason = "firewall"         // a firewall or appliance drops it
	PacketTooLarge  Reason = "packet-too-large" // an appliance loses full-sized packets (RFC 2923)
	LostReply       Reason = "asymmetric"       // the reply bypasses the firewall that saw the request
	NobodyThere     Reason = "nobody-there"     // no machine has that address
	PortClosed      Reason = "port-closed"      // the machine does not listen there
	EndpointDead    Reason = "endpoint-dead"    // its connection is not approved, or not provisioned
	Intercepted     Reason = "intercepted"      // somebody on the way re-signs TLS
	OtherMachine    Reason = "other-machine"    // something that is no vault answers
	PathNotRead     Reason = "path-not-read"    // a part of the path is not known
	PlatformOutside Reason = "platform"         // the platform connects, not the customer's network

	// Access.
	ByAccessRules Reason = "vault-firewall"
	ByAccessOff   Reason = "public-access-disabled"
	ByPerimeter   Reason = "perimeter"
	WrongEndpoint Reason = "wrong-endpoint" // the endpoint is another vault's, or its connection is not effective
	WrongHost     Reason = "wrong-host"     // the Host header is not the vault's hostname
)

// An AddrClass says what kind of address an answer holds, by the ranges of RFC
// 1918, 4193 and 6598 alone. A configuration knows better; see World.
type AddrClass string

// Classes of addresses.
const (
	NoAddr      AddrClass = ""
	PrivateAddr AddrClass = "private"
	PublicAddr  AddrClass = "public"
	SpecialAddr AddrClass = "special" // loopback, link-local, multicast, unspecified
)

// A Journey is what happened, or would happen, to one request: comparable, so
// that equal journeys can be counted. By and Reason are known to predictions
// only; Observable drops them.
type Journey struct {
	Name     NameHop     `json:"name"`
	Proxy    ProxyHop    `json:"proxy"`
	Resolver ResolverHop `json:"resolver"`
	Answer   AnswerHop   `json:"answer"`
	Connect  ConnectHop  `json:"connect"`
	TLS      TLSHop      `json:"tls"`
	Exchange ExchangeHop `json:"exchange"`
	Access   AccessHop   `json:"access"`
}

// NameHop is the name that the client uses.
type NameHop struct {
	Outcome Outcome      `json:"outcome,omitempty"` // OK, PrivatelinkName, OtherCloud
	Host    dnsname.Name `json:"host"`
}

// ProxyHop is the explicit proxy, if one takes the request. Behind a proxy the
// hops Resolver and Answer stay Unseen: the proxy resolves the name itself.
type ProxyHop struct {
	Outcome Outcome `json:"outcome,omitempty"` // Unseen without a proxy; OK when CONNECT was answered 200; ProxyUnusable
	Server  string  `json:"server,omitempty"`  // host:port, as configured; the whole setting where it is unusable
	By      Ref     `json:"by,omitempty"`
	Reason  Reason  `json:"reason,omitempty"`
}

// Via says who told the client the address.
type Via string

// Ways to an address.
const (
	ViaNothing   Via = ""
	ViaDNS       Via = "dns"
	ViaHostsFile Via = "hosts-file"
	ViaCache     Via = "cache"
	ViaSearch    Via = "search-list" // DNS, under another name that the search list made
	ViaProgram   Via = "program"     // the resolver library said so, and nobody knows whence
)

// ResolverHop is who was asked.
type ResolverHop struct {
	Outcome Outcome      `json:"outcome,omitempty"` // OK, or why there is no answer
	Via     Via          `json:"via,omitempty"`
	Server  netip.Addr   `json:"server,omitzero"`
	Name    dnsname.Name `json:"name,omitzero"` // of ViaSearch: the name that was answered
	By      Ref          `json:"by,omitempty"`  // the VNet whose Azure DNS answered, or the host
	Reason  Reason       `json:"reason,omitempty"`
}

// AnswerHop is what was answered.
type AnswerHop struct {
	Outcome Outcome    `json:"outcome,omitempty"` // OK, NXDomain, NoData, ServFail, DNSRefuse, Truncated, Malformed
	Alias   bool       `json:"alias,omitempty"`   // the chain goes through the private zone's name
	Class   AddrClass  `json:"class,omitempty"`
	Addr    netip.Addr `json:"addr,omitzero"` // the address that the client goes on with
	By      Ref        `json:"by,omitempty"`  // the zone or record that decided
	Reason  Reason     `json:"reason,omitempty"`
}

// ConnectHop is the TCP connection to port 443 of the answer.
type ConnectHop struct {
	Outcome Outcome    `json:"outcome,omitempty"` // OK, Timeout, Refused, Unreachable, Reset
	Addr    netip.Addr `json:"addr,omitzero"`
	By      Ref        `json:"by,omitempty"` // what stops it, or the endpoint that it reaches
	Reason  Reason     `json:"reason,omitempty"`
}

// TLSHop is the handshake, verified against the vault's name.
type TLSHop struct {
	Outcome Outcome `json:"outcome,omitempty"`
	Issuer  string  `json:"issuer,omitempty"` // of a certificate that is not trusted
	By      Ref     `json:"by,omitempty"`
	Reason  Reason  `json:"reason,omitempty"`
}

// ExchangeHop is GET /healthstatus without a token, and what the service says
// of how the request came in.
type ExchangeHop struct {
	Outcome  Outcome          `json:"outcome,omitempty"` // OK, NotKeyVault, NoInfo, or a failure of the network
	Status   int              `json:"status,omitempty"`
	Conn     service.ConnType `json:"connType,omitempty"`
	Source   netip.Addr       `json:"source,omitzero"`    // the client as the vault saw it
	Endpoint Ref              `json:"endpoint,omitempty"` // the private endpoint that the service named
	Subnet   Ref              `json:"subnet,omitempty"`   // the subnet that the service named
	By       Ref              `json:"by,omitempty"`
	Reason   Reason           `json:"reason,omitempty"`
}

// AccessHop is what the vault says to a request that reads a secret. Without a
// token it is Unseen: a vault answers 401 whatever its firewall thinks.
type AccessHop struct {
	Outcome Outcome        `json:"outcome,omitempty"` // OK, RefusedNetwork, RefusedIdentity
	Denial  service.Denial `json:"denial,omitempty"`
	By      Ref            `json:"by,omitempty"`
	Reason  Reason         `json:"reason,omitempty"`
}

// Observable returns j as a client could see it: without the resources and
// reasons that decided.
func (j Journey) Observable() Journey {
	j.Proxy.By, j.Proxy.Reason = "", ""
	j.Resolver.By, j.Resolver.Reason = "", ""
	j.Answer.By, j.Answer.Reason = "", ""
	j.Connect.By, j.Connect.Reason = "", ""
	j.TLS.By, j.TLS.Reason = "", ""
	j.Exchange.By, j.Exchange.Reason = "", ""
	j.Access.By, j.Access.Reason = "", ""
	return j
}
