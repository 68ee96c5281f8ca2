package change

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// SetNSGRule puts a rule for one port of one address into a network security
// group, ahead of those of its direction that may decide otherwise.
type SetNSGRule struct {
	NSG     world.ID
	Inbound bool
	Allow   bool
	To      netip.Addr
	Port    uint16 // 0: 443, over TCP only; else over any protocol
}

// Azure takes priorities from 100 to 4096; people leave room between them.
const firstPriority, lastPriority, priorityStep = 100, 4096, 10

// Apply puts the rule in. Where no priority is free ahead of the rule that
// decides otherwise, those that are in the way move back by one.
func (c SetNSGRule) Apply(w *world.World) *world.World {
	n, ok := w.NSG(c.NSG)
	if !ok {
		return w
	}
	if c.stands(n) {
		return w
	}
	changed := *n
	changed.Rules = c.others(n)
	for _, i := range c.inTheWay(changed.Rules) {
		changed.Rules[i].Priority++
	}
	changed.Rules = append(changed.Rules, c.rule(c.priority(changed.Rules)))
	slices.SortStableFunc(changed.Rules, byPriority)
	return put(w, &changed)
}

func (c SetNSGRule) rule(priority int) world.NSGRule {
	protocol, port := c.match()
	return world.NSGRule{
		Name: c.name(), Priority: priority, Inbound: c.Inbound, Allow: c.Allow, Protocol: protocol,
		Sources: []string{"*"}, Destinations: []string{c.To.String()}, DestinationPorts: []string{port},
	}
}

// stands tells whether the rule is there already, ahead of those that may
// decide otherwise.
func (c SetNSGRule) stands(n *world.NSG) bool {
	i := slices.IndexFunc(n.Rules, func(r world.NSGRule) bool { return r.Name == c.name() })
	return i >= 0 && reflect.DeepEqual(n.Rules[i], c.rule(n.Rules[i].Priority)) && n.Rules[i].Priority < c.opposed(c.others(n))
}

// others are the group's rules, ordered by priority, but for one of the same
// name, which Azure overwrites.
func (c SetNSGRule) others(n *world.NSG) []world.NSGRule {
	rules := slices.DeleteFunc(slices.Clone(n.Rules), func(r world.NSGRule) bool { return r.Name == c.name() })
	slices.SortStableFunc(rules, byPriority)
	return rules
}

func byPriority(a, b world.NSGRule) int { return cmp.Compare(a.Priority, b.Priority) }

// match is what the rule is about.
func (c SetNSGRule) match() (protocol, port string) {
	if c.Port == 0 {
		return "Tcp", "443"
	}
	return "*", strconv.Itoa(int(c.Port))
}

// name is the rule's own: a group has no two rules of one name, in either
// direction.
func (c SetNSGRule) name() string {
	verb := map[bool]string{true: "allow", false: "deny"}[c.Allow]
	way := map[bool]string{true: "in", false: "out"}[c.Inbound]
	_, port := c.match()
	return strings.ReplaceAll(fmt.Sprintf("%s-%s-%s-%s", verb, way, c.To, port), ":", "-")
}

// inTheWay are the places of the rules that have the new rule's priority or
// follow it without a gap, the last first: none where it is free.
func (c SetNSGRule) inTheWay(rules []world.NSGRule) []int {
	var places []int
	next := c.priority(rules)
	for i, r := range rules { // ordered by priority
		if r.Inbound == c.Inbound && r.Priority == next {
			places = append(places, i)
			next++
		}
	}
	slices.Reverse(places)
	return places
}

// Title says what is done.
func (c SetNSGRule) Title(w *world.World) string {
	verb := map[bool]string{true: "Allow", false: "Deny"}[c.Allow]
	way := map[bool]string{true: "inbound", false: "outbound"}[c.Inbound]
	what := "TCP 443"
	if c.Port != 0 {
		what = fmt.Sprintf("port %d", c.Port)
	}
	return fmt.Sprintf("%s %s to %s %s in the network security group %s", verb, what, c.To, way, nameOf(w, c.NSG)) + c.moves(w)
}

// moves says which rules get another priority, since none is free ahead of
// them; "" where none does.
func (c SetNSGRule) moves(w *world.World) string {
	n, ok := w.NSG(c.NSG)
	if !ok || c.stands(n) {
		return ""
	}
	rules := c.others(n)
	var texts []string
	for _, i := range c.inTheWay(rules) {
		texts = append(texts, fmt.Sprintf("%s from %d to %d", rules[i].Name, rules[i].Priority, rules[i].Priority+1))
	}
	if len(texts) == 0 {
		return ""
	}
	return "; no lower priority number is free, so this moves " + listed(texts)
}

// Commands make room and create the rule.
func (c SetNSGRule) Commands(w *world.World) []string {
	n, ok := w.NSG(c.NSG)
	if !ok || c.stands(n) {
		return nil
	}
	group := in(n.Meta) + " --nsg-name " + quote(n.Name())
	var commands []string
	rules := c.others(n)
	for _, i := range c.inTheWay(rules) {
		r := rules[i]
		commands = append(commands, az("network nsg rule update", group, "--name", quote(r.Name), fmt.Sprintf("--priority %d", r.Priority+1))...)
	}
	protocol, port := c.match()
	return append(commands, az("network nsg rule create", group, "--name", c.name(),
		fmt.Sprintf("--priority %d", c.priority(rules)), "--direction", map[bool]string{true: "Inbound", false: "Outbound"}[c.Inbound],
		"--access", map[bool]string{true: "Allow", false: "Deny"}[c.Allow], "--protocol", quote(protocol),
		"--destination-address-prefixes", c.To.String(), "--destination-port-ranges", port)...)
}

// Verify lists the group's rules.
func (c SetNSGRule) Verify(w *world.World) []string {
	n, ok := w.NSG(c.NSG)
	if !ok {
		return nil
	}
	return az("network nsg rule list", in(n.Meta), "--nsg-name", quote(n.Name()), "--output table")
}

// AttachNSG puts a network security group on a subnet, creating it if it does
// not exist.
type AttachNSG struct{ NSG, Subnet world.ID }

// NSGFor is the id of a new group beside a subnet's VNet.
func NSGFor(w *world.World, subnet world.ID) world.ID {
	m := world.Meta{Path: pathOf(w, subnet.Parent())}
	return world.MakeID(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/networkSecurityGroups/nsg-%s",
		m.Subscription(), m.Group(), subnet.Name()))
}

// Apply attaches the group.
func (c AttachNSG) Apply(w *world.World) *world.World {
	if _, _, ok := w.Subnet(c.Subnet); !ok {
		return w
	}
	if _, exists := w.NSG(c.NSG); !exists {
		w = put(w, &world.NSG{Meta: world.At(string(c.NSG))})
	}
	return editSubnet(w, c.Subnet, func(s *world.Subnet) { s.NSG = c.NSG })
}

// Title says what is done.
func (c AttachNSG) Title(w *world.World) string {
	return fmt.Sprintf("Put the network security group %s on the subnet %s", nameOf(w, c.NSG), c.Subnet.Name())
}

// Commands create the group where it does not exist, and attach it.
func (c AttachNSG) Commands(w *world.World) []string {
	if _, _, ok := w.Subnet(c.Subnet); !ok {
		return nil
	}
	var commands []string
	if _, exists := w.NSG(c.NSG); !exists {
		m := world.At(string(c.NSG))
		commands = az("network nsg create", in(m), "--name", quote(m.Name()))
	}
	return append(commands, subnetUpdate(w, c.Subnet, "--network-security-group", quote(pathOf(w, c.NSG)))...)
}

// Verify shows the subnet's group.
func (c AttachNSG) Verify(w *world.World) []string {
	return subnetShow(w, c.Subnet, "networkSecurityGroup.id")
}
