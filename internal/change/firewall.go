package change

import (
	"fmt"
	"net/netip"
	"strings"

	"pldoctor/internal/world"
)

// AddFirewall puts an Azure Firewall into a VNet. It has no rule unless it
// allows everything.
type AddFirewall struct {
	VNet     world.ID
	Addr     netip.Addr
	AllowAll bool
	SNAT     bool // towards private addresses too
	// ByName lets connections open, and lets those to the names of other sites
	// go on.
	ByName bool
}

func (c AddFirewall) meta(w *world.World) world.Meta {
	near := world.Meta{Path: pathOf(w, c.VNet)}
	return world.At(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/azureFirewalls/added-firewall",
		near.Subscription(), near.Group()))
}

// Apply adds the firewall, unless it stands.
func (c AddFirewall) Apply(w *world.World) *world.World {
	m := c.meta(w)
	if _, ok := w.VNet(c.VNet); !ok || w.Lookup(m.ID) != nil || !c.Addr.IsValid() {
		return w
	}
	f := &world.Firewall{Meta: m, VNet: c.VNet, Address: c.Addr, AllowAll: c.AllowAll}
	if c.SNAT {
		f.KeepSource = world.AlwaysTranslate()
	}
	if c.ByName {
		f.Allow = []world.FirewallRule{{Name: "other-sites", Allow: true, Ports: []string{"443"}, Protocols: []string{"Https"}, FQDNs: []string{"*.example.com"}}}
	}
	return put(w, f)
}

// Title says what is done.
func (c AddFirewall) Title(w *world.World) string {
	return fmt.Sprintf("Put an Azure Firewall (%s) into the VNet %s", c.Addr, nameOf(w, c.VNet))
}

// Commands create the firewall; its address takes an IP configuration as well.
func (c AddFirewall) Commands(w *world.World) []string {
	m := c.meta(w)
	return az("network firewall create", in(m), "--name", quote(m.Name()))
}

// Verify shows the firewall.
func (c AddFirewall) Verify(w *world.World) []string { return firewallShow(c.meta(w)) }

// editFirewall puts a changed copy of a firewall into the World, and of all that
// share its policy, where it has one: what is changed stands in there.
func editFirewall(w *world.World, id world.ID, change func(*world.Firewall)) *world.World {
	f, ok := w.Firewall(id)
	if !ok {
		return w
	}
	after := w
	for other := range w.Firewalls() {
		if other.ID == id || f.Policy.ID != "" && other.Policy.ID == f.Policy.ID {
			changed := *other
			change(&changed)
			after = put(after, &changed)
		}
	}
	return after
}

// byPolicy says in which policy of a firewall a change is made, and which other
// firewalls it rules; "" where there is none.
func byPolicy(w *world.World, id world.ID) string {
	f, ok := w.Firewall(id)
	if !ok || f.Policy.ID == "" {
		return ""
	}
	var others []string
	for other := range w.Firewalls() {
		if other.ID != id && other.Policy.ID == f.Policy.ID {
			others = append(others, other.Name())
		}
	}
	if len(others) == 0 {
		return ", in its policy " + f.Policy.Name()
	}
	return fmt.Sprintf(", in its policy %s, which is that of %s too", f.Policy.Name(), strings.Join(others, ", "))
}

// firewallUpdate is the az command that changes a setting of a firewall, or of its
// policy.
func firewallUpdate(f *world.Firewall, what ...string) []string {
	kind, m := "network firewall update", f.Meta
	if f.Policy.ID != "" {
		kind, m = "network firewall policy update", f.Policy.Meta
	}
	return az(append([]string{kind, in(m), "--name", quote(m.Name())}, what...)...)
}

// showSettings shows what a firewall without a policy says of itself, or a
// property of its policy; a machine that forwards has no az command.
func showSettings(w *world.World, machine world.ID, property string) []string {
	f, ok := w.Firewall(machine)
	switch {
	case !ok:
		return nil
	case f.Policy.ID == "":
		return az("network firewall show", in(f.Meta), "--name", quote(f.Name()), "--query additionalProperties")
	}
	return az("network firewall policy show", in(f.Policy.Meta), "--name", quote(f.Policy.Name()), "--query", property)
}

// showRules shows the rules of a firewall.
func showRules(w *world.World, machine world.ID) []string {
	f, ok := w.Firewall(machine)
	switch {
	case !ok:
		return nil
	case f.Policy.ID == "":
		return firewallShow(f.Meta)
	}
	return az("network firewall policy rule-collection-group list", in(f.Policy.Meta), "--policy-name", quote(f.Policy.Name()),
		"--query \"[].{group:name, priority:priority, rules:ruleCollections[].rules[].name}\"")
}

func firewallShow(m world.Meta) []string {
	return az("network firewall show", in(m), "--name", quote(m.Name()))
}

// RestrictFirewall takes all rules of a firewall away, so that it drops
// everything.
type RestrictFirewall struct{ Firewall world.ID }

// Apply empties the rules.
func (c RestrictFirewall) Apply(w *world.World) *world.World {
	return editFirewall(w, c.Firewall, func(f *world.Firewall) { f.AllowAll, f.Allow = false, nil })
}

// Title says what is done.
func (c RestrictFirewall) Title(w *world.World) string {
	return "Take all rules of the firewall " + nameOf(w, c.Firewall) + " away"
}

// Commands are none: each rule collection is deleted on its own.
func (RestrictFirewall) Commands(*world.World) []string { return nil }

// Verify shows the firewall.
func (c RestrictFirewall) Verify(w *world.World) []string { return showRules(w, c.Firewall) }
