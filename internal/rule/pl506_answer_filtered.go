package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL506: a protection that takes private link for an attack.
var pl506 = &Rule{
	Code: "PL506", Slug: "answer-filtered", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 1,
	Title: "a DNS server strips private addresses from answers",
	Doc: Doc{
		Symptom: "The name exists and has no address (NOERROR without data) from one server, while another gives the private address.",
		Cause:   "A DNS server or a home router protects against DNS rebinding: it drops private addresses from the answers of other servers (dnsmasq `stop-dns-rebind`, unbound `private-address`, and routers of several makes). What private link answers looks just like that.",
		Apart:   "With PL507 the server fails (SERVFAIL). With PL604 the name does not exist (NXDOMAIN). With PL508 the answer is cut short. The server's log tells: dnsmasq writes \"possible DNS-rebind attack detected\".",
		Fix:     "Whoever runs the server exempts the service's domains: `rebind-domain-ok=/vault.azure.net/` in dnsmasq, `private-domain: \"vault.azure.net\"` in unbound; on a router, the host or the protection as a whole.",
		Verify: []string{
			"host <vault>.vault.azure.net <upstream-dns-server>   # the private address",
			"dig <vault>.vault.azure.net @<dns-server>   # status NOERROR, and no address",
		},
		Article: "not covered",
		Errata:  "The article expects that a custom DNS server passes on what it hears.",
		Sources: []string{
			"https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html",
			"https://nlnetlabs.nl/documentation/unbound/unbound.conf/",
			"https://github.com/pi-hole/pi-hole/issues/292",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		a := c.Journey.Answer
		switch {
		case a.Reason == fact.Filtered:
			return Fail(c.strips(), c.said()...)
		case a.Outcome == fact.Unseen:
			return NotApplicable("no DNS server answered")
		case a.Outcome != fact.NoData:
			return Pass("the answer was not emptied of its address")
		case a.Reason != fact.NoReason:
			return Pass("the name has no address for another reason")
		}
		if i := slices.IndexFunc(c.views(), func(v fact.ServerView) bool { return c.private(v.Host) }); i >= 0 {
			return Fail(c.strips(), append(c.said(), c.heard(c.views()[i]))...)
		}
		return Unknown("the server has no address for the name; whether it stripped a private one shows only where another server gives it")
	},
	Breaks: func(s Site) []Break {
		addresses := s.spoilServer("drop private addresses from answers", func(good world.DNSRole) world.DNSRole {
			good.FilterPrivate = true
			return good
		})
		answers := s.spoilServer("drop answers with private addresses", func(good world.DNSRole) world.DNSRole {
			good.FilterPrivate, good.FilterWhole = true, true
			return good
		})
		return append(addresses, answers...)
	},
	Mends: func(c *Case) []change.Change {
		return c.amend("let private addresses through for "+c.Service.Suffix.Host(), func(role *world.DNSRole) bool {
			was := role.FilterPrivate
			role.FilterPrivate, role.FilterWhole = false, false
			return was
		})
	},
}

func (c *Case) strips() string {
	return fmt.Sprintf("the DNS server %s takes the private address out of its answer to %s, as a protection against DNS rebinding does",
		c.serverName(c.Journey.Resolver.Server), c.Host.Host())
}

// amend changes a setting of every known DNS server on the question's way that
// has it; change tells whether it made a difference.
func (c *Case) amend(what string, alter func(*world.DNSRole) bool) []change.Change {
	var mends []change.Change
	for _, h := range c.forwarders() {
		if h.DNS == nil {
			continue
		}
		role := *h.DNS
		if alter(&role) {
			mends = append(mends, change.SetDNSRole{Server: h.ID, Role: role, What: what})
		}
	}
	return mends
}
