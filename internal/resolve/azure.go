package resolve

import (
	"net/netip"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// privateNegative is the negative TTL of private DNS zones, in seconds: the
// minimum of the SOA record that Azure gives them.
const privateNegative = 10

// azure is Azure DNS in one VNet, following one chain. For every name of the
// chain, the first included, a private DNS zone linked to the VNet comes first,
// then a rule of the VNet's forwarding ruleset, then the public DNS
// (learn.microsoft.com/azure/dns/dns-private-resolver-overview, "DNS
// resolution process").
type azure struct {
	public
	ask        Ask
	rules      []world.ForwardingRule // of the VNet's forwarding ruleset
	redirected bool                   // a link's resolutionPolicy sent the rest to the public DNS
}

func azureDNS(w *world.World, vnet world.ID, q Question, ask Ask) Reply {
	a := azure{public: asPublic(w, vnet), ask: ask}
	if rs, ok := rulesetOf(w, vnet); ok {
		a.rules = rs.Rules
	}
	return chase(q.Name, func(n dnsname.Name) step { return a.look(Question{n, q.Type, q.CD}) })
}

func (a *azure) look(q Question) step {
	name, t := q.Name, q.Type
	if a.redirected {
		return a.public.look(name, t)
	}
	if zone, link := zoneFor(a.w, a.by, name); zone != nil {
		s := inZone(zone, name, t)
		if s.end.Outcome != fact.NXDomain || !redirects(zone, link) {
			return s
		}
		a.redirected, a.why = true, fact.FallenBack
		return a.public.look(name, t)
	}
	if rule := ruleFor(a.rules, name, a.svc.Suffix.Parent()); rule != nil {
		return step{end: forward(a.ask, targets(rule), q, managedWait, a.by)}
	}
	return a.public.look(name, t)
}

// redirects: NxDomainRedirect holds for privatelink zones only
// (learn.microsoft.com/azure/dns/private-dns-fallback).
func redirects(z *world.Zone, l *world.Link) bool {
	return l.Redirect && z.Domain.Label() == "privatelink"
}

// zoneFor returns the zone that answers for a name in a VNet: of those linked
// to it, the one with the longest name that the name is in. A link that is in
// progress has no effect yet. Azure refuses to link two zones of one name; if
// a World has two, the lower id counts.
func zoneFor(w *world.World, vnet world.ID, name dnsname.Name) (best *world.Zone, via *world.Link) {
	for zone := range w.ZonesLinked(vnet) { // by id
		if !name.Under(zone.Domain) || best != nil && !longer(zone.Domain, best.Domain) {
			continue
		}
		if link, ok := zone.LinkTo(vnet); ok && !link.InProgress {
			best, via = zone, link
		}
	}
	return best, via
}

func longer(a, b dnsname.Name) bool { return len(a.String()) > len(b.String()) }

// inZone returns what a zone, which is authoritative, has for a name in it.
func inZone(z *world.Zone, name dnsname.Name, t world.RecordType) step {
	label, _ := name.RelativeTo(z.Domain)
	reason, records := fact.FromZone, z.RecordsNamed(label)
	if len(records) == 0 && !z.Exists(label) {
		reason, records = fact.FromWildcard, z.RecordsNamed(wildcardFor(z, label))
	}
	end := Reply{Outcome: fact.NoData, TTL: privateNegative}
	if len(records) == 0 && reason == fact.FromWildcard {
		end.Outcome, reason = fact.NXDomain, fact.NoRecord
	}
	for i := range records {
		r := &records[i]
		if r.Type == world.TypeCNAME {
			return step{alias: Alias{r.Alias, r.TTL}}
		}
		if r.Type == t {
			end = addresses(r.Addrs, t, r.TTL, privateNegative)
		}
	}
	end.By, end.Reason, end.Private = z.ID, reason, true
	return step{end: end}
}

// wildcardFor returns the label of the wildcard that can stand in for a name
// that does not exist: the one right below its closest encloser (RFC 4592).
func wildcardFor(z *world.Zone, label string) string {
	for i := range len(label) {
		if label[i] == '.' && z.Exists(label[i+1:]) {
			return "*" + label[i:]
		}
	}
	return "*"
}

// rulesetOf returns the forwarding ruleset linked to a VNet; Azure allows one.
func rulesetOf(w *world.World, vnet world.ID) (*world.Ruleset, bool) {
	for rs := range w.RulesetsLinked(vnet) {
		return rs, true
	}
	return nil, false
}

// ruleFor returns the rule of a ruleset that catches a name: of those enabled,
// the one with the longest domain. The rule "." passes over names that are
// reserved for Azure, for Key Vault all below azure.net
// (learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets, "Rule
// processing").
func ruleFor(rules []world.ForwardingRule, name, reserved dnsname.Name) *world.ForwardingRule {
	var best *world.ForwardingRule
	for i := range rules {
		r := &rules[i]
		switch {
		case !r.Enabled, !name.Under(r.Domain), r.Domain == dnsname.Root && name.Under(reserved):
		case best == nil, r.Domain.Under(best.Domain) && r.Domain != best.Domain:
			best = r
		}
	}
	return best
}

// targets returns the servers of a rule that listen where DNS servers do.
func targets(r *world.ForwardingRule) []netip.Addr {
	to := make([]netip.Addr, 0, len(r.Targets))
	for _, t := range r.Targets {
		if t.Port() == port {
			to = append(to, t.Addr())
		}
	}
	return to
}
