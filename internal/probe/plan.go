package probe

import (
	"net/netip"
	"slices"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
)

// settleTime is how long a run waits for DNS before it goes on without: at its
// start, addresses wait so long for the program's lookup, so that the one in use
// is dialled once, by name; and a run whose path is proven waits so long for the
// configured servers that have not answered, since one that says something else
// is worth knowing. A healthy server answers within a tenth of it. A small
// budget makes it shorter.
const settleTime = time.Second

// How long one step may take.
const (
	questionTime = 5 * time.Second // the default of resolv.conf(5): what comes later, programs do not wait for
	connectTime  = 5 * time.Second
	tlsTime      = 5 * time.Second
	httpTime     = 5 * time.Second
	tunnelTime   = 12 * time.Second // a proxy resolves and connects, 5 s each, before it says that it cannot
)

// maxQuestions is what others may make a run ask: of the configured servers, of
// Azure DNS and of a public one; see Plan.questions.
const maxQuestions = (fact.MaxServers + 2) * 5

// publicDNS is Google Public DNS, developers.google.com/speed/public-dns.
var publicDNS = netip.AddrFrom4([4]byte{8, 8, 8, 8})

// A Question is one DNS question to one server.
type Question struct {
	Server netip.Addr
	Role   fact.ServerRole
	Name   dnsname.Name
	Type   string // "A" or "AAAA"
	Within time.Duration
	CD     bool // checking disabled
}

// An Attempt is one connection over which the vault is asked. It is comparable:
// attempts that are equal look the same on the wire.
type Attempt struct {
	Addr       netip.Addr   // where to; the zero Addr leaves that to the proxy
	Name       dnsname.Name // of the URL: in SNI, and what the certificate must cover
	HostHeader string
	Path       string
	Secrets    bool           // go on to what the vault says of its secrets
	Proxy      settings.Proxy // the zero Proxy means directly
	Audience   string         // of the token to present for that; "" for none
}

// A Server is a DNS server that is asked, and why.
type Server struct {
	Addr   netip.Addr
	Role   fact.ServerRole
	Scoped bool // asked for names of some domain only, like the vault's
}

// A Plan is what a run does, made before anything is done.
type Plan struct {
	Name      fact.NameHop
	Host      dnsname.Name // of the URL
	VaultHost dnsname.Name // the vault's proper hostname
	Alias     dnsname.Name // its name in the private DNS zone
	Other     dnsname.Name // a name that every DNS server should find, and not the service's
	Path      string
	Servers   []Server
	Questions []Question // of each server, in the order of Servers

	// Asked only where what was heard gives rise to them.
	Doubts    []Question // of servers that fail: with checking disabled, and for another name
	Searched  []Question // for the names that the search list makes
	FrontEnds []Question // for the public addresses of the vault's region

	Candidates []netip.Addr // tried from the start
	HostHeader string
	Audience   string

	Proxy            settings.Proxy
	Hosts            []fact.HostsLine // that concern the vault
	ResolversUnknown bool             // nobody has said which DNS servers are configured
	Scoped           bool             // names like the vault's go to the servers of a domain only
}

// MakePlan says which names are asked for and which addresses are tried; whom
// to ask for the names is for Asking to add. A vault whose name is no DNS label
// has no alias.
func MakePlan(t Target, o Options) Plan {
	vaultHost, _ := t.Service.Host(t.Vault)
	alias, _ := t.Service.Alias(t.Vault)
	p := Plan{
		Host: t.Host, VaultHost: vaultHost, Alias: alias, Other: t.Service.Cloud.Authority,
		Path: t.Path, HostHeader: o.HostHeader, Candidates: dialable(o.Candidates),
		ResolversUnknown: true,
	}
	if p.Host.IsZero() {
		p.Host = vaultHost
	}
	if p.Path == "" {
		p.Path = service.HealthPath
	}
	if o.Authenticate {
		p.Audience = t.Service.Audience
	}
	p.Name = fact.NameOf(t.Service, p.Host)
	return p
}

// Asking returns the plan with the questions to the servers that the host is
// configured to ask, to Azure DNS and, if wanted, to a public server.
func (p Plan) Asking(r env.Resolvers, public bool) Plan {
	p.ResolversUnknown = false
	p.Servers, p.Scoped = servers(r, p.Host, public), len(splitServers(r, p.Host)) > 0
	for _, s := range p.Servers {
		p.Questions = append(p.Questions, p.questions(s)...)
	}
	p.Doubts, p.Searched = p.doubts(), p.searched(r)
	return p
}

// servers lists whom to ask: the servers of the longest split domain above
// host, which programs ask in place of the others; the others; Azure DNS; a
// public one. Each stands once, in its first role.
func servers(r env.Resolvers, host dnsname.Name, public bool) []Server {
	var list []Server
	add := func(role fact.ServerRole, addrs ...netip.Addr) {
		for _, a := range addrs {
			a = a.Unmap()
			known := slices.ContainsFunc(list, func(s Server) bool { return s.Addr == a })
			if a.IsValid() && !known {
				list = append(list, Server{Addr: a, Role: role})
			}
		}
	}
	add(fact.RoleConfigured, splitServers(r, host)...)
	for i := range list {
		list[i].Scoped = true
	}
	add(fact.RoleConfigured, r.Servers...)
	list = list[:min(len(list), fact.MaxServers)]
	add(fact.RoleAzure, fact.AzureDNS)
	if public {
		add(fact.RolePublic, publicDNS)
	}
	return list
}

func splitServers(r env.Resolvers, host dnsname.Name) []netip.Addr {
	for domain := host; !domain.IsZero(); domain = domain.Parent() {
		for _, key := range []string{domain.String(), domain.Host()} {
			if addrs := r.Split[key]; len(addrs) > 0 {
				return addrs
			}
		}
	}
	return nil
}

// questions are those that one server is asked: for the addresses of the name
// in use and of the vault's hostname, which normally are one, and for that of
// the alias, which tells a server that forwards the wrong domain from one that
// forwards none.
func (p Plan) questions(s Server) []Question {
	within := questionTime
	if s.Role == fact.RoleAzure {
		within = fact.AzureDNSWait
	}
	var list []Question
	add := func(name dnsname.Name, kind string) {
		q := Question{Server: s.Addr, Role: s.Role, Name: name, Type: kind, Within: within}
		if !name.IsZero() && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	add(p.Host, typeA)
	add(p.Host, typeAAAA)
	add(p.VaultHost, typeA)
	add(p.VaultHost, typeAAAA)
	add(p.Alias, typeA)
	return list
}

// ByName is the request as a program makes it once it holds an address.
func (p Plan) ByName(a netip.Addr) Attempt { return p.asking(p.attempt(a, p.Host)) }

// ByAddress is the request to an address, verified against the vault's own
// hostname. It only asks who is there.
func (p Plan) ByAddress(a netip.Addr) Attempt { return p.attempt(a, p.VaultHost) }

// ByProxy is the request through the proxy, which resolves the name itself.
func (p Plan) ByProxy() Attempt {
	a := p.asking(p.attempt(netip.Addr{}, p.Host))
	a.Proxy = p.Proxy
	return a
}

func (p Plan) attempt(to netip.Addr, name dnsname.Name) Attempt {
	a := Attempt{Addr: to, Name: name, HostHeader: p.HostHeader, Path: p.Path}
	if a.HostHeader == "" {
		a.HostHeader = name.Host()
	}
	return a
}

// asking goes on from whom an attempt finds to what that one lets a caller do.
// It presents a token under the vault's own hostname alone: the name in the
// private zone, or one of another cloud, is nobody who is owed it.
func (p Plan) asking(a Attempt) Attempt {
	a.Secrets = true
	if a.Name == p.VaultHost {
		a.Audience = p.Audience
	}
	return a
}

// dialable leaves out what no vault can have, and what stands twice: a
// loopback, link-local, multicast, reserved or unspecified address is reported
// and never dialled.
func dialable(addrs []netip.Addr) []netip.Addr {
	var list []netip.Addr
	for _, a := range addrs {
		a = a.Unmap()
		if fact.Dialable(a) && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// first is the address that a program goes on with. Resolver libraries put the
// addresses in the order in which they are to be tried (RFC 6724).
func first(addrs []netip.Addr) netip.Addr {
	if len(addrs) == 0 {
		return netip.Addr{}
	}
	return addrs[0]
}
