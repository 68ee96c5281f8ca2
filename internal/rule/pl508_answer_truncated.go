package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL508: the answer does not fit, and the larger way is closed.
var pl508 = &Rule{
	Code: "PL508", Slug: "answer-truncated", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 1,
	Title: "the answer needs TCP port 53, and that fails",
	Doc: Doc{
		Symptom: "Some programs cannot resolve the name while others can; `dig +notcp` shows the flag `tc`, and `dig +tcp` fails.",
		Cause:   "A DNS server marks its answer over UDP as truncated. A client then asks again over TCP (RFC 7766), and the server, or a firewall before it, refuses TCP port 53. Programs that take what fits into the first packet get by.",
		Apart:   "With PL505 the server is silent over UDP as well. With PL509 it answers with an error. With PL506 the answer is whole, and empty.",
		Fix:     "Whoever runs the server or the network lets TCP port 53 through.",
		Verify: []string{
			"dig +notcp +ignore <vault>.vault.azure.net @<dns-server>   # the flag tc",
			"dig +tcp <vault>.vault.azure.net @<dns-server>   # fails",
		},
		Article: "not covered",
		Errata:  "The article mentions no ports of DNS.",
		Sources: []string{
			"https://www.rfc-editor.org/rfc/rfc7766",
			"https://www.rfc-editor.org/rfc/rfc2181#section-9",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		switch c.Journey.Answer.Outcome {
		case fact.Truncated:
			return Fail(fmt.Sprintf("the DNS server %s truncates its answer to %s over UDP, and does not answer over TCP",
				c.serverName(c.Journey.Resolver.Server), c.Host.Host()), c.said()...)
		case fact.Unseen:
			return NotApplicable("no DNS server answered")
		}
		return Pass("the answer was not truncated, or TCP port 53 gave the rest")
	},
	Breaks: func(s Site) []Break {
		return s.spoilServer("truncate answers over UDP and refuse TCP", func(good world.DNSRole) world.DNSRole {
			good.Truncates, good.NoTCP = true, true
			return good
		})
	},
	Mends: func(c *Case) []change.Change {
		return c.amend("answer over TCP port 53", func(role *world.DNSRole) bool {
			was := role.NoTCP
			role.NoTCP = false
			return was
		})
	},
}
