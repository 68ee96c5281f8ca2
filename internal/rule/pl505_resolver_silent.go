package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL505: nobody answers there.
var pl505 = &Rule{
	Code: "PL505", Slug: "resolver-silent", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 1, Symptom: true,
	Title: "a configured DNS server does not answer",
	Doc: Doc{
		Symptom: "Name resolution takes seconds or fails with a time-out; with a second server it works, slowly.",
		Cause:   "A server that the client is configured to ask does not answer: it is down, its address has changed, or a firewall or network security group drops port 53 on the way.",
		Apart:   "With PL814 the silent server is 168.63.129.16, asked from outside Azure. With PL809 and PL810 the server lives and waits for others: it answers when asked for another name. With PL101 and PL808 no path leads from the client's network to the server's, and the vault's endpoint is out of reach as well; with PL806 and PL817 port 53 is closed on the way.",
		Fix:     "Whoever runs the server or the network lets UDP and TCP port 53 through, or whoever configures the client takes the server off its list.",
		Verify: []string{
			"cat /etc/resolv.conf   # which servers are asked",
			"host -W 3 <vault>.vault.azure.net <dns-server>   # times out",
		},
		Article: "8, Diagnose custom DNS servers at Virtual Network",
		Errata:  "The article does not tell a server that is silent from one that answers wrongly.",
		Sources: []string{
			"https://learn.microsoft.com/azure/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances",
			"https://man7.org/linux/man-pages/man5/resolv.conf.5.html",
		},
	},
	Eval: func(c *Case) Result {
		views := c.configured()
		if len(views) == 0 {
			return c.unheard()
		}
		i := slices.IndexFunc(views, func(v fact.ServerView) bool { return silent(v.Reached) && !c.claimed(v.Server) })
		if i >= 0 {
			return Fail(fmt.Sprintf("the DNS server %s, which the client is configured to ask, does not answer (%s)",
				c.serverName(views[i].Server), views[i].Reached), c.otherAnswers()...)
		}
		if slices.ContainsFunc(views, func(v fact.ServerView) bool { return v.Reached == fact.Unseen }) {
			return Unknown("not every configured DNS server was asked")
		}
		return Pass("every configured DNS server answers")
	},
	Breaks: func(s Site) []Break {
		good := s.World.Nameservers(s.Client)
		dead := []netip.Addr{s.vacant()}
		return []Break{
			{change.SetNameservers{Host: s.Client.ID, Servers: append(slices.Clone(dead), good...)}},
			{change.SetNameservers{Host: s.Client.ID, Servers: dead}},
		}
	},
	Mends: func(c *Case) []change.Change {
		if kept := c.keep(func(v fact.ServerView) bool { return v.Reached == fact.OK }); len(kept) > 0 {
			return kept
		}
		return c.peerWithServer()
	},
}

// silent tells the outcomes of a server that was asked and gave no answer.
func silent(o fact.Outcome) bool {
	switch o {
	case fact.Timeout, fact.Refused, fact.Unreachable, fact.Reset:
		return true
	}
	return false
}

// dropped tells the reasons for which the configuration says who drops packets.
func dropped(r fact.Reason) bool {
	return r == fact.ByNSG || r == fact.ByRoute || r == fact.ByFirewall || r == fact.PeeringState
}

// claimed tells whether another code says better why a server is silent: it is
// Azure DNS asked from outside Azure (PL814), or its question goes round
// (PL809).
func (c *Case) claimed(server netip.Addr) bool {
	if hop := c.Journey.Resolver; hop.Server == server && dropped(hop.Reason) && len(c.Doors()) > 0 {
		return true // the configuration says who drops the questions
	}
	if outside, known := c.outsideAzure(); server == world.AzureDNS && known && outside {
		return true
	}
	hop := c.Journey.Resolver
	return hop.Server == server && (hop.Reason == fact.AzureOutside || hop.Reason == fact.Looped)
}

// unheard judges the journey's own server where no view of any was taken.
func (c *Case) unheard() Result {
	hop := c.Journey.Resolver
	switch {
	case silent(hop.Outcome) && hop.Server.IsValid() && hop.Reason != fact.AzureOutside:
		return Fail(fmt.Sprintf("the DNS server %s, which the client is configured to ask, does not answer (%s)", c.serverName(hop.Server), hop.Outcome))
	case hop.Outcome == fact.NoServer:
		return NotApplicable("no DNS server is configured")
	}
	return Unknown("nobody asked the configured DNS servers one by one")
}

// peerWithServer makes a way from the client's VNet to that of the DNS server in
// use, where none leads there at all.
func (c *Case) peerWithServer() []change.Change {
	hop := c.Journey.Resolver
	if c.World == nil || hop.Reason != fact.NoPath || !c.isVNet(c.home()) {
		return nil
	}
	for v := range c.World.VNets() {
		if _, _, overlap := change.Overlap(c.World, c.home(), v.ID); v.Holds(hop.Server) && !overlap {
			return []change.Change{change.Peer{A: c.home(), B: v.ID}}
		}
	}
	return nil
}
