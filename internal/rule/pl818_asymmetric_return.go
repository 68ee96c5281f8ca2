package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL818: only the reply is lost.
var pl818 = &Rule{
	Code: "PL818", Slug: "asymmetric-return", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Weight: 1,
	Title: "the request crosses a firewall without source NAT, and the reply does not",
	Doc: Doc{
		Symptom: "Connections to the private address time out although the firewall's log shows the request allowed.",
		Cause:   "A private endpoint answers straight to the address that it sees: user-defined routes do not hold for its replies. Without source NAT the reply passes the firewall by, which then drops the rest of the connection. By default Azure Firewall does not translate towards private addresses.",
		Apart:   "With PL817 the firewall's log shows the request denied, with PL807 it shows nothing. With PL806, PL808 and PL101 the packets never get that far; with PL205 the endpoint is not ready, with PL605 and PL611 the address is not its. All look the same from the client: see PL706.",
		Fix:     "Whoever manages the firewall takes the endpoint's address out of the private ranges, towards which it keeps the source: then only what goes to the endpoint is translated. To translate always (the one range 255.255.255.255/32) changes the source address that every private destination behind the firewall sees, and so what their access lists and logs say. Else an application rule does it (it always translates, where no network rule matches first), or a route that leads the endpoint's address past the firewall, uninspected.",
		Verify: []string{
			"az network firewall show --resource-group <group> --name <firewall> --query additionalProperties   # private ranges, where there is no policy",
			"az network firewall policy show --resource-group <group> --name <policy> --query snat   # the ranges that it does not translate",
		},
		Article: notCovered,
		Errata:  "The article does not mention the way back.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall",
			"https://learn.microsoft.com/azure/firewall/snat-private-range",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeStop(firewallType, fact.LostReply, "no reply is lost on its way back, as far as the configuration tells", func(s stop) Result {
			if s.by == "" {
				return Fail("replies to the packets " + s.way + " bypass the firewall that saw them")
			}
			return Fail(fmt.Sprintf("the packets %s cross %s, which keeps their source address; the reply goes straight back, and %s drops the connection", s.way, c.Name(s.by), c.Name(s.by)),
				read(c.written(s.by), "no source NAT towards private addresses"))
		})
	},
	Breaks: func(s Site) []Break {
		return s.throughFirewall(true, false, func(id world.ID) change.Change { return change.TranslateSource{Machine: id} })
	},
	Mends: func(c *Case) []change.Change {
		s, ok := c.stopped(fact.LostReply)
		if !ok || s.by == "" {
			return nil
		}
		return []change.Change{change.TranslateSource{Machine: s.by, On: true, To: s.to}}
	},
}
