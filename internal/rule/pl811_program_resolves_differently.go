package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL811: DNS is right, and programs do not ask it.
var pl811 = &Rule{
	Code: "PL811", Slug: "program-resolves-differently", Severity: Error, Owner: OwnerClient, Stage: fact.StageResolver, Weight: 3,
	Title: "what programs get for the name differs from what the DNS servers say",
	Doc: Doc{
		Symptom: "`nslookup`, `host` and `dig` show the private address, and the application connects to another one.",
		Cause:   "Programs resolve names through the operating system, which may send names of a domain to servers of their own: a VPN client's split DNS, Windows' name resolution policy table, the scoped resolvers of macOS, systemd-resolved's routing domains, WSL's generated resolv.conf. Tools that speak DNS ask the configured servers and pass all of it by.",
		Apart:   "With PL803 a line of the hosts file explains it, with PL812 a cache. With PL504 the configured servers themselves disagree.",
		Fix:     "Whoever manages the machine or the VPN removes the rule for the domain, or points it at a server that sees the private zone.",
		Verify: []string{
			"getent ahosts <vault>.vault.azure.net   # what programs get",
			"host <vault>.vault.azure.net   # what DNS says",
			"resolvectl status; scutil --dns; Get-DnsClientNrptPolicy",
		},
		Article: "8, Diagnose hosts overriding or custom DNS servers at Virtual Machine",
		Errata:  "The article checks with nslookup and host only, which do not show what programs get.",
		Sources: []string{
			"https://www.freedesktop.org/software/systemd/man/latest/systemd-resolved.service.html",
			"https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2012-r2-and-2012/dn593632(v=ws.11)",
			"https://github.com/tailscale/tailscale/issues/14085",
		},
	},
	Eval: func(c Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		if c.Journey.Answer.Outcome == fact.Unseen {
			return Unknown("nobody looked what programs get")
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
		whence := "and no server, hosts file or proxy setting that was read says so"
		if s := c.Journey.Resolver.Server; s.IsValid() {
			whence = "from " + c.serverName(s) + ", which the machine asks for this domain only"
		}
		return Fail(fmt.Sprintf("programs get %s for %s, %s; the configured DNS server %s gives %s",
			got, c.Host.Host(), whence, c.serverName(v.Server), v.Host.Addr), append(c.said(), c.heard(v))...)
	},
	Breaks: func(s Site) []Break {
		return []Break{{change.SetSplit{Host: s.Client.ID, Domain: s.World.Service().Suffix, Servers: world.PublicDNS[:1]}}}
	},
	Mends: func(c Case) []change.Change {
		if c.Client == nil {
			return nil
		}
		var mends []change.Change
		for _, f := range c.Client.Split {
			if c.Host.Under(f.Domain) {
				mends = append(mends, change.SetSplit{Host: c.Client.ID, Domain: f.Domain})
			}
		}
		return mends
	},
}

// contradicted returns a server of the client's own settings that gives a
// private address where the program got none: the program's answer came from a
// server that those settings do not name, or from nobody knows where.
func (c Case) contradicted() (fact.ServerView, bool) {
	resolvers := c.resolvers()
	asked := c.Journey.Resolver.Server
	elsewhere := c.Journey.Resolver.Via == fact.ViaProgram || asked.IsValid() && !slices.Contains(resolvers, asked)
	if !elsewhere || c.private(c.Journey.Answer) {
		return fact.ServerView{}, false
	}
	views := c.configured()
	i := slices.IndexFunc(views, func(v fact.ServerView) bool {
		return slices.Contains(resolvers, v.Server) && c.private(v.Host)
	})
	if i < 0 {
		return fact.ServerView{}, false
	}
	return views[i], true
}

// resolvers are the DNS servers that the client's own settings name for all
// domains.
func (c Case) resolvers() []netip.Addr {
	if c.Seen != nil {
		return c.Seen.Client.Resolvers
	}
	if c.Predicted != nil {
		return c.Predicted.Client.Resolvers
	}
	return nil
}

// allHeard tells whether it is known what each configured DNS server says.
func (c Case) allHeard() bool {
	servers := c.configured()
	return len(servers) > 0 && !slices.ContainsFunc(servers, func(v fact.ServerView) bool { return v.Reached == fact.Unseen })
}
