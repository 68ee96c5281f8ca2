package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// Configured adds to a World that is made of resources alone what those imply:
// machines at the addresses that DNS settings and routes name, of which nobody
// knows the inside, and the client, found by the addresses that it has. Where
// the client has no place, its id is "" and why says what is the matter.
func Configured(w *world.World, seen *fact.Observation) (conf *world.World, client world.ID, why string) {
	conf = implied(fronted(w, seen))
	network, subnet, a, why := placeOf(w, seen.Client.Addresses)
	if network == "" {
		return conf, "", why
	}
	host := &world.Host{Meta: machine(seen.Client.Host), Network: network, Subnet: subnet, Address: a, Runs: world.Runs(seen.Client.Runs)}
	for _, more := range seen.Client.Addresses {
		if more != a {
			host.Addresses = append(host.Addresses, more)
		}
	}
	return conf.With(world.Put(host)), host.ID, ""
}

// fronted gives the vault the public addresses at which the client was answered
// by the vault's public side: ARM does not tell them.
func fronted(w *world.World, seen *fact.Observation) *world.World {
	v, ok := w.VaultNamed(seen.Journey.Name.Host.Label())
	if !ok {
		return w
	}
	var fronts []netip.Addr
	for _, view := range seen.Addresses {
		public := view.Exchange.Conn == service.ConnIPv4 || view.Exchange.Conn == service.ConnIPv6 || view.Exchange.Conn == service.ConnSubnet
		if view.Exchange.Outcome == fact.OK && public && fact.Classify(view.Addr) == fact.PublicAddr {
			fronts = append(fronts, view.Addr)
		}
	}
	if len(fronts) == 0 {
		return w
	}
	c := *v
	c.PublicAddresses = fronts
	return w.With(world.Put(&c))
}

func machine(name string) world.Meta { return world.Meta{ID: world.HostID(name), Path: name} }

// placeOf finds the one VNet that holds an address of the client.
func placeOf(w *world.World, addresses []netip.Addr) (network, subnet world.ID, a netip.Addr, why string) {
	var names []string
	for v := range w.VNets() {
		i := slices.IndexFunc(addresses, v.Holds)
		if i < 0 {
			continue
		}
		network, subnet, a = v.ID, "", addresses[i]
		if s, ok := v.SubnetOf(a); ok {
			subnet = s.ID
		}
		names = append(names, v.Name())
	}
	switch len(names) {
	case 1:
		return network, subnet, a, ""
	case 0:
		return "", "", a, "none of this client's addresses is in a VNet of the configuration"
	}
	return "", "", a, fmt.Sprintf("more than one VNet has the client's address: %s", strings.Join(names, ", "))
}

// implied adds the DNS servers that VNets hand out, and the appliances that
// routes lead to, unless Azure itself is there.
func implied(w *world.World) *world.World {
	for _, r := range w.Resources() {
		switch r := r.(type) {
		case *world.VNet:
			for _, a := range r.DNSServers {
				w = withRole(w, a, func(h *world.Host) { h.DNSUnread = true })
			}
		case *world.RouteTable:
			for _, route := range r.Routes {
				if route.Hop == world.HopAppliance {
					w = withRole(w, route.Address, func(h *world.Host) { h.Forward = &world.ForwardRole{SNAT: true} })
				}
			}
		}
	}
	return w
}

// withRole gives the machine at an address of a VNet a role.
func withRole(w *world.World, a netip.Addr, give func(*world.Host)) *world.World {
	for v := range w.VNets() {
		if !v.Holds(a) {
			continue
		}
		_, firewall := w.FirewallAt(v.ID, a)
		_, resolver := w.ResolverAt(v.ID, a)
		if firewall || resolver {
			continue
		}
		host := &world.Host{Meta: machine(a.String()), Network: v.ID, Address: a, Runs: world.OnVM}
		if s, ok := v.SubnetOf(a); ok {
			host.Subnet = s.ID
		}
		if known, ok := w.HostAt(v.ID, a); ok {
			c := *known
			host = &c
		}
		give(host)
		return w.With(world.Put(host))
	}
	return w
}
