package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL507: an answer that no signature can cover.
var pl507 = &Rule{
	Code: "PL507", Slug: "answer-bogus", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 1,
	Title: "a DNS server that validates DNSSEC rejects the private answer",
	Doc: Doc{
		Symptom: "SERVFAIL (server failure) for the vault's name; the same question with checking disabled (`dig +cd`) gives the private address.",
		Cause:   "A forwarder that validates DNSSEC holds the public proof of what a name leads to. The answer of a private zone is unsigned and contradicts it, so the forwarder takes it for forged.",
		Apart:   "With PL509 and PL809 the question fails with checking disabled too. With PL506 the answer is empty rather than an error. A server on the way that does not pass the CD bit on, as RFC 4035 asks for, hides a validating one behind it.",
		Fix:     "Whoever runs the server sets a negative trust anchor for the service's domains, or turns validation off for what it forwards to Azure: `validate-except` in BIND, `domain-insecure` in unbound.",
		Verify: []string{
			"dig <vault>.vault.azure.net @<dns-server>   # status SERVFAIL",
			"dig +cd <vault>.vault.azure.net @<dns-server>   # an address",
		},
		Article: "not covered",
		Errata:  "The article expects that a custom DNS server passes on what it hears.",
		Sources: []string{
			"https://www.rfc-editor.org/rfc/rfc4035",
			"https://www.rfc-editor.org/rfc/rfc7646",
			"https://bind9.readthedocs.io/en/latest/reference.html",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		switch a := c.Journey.Answer; {
		case a.Reason == fact.Bogus:
			return Fail(fmt.Sprintf("the DNS server %s validates DNSSEC and rejects the unsigned answer of the private zone for %s",
				c.serverName(c.Journey.Resolver.Server), c.Host.Host()), c.said()...)
		case a.Outcome == fact.Unseen:
			return NotApplicable("no DNS server answered")
		case a.Outcome != fact.ServFail:
			return Pass("the server did not reject the answer")
		case a.Reason != fact.NoReason:
			return Pass("the server fails for another reason")
		}
		v, _ := c.view()
		switch {
		case answered(v.Unchecked):
			return Fail(fmt.Sprintf("the DNS server %s fails on %s and, asked with checking disabled, %s: it validates DNSSEC and rejects what it heard",
				c.serverName(v.Server), c.Host.Host(), says(c.Host.Host(), v.Unchecked)), c.heard(v), c.unchecked(v))
		case v.Unchecked.Outcome != fact.Unseen:
			return Pass("the server fails with checking disabled, too")
		}
		return Unknown("why the server answers SERVFAIL shows only when it is asked with checking disabled (dig +cd)")
	},
	Breaks: func(s Site) []Break {
		return s.spoilServer("validate DNSSEC", func(good world.DNSRole) world.DNSRole {
			good.Validate = true
			return good
		})
	},
	Mends: func(c *Case) []change.Change {
		return c.amend("do not validate DNSSEC below "+c.Service.Suffix.Host()+" and "+c.Service.Core.Host(), func(role *world.DNSRole) bool {
			was := role.Validate
			role.Validate = false
			return was
		})
	},
}

// unchecked is what a view says with checking disabled, as evidence.
func (c *Case) unchecked(v fact.ServerView) Evidence {
	return Evidence{c.source(), v.Server.String(), "with checking disabled, it " + says(c.Host.Host(), v.Unchecked)}
}

// rejects tells whether the server in use gives an answer once it is told not to
// validate: what it heard is then all right with those that it asks.
func (c *Case) rejects() bool {
	v, _ := c.view()
	return answered(v.Unchecked)
}

// answered tells whether a server said what there is, or that there is nothing.
func answered(a fact.AnswerHop) bool {
	return a.Outcome == fact.OK || a.Outcome == fact.NXDomain || a.Outcome == fact.NoData
}
