package arm

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// firewallRefs is what a firewall says in other resources, and the rules that
// stand in itself.
type firewallRefs struct {
	publicIP world.ID
	classic  []ruleCollection
	ruled    bool // whether it says what classic rules it has
}

// A policy is what a firewall policy says outside of its rules.
type policy struct {
	base    world.ID
	proxy   bool
	servers []netip.Addr
	keeps   []netip.Prefix
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
	f.Policy.Meta = p.get("firewallPolicy", "id").ref(typePolicy)
	refs := firewallRefs{publicIP: config.get("publicIPAddress", "id").ref(typePublicIP).ID}
	if f.Policy.ID == "" {
		refs.classic, refs.ruled = classicRules(p)
		own := p.get("additionalProperties")
		f.DNSProxy, f.DNSServers = strings.EqualFold(own.get(proxyKey).str(), "true"), own.get(serversKey).addrsInText()
		f.KeepSource = rangesIn(strings.FieldsFunc(own.get(rangesKey).str(), func(c rune) bool { return c == ',' || c == ' ' }))
	}
	d.firewalls[it.ID] = refs
	d.put(it, f)
}

// The keys of what a firewall without a policy says of itself, as
// learn.microsoft.com/azure/templates/microsoft.network/azurefirewalls has them
// under additionalProperties.
const (
	proxyKey   = "Network.DNS.EnableProxy"
	serversKey = "Network.DNS.Servers"
	rangesKey  = "Network.SNAT.PrivateRanges"
)

// classicRules are the rules of a firewall without a policy, and whether they
// were read.
func classicRules(p node) (rules []ruleCollection, read bool) {
	for _, key := range [...]string{"networkRuleCollections", "applicationRuleCollections"} {
		read = read || !p.get(key).absent()
		for _, n := range p.get(key).list() {
			c := collection(n.get("properties"), key)
			c.application = key == "applicationRuleCollections"
			rules = append(rules, c)
		}
	}
	slices.SortStableFunc(rules, func(a, b ruleCollection) int { return cmp.Compare(a.priority, b.priority) })
	return rules, read
}

func (d *decoder) policy(it *item) {
	p := it.props
	d.policies[it.ID] = policy{
		base:    p.get("basePolicy", "id").ref(typePolicy).ID,
		proxy:   p.get("dnsSettings", "enableProxy").boolean(false),
		servers: p.get("dnsSettings", "servers").addrs(),
		keeps:   rangesIn(p.get("snat", "privateRanges").strs()),
	}
	d.nested(it, "ruleCollectionGroups", "ruleCollectionGroups", (*decoder).ruleGroup)
}

func (d *decoder) ruleGroup(it *item) {
	d.ruleGroups.add(it.ID.Parent(), it.Meta, ruleGroup{
		priority:    it.props.get("priority").number(0, 65000),
		collections: each(it.props.get("ruleCollections"), func(n node) ruleCollection { return collection(n, "") }),
	})
}

// collection reads rules that say of what type they are, or, in a firewall without
// a policy, those of one of its lists.
func collection(n node, list string) ruleCollection {
	c := ruleCollection{priority: n.get("priority").number(0, 65000)}
	allow := n.get("action", "type").oneOf("Allow", "Allow", "Deny", "DNAT") == "Allow"
	for _, rule := range n.get("rules").list() {
		r := world.FirewallRule{Name: rule.get("name").str(), Allow: allow, Sources: rule.get("sourceAddresses").strs()}
		switch cmp.Or(list, rule.get("ruleType").str()) {
		case "NetworkRule", "networkRuleCollections":
			r.Destinations, r.FQDNs = rule.get("destinationAddresses").strs(), rule.get("destinationFqdns").strs()
			r.Ports, r.Protocols = rule.get("destinationPorts").strs(), rule.get("ipProtocols").or(rule.get("protocols")).strs()
		case "ApplicationRule", "applicationRuleCollections":
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

// finishFirewall puts in what the policy says, or the classic rules. Where neither
// was read, nothing is known to restrict.
func (d *decoder) finishFirewall(f *world.Firewall) {
	refs := d.firewalls[f.ID]
	if a := d.publicIPs[refs.publicIP]; a.IsValid() {
		f.Public = a
	}
	collections, known := refs.classic, refs.ruled
	if f.Policy.ID != "" {
		collections, known = d.effective(f)
	}
	if f.AllowAll = !known; known {
		f.Allow = flatten(collections)
	}
	if slices.Equal(f.KeepSource, world.IANAPrivate()) {
		f.KeepSource = nil
	}
}

// maxBases bounds how far policies inherit: Azure allows one level.
const maxBases = 4

// effective sets what policies say of the firewall itself and gathers their
// rules: those of a base policy go before those of the one that inherits it.
func (d *decoder) effective(f *world.Firewall) (collections []ruleCollection, known bool) {
	id := f.Policy.ID
	for range maxBases {
		p, ok := d.policies[id]
		if !ok {
			break
		}
		f.DNSProxy = f.DNSProxy || p.proxy
		if len(f.DNSServers) == 0 {
			f.DNSServers = p.servers
		}
		if f.KeepSource == nil {
			f.KeepSource = p.keeps
		}
		groups := d.ruleGroups.peek(id)
		known = known || len(groups) > 0
		slices.SortStableFunc(groups, func(a, b ruleGroup) int { return cmp.Compare(a.priority, b.priority) })
		var own []ruleCollection
		for _, group := range groups {
			if id == f.Policy.ID {
				f.Policy.Groups = append(f.Policy.Groups, int(group.priority))
			}
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

const ianaPrivate = "IANAPrivateRanges"

// rangesIn are the ranges towards which a firewall keeps the source's address; nil
// where none are given. A single address is a range, too.
func rangesIn(words []string) (ranges []netip.Prefix) {
	for _, word := range words {
		if strings.EqualFold(word, ianaPrivate) {
			ranges = append(ranges, world.IANAPrivate()...)
		} else if p, err := netip.ParsePrefix(word); err == nil {
			ranges = append(ranges, p.Masked())
		} else if a, err := netip.ParseAddr(word); err == nil {
			ranges = append(ranges, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return ranges
}
