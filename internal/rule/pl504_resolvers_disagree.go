package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL504: it depends on whom one asks.
var pl504 = &Rule{
	Code: "PL504", Slug: "resolvers-disagree", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 5, Symptom: true,
	Title: "the configured DNS servers answer differently",
	Doc: Doc{
		Symptom: "The name resolves to the private address at one time and to the public one at another; a restart seems to help.",
		Cause:   "The client has several DNS servers that do not say the same: one sees the private zone, and another, often a public resolver that was added \"to be safe\", does not. Which one a program gets depends on order, load and time-outs.",
		Apart:   "With PL810 one server answers differently from one time to the next. With PL811 the servers agree, and programs differ from them. With PL505 one does not answer at all.",
		Fix:     "Whoever configures the machine, the VNet or the DHCP server leaves only servers that see the private zone. A second server has to be as good as the first: it is asked when the first is silent, never when the first was wrong.",
		Verify: []string{
			"for s in $(awk '/^nameserver/ {print $2}' /etc/resolv.conf); do host <vault>.vault.azure.net $s; done   # each says something else",
		},
		Article: "8, Diagnose custom DNS servers at Virtual Network",
		Errata:  "The article says that intermittent failures are rarely a matter of configuration. Servers that disagree are just that.",
		Sources: []string{
			"https://learn.microsoft.com/azure/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances",
			"https://man7.org/linux/man-pages/man5/resolv.conf.5.html",
		},
	},
	Eval: func(c *Case) Result {
		if c.proxied() {
			return NotApplicable("the proxy resolves the name, not this client")
		}
		views := c.configured()
		switch {
		case len(views) == 0:
			return Unknown("nobody asked the configured DNS servers")
		case len(views) == 1:
			return NotApplicable("only one DNS server is configured")
		case c.scoped():
			return NotApplicable("the client asks DNS servers of their own for such names: what the others say does not count")
		}
		heard := slices.DeleteFunc(slices.Clone(views), func(v fact.ServerView) bool { // one that fails for all names disagrees with nobody
			return v.Host.Outcome == fact.Unseen || v.FailsForAll()
		})
		if len(heard) < 2 {
			return Unknown("fewer than two of the configured DNS servers answered, so that there is nothing to compare")
		}
		first := heard[0]
		i := slices.IndexFunc(heard, func(v fact.ServerView) bool { return c.gist(v.Host) != c.gist(first.Host) })
		if i < 0 {
			return Pass("the configured DNS servers give the same kind of answer")
		}
		return Fail(fmt.Sprintf("the DNS server %s %s, and %s %s", c.serverName(first.Server), says(c.Host.Host(), first.Host),
			c.serverName(heard[i].Server), says(c.Host.Host(), heard[i].Host)), c.otherAnswers()...)
	},
	Breaks: func(s Site) []Break {
		good := s.World.Nameservers(s.Client)
		if len(good) == 0 || slices.Contains(good, world.PublicDNS[0]) {
			return nil
		}
		var breaks []Break
		for _, servers := range [...][]netip.Addr{
			append([]netip.Addr{world.PublicDNS[0]}, good...),
			append(slices.Clone(good), world.PublicDNS[0]),
		} {
			breaks = append(breaks, Break{change.SetNameservers{Host: s.Client.ID, Servers: servers}})
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		return c.keep(func(v fact.ServerView) bool { return c.private(v.Host) })
	},
}

// scoped tells whether the client asks servers of their own for names like the
// vault's: split DNS of a VPN, a name resolution policy, scoped resolvers.
func (c *Case) scoped() bool {
	if c.Seen == nil {
		return c.Client != nil && slices.ContainsFunc(c.Client.Split, func(f world.Forward) bool { return c.Host.Under(f.Domain) })
	}
	return slices.ContainsFunc(c.Seen.Client.Split, func(domain string) bool {
		n, err := dnsname.Parse(domain)
		return err == nil && c.Host.Under(n)
	})
}

// gist is what of an answer has to be the same on all servers: public addresses
// are handed out in turn.
func (c *Case) gist(a fact.AnswerHop) fact.AnswerHop {
	if !c.private(a) {
		a.Addr = netip.Addr{}
	}
	return fact.AnswerHop{Outcome: a.Outcome, Class: a.Class, Addr: a.Addr}
}

// keep makes the client ask only the configured servers that are good, if some
// are and some are not.
func (c *Case) keep(good func(fact.ServerView) bool) []change.Change {
	var servers []netip.Addr
	views := c.configured()
	for _, v := range views {
		if good(v) {
			servers = append(servers, v.Server)
		}
	}
	if len(servers) == 0 || len(servers) == len(views) {
		return nil
	}
	return c.ask(servers...)
}
