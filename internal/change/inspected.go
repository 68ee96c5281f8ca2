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

// AllowInspected lets a firewall or an appliance pass one port of one address.
type AllowInspected struct {
	Machine world.ID // a firewall, or a host that forwards
	To      netip.Addr
	Port    uint16       // 0: 443, over TCP only; else over UDP too
	From    netip.Prefix // of the clients; the zero Prefix: everybody
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

// Apply puts the rule first among those of its kind, or takes the address out of
// what an appliance drops.
func (c AllowInspected) Apply(w *world.World) *world.World {
	if f, ok := w.Firewall(c.Machine); ok {
		rule, at := c.rule(f), c.place(f)
		if at < len(f.Allow) && same(f.Allow[at], rule) {
			return w
		}
		return editFirewall(w, c.Machine, func(f *world.Firewall) {
			f.Allow = slices.Insert(slices.Clone(f.Allow), at, rule)
			if f.Policy.ID != "" {
				f.Policy.Groups = append(slices.Clone(f.Policy.Groups), priority(f))
				slices.Sort(f.Policy.Groups)
			}
		})
	}
	return editForward(w, c.Machine, func(r *world.ForwardRole) {
		r.Blocks = slices.DeleteFunc(slices.Clone(r.Blocks), func(p netip.Prefix) bool { return p.Contains(c.To) })
	})
}

// Stands tells whether a firewall seems to let the clients pass already. What is
// behind a service tag is not looked at.
func (c AllowInspected) Stands(w *world.World) bool {
	f, ok := w.Firewall(c.Machine)
	_, port := c.match()
	n, _ := strconv.Atoi(port)
	return ok && (f.AllowAll || slices.ContainsFunc(f.Allow, func(r world.FirewallRule) bool {
		return r.Allow && !r.Application() && len(r.FQDNs) == 0 &&
			covers(r.Sources, func(word string) bool { return mayHold(word, c.From.Addr()) }) &&
			covers(r.Destinations, func(word string) bool { return mayHold(word, c.To) }) &&
			covers(r.Ports, func(word string) bool { return holdsPort(word, n) })
	}))
}

// same tells whether two rules differ in their names alone.
func same(a, b world.FirewallRule) bool {
	a.Name = b.Name
	return reflect.DeepEqual(a, b)
}

// place is where the rule goes: application rules are looked at after all network
// rules (learn.microsoft.com/azure/firewall/rule-processing).
func (c AllowInspected) place(f *world.Firewall) int {
	if c.Name.IsZero() {
		return 0
	}
	at := slices.IndexFunc(f.Allow, func(r world.FirewallRule) bool { return r.Application() })
	if at < 0 {
		return len(f.Allow)
	}
	return at
}

func (c AllowInspected) rule(f *world.Firewall) world.FirewallRule {
	from := []string{c.source()}
	if !c.Name.IsZero() {
		return world.FirewallRule{
			Name: unused(f, "to-"+c.Name.Label()), Allow: true, Sources: from, FQDNs: []string{c.Name.Host()},
			Ports: []string{"443"}, Protocols: []string{"Https"},
		}
	}
	protocols, port := c.match()
	return world.FirewallRule{
		Name: unused(f, "to-"+c.To.String()+"-port-"+port), Allow: true, Sources: from,
		Destinations: []string{c.To.String()}, Ports: []string{port}, Protocols: protocols,
	}
}

// unused is a name that no rule of a firewall has: to create a group of rules
// where one of its name stands would empty that.
func unused(f *world.Firewall, name string) string {
	try := name
	for n := 2; slices.ContainsFunc(f.Allow, func(r world.FirewallRule) bool { return r.Name == try }); n++ {
		try = fmt.Sprintf("%s-%d", name, n)
	}
	return try
}

// priority is that of a new group of rules of a policy: ahead of all others, where
// that is free.
func priority(f *world.Firewall) int {
	n := firstPriority
	for slices.Contains(f.Policy.Groups, n) {
		n++
	}
	return n
}

func (c AllowInspected) source() string {
	if !c.From.IsValid() {
		return "*"
	}
	return c.From.String()
}

// Title says what is done.
func (c AllowInspected) Title(w *world.World) string {
	from := ""
	if c.From.IsValid() {
		from = " from " + c.From.String()
	}
	where := nameOf(w, c.Machine) + byPolicy(w, c.Machine)
	if !c.Name.IsZero() {
		return fmt.Sprintf("Allow HTTPS%s to %s in the application rules of %s", from, c.Name.Host(), where)
	}
	protocols, port := c.match()
	return fmt.Sprintf("Allow %s %s%s to %s in the network rules of %s", strings.Join(protocols, " and "), port, from, c.To, where)
}

// Commands add a rule to a firewall, or a group of rules to its policy.
func (c AllowInspected) Commands(w *world.World) []string {
	f, ok := w.Firewall(c.Machine)
	switch {
	case !ok:
		return nil
	case f.Policy.ID != "":
		return c.policyRule(f)
	}
	rule, from := c.rule(f), quote(c.source())
	command := []string{
		in(f.Meta), "--firewall-name", quote(f.Name()), "--collection-name", rule.Name, "--priority 100 --action Allow",
		"--name", rule.Name, "--source-addresses", from,
	}
	if !c.Name.IsZero() {
		return az(append(append([]string{"network firewall application-rule create"}, command...),
			"--protocols Https=443 --target-fqdns", c.Name.Host())...)
	}
	protocols, port := c.match()
	return az(append(append([]string{"network firewall network-rule create"}, command...),
		"--protocols", strings.Join(protocols, " "), "--destination-ports", port, "--destination-addresses", c.To.String())...)
}

// policyRule are the commands that add a group with the rule to a policy.
func (c AllowInspected) policyRule(f *world.Firewall) []string {
	rule := c.rule(f)
	of := in(f.Policy.Meta) + " --policy-name " + quote(f.Policy.Name())
	what := []string{"--rule-type ApplicationRule --protocols Https=443 --target-fqdns", c.Name.Host()}
	if c.Name.IsZero() {
		protocols, port := c.match()
		what = []string{
			"--rule-type NetworkRule --ip-protocols", strings.Join(protocols, " "),
			"--destination-addresses", c.To.String(), "--destination-ports", port,
		}
	}
	commands := az("network firewall policy rule-collection-group create", of, "--name", rule.Name, "--priority", strconv.Itoa(priority(f)))
	return append(commands, az(append([]string{
		"network firewall policy rule-collection-group collection add-filter-collection", of, "--rule-collection-group-name", rule.Name,
		"--name", rule.Name, "--collection-priority 100 --action Allow --rule-name", rule.Name, "--source-addresses", quote(c.source()),
	}, what...)...)...)
}

// Verify shows the firewall's rules.
func (c AllowInspected) Verify(w *world.World) []string { return showRules(w, c.Machine) }
