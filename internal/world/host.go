package world

import (
	"net/netip"
	"strings"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
)

// Runs says on what a host's programs run.
type Runs = settings.Runs

// What programs of a World run on.
const (
	OnVM         = settings.RunsVM
	OnContainer  = settings.RunsContainer
	OnAKS        = settings.RunsAKS
	OnAppService = settings.RunsAppService
	OnFunction   = settings.RunsFunction
	OnCloudShell = settings.RunsCloudShell
	OnManaged    = settings.RunsManaged
	OnAppGateway = settings.RunsAppGateway
)

// An Identity says what a token of a host may do.
type Identity string

// Identities. A reader of secrets and an administrator read the configuration
// as well.
const (
	NoIdentity      Identity = "none"
	InvalidIdentity Identity = "invalid"
	NoRole          Identity = "no-role"
	Reader          Identity = "reader"        // of secrets
	Administrator   Identity = "administrator" // of secrets, keys and certificates
)

// A Host is a machine: ARM does not know what runs inside one.
type Host struct {
	Meta
	Network       ID // a VNet, a gateway's address pool, a site, or Internet
	Subnet        ID // of a VNet
	Address       netip.Addr
	Addresses     []netip.Addr // more of them
	PublicAddress netip.Addr   // what the internet sees; a default per network otherwise
	Runs          Runs
	Behind        ID   // a pod: leaves with that host's address
	Integrated    Tri  // App Service: connected to a VNet
	RouteAll      bool // App Service: all outbound traffic through the VNet
	Wants         Wants
	Identity      Identity

	Nameservers []netip.Addr // empty: what the network hands out
	Split       []Forward    // longest domain first
	Search      []string
	Ndots       int // 0 means the default, 1
	HostsFile   string
	Hosts       []settings.HostsEntry // parsed from HostsFile
	Environ     map[string]string
	HostHeader  string       // sent instead of the vault's hostname
	Open        []netip.Addr // connections kept alive since before
	Cached      map[dnsname.Name]CachedAnswer

	DNS     *DNSRole
	Proxy   *ProxyRole
	Forward *ForwardRole
	// DNSUnread says that the host serves DNS, and that what it does inside is
	// not known; DNS is then passed over.
	DNSUnread bool
	// ProxyUnread says the same of an explicit proxy.
	ProxyUnread bool
}

// A CachedAnswer is an old answer that a host still holds.
type CachedAnswer struct {
	Addr netip.Addr
	TTL  time.Duration // what is left of it
}

// Wants says which path counts as right.
type Wants string

// What a client may want.
const (
	WantPrivate Wants = "private"
	WantAny     Wants = "any"
)

// A ProxyRole is what a host that is an explicit HTTP proxy does.
type ProxyRole struct {
	Port         uint16
	InterceptTLS bool
	Issuer       string // distinguished name of the authority that re-signs
	Trusted      bool   // clients of the lab trust that authority
	Answers      int    // to CONNECT: 200, 407, 403, 502
	RewriteHost  string // put into the Host header
	BlockPage    bool   // answers what it intercepts itself: 403, and a page that says that it is blocked
}

// A ForwardRole is what a host does that forwards packets (an appliance).
type ForwardRole struct {
	SNAT         bool
	Blocks       []netip.Prefix // destinations that it drops
	InterceptTLS bool
	Issuer       string
	Stalls       bool // passes small packets and loses full-sized ones (RFC 2923)
}

// HasRole tells whether the host is a server of some kind, and so no client.
func (h *Host) HasRole() bool {
	return h.DNS != nil || h.Proxy != nil || h.Forward != nil || h.DNSUnread || h.ProxyUnread
}

// Getenv reads the host's environment.
func (h *Host) Getenv(key string) string { return h.Environ[key] }

// A Gap is a part of Azure that was not read.
type Gap struct {
	Type string // a resource type, lower case; "" for all
	Near ID     // at or below this id; "" for everywhere
	Why  string // "403: lacks Microsoft.Network/privateDnsZones/read"

	// Unknowable says that Azure does not hold it: no permission closes the gap.
	Unknowable bool
}

// Of tells whether the gap is one of resources of a type, given in lower case,
// or of their children.
func (g Gap) Of(resourceType string) bool {
	child, same := strings.CutPrefix(g.Type, resourceType)
	return g.Type == "" || same && (child == "" || child[0] == '/')
}
