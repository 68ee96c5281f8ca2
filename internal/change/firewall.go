package change

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/dnsname"
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
	f := &world.Firewall{Meta: m, VNet: c.VNet, Address: c.Addr, AllowAll: c.AllowAll, SNATPrivate: c.SNAT}
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

func firewallShow(m world.Meta) []string {
	return az("network firewall show", in(m), "--name", quote(m.Name()))
}

// RestrictFirewall takes all rules of a firewall away, so that it drops
// everything.
type RestrictFirewall struct{ Firewall world.ID }

// Apply empties the rules.
func (c RestrictFirewall) Apply(w *world.World) *world.World {
	f, ok := w.Firewall(c.Firewall)
	if !ok {
		return w
	}
	changed := *f
	changed.AllowAll, changed.Allow = false, nil
	return put(w, &changed)
}

// Title says what is done.
func (c RestrictFirewall) Title(w *world.World) string {
	return "Take all rules of the firewall " + nameOf(w, c.Firewall) + " away"
}

// Commands are none: each rule collection is deleted on its own.
func (RestrictFirewall) Commands(*world.World) []string { return nil }

// Verify shows the firewall.
func (c RestrictFirewall) Verify(w *world.World) []string { return inspect(w, c.Firewall) }

// inspect shows a firewall; a machine that forwards has no az command.
func inspect(w *world.World, machine world.ID) []string {
	f, ok := w.Firewall(machine)
	if !ok {
		return nil
	}
	return firewallShow(f.Meta)
}

// AllowInspected lets a firewall or an appliance pass one port of one address.
type AllowInspected struct {
	Machine world.ID // a firewall, or a host that forwards
	To      netip.Addr
	Port    uint16 // 0: 443, over TCP only; else over UDP too
	// Name makes it an application rule of a firewall for HTTPS to that name. Such
	// connections leave with the firewall's own address, so that replies come back
	// through it.
	Name dnsname.Name
}

// match is what the rule is about.
func (c AllowInspected) match() (protocols []string, port string) {
	if c.Port == 0 {
		return []string{"TCP"}, "443"
	}
	return []string{"TCP", "UDP"}, strconv.Itoa(int(c.Port))
}

// Apply puts the rule first, or takes the address out of what an appliance
// drops.
func (c AllowInspected) Apply(w *world.World) *world.World {
	if f, ok := w.Firewall(c.Machine); ok {
		if len(f.Allow) > 0 && reflect.DeepEqual(f.Allow[0], c.rule()) {
			return w
		}
		changed := *f
		changed.Allow = append([]world.FirewallRule{c.rule()}, f.Allow...)
		return put(w, &changed)
	}
	return editForward(w, c.Machine, func(r *world.ForwardRole) {
		r.Blocks = slices.DeleteFunc(slices.Clone(r.Blocks), func(p netip.Prefix) bool { return p.Contains(c.To) })
	})
}

func (c AllowInspected) rule() world.FirewallRule {
	if !c.Name.IsZero() {
		return world.FirewallRule{
			Name: "key-vault", Allow: true, Sources: []string{"*"}, FQDNs: []string{c.Name.Host()},
			Ports: []string{"443"}, Protocols: []string{"Https"},
		}
	}
	protocols, port := c.match()
	return world.FirewallRule{
		Name: "key-vault-port-" + port, Allow: true, Sources: []string{"*"},
		Destinations: []string{c.To.String()}, Ports: []string{port}, Protocols: protocols,
	}
}

// Title says what is done.
func (c AllowInspected) Title(w *world.World) string {
	if !c.Name.IsZero() {
		return fmt.Sprintf("Allow HTTPS to %s on %s, in its application rules or those of its policy", c.Name.Host(), nameOf(w, c.Machine))
	}
	protocols, port := c.match()
	return fmt.Sprintf("Allow %s %s to %s on %s, in its network rules or those of its policy",
		strings.Join(protocols, " and "), port, c.To, nameOf(w, c.Machine))
}

// Commands add a rule to a firewall that has no policy; with one, the rule goes
// into a rule collection group of the policy.
func (c AllowInspected) Commands(w *world.World) []string {
	f, ok := w.Firewall(c.Machine)
	if !ok {
		return nil
	}
	if !c.Name.IsZero() {
		return az("network firewall application-rule create", in(f.Meta), "--firewall-name", quote(f.Name()),
			"--collection-name key-vault --priority 100 --action Allow --name", c.rule().Name,
			"--protocols Https=443 --source-addresses '*' --target-fqdns", c.Name.Host())
	}
	protocols, port := c.match()
	return az("network firewall network-rule create", in(f.Meta), "--firewall-name", quote(f.Name()),
		"--collection-name key-vault --priority 100 --action Allow --name", c.rule().Name,
		"--protocols", strings.Join(protocols, " "), "--source-addresses '*' --destination-ports", port,
		"--destination-addresses", c.To.String())
}

// Verify shows the firewall.
func (c AllowInspected) Verify(w *world.World) []string { return inspect(w, c.Machine) }

// TranslateSource sets whether a firewall or an appliance puts its own address
// in the place of the source's towards private addresses.
type TranslateSource struct {
	Machine world.ID
	On      bool
}

// Apply sets it.
func (c TranslateSource) Apply(w *world.World) *world.World {
	if f, ok := w.Firewall(c.Machine); ok {
		changed := *f
		changed.SNATPrivate = c.On
		return put(w, &changed)
	}
	return editForward(w, c.Machine, func(r *world.ForwardRole) { r.SNAT = c.On })
}

// Title says what is done.
func (c TranslateSource) Title(w *world.World) string {
	if !c.On {
		return "Stop source NAT to private addresses on " + nameOf(w, c.Machine)
	}
	return "Turn on source NAT to private addresses on " + nameOf(w, c.Machine) + ", so that replies come back through it"
}

// Commands set the private ranges of a firewall without a policy: none that a
// real destination is in means always, as
// learn.microsoft.com/azure/firewall/snat-private-range has it.
func (c TranslateSource) Commands(w *world.World) []string {
	f, ok := w.Firewall(c.Machine)
	if !ok {
		return nil
	}
	ranges := map[bool]string{true: "255.255.255.255/32", false: "IANAPrivateRanges"}[c.On]
	return az("network firewall update", in(f.Meta), "--name", quote(f.Name()), "--private-ranges", ranges)
}

// Verify shows the firewall.
func (c TranslateSource) Verify(w *world.World) []string { return inspect(w, c.Machine) }
