package change

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// SetNSGRule puts a rule for TCP 443 towards one address into a network
// security group, ahead of all others of its direction.
type SetNSGRule struct {
	NSG     world.ID
	Inbound bool
	Allow   bool
	To      netip.Addr
}

const firstPriority, priorityStep = 100, 10 // Azure takes 100 to 4096

// Apply puts the rule in.
func (c SetNSGRule) Apply(w *world.World) *world.World {
	n, ok := w.NSG(c.NSG)
	if !ok {
		return w
	}
	changed := *n
	changed.Rules = append(slices.Clone(n.Rules), world.NSGRule{
		Name: c.name(), Priority: c.priority(n), Inbound: c.Inbound, Allow: c.Allow, Protocol: "Tcp",
		Sources: []string{"*"}, Destinations: []string{c.To.String()}, DestinationPorts: []string{"443"},
	})
	slices.SortStableFunc(changed.Rules, func(a, b world.NSGRule) int { return cmp.Compare(a.Priority, b.Priority) })
	return w.With(world.Put(&changed))
}

func (c SetNSGRule) name() string {
	return map[bool]string{true: "allow", false: "deny"}[c.Allow] + "-key-vault-private-endpoint"
}

// priority is the least that comes before the rules of the same direction.
func (c SetNSGRule) priority(n *world.NSG) int {
	least := firstPriority + priorityStep
	for _, r := range n.Rules {
		if r.Inbound == c.Inbound {
			least = min(least, r.Priority)
		}
	}
	return max(least-priorityStep, firstPriority)
}

// Title says what is done.
func (c SetNSGRule) Title(w *world.World) string {
	verb := map[bool]string{true: "Allow", false: "Deny"}[c.Allow]
	way := map[bool]string{true: "inbound", false: "outbound"}[c.Inbound]
	return fmt.Sprintf("%s TCP 443 to %s %s in the network security group %s", verb, c.To, way, nameOf(w, c.NSG))
}

// Commands create the rule.
func (c SetNSGRule) Commands(w *world.World) []string {
	n, ok := w.NSG(c.NSG)
	if !ok {
		return nil
	}
	return az("network nsg rule create", in(n.Meta), "--nsg-name", quote(n.Name()), "--name", c.name(),
		fmt.Sprintf("--priority %d", c.priority(n)), "--direction", map[bool]string{true: "Inbound", false: "Outbound"}[c.Inbound],
		"--access", map[bool]string{true: "Allow", false: "Deny"}[c.Allow], "--protocol Tcp",
		"--destination-address-prefixes", c.To.String(), "--destination-port-ranges 443")
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
	_, v, ok := w.Subnet(c.Subnet)
	if !ok {
		return w
	}
	if _, exists := w.NSG(c.NSG); !exists {
		w = w.With(world.Put(&world.NSG{Meta: world.At(string(c.NSG))}))
	}
	changed := *v
	changed.Subnets = slices.Clone(v.Subnets)
	for i := range changed.Subnets {
		if changed.Subnets[i].ID == c.Subnet {
			changed.Subnets[i].NSG = c.NSG
		}
	}
	return w.With(world.Put(&changed))
}

// Title says what is done.
func (c AttachNSG) Title(w *world.World) string {
	return fmt.Sprintf("Put the network security group %s on the subnet %s", nameOf(w, c.NSG), c.Subnet.Name())
}

// Commands attach the group.
func (c AttachNSG) Commands(w *world.World) []string {
	s, v, ok := w.Subnet(c.Subnet)
	if !ok {
		return nil
	}
	return az("network vnet subnet update", in(v.Meta), "--vnet-name", quote(v.Name()), "--name", quote(s.Name()),
		"--network-security-group", quote(pathOf(w, c.NSG)))
}

// Verify shows the subnet's group.
func (c AttachNSG) Verify(w *world.World) []string {
	s, v, ok := w.Subnet(c.Subnet)
	if !ok {
		return nil
	}
	return az("network vnet subnet show", in(v.Meta), "--vnet-name", quote(v.Name()), "--name", quote(s.Name()), "--query networkSecurityGroup.id")
}
