package route

import (
	"net/netip"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// defaultRules stand in every network security group below those that are
// written there: learn.microsoft.com/azure/virtual-network/
// network-security-groups-overview, "Default security rules". What none of
// them allows is denied.
var defaultRules = [...]world.NSGRule{
	{Inbound: true, Allow: true, Sources: []string{"VirtualNetwork"}, Destinations: []string{"VirtualNetwork"}},
	{Inbound: true, Allow: true, Sources: []string{"AzureLoadBalancer"}},
	{Allow: true, Sources: []string{"VirtualNetwork"}, Destinations: []string{"VirtualNetwork"}},
	{Allow: true, Destinations: []string{"Internet"}},
}

// filtered applies the network security group of a subnet to the packet on its
// way in or out, and tells whether that was its end. Azure's own gateways and
// firewalls take no such groups.
func (t *trip) filtered(at *place, inbound bool) bool {
	if at.subnet == nil || at.subnet.NSG == "" || at.entering {
		return false
	}
	g, ok := t.w.NSG(at.subnet.NSG)
	if !ok || t.admits(g, at, inbound) {
		return false
	}
	return t.end(fact.Timeout, fact.ByNSG, g.ID)
}

// admits finds the first rule that matches the packet.
func (t *trip) admits(g *world.NSG, at *place, inbound bool) bool {
	for i := range g.Rules {
		if t.matches(&g.Rules[i], at, inbound) {
			return g.Rules[i].Allow
		}
	}
	if platformTag(t.dst) != "" {
		return true
	}
	for i := range defaultRules {
		if t.matches(&defaultRules[i], at, inbound) {
			return defaultRules[i].Allow
		}
	}
	return false
}

// platformTag is the service tag of an address behind which the host of a
// virtual machine itself answers, "" for any other one.
func platformTag(a netip.Addr) string {
	switch a {
	case world.AzureDNS:
		return "AzurePlatformDNS"
	case world.InstanceMetadata:
		return "AzurePlatformIMDS"
	}
	return ""
}

// matches tells whether a rule is about the packet. The platform is outside the
// reach of rules that do not name it by its tag (learn.microsoft.com/azure/
// virtual-network/network-security-groups-overview, "Azure platform
// considerations").
func (t *trip) matches(rule *world.NSGRule, at *place, inbound bool) bool {
	if rule.Inbound != inbound || !isAny(rule.Protocol) && !strings.EqualFold(rule.Protocol, string(t.flow.Proto)) {
		return false
	}
	if tag := platformTag(t.dst); tag != "" && !names(rule.Destinations, tag) {
		return false
	}
	return onPort(rule.DestinationPorts, t.flow.To.Port()) &&
		t.covers(rule.Sources, at, t.source()) && t.covers(rule.Destinations, at, t.dst)
}

func names(words []string, tag string) bool {
	for _, word := range words {
		if strings.EqualFold(word, tag) {
			return true
		}
	}
	return false
}
