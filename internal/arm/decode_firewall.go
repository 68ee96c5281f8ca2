package arm

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// firewallRefs is what a firewall says in other resources.
type firewallRefs struct{ policy, publicIP world.ID }

// A policy is what a firewall policy says outside of its rules.
type policy struct {
	base          world.ID
	proxy         bool
	servers       []netip.Addr
	privateRanges []string
}

// A ruleGroup is a rule collection group.
type ruleGroup struct {
	priority    int64
	collections []ruleCollection
}

type ruleCollection struct {
	priority    int64
	application bool
	rules       []world.FirewallRule
}

func (d *decoder) firewall(it *item) {
	p := it.props
	config := p.get("ipConfigurations").first().get("properties")
	f := &world.Firewall{
		Meta:    it.Meta,
		VNet:    config.get("subnet", "id").ref(typeSubnet).ID.Parent(),
		Address: config.get("privateIPAddress").addr(),
		Public:  p.get("hubIPAddresses", "publicIPs", "addresses").first().get("address").addr(),
	}
	if hub := p.get("virtualHub", "id").ref(typeHub).ID; hub != "" {
		f.VNet, f.Address = hub, p.get("hubIPAddresses", "privateIPAddress").addr()
	}
	d.firewalls[it.ID] = firewallRefs{
		policy:   p.get("firewallPolicy", "id").ref(typePolicy).ID,
		publicIP: config.get("publicIPAddress", "id").ref(typePublicIP).ID,
	}
	d.put(it, f)
}

func (d *decoder) policy(it *item) {
	p := it.props
	d.policies[it.ID] = policy{
		base:          p.get("basePolicy", "id").ref(typePolicy).ID,
		proxy:         p.get("dnsSettings", "enableProxy").boolean(false),
		servers:       p.get("dnsSettings", "servers").addrs(),
		privateRanges: p.get("snat", "privateRanges").strs(),
	}
	d.nested(it, "ruleCollectionGroups", "ruleCollectionGroups", (*decoder).ruleGroup)
}

func (d *decoder) ruleGroup(it *item) {
	d.ruleGroups.add(it.ID.Parent(), it.Meta, ruleGroup{
		priority:    it.props.get("priority").number(0, 65000),
		collections: each(it.props.get("ruleCollections"), collection),
	})
}

func collection(n node) ruleCollection {
	c := ruleCollection{priority: n.get("priority").number(0, 65000)}
	allow := n.get("action", "type").oneOf("Allow", "Allow", "Deny", "DNAT") == "Allow"
	for _, rule := range n.get("rules").list() {
		r := world.FirewallRule{Name: rule.get("name").str(), Allow: allow, Sources: rule.get("sourceAddresses").strs()}
		switch rule.get("ruleType").str() {
		case "NetworkRule":
			r.Destinations, r.FQDNs = rule.get("destinationAddresses").strs(), rule.get("destinationFqdns").strs()
			r.Ports, r.Protocols = rule.get("destinationPorts").strs(), rule.get("ipProtocols").strs()
		case "ApplicationRule":
			c.application = true
			r.FQDNs = rule.get("targetFqdns").strs()
			for _, protocol := range rule.get("protocols").list() {
				r.Protocols = append(r.Protocols, protocol.get("protocolType").str())
				r.Ports = append(r.Ports, strconv.FormatInt(protocol.get("port").number(443, 65535), 10))
			}
		default: // NatRule: for what comes in from the internet
			continue
		}
		c.rules = append(c.rules, r)
	}
	return c
}

// finishFirewall puts in what the policy says. Without one, and with one whose
// rules were not read, nothing is known to restrict.
func (d *decoder) finishFirewall(f *world.Firewall) {
	refs := d.firewalls[f.ID]
	if a := d.publicIPs[refs.publicIP]; a.IsValid() {
		f.Public = a
	}
	f.AllowAll = true
	collections, known := d.effective(f, refs.policy)
	if known {
		f.AllowAll, f.Allow = false, flatten(collections)
	}
}

// maxBases bounds how far policies inherit: Azure allows one level.
const maxBases = 4

// effective sets what policies say of the firewall itself and gathers their
// rules: those of a base policy go before those of the one that inherits it.
func (d *decoder) effective(f *world.Firewall, id world.ID) (collections []ruleCollection, known bool) {
	for range maxBases {
		p, ok := d.policies[id]
		if !ok {
			break
		}
		f.DNSProxy = f.DNSProxy || p.proxy
		if len(f.DNSServers) == 0 {
			f.DNSServers = p.servers
		}
		f.SNATPrivate = f.SNATPrivate || translatesPrivate(p.privateRanges)
		groups := d.ruleGroups.peek(id)
		known = known || len(groups) > 0
		slices.SortStableFunc(groups, func(a, b ruleGroup) int { return cmp.Compare(a.priority, b.priority) })
		var own []ruleCollection
		for _, group := range groups {
			own = append(own, slices.SortedStableFunc(slices.Values(group.collections), func(a, b ruleCollection) int {
				return cmp.Compare(a.priority, b.priority)
			})...)
		}
		collections, id = append(own, collections...), p.base
	}
	return collections, known
}

// flatten orders the rules as the firewall goes through them: all network
// rules before the first application rule, whatever their priorities
// (learn.microsoft.com/azure/firewall/rule-processing).
func flatten(collections []ruleCollection) (rules []world.FirewallRule) {
	for _, application := range []bool{false, true} {
		for _, c := range collections {
			if c.application == application {
				rules = append(rules, c.rules...)
			}
		}
	}
	return rules
}

// translatesPrivate tells whether the ranges towards which a policy keeps the
// source address leave RFC 1918 space out. None given means that space.
func translatesPrivate(ranges []string) bool {
	for _, r := range ranges {
		if strings.EqualFold(r, "IANAPrivateRanges") {
			return false
		}
		kept, err := netip.ParsePrefix(r)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(rfc1918, kept.Overlaps) {
			return false
		}
	}
	return len(ranges) > 0
}

var rfc1918 = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
}
