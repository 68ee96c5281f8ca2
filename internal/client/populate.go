package client

import (
	"net/netip"
	"slices"

	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// Put returns w with the client in its place.
func Put(w *world.World, m Machine, p Place) *world.World {
	h := &world.Host{
		Meta: world.Meta{ID: ID, Path: ID.Name()}, Network: p.Network, Subnet: p.Subnet, Address: p.Address,
		Runs: m.Runs, Wants: world.WantPrivate, PublicAddress: m.Seen,
	}
	for _, a := range m.Addresses {
		if a != p.Address {
			h.Addresses = append(h.Addresses, a)
		}
	}
	if m.App != "" {
		h.Integrated = world.No
		if p.Network != world.Internet {
			h.Integrated = world.Yes
		}
		if a, ok := w.WebAppNamed(m.App); ok {
			h.RouteAll = a.RouteAll
		}
	}
	var edits []world.Edit
	if p.Gateway != "" {
		edits = append(edits, world.Put(reaching(w, p)))
	}
	if _, inVNet := w.VNet(p.Network); !inVNet && p.Network != world.Internet {
		h.Nameservers = m.Servers // of which Azure does not tell
	}
	if pod := pod(m, p); pod.IsValid() { // its packets leave with the node's address
		node := *h
		node.Meta = world.Meta{ID: world.HostID("node"), Path: "node"}
		node.Runs = settings.RunsVM
		h.Behind, h.Address, h.Subnet = node.ID, pod, ""
		h.Nameservers = m.Servers // the cluster's, which only the node's pods reach
		edits = append(append(edits, world.Put(&node)), clusterDNS(w, &node, m.Servers)...)
	}
	c := newCast(w.With(append(edits, world.Put(h))...))
	c.servers(p.Network, h.Nameservers...)
	if p.Gateway != "" {
		return c.w.With(c.edits...).WithGaps(world.Gap{
			Type: "microsoft.network/connections", Near: p.Network, Why: "Azure does not tell what is behind the gateway, nor which others connect it",
			Unknowable: true,
		})
	}
	return c.w.With(c.edits...)
}

// clusterDNS are the DNS servers of a cluster, whose addresses are the cluster's
// own: other networks may have the same.
func clusterDNS(w *world.World, node *world.Host, servers []netip.Addr) (edits []world.Edit) {
	own, _ := w.Space(node.Network)
	for _, a := range servers {
		if holds(own, a) || !a.IsPrivate() {
			continue
		}
		edits = append(edits, world.Put(&world.Host{
			Meta: host(a.String()), Network: node.Network, Behind: node.ID, Address: a, Runs: settings.RunsAKS, Wants: world.WantPrivate, DNSUnread: true,
		}))
	}
	return edits
}

// reaching is the network behind a gateway, with the client's address in it.
func reaching(w *world.World, p Place) *world.Site {
	s := world.Site{Meta: world.Meta{ID: world.SiteID(beyond), Path: beyond}}
	if known, ok := w.Site(s.ID); ok {
		s = *known
	}
	if !holds(s.Prefixes, p.Address) {
		s.Prefixes = append(slices.Clone(s.Prefixes), netip.PrefixFrom(p.Address, p.Address.BitLen()))
	}
	if !slices.Contains(s.ConnectedTo, p.Gateway) {
		s.ConnectedTo = append(slices.Clone(s.ConnectedTo), p.Gateway)
	}
	return &s
}

// pod is the address that a pod has of its own, none where it has one of its
// node's network.
func pod(m Machine, p Place) netip.Addr {
	if m.Runs != settings.RunsAKS || slices.Contains(m.Addresses, p.Address) || len(m.Addresses) == 0 {
		return netip.Addr{}
	}
	return m.Addresses[0]
}

// Populate returns w with the machines that its configuration names and Azure
// tells nothing of: DNS servers that networks hand out and resolvers ask, and
// appliances that routes lead to. What they do inside is not known, and marked so.
func Populate(w *world.World) *world.World {
	c := newCast(w)
	for _, r := range w.Resources() {
		switch r := r.(type) {
		case *world.VNet:
			c.servers(r.ID, r.DNSServers...)
			c.forwarders(r)
		case *world.Firewall:
			c.servers(r.VNet, r.DNSServers...)
		case *world.Ruleset:
			for _, id := range r.Outbound {
				if resolver, ok := w.ResolverOf(id); ok {
					c.servers(resolver.VNet, targets(r)...)
				}
			}
		}
	}
	return w.With(c.edits...)
}

// targets are the servers to which a ruleset sends questions.
func targets(r *world.Ruleset) (all []netip.Addr) {
	for _, rule := range r.Rules {
		for _, to := range rule.Targets {
			all = append(all, to.Addr())
		}
	}
	return all
}

// appliances are the next hops of a route table.
func appliances(t *world.RouteTable) (all []netip.Addr) {
	if t == nil {
		return nil
	}
	for _, r := range t.Routes {
		if r.Hop == world.HopAppliance && r.Address.IsValid() {
			all = append(all, r.Address)
		}
	}
	return all
}

// A cast are machines, by where they stand.
type cast struct {
	w      *world.World
	at     map[spot]*world.Host
	beyond *world.Site // the networks behind gateways of which Azure tells nothing
	edits  []world.Edit
}

func newCast(w *world.World) *cast { return &cast{w: w, at: make(map[spot]*world.Host)} }

type spot struct {
	network world.ID
	addr    netip.Addr
}

// servers adds DNS servers that are asked from a network, unless Azure tells who
// they are.
func (c *cast) servers(from world.ID, addrs ...netip.Addr) {
	for _, a := range addrs {
		if a == world.AzureDNS || slices.Contains(world.PublicDNS, a) || a.IsLoopback() {
			continue
		}
		if h := c.machine(from, a); h != nil {
			h.DNSUnread = true
		}
	}
}

// forwarders adds the machines to which a VNet's routes send packets.
func (c *cast) forwarders(v *world.VNet) {
	for i := range v.Subnets {
		t, _ := c.w.RouteTable(v.Subnets[i].RouteTable)
		for _, a := range appliances(t) {
			if c.vacant(v.ID, a) {
				continue
			}
			if h := c.machine(v.ID, a); h != nil {
				h.Forward = &world.ForwardRole{SNAT: true}
			}
		}
	}
}

// vacant tells whether it is known that nobody is at an address.
func (c *cast) vacant(from world.ID, a netip.Addr) bool {
	network, ok := c.holder(from, a)
	if !ok {
		return false
	}
	v, ok := c.w.VNet(network)
	if !ok {
		return false
	}
	there, known := c.w.Plugged(v, a)
	return known && !there
}

// machine is the machine at an address as seen from a network: nil where Azure
// itself tells who is there, or where that address is in no network.
func (c *cast) machine(from world.ID, a netip.Addr) *world.Host {
	network, ok := c.holder(from, a)
	if !ok {
		return nil
	}
	if h := c.at[spot{network, a}]; h != nil {
		return h
	}
	_, resolver := c.w.ResolverAt(network, a)
	_, firewall := c.w.FirewallAt(network, a)
	_, known := c.w.HostAt(network, a)
	if resolver || firewall || known {
		return nil
	}
	h := &world.Host{Meta: c.meta(network, a), Network: network, Address: a, Runs: settings.RunsVM, Wants: world.WantPrivate}
	if v, ok := c.w.VNet(network); ok {
		if s, ok := v.SubnetOf(a); ok {
			h.Subnet = s.ID
		}
	}
	c.at[spot{network, a}] = h
	c.edits = append(c.edits, world.Put(h))
	return h
}

// meta names a machine by its address, and by its network where there is one
// of that address elsewhere.
func (c *cast) meta(network world.ID, a netip.Addr) world.Meta {
	for other := range c.at {
		if other.addr == a {
			return host(a.String() + " in " + network.Name())
		}
	}
	return host(a.String())
}

func host(name string) world.Meta { return world.Meta{ID: world.HostID(name), Path: name} }

// holder is the network that an address belongs to as seen from one: itself, a
// VNet that it is peered with, any other, a site, or what is behind the gateways.
func (c *cast) holder(from world.ID, a netip.Addr) (world.ID, bool) {
	if own, ok := c.w.Space(from); ok && holds(own, a) {
		return from, true
	}
	if v, ok := c.w.VNet(from); ok {
		for i := range v.Peerings {
			if far, ok := c.w.VNet(v.Peerings[i].Remote); ok && far.Holds(a) {
				return far.ID, true
			}
		}
	}
	for _, n := range networks(c.w) {
		if holds(n.prefixes, a) {
			return n.ID, true
		}
	}
	return c.behind(a)
}

// behind puts an address into the network behind the gateways, if there are any.
func (c *cast) behind(a netip.Addr) (world.ID, bool) {
	if c.beyond == nil {
		s := &world.Site{Meta: world.Meta{ID: world.SiteID(beyond), Path: beyond}}
		if known, ok := c.w.Site(s.ID); ok {
			*s = *known
			s.Prefixes = slices.Clone(s.Prefixes)
		} else {
			s.ConnectedTo = gatewayed(c.w)
		}
		if len(s.ConnectedTo) == 0 {
			return "", false
		}
		c.beyond = s
		c.edits = append(c.edits, world.Put(s))
	}
	if p := netip.PrefixFrom(a, a.BitLen()); !slices.Contains(c.beyond.Prefixes, p) {
		c.beyond.Prefixes = append(c.beyond.Prefixes, p)
	}
	return c.beyond.ID, true
}

// gatewayed are the VNets that have a gateway.
func gatewayed(w *world.World) (all []world.ID) {
	for v := range w.VNets() {
		if _, ok := w.GatewayIn(v.ID); ok {
			all = append(all, v.ID)
		}
	}
	return all
}

const beyond = "behind the gateway"
