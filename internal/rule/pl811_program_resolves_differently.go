package rule

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL811: DNS is right, and programs do not ask it.
var pl811 = &Rule{
	Code: "PL811", Slug: "program-resolves-differently", Severity: Error, Owner: OwnerClient, Stage: fact.StageResolver, Weight: 3,
	Title: "what programs get for the name differs from what the DNS servers say",
	Doc: Doc{
		Symptom: "`nslookup`, `host` and `dig` show the private address, and the application connects to another one.",
		Cause:   "Programs resolve names through the operating system, which may send names of a domain to servers of their own: a VPN client's split DNS, Windows' name resolution policy table, the scoped resolvers of macOS, systemd-resolved's routing domains, WSL's generated resolv.conf. Tools that speak DNS ask the configured servers and pass all of it by. Or the resolver library asks for another name: where the name has fewer dots than `ndots` (5 in pods), it first appends each domain of the search list, and a wildcard record in one of these answers.",
		Apart:   "With PL803 a line of the hosts file explains it, with PL812 a cache. Where neither the settings that pldoctor reads nor a server say whence the address comes, it may be a cache (PL812) as well as Windows' policy table, or Windows outside WSL: no probe inside can tell these apart, since the program gets the address in the same way. With PL504 the configured servers themselves disagree. With PL801 and PL101 the DNS servers themselves give the public address. With PL804 a proxy resolves the name. With PL808 the server for the domain is behind a peering that fails.",
		Fix:     "Whoever manages the machine or the VPN removes the rule for the domain, or points it at a server that sees the private zone. Where a search domain answers: set `ndots` to 1 (in a pod, `dnsConfig.options`), write the name with a final dot where the program takes it, or remove the wildcard record.",
		Verify: []string{
			"getent ahosts <vault>.vault.azure.net   # what programs get",
			"host <vault>.vault.azure.net   # what DNS says",
			"resolvectl status   # macOS: scutil --dns; Windows: Get-DnsClientNrptPolicy",
		},
		Article: "8, Diagnose hosts overriding or custom DNS servers at Virtual Machine",
		Errata:  "The article checks with nslookup and host only, which do not show what programs get.",
		Sources: []string{
			"https://www.freedesktop.org/software/systemd/man/latest/systemd-resolved.service.html",
			"https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2012-r2-and-2012/dn593632(v=ws.11)",
			"https://github.com/tailscale/tailscale/issues/14085",
			"https://man7.org/linux/man-pages/man5/resolv.conf.5.html",
			"https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		if c.Journey.Answer.Outcome == fact.Unseen {
			return Unknown("nobody looked what programs get")
		}
		if hop := c.Journey.Resolver; hop.Via == fact.ViaSearch && c.searchedFirst() && !c.rightAddress(c.Journey.Answer.Addr) {
			return Fail(fmt.Sprintf("programs get %s for %s, %s", c.Journey.Answer.Addr, c.Host.Host(), c.whence()), c.otherAnswers()...)
		}
		if s := c.Journey.Resolver.Server; c.scoped() && slices.Contains(world.PublicDNS, s) && !c.private(c.Journey.Answer) {
			return Fail(fmt.Sprintf("names like %s go to the public resolver %s, past the DNS servers that the machine asks for all else", c.Host.Host(), s), c.otherAnswers()...)
		}
		v, ok := c.contradicted()
		if !ok && !c.allHeard() {
			return Unknown("not every configured DNS server was heard")
		}
		if !ok {
			return Pass("programs get what the configured DNS servers say")
		}
		got := "nothing"
		if c.Journey.Answer.Addr.IsValid() {
			got = c.Journey.Answer.Addr.String()
		}
		return Fail(fmt.Sprintf("programs get %s for %s, %s; the configured DNS server %s gives %s",
			got, c.Host.Host(), c.whence(), c.serverName(v.Server), v.Host.Addr), append(c.said(), c.heard(v))...)
	},
	// Of an answer whose source the probe cannot read, as from Windows' name
	// resolution policy table or from outside WSL, there is no Break of its own: a
	// World holds what a machine is set to do, which a probe in it then reads. What
	// such an answer looks like, an address that no server gives and no setting
	// explains, is brought about with PL812, whose cache no probe reads either.
	Breaks: func(s Site) []Break {
		if slices.ContainsFunc(s.Client.Split, func(f world.Forward) bool { return s.hostname().Under(f.Domain) }) {
			return s.searchFirst() // names like the vault's have servers of their own already
		}
		scoped := change.SetSplit{Host: s.Client.ID, Domain: s.World.Service().Suffix, Servers: world.PublicDNS[:1]}
		return append([]Break{{scoped}}, s.searchFirst()...)
	},
	Mends: func(c *Case) []change.Change {
		if c.Client == nil {
			return nil
		}
		var mends []change.Change
		for _, f := range c.Client.Split {
			if c.Host.Under(f.Domain) {
				mends = append(mends, change.SetSplit{Host: c.Client.ID, Domain: f.Domain})
			}
		}
		if c.Journey.Resolver.Via == fact.ViaSearch {
			mends = append(mends, change.SetSearch{Host: c.Client.ID, Domains: c.Client.Search, Ndots: 1})
		}
		return mends
	},
}

// searchFirst puts a domain before the vault's name in which a server has an
// address for whatever is asked, as a wildcard record does.
func (s Site) searchFirst() []Break {
	const domain, ndots = "corp.example", 5
	if s.hostname().Dots() >= ndots {
		return nil
	}
	name, err := dnsname.Parse(s.hostname().String() + domain)
	if err != nil {
		return nil
	}
	breaks := s.spoilServer("answer all names below "+domain, func(good world.DNSRole) world.DNSRole {
		good.Records = maps.Clone(good.Records)
		if good.Records == nil {
			good.Records = map[dnsname.Name][]netip.Addr{}
		}
		good.Records[name] = []netip.Addr{s.nobody()}
		return good
	})
	for i := range breaks {
		breaks[i] = append(breaks[i], change.SetSearch{Host: s.Client.ID, Domains: append([]string{domain}, s.Client.Search...), Ndots: ndots})
	}
	return breaks
}

// whence says where the program's answer comes from.
func (c *Case) whence() string {
	switch hop := c.Journey.Resolver; {
	case hop.Via == fact.ViaSearch:
		domain, _ := strings.CutPrefix(hop.Name.Host(), c.Host.Host()+".")
		return fmt.Sprintf("which is the address of %s: the search list of the machine has %s, and names with so few dots are tried with it first", hop.Name.Host(), domain)
	case hop.Server.IsValid():
		return "from " + c.serverName(hop.Server) + ", which the machine asks for this domain only"
	}
	return "and no server, hosts file or proxy setting that was read says so"
}

// searchedFirst tells whether the machine tries names of its search list before
// the vault's name itself, and not only where that does not exist.
func (c *Case) searchedFirst() bool { return c.Seen != nil && c.Seen.SearchedFirst(c.Host) }

// Contradicted tells whether programs on the client get what none of its DNS
// servers says, and those know better.
func (c *Case) Contradicted() bool {
	_, ok := c.contradicted()
	return ok
}

// contradicted returns a server of the client's own settings that gives a
// private address where the program got none, or another one that leads nowhere:
// the program's answer came from a server that those settings do not name, from
// another name, or from nobody knows where.
func (c *Case) contradicted() (fact.ServerView, bool) {
	resolvers, hop, got := c.resolvers(), c.Journey.Resolver, c.Journey.Answer
	elsewhere := hop.Via == fact.ViaProgram || hop.Via == fact.ViaSearch
	scoped := hop.Server.IsValid() && !slices.Contains(resolvers, hop.Server)
	switch {
	case !elsewhere && !scoped, c.arrives(), c.IsEndpointAddress(got.Addr):
		return fact.ServerView{}, false
	case !elsewhere && c.private(got): // split DNS that does its work
		return fact.ServerView{}, false
	}
	views := c.configured()
	i := slices.IndexFunc(views, func(v fact.ServerView) bool {
		return slices.Contains(resolvers, v.Server) && c.private(v.Host) && v.Host.Addr != got.Addr
	})
	if i < 0 {
		return fact.ServerView{}, false
	}
	return views[i], true
}

// resolvers are the DNS servers that the client's own settings name for all
// domains.
func (c *Case) resolvers() []netip.Addr {
	if c.Seen != nil {
		return c.Seen.Client.Resolvers
	}
	if c.Predicted != nil {
		return c.Predicted.Client.Resolvers
	}
	return nil
}

// allHeard tells whether it is known what each configured DNS server says.
func (c *Case) allHeard() bool {
	servers := c.configured()
	return len(servers) > 0 && !slices.ContainsFunc(servers, func(v fact.ServerView) bool { return v.Reached == fact.Unseen })
}
