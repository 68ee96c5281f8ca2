package rule

import (
	"fmt"
	"slices"
	"time"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A forwarder that gives up, and one that is too slow for it: Windows DNS waits
// 3 seconds by default and then asks the root servers.
const (
	shortWait   = 3 * time.Second
	longerDelay = 3500 * time.Millisecond
)

// PL810: the right server is asked, and not waited for.
var pl810 = &Rule{
	Code: "PL810", Slug: "forwarder-times-out", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 1,
	Title: "the DNS server's forwarder is too slow, and the server falls back to the public DNS",
	Doc: Doc{
		Symptom: "Now and then the name resolves to a public address, after some seconds; at other times it is the private one, at once.",
		Cause:   "The DNS server forwards to the right place, waits for a few seconds and, when no answer has come, asks the public root servers itself (\"use root hints if no forwarders are available\"). The public answer is then cached.",
		Apart:   "With PL801 the server never gives the private address, and answers at once. With PL504 two servers differ, each always saying the same. Ask the one server several times and look at how long it takes.",
		Fix:     "Whoever runs the server turns the fallback to the root servers off for the forwarded domains and lets it wait longer; whoever runs the forwarder's target finds out why it is slow.",
		Verify: []string{
			"for i in 1 2 3 4 5; do host -v <vault>.vault.azure.net <dns-server> | grep -E 'has address|Received'; done   # another address now and then, after seconds",
		},
		Article: "not covered",
		Errata:  "The article takes intermittent problems for signs of overload and not of a faulty configuration; this one is both.",
		Sources: []string{
			"https://learn.microsoft.com/powershell/module/dnsserver/set-dnsserverforwarder",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		server := c.Journey.Resolver.Server
		switch {
		case c.Journey.Answer.Reason == fact.RootsAsked:
			return Fail(fmt.Sprintf("the DNS server %s forwards %s, gives up before the answer comes, and then asks the public DNS",
				c.serverName(server), c.Host.Host()), c.said()...)
		case server == world.AzureDNS:
			return NotApplicable("the client asks Azure DNS itself")
		case c.Journey.Answer.Outcome == fact.OK && c.private(c.Journey.Answer):
			return Pass(c.serverName(server) + " gives a private address")
		case c.Journey.Answer.Reason != fact.NoReason:
			return Pass("the server did not fall back to the public DNS")
		}
		return Unknown("one question does not show whether the server gave up on its forwarder: ask it several times, and look at how long it takes")
	},
	Breaks: func(s Site) []Break {
		own, ok := s.OwnServer()
		if !ok || own.DNS == nil {
			return nil
		}
		to, forwards := target(s.World, *own.DNS)
		if !forwards {
			return nil
		}
		hasty := *own.DNS
		hasty.UpstreamTimeout, hasty.Fallback = shortWait, true
		upstream, known := s.Server(to)
		if known && upstream.DNS != nil {
			slow := *upstream.DNS
			slow.Delay = longerDelay
			return []Break{{
				change.SetDNSRole{Server: upstream.ID, Role: slow, What: "take " + longerDelay.String() + " for each answer"},
				change.SetDNSRole{Server: own.ID, Role: hasty, What: hastily},
			}}
		}
		slow := forwarding(to)
		slow.Delay = longerDelay
		added, ok := s.serverIn(own.Network, slow, "takes "+longerDelay.String()+" for each answer")
		if !ok {
			return nil
		}
		hasty.Forward = forwarding(added.Addr).Forward
		return []Break{{added, change.SetDNSRole{Server: own.ID, Role: hasty, What: hastily}}}
	},
	Mends: func(c *Case) []change.Change {
		h, ok := c.hasty()
		if !ok {
			return nil
		}
		role := *h.DNS
		role.Fallback, role.UpstreamTimeout = false, 0
		steps := append(c.hurry(), change.SetDNSRole{
			Server: h.ID, Role: role,
			What: "wait longer for the forwarder of " + c.Service.Suffix.Host() + ", and do not use the root servers when it is slow",
		})
		if _, inside := c.World.VNet(c.World.Node(h).Network); inside { // Azure DNS is next door
			if to, ok := c.upstream(h); ok {
				steps = append(steps, change.ForwardToAzure{Server: h.ID, To: to})
			}
		}
		return steps
	},
}

// hurry mends the servers on the way that are slow: who waits for one of them
// waits in vain for two.
func (c *Case) hurry() []change.Change {
	var steps []change.Change
	for _, h := range c.forwarders() {
		if h.DNS == nil || h.DNS.Delay < shortWait {
			continue
		}
		role := *h.DNS
		role.Delay = 0
		steps = append(steps, change.SetDNSRole{Server: h.ID, Role: role, What: "answer at once: find out what it waits for"})
	}
	return steps
}

const hastily = "go to the public root servers when its forwarder takes longer than 3 seconds"

// hasty returns the server that fell back to the public DNS.
func (c *Case) hasty() (*world.Host, bool) {
	chain := c.forwarders()
	i := slices.IndexFunc(chain, func(h *world.Host) bool { return h.DNS != nil && h.DNS.Fallback })
	if i < 0 {
		return nil, false
	}
	return chain[i], true
}
