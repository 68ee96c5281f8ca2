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
		Symptom: "Name resolution fails at once, or after a few seconds, with \"server failure\" (SERVFAIL) or \"query refused\" (REFUSED).",
		Cause:   "SERVFAIL: the server could not get an answer from those that it forwards to. They are silent, out of reach, or go round in a loop; or the server rejects what they say. A server that fails for the vault's name alone goes wrong where it passes on the service's domains; one that fails for all names cannot get an answer from anybody. REFUSED: the server does not serve this client.",
		Apart:   "PL809 names a loop, PL507 a rejected answer, PL814 a forwarder to 168.63.129.16 outside Azure; a conditional forwarder to a server that is gone looks like the last one, and the server's own list of forwarders tells. With PL505 the server does not answer at all.",
		Fix:     "Whoever runs the server looks at its log and asks the servers that it forwards to, one by one; for REFUSED, its list of clients.",
		Verify: []string{
			"dig <vault>.vault.azure.net @<dns-server>   # status SERVFAIL or REFUSED",
			"dig login.microsoftonline.com @<dns-server>   # for other names, too?",
			"dig <vault>.vault.azure.net @<forwarder>   # on the server: which of those that it forwards to fails, or is gone",
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
		if server := c.Journey.Resolver.Server; c.Journey.Answer.Outcome.Failure() && server.IsValid() {
			v, _ := c.view()
			return Fail(fmt.Sprintf("the DNS server %s %s%s", c.serverName(server), says(c.Host.Host(), c.Journey.Answer), c.others(v)), c.said()...)
		}
		views := c.configured()
		if i := slices.IndexFunc(views, func(v fact.ServerView) bool { return v.Host.Outcome.Failure() }); i >= 0 {
			v := views[i]
			return Fail(fmt.Sprintf("the DNS server %s %s%s", c.serverName(v.Server), says(c.Host.Host(), v.Host), c.others(v)), c.otherAnswers()...)
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

// others says whether a server that fails does so for all names.
func (c *Case) others(v fact.ServerView) string {
	other := c.Service.Cloud.Authority.Host()
	switch {
	case v.ServesOthers():
		return "; for another name, " + other + ", it has an answer"
	case v.FailsForAll():
		return ", and has no answer for another name, " + other + ", either"
	}
	return ""
}
