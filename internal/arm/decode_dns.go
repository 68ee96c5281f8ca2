package arm

import (
	"net/netip"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

func (d *decoder) zone(it *item) {
	domain, err := dnsname.Parse(it.Name())
	if err != nil {
		it.fail("name", "is no DNS name: %v", err)
	}
	d.put(it, &world.Zone{Meta: it.Meta, Domain: domain})
	d.nested(it, "virtualNetworkLinks", "virtualNetworkLinks", (*decoder).zoneLink)
	d.nested(it, "A", "A", (*decoder).recordA)
	d.nested(it, "AAAA", "AAAA", (*decoder).recordAAAA)
	d.nested(it, "CNAME", "CNAME", (*decoder).recordCNAME)
}

func (d *decoder) zoneLink(it *item) {
	p := it.props
	vnet := p.get("virtualNetwork", "id").required().ref(typeVNet)
	d.links.add(it.ID.Parent(), it.Meta, world.Link{
		Meta:         it.Meta,
		VNet:         vnet.ID,
		VNetPath:     vnet.Path,
		Registration: p.get("registrationEnabled").boolean(false),
		Redirect:     p.get("resolutionPolicy").oneOf("Default", "Default", "NxDomainRedirect") == "NxDomainRedirect",
		InProgress:   p.get("virtualNetworkLinkState").oneOf("Completed", "InProgress", "Completed") == "InProgress",
	})
}

func (d *decoder) recordA(it *item)     { d.record(it, world.TypeA, "aRecords", "ipv4Address") }
func (d *decoder) recordAAAA(it *item)  { d.record(it, world.TypeAAAA, "aaaaRecords", "ipv6Address") }
func (d *decoder) recordCNAME(it *item) { d.record(it, world.TypeCNAME, "", "cname") }

// defaultTTL is the one that Azure gives records made by hand, in seconds.
const defaultTTL = 3600

// record reads a record set. Resource Graph's table dnsresources calls the
// records of every type "records".
func (d *decoder) record(it *item, t world.RecordType, list, value string) {
	p := it.props
	r := world.Record{
		Meta:    it.Meta,
		Label:   it.Name(),
		Type:    t,
		TTL:     uint32(p.get("ttl").number(defaultTTL, 1<<31-1)),
		Auto:    p.get("isAutoRegistered").boolean(false),
		Creator: p.get("metadata", "creator").str(),
	}
	if t == world.TypeCNAME {
		r.Alias = p.get("cnameRecord").or(p.get("records").first()).get(value).domain()
		d.records.add(it.ID.Parent(), it.Meta, r)
		return
	}
	for _, n := range p.get(list).or(p.get("records")).list() {
		a := n.get(value).addr()
		if a.IsValid() && a.Is4() != (t == world.TypeA) {
			n.get(value).fail("is %s, which no record of type %s holds", a, t)
			continue
		}
		r.Addrs = addressSet(r.Addrs).with(a)
	}
	d.records.add(it.ID.Parent(), it.Meta, r)
}

func (d *decoder) resolver(it *item) {
	d.put(it, &world.Resolver{Meta: it.Meta, VNet: it.props.get("virtualNetwork", "id").required().ref(typeVNet).ID})
	d.nested(it, "inboundEndpoints", "inboundEndpoints", (*decoder).inboundEndpoint)
	d.nested(it, "outboundEndpoints", "outboundEndpoints", (*decoder).outboundEndpoint)
}

func (d *decoder) inboundEndpoint(it *item) {
	d.inbound.add(it.ID.Parent(), it.Meta, valid(each(it.props.get("ipConfigurations"), func(n node) netip.Addr {
		return n.get("privateIpAddress").addr()
	})))
}

func (d *decoder) outboundEndpoint(it *item) { d.outbound.add(it.ID.Parent(), it.Meta, it.ID) }

func (d *decoder) ruleset(it *item) {
	d.put(it, &world.Ruleset{Meta: it.Meta, Outbound: ids(it.props.get("dnsResolverOutboundEndpoints"), typeOutbound)})
	d.nested(it, "forwardingRules", "forwardingRules", (*decoder).forwardingRule)
	d.nested(it, "virtualNetworkLinks", "virtualNetworkLinks", (*decoder).rulesetLink)
}

func (d *decoder) forwardingRule(it *item) {
	p := it.props
	rule := world.ForwardingRule{
		Meta:    it.Meta,
		Domain:  p.get("domainName").domain(),
		Enabled: p.get("forwardingRuleState").oneOf("Enabled", "Enabled", "Disabled") == "Enabled",
	}
	for _, target := range p.get("targetDnsServers").list() {
		if a := target.get("ipAddress").addr(); a.IsValid() {
			rule.Targets = append(rule.Targets, netip.AddrPortFrom(a, uint16(target.get("port").number(53, 65535))))
		}
	}
	d.forwarding.add(it.ID.Parent(), it.Meta, rule)
}

func (d *decoder) rulesetLink(it *item) {
	d.rulesetVNets.add(it.ID.Parent(), it.Meta, it.props.get("virtualNetwork", "id").required().ref(typeVNet).ID)
}

func (d *decoder) perimeter(it *item) {
	d.put(it, &world.Perimeter{Meta: it.Meta})
	d.nested(it, "profiles", "profiles", (*decoder).profile)
	d.nested(it, "resourceAssociations", "resourceAssociations", (*decoder).association)
}

// profile matters for its rules only.
func (d *decoder) profile(it *item) {
	d.nested(it, "accessRules", "accessRules", (*decoder).accessRule)
}

type association struct {
	resource world.ID
	enforced bool
}

// association reads the modes Enforced, Learning (now called Transition) and
// Audit; only the first refuses anything.
func (d *decoder) association(it *item) {
	mode := it.props.get("accessMode").oneOf("Learning", "Learning", "Transition", "Enforced", "Audit")
	d.associations.add(it.ID.Parent(), it.Meta, association{
		it.props.get("privateLinkResource", "id").required().loose(typeVault).ID, mode == "Enforced",
	})
}

type accessRule struct {
	prefixes      []netip.Prefix
	subscriptions []string
}

func (d *decoder) accessRule(it *item) {
	p := it.props
	if p.get("direction").oneOf("Inbound", "Inbound", "Outbound") != "Inbound" {
		return
	}
	d.accessRules.add(it.ID.Parent().Parent(), it.Meta, accessRule{
		p.get("addressPrefixes").prefixes(),
		each(p.get("subscriptions"), func(n node) string { return world.MakeID(n.get("id").str()).Name() }),
	})
}

func (d *decoder) finishPerimeter(p *world.Perimeter) {
	for _, a := range d.associations.of(p.ID) {
		if a.enforced {
			p.Resources = append(p.Resources, a.resource)
		} else {
			p.Learning = append(p.Learning, a.resource)
		}
	}
	for _, rule := range d.accessRules.of(p.ID) {
		p.Inbound = append(p.Inbound, rule.prefixes...)
		p.Inside = append(p.Inside, rule.subscriptions...)
	}
}
