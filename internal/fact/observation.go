package fact

import (
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
)

// An Observation is everything seen from one client, or everything that a
// prediction says would be seen: the journeys, and the raw facts under them.
type Observation struct {
	Client   Client    `json:"client"`
	Started  time.Time `json:"started,omitzero"`
	Complete bool      `json:"complete"` // false when the budget ran out, or side probes were cut

	Journey   Journey       `json:"journey"`   // the request as a program on the client makes it
	Direct    Journey       `json:"direct"`    // the same past the proxy; equal to Journey without one
	Servers   []ServerView  `json:"servers"`   // what each DNS server says
	Addresses []AddressView `json:"addresses"` // the request to each candidate address

	Lookups  []Lookup  `json:"lookups,omitempty"`  // raw, in the order of the plan
	Requests []Request `json:"requests,omitempty"` // raw, in the order of the plan
}

// A Client is what the client's machine says of itself.
type Client struct {
	Host        string       `json:"host"`
	Network     string       `json:"network,omitempty"` // VNet or site by name, where known
	Runs        string       `json:"runs"`              // one of settings.Runs
	Addresses   []netip.Addr `json:"addresses,omitempty"`
	Resolvers   []netip.Addr `json:"resolvers,omitempty"`
	Search      []string     `json:"search,omitempty"`
	Ndots       int          `json:"ndots,omitempty"`
	Uplinks     []netip.Addr `json:"uplinks,omitempty"` // whom a resolver on the machine itself asks in turn
	Split       []string     `json:"split,omitempty"`   // domains with servers of their own
	Scoped      []Scope      `json:"scoped,omitempty"`  // the same with their servers, the longest domain first
	HostsFile   []HostsLine  `json:"hostsFile,omitempty"`
	HostsPath   string       `json:"hostsPath,omitempty"`
	Proxy       string       `json:"proxy,omitempty"`       // host:port, without credentials
	ProxySource string       `json:"proxySource,omitempty"` // the variable that named it or exempted the vault
	ProxyFault  string       `json:"proxyFault,omitempty"`  // why its setting cannot be followed
	HostHeader  string       `json:"hostHeader,omitempty"`  // sent in place of the vault's hostname

	// OpenSeen says that the machine's connections were looked at before the
	// probe opened its own, and that enough is known to tell which of them lead
	// to the vault's front ends; Open are those.
	OpenSeen bool         `json:"openSeen,omitempty"`
	Open     []netip.Addr `json:"open,omitempty"`
}

// A Scope is a domain for whose names a machine asks servers of their own: split
// DNS of a VPN, a name resolution policy table, scoped resolvers.
type Scope struct {
	Domain  dnsname.Name `json:"domain"`
	Servers []netip.Addr `json:"servers"`
}

// A HostsLine is a line of the hosts file that concerns the vault.
type HostsLine struct {
	Name dnsname.Name `json:"name"`
	Addr netip.Addr   `json:"addr"`
	Line int          `json:"line"`
}

// A ServerRole says why a DNS server was asked.
type ServerRole string

// Roles.
const (
	RoleConfigured ServerRole = "configured"
	RoleAzure      ServerRole = "azure-dns"
	RolePublic     ServerRole = "public"
)

// SlowAnswer is what an answer takes when a forwarder waited for another server
// in vain: healthy ones are far quicker, and forwarders wait longer.
const SlowAnswer = 2 * time.Second

// AzureDNSWait is how long a probe waits for Azure DNS where the client is not
// configured to ask it: it answers within milliseconds in a VNet, and never
// outside.
const AzureDNSWait = 2 * time.Second

// A ServerView is what one DNS server says: of the vault's hostname, and of
// its name in the private zone, which tells a server that forwards the wrong
// domain from one that forwards none.
type ServerView struct {
	Server  netip.Addr `json:"server"`
	Role    ServerRole `json:"role"`
	Reached Outcome    `json:"reached,omitempty"` // OK, or why there is no answer
	Slow    bool       `json:"slow,omitempty"`    // the answer took SlowAnswer or longer
	Host    AnswerHop  `json:"host"`
	Alias   AnswerHop  `json:"alias"`
	// Unchecked is what a configured server that fails on the hostname says of
	// it with checking disabled (RFC 4035, section 3.2.2): an answer shows that
	// it rejected what it heard. Only IPv4 is asked for.
	Unchecked AnswerHop `json:"unchecked,omitzero"`
	// Others is what came of the same server's answer for a name that is not the
	// service's, its cloud's service.Cloud.Authority, where it fails on the
	// hostname or refuses it. Only IPv4 is asked for.
	Others Outcome `json:"others,omitempty"`
}

// ServesOthers tells whether a server that fails on the hostname has an answer
// for another name, be it that there is none such.
func (v ServerView) ServesOthers() bool { return v.Others.Answered() && !v.Others.Failure() }

// FailsForAll tells whether a server that fails on the hostname has none for
// another name either. One that refuses that name alone may be there for some
// domains and no others, as those of split DNS are.
func (v ServerView) FailsForAll() bool {
	if v.Others == DNSRefuse {
		return v.Host.Outcome == DNSRefuse
	}
	return v.Others != Unseen && !v.ServesOthers()
}

// An AddressView is the request to one address, whatever DNS says.
type AddressView struct {
	Addr     netip.Addr  `json:"addr"`
	Connect  ConnectHop  `json:"connect"`
	TLS      TLSHop      `json:"tls"`
	Exchange ExchangeHop `json:"exchange"`
}

// A Lookup is one question and what came of it, filled in also on failure.
type Lookup struct {
	Server    netip.Addr     `json:"server,omitzero"` // none: the program's own lookup
	Question  dnsname.Name   `json:"question"`
	Type      string         `json:"type"` // A or AAAA; "" for the program's lookup
	CD        bool           `json:"checkingDisabled,omitempty"`
	Outcome   Outcome        `json:"outcome"`
	Error     string         `json:"error,omitempty"`
	Chain     []dnsname.Name `json:"chain,omitempty"` // the names after the question, in order
	Addrs     []netip.Addr   `json:"addrs,omitempty"`
	TTL       uint32         `json:"ttl,omitempty"`       // seconds, the smallest of the answer
	Transport string         `json:"transport,omitempty"` // udp, tcp; of the program's lookup: env.ByGetent and its kin
	Took      time.Duration  `json:"tookNs,omitempty"`
}

// A Request is one HTTPS request and what came of it, filled in as far as it
// got.
type Request struct {
	Addr      netip.Addr          `json:"addr,omitzero"`
	Proxy     string              `json:"proxy,omitempty"`
	Method    string              `json:"method"`
	Path      string              `json:"path"`
	Token     bool                `json:"token,omitempty"` // a token was presented
	Stage     Stage               `json:"stage"`           // how far it got
	Outcome   Outcome             `json:"outcome"`
	Error     string              `json:"error,omitempty"`
	Issuer    string              `json:"issuer,omitempty"` // of the certificate that came, trusted or not
	Status    int                 `json:"status,omitempty"`
	Info      service.NetworkInfo `json:"networkInfo,omitzero"`
	RequestID string              `json:"requestId,omitempty"`
	Region    string              `json:"region,omitempty"`
	Version   string              `json:"version,omitempty"`
	Denial    service.Denial      `json:"denial,omitempty"`
	Body      string              `json:"body,omitempty"` // the start of an error body, as evidence
	Took      Phases              `json:"took"`
}

// Phases are the times that the parts of a request took.
type Phases struct {
	Connect time.Duration `json:"connectNs,omitempty"`
	TLS     time.Duration `json:"tlsNs,omitempty"`
	HTTP    time.Duration `json:"httpNs,omitempty"`
}

// ServerAs returns the view of the first server with that role.
func (o *Observation) ServerAs(role ServerRole) (ServerView, bool) {
	for i := range o.Servers {
		if o.Servers[i].Role == role {
			return o.Servers[i], true
		}
	}
	return ServerView{}, false
}

// SearchedFirst tells whether the client tries a name with the domains of its
// search list before it tries the name itself: where it has fewer dots than the
// resolver's ndots asks for, 1 by default (resolv.conf(5)).
func (o *Observation) SearchedFirst(name dnsname.Name) bool {
	return len(o.Client.Search) > 0 && name.Dots() < max(o.Client.Ndots, 1)
}

// At returns the view of an address.
func (o *Observation) At(a netip.Addr) (AddressView, bool) {
	for i := range o.Addresses {
		if o.Addresses[i].Addr == a {
			return o.Addresses[i], true
		}
	}
	return AddressView{}, false
}
