package rule

import (
	"fmt"
	"net/netip"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL809: each server takes the other for the one that knows.
var pl809 = &Rule{
	Code: "PL809", Slug: "forwarding-loop", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 2,
	Title: "DNS servers forward the vault's name to each other",
	Doc: Doc{
		Symptom: "SERVFAIL or a time-out for the vault's name, and for nothing else; the servers' logs show the same question again and again.",
		Cause:   "One server forwards `vault.azure.net` to a second, and that one forwards it, or everything, back. It happens where a forwarder in Azure sends all it does not know to the servers on premises, and those send Azure's names to it; or where a ruleset with a rule towards an inbound endpoint is linked to that endpoint's own VNet.",
		Apart:   "With PL505 and PL509 one server fails by itself, mostly for all names; for the vault's alone where its conditional forwarder leads to a server that is gone. With PL814 the last of the chain asks 168.63.129.16 from outside Azure. Asking each server of the chain directly shows which of them goes round.",
		Fix:     "Whoever runs the server in Azure lets it forward the service's public domains to 168.63.129.16 and nowhere else; the servers on premises forward them to it.",
		Verify: []string{
			"host -W 10 <vault>.vault.azure.net <each-server-of-the-chain>   # a failure",
			"host login.microsoftonline.com <each-server-of-the-chain>   # answers, since only the vault's domain goes round",
		},
		Article: "not covered",
		Errata:  "The article expects custom DNS servers to answer something; what it looks like when they do not is not in it.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noDNS(); not {
			return r
		}
		if c.Journey.Answer.Reason == fact.Looped || c.Journey.Resolver.Reason == fact.Looped {
			return Fail(fmt.Sprintf("the question for %s goes round between DNS servers (%s) until one of them gives up",
				c.Host.Host(), c.chain()), c.said()...)
		}
		switch c.Journey.Answer.Outcome {
		case fact.OK, fact.NXDomain, fact.NoData:
			return Pass("the question came to an answer")
		}
		if c.Journey.Answer.Reason != fact.NoReason || c.Journey.Resolver.Reason != fact.NoReason {
			return Pass("something else keeps the question from an answer")
		}
		if c.rejects() {
			return Pass("the question comes to an answer, which the server rejects")
		}
		if v, _ := c.view(); v.FailsForAll() {
			return Pass("the server fails for every name, not for the vault's alone")
		}
		return Unknown("why there is no answer cannot be seen from the client: ask each server of the chain")
	},
	Breaks: func(s Site) []Break {
		own, ok := s.OwnServer()
		if !ok {
			return s.loopOfTwo()
		}
		if own.DNS == nil {
			return nil
		}
		if to, forwards := target(s.World, *own.DNS); forwards && to != world.AzureDNS {
			upstream, known := s.Server(to)
			if !known {
				return nil
			}
			back := change.ForwardToAzure{Server: upstream.ID, To: own.Address}
			return []Break{{back}, {back, s.suffixOnly(own, to)}}
		}
		added, ok := s.serverIn(own.Network, forwarding(own.Address), "forwards everything to "+own.Address.String())
		if !ok {
			return nil
		}
		return []Break{
			{added, change.ForwardToAzure{Server: own.ID, To: added.Addr}},
			{added, s.suffixOnly(own, added.Addr)},
		}
	},
	Mends: func(c *Case) []change.Change {
		chain := c.forwarders()
		for _, h := range chain {
			if to, ok := c.upstream(h); ok && to == world.AzureDNS {
				return []change.Change{change.ForwardToAzure{Server: h.ID, To: to}}
			}
		}
		if len(chain) == 0 {
			return nil
		}
		to, ok := c.upstream(chain[0])
		if !ok {
			return nil
		}
		return []change.Change{change.ForwardToAzure{Server: chain[0].ID, To: to}}
	},
}

// suffixOnly makes a DNS server forward the vaults' public suffix and nothing
// else: the name in the private zone is then looked up in the public DNS.
func (s Site) suffixOnly(server *world.Host, to netip.Addr) change.Change {
	role, suffix := *server.DNS, s.World.Service().Suffix
	role.Forward = []world.Forward{{Domain: suffix, To: []netip.Addr{to}}}
	return change.SetDNSRole{Server: server.ID, Role: role, What: "forward " + suffix.Host() + " alone to " + to.String()}
}

// chain names the servers that the question goes through.
func (c *Case) chain() string {
	var names []string
	for _, h := range c.forwarders() {
		names = append(names, c.serverName(h.Address))
	}
	if len(names) == 0 {
		return c.Journey.Resolver.Server.String()
	}
	return strings.Join(names, ", ")
}

// loopOfTwo puts two servers that ask each other for the service's names into
// the client's VNet; for others, the first one asks Azure DNS.
func (s Site) loopOfTwo() []Break {
	first, ok := s.newServer(forwarding(world.AzureDNS), "forwards to Azure DNS")
	if !ok {
		return nil
	}
	later := s
	later.World = change.Apply(s.World, first)
	second, ok := later.newServer(forwarding(first.Addr), "asks the first one")
	if !ok {
		return nil
	}
	return []Break{{
		first, second,
		change.ForwardToAzure{Server: world.HostID(first.Name), To: second.Addr},
		change.SetVNetDNS{VNet: first.Network, Servers: []netip.Addr{first.Addr}},
	}}
}
