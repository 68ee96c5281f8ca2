package change

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// AddForwardingRule makes Azure DNS of a VNet send questions below a domain to
// a server: it puts a rule into the VNet's forwarding ruleset, and creates the
// ruleset with its resolver where there is none.
type AddForwardingRule struct {
	VNet   world.ID
	Domain dnsname.Name
	To     netip.Addr
}

const dnsPort = 53

// Apply adds the rule.
func (c AddForwardingRule) Apply(w *world.World) *world.World {
	if _, ok := w.VNet(c.VNet); !ok {
		return w
	}
	w, set := c.ruleset(w)
	if slices.ContainsFunc(set.Rules, c.is) {
		return w
	}
	changed := *set
	rule := world.ForwardingRule{
		Meta: world.At(set.Path + "/forwardingRules/" + ruleName(c.Domain)), Domain: c.Domain,
		Targets: []netip.AddrPort{netip.AddrPortFrom(c.To, dnsPort)}, Enabled: true,
	}
	changed.Rules = append(slices.Clone(set.Rules), rule)
	return put(w, &changed)
}

// is tells whether a rule does the same already.
func (c AddForwardingRule) is(r world.ForwardingRule) bool {
	return r.Enabled && r.Domain == c.Domain && slices.Equal(r.Targets, []netip.AddrPort{netip.AddrPortFrom(c.To, dnsPort)})
}

// ruleset returns the ruleset that is linked to the VNet, made if need be.
func (c AddForwardingRule) ruleset(w *world.World) (*world.World, *world.Ruleset) {
	for set := range w.RulesetsLinked(c.VNet) {
		return w, set
	}
	resolver := &world.Resolver{Meta: c.beside(w, "dnsResolvers"), VNet: c.VNet}
	resolver.Outbound = []world.ID{world.MakeID(resolver.Path + "/outboundEndpoints/outbound")}
	set := &world.Ruleset{Meta: c.beside(w, "dnsForwardingRulesets"), Outbound: resolver.Outbound, VNets: []world.ID{c.VNet}}
	return w.With(world.Put(resolver), world.Put(set)), set
}

func (c AddForwardingRule) beside(w *world.World, kind string) world.Meta {
	vnet := world.Meta{Path: pathOf(w, c.VNet)}
	return world.At(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/%s/%s-dns",
		vnet.Subscription(), vnet.Group(), kind, vnet.Name()))
}

func ruleName(d dnsname.Name) string {
	name := []byte(d.Host())
	for i, b := range name {
		if b == '.' {
			name[i] = '-'
		}
	}
	return string(name)
}

// Title says what is done.
func (c AddForwardingRule) Title(w *world.World) string {
	return fmt.Sprintf("Forward %s to %s in the ruleset of the VNet %s", c.Domain.Host(), c.To, nameOf(w, c.VNet))
}

// Commands create the rule in a ruleset that stands; a resolver and a ruleset
// take more than a command.
func (c AddForwardingRule) Commands(w *world.World) []string {
	for set := range w.RulesetsLinked(c.VNet) {
		return az("dns-resolver forwarding-rule create", in(set.Meta), "--ruleset-name", quote(set.Name()), "--name", quote(ruleName(c.Domain)),
			"--domain-name", quote(c.Domain.String()), fmt.Sprintf("--forwarding-rule-state Enabled --target-dns-servers \"[{ip-address:%s,port:53}]\"", c.To))
	}
	return nil
}

// Verify lists the rules.
func (c AddForwardingRule) Verify(w *world.World) []string {
	for set := range w.RulesetsLinked(c.VNet) {
		return listRules(set)
	}
	return nil
}

func listRules(set *world.Ruleset) []string {
	return az("dns-resolver forwarding-rule list", in(set.Meta), "--ruleset-name", quote(set.Name()), "--output table")
}

// RemoveForwardingRule deletes a rule of a forwarding ruleset.
type RemoveForwardingRule struct{ Ruleset, Rule world.ID }

func (c RemoveForwardingRule) find(w *world.World) (set *world.Ruleset, at int, ok bool) {
	set, ok = w.Lookup(c.Ruleset).(*world.Ruleset)
	if !ok {
		return nil, 0, false
	}
	at = slices.IndexFunc(set.Rules, func(r world.ForwardingRule) bool { return r.ID == c.Rule })
	return set, at, at >= 0
}

// Apply takes the rule out.
func (c RemoveForwardingRule) Apply(w *world.World) *world.World {
	set, at, ok := c.find(w)
	if !ok {
		return w
	}
	changed := *set
	changed.Rules = slices.Delete(slices.Clone(set.Rules), at, at+1)
	return put(w, &changed)
}

// Title says what is done.
func (c RemoveForwardingRule) Title(w *world.World) string {
	set, at, ok := c.find(w)
	if !ok {
		return "Remove the rule " + c.Rule.Name() + " from the forwarding ruleset " + nameOf(w, c.Ruleset)
	}
	return fmt.Sprintf("Remove the rule for %s from the forwarding ruleset %s", set.Rules[at].Domain.Host(), set.Name())
}

// Commands delete the rule.
func (c RemoveForwardingRule) Commands(w *world.World) []string {
	set, at, ok := c.find(w)
	if !ok {
		return nil
	}
	return az("dns-resolver forwarding-rule delete", in(set.Meta), "--ruleset-name", quote(set.Name()), "--name", quote(set.Rules[at].Name()), "--yes")
}

// Verify lists the rules that are left.
func (c RemoveForwardingRule) Verify(w *world.World) []string {
	set, _, ok := c.find(w)
	if !ok {
		return nil
	}
	return listRules(set)
}
