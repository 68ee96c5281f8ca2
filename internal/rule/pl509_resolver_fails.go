package rule

import (
	"fmt"
	"slices"
	"time"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL509: an answer that says no more than that there is none.
var pl509 = &Rule{
	Code: "PL509", Slug: "resolver-fails", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Symptom: true,
	Title: "a DNS server answers SERVFAIL or REFUSED",
	Doc: Doc{
		Symptom: "Name resolution fails at once, or after a few seconds, with \"server failure\" or \"query refused\".",
		Cause:   "SERVFAIL: the server could not get an answer from those that it forwards to. They are silent, out of reach, or go round in a loop; or the server rejects what they say. REFUSED: the server does not serve this client.",
		Apart:   "PL809 names a loop, PL507 a rejected answer, PL814 a forwarder to 168.63.129.16 outside Azure. With PL505 the server does not answer at all.",
		Fix:     "Whoever runs the server looks at its log and asks the servers that it forwards to, one by one; for REFUSED, its list of clients.",
		Verify: []string{
			"dig <vault>.vault.azure.net @<dns-server>   # status: NOERROR",
			"dig <vault>.vault.azure.net @<forwarder>   # from the server itself",
		},
		Article: "8, Diagnose custom DNS servers at Virtual Network",
		Errata:  "The article says that such servers have to be diagnosed, and not how.",
		Sources: []string{
			"https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1",
			"https://learn.microsoft.com/azure/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances",
		},
	},
	Eval: func(c *Case) Result {
		if c.proxied() {
			return NotApplicable("the proxy resolves the name, not this client")
		}
		if fails(c.Journey.Answer) && c.Journey.Resolver.Server.IsValid() {
			return Fail(fmt.Sprintf("the DNS server %s %s", c.serverName(c.Journey.Resolver.Server), says(c.Host.Host(), c.Journey.Answer)), c.said()...)
		}
		views := c.configured()
		if i := slices.IndexFunc(views, func(v fact.ServerView) bool { return fails(v.Host) }); i >= 0 {
			return Fail(fmt.Sprintf("the DNS server %s %s", c.serverName(views[i].Server), says(c.Host.Host(), views[i].Host)), c.otherAnswers()...)
		}
		if c.Journey.Answer.Outcome == fact.Unseen && len(views) == 0 {
			return Unknown("nobody asked the configured DNS servers")
		}
		return Pass("no configured DNS server answered with a failure")
	},
	Breaks: func(s Site) []Break {
		dead := s.nobody()
		return s.spoilServer("forward everything to "+dead.String()+", where nobody is", func(good world.DNSRole) world.DNSRole {
			good.Forward, good.UpstreamTimeout = forwarding(dead).Forward, 2*time.Second
			return good
		})
	},
	Mends: func(c *Case) []change.Change {
		h, ok := c.culprit()
		if !ok {
			return nil
		}
		to, ok := c.upstream(h)
		if !ok {
			return nil
		}
		return []change.Change{change.ForwardToAzure{Server: h.ID, To: to}}
	},
}

// fails tells whether an answer is a failure of the server.
func fails(a fact.AnswerHop) bool { return a.Outcome == fact.ServFail || a.Outcome == fact.DNSRefuse }
