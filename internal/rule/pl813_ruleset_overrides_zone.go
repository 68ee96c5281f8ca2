package rule

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL813: a rule takes the question away before the zone is looked at.
var pl813 = &Rule{
	Code: "PL813", Slug: "ruleset-overrides-zone", Severity: Error, Owner: OwnerDNS, Stage: fact.StageResolver, Weight: 1,
	Title: "a forwarding rule catches the vault's name before the linked zone",
	Doc: Doc{
		Symptom: "The name resolves to a public address although the zone is linked to the VNet and holds the record, or fails (SERVFAIL) where the rule's target does not answer; asked for `<vault>.privatelink.vaultcore.azure.net`, 168.63.129.16 gives the private address.",
		Cause:   "A DNS forwarding ruleset that is linked to the VNet has a rule for `vault.azure.net`. Azure DNS then hands the vault's name to the rule's target and takes the whole answer from there; the zone is `privatelink.vaultcore.azure.net`, another name, and is not looked at on the way. For a rule of the same name as the zone, the zone wins.",
		Apart:   "With PL603 the zone is not linked, and 168.63.129.16 gives a public address for the `privatelink` name too. With PL802 a DNS server of one's own does what the rule does here; a client that asks such a server sees no difference. Where the rule's target is silent, the failure looks like that of a server (PL509, PL809, PL814).",
		Fix:     "Whoever manages the ruleset removes the rule, or points it at a server that sees the zone. Rules for the service's public domains belong on the servers outside Azure, not in the VNets.",
		Verify: []string{
			"host <vault>.vault.azure.net 168.63.129.16   # a public address",
			"host <vault>.privatelink.vaultcore.azure.net 168.63.129.16   # the private one",
			"az dns-resolver forwarding-rule list --resource-group <group> --ruleset-name <ruleset> --query \"[].{domain:domainName, state:forwardingRuleState}\" --output table   # one for vault.azure.net.",
		},
		Article: "not covered",
		Errata:  "The article takes the VNet's DNS as either Azure's own or custom servers; a ruleset is a third thing, under Azure's own.",
		Sources: []string{
			"https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets",
			"https://github.com/MicrosoftDocs/azure-docs/issues/100273",
			"https://github.com/MicrosoftDocs/azure-docs/issues/109292",
		},
	},
	Eval: func(c *Case) Result {
		if r, unread := c.NotRead("microsoft.network/dnsforwardingrulesets"); unread {
			return r
		}
		if r, not := c.noDNS(); not {
			return r
		}
		set, rule, ok := c.overriding()
		if !ok && c.Predicted == nil {
			return Unknown("what decided the answer is not known: the configuration was not read in full")
		}
		if !ok {
			return Pass("no forwarding rule decided the answer")
		}
		return Fail(fmt.Sprintf("the forwarding ruleset %s, linked to the VNet %s, sends %s to %s, so that the zone %s is not looked at",
			set.Name(), c.Name(c.asked()), rule.Domain.Host(), targetsOf(rule), c.Service.Zone.Host()),
			append(c.said(), Evidence{"configuration", rule.Path, "forwards " + rule.Domain.Host() + " to " + targetsOf(rule)})...)
	},
	Breaks: func(s Site) []Break {
		vnet, ok := s.Answerer()
		if !ok {
			return nil
		}
		const what = "looks all names up in the public DNS"
		added, ok := s.serverIn(vnet, world.DNSRole{}, what)
		if !ok {
			return nil
		}
		suffix := s.World.Service().Suffix
		return []Break{
			{added, change.AddForwardingRule{VNet: vnet, Domain: suffix, To: added.Addr}},
			{change.AddForwardingRule{VNet: vnet, Domain: suffix, To: s.nobody()}}, // SERVFAIL
		}
	},
	Mends: func(c *Case) []change.Change {
		set, rule, ok := c.overriding()
		if !ok {
			return nil
		}
		return []change.Change{change.RemoveForwardingRule{Ruleset: set.ID, Rule: rule.ID}}
	},
}

// overriding returns the forwarding rule that gave the vault's hostname another
// answer than a private one: the longest enabled one that catches it in a
// ruleset of the VNet that is asked. The rule "." leaves Azure's own names
// alone.
func (c *Case) overriding() (*world.Ruleset, *world.ForwardingRule, bool) {
	by := world.ID(c.Journey.Answer.By)
	_, fromZone := c.deciding()
	if c.World == nil || by == "" || fromZone || c.isVNet(by) && c.Journey.Answer.Outcome != fact.ServFail || c.private(c.Journey.Answer) {
		return nil, nil, false
	}
	for set := range c.World.RulesetsLinked(c.asked()) {
		rule, ok := catching(set, c.Host)
		if ok && !c.answeredItself(rule) {
			return set, rule, true
		}
	}
	return nil, nil, false
}

func catching(set *world.Ruleset, name dnsname.Name) (best *world.ForwardingRule, ok bool) {
	for i := range set.Rules {
		r := &set.Rules[i]
		if !r.Enabled || r.Domain == dnsname.Root || !name.Under(r.Domain) {
			continue
		}
		if best == nil || r.Domain.Under(best.Domain) {
			best = r
		}
	}
	return best, best != nil
}

// answeredItself tells whether the server that the client asked decided, so
// that no rule was ever met, unless that server is the rule's target.
func (c *Case) answeredItself(r *world.ForwardingRule) bool {
	return c.Journey.Answer.By == c.Journey.Resolver.By && c.Journey.Answer.Outcome != fact.ServFail && !slices.ContainsFunc(r.Targets, func(t netip.AddrPort) bool {
		return t.Addr() == c.Journey.Resolver.Server
	})
}

func targetsOf(r *world.ForwardingRule) string {
	var to []string
	for _, t := range r.Targets {
		to = append(to, t.Addr().String())
	}
	return strings.Join(to, " and ")
}
