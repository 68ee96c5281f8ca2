package audit

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// A Network is one of an estate: a VNet, a site, or the address pool of a
// gateway's point-to-site clients.
type Network struct {
	ID      world.ID
	Name    string        // unique in the estate: the id where two have the same
	clients []*world.Host // one for each kind of place in it
}

// networksOf are the networks of a world in which clients can stand, ordered by
// name, and the names of those in which none can.
func networksOf(w *world.World, a *atlas) (list []Network, empty []string) {
	add := func(m world.Meta, clients []*world.Host) {
		if len(clients) == 0 {
			empty = append(empty, m.Name())
			return
		}
		list = append(list, Network{m.ID, cmp.Or(m.Name(), string(m.ID)), clients})
	}
	listed := listedSubnets(w)
	claimed := claims(w)
	for _, r := range w.Resources() {
		switch r := r.(type) {
		case *world.VNet:
			add(r.Meta, clientsIn(w, a, r, listed, claimed))
		case *world.Site:
			add(r.Meta, clientAt(w, r.ID, r.Prefixes, claimed))
		case *world.Gateway:
			if len(r.Pool) > 0 {
				add(r.Meta, clientAt(w, r.ID, r.Pool, claimed))
			}
		}
	}
	distinct(list, w)
	slices.SortFunc(list, func(a, b Network) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, empty
}

// distinct gives networks of the same name their ids as names.
func distinct(list []Network, w *world.World) {
	count := make(map[string]int)
	for _, n := range list {
		count[n.Name]++
	}
	for i, n := range list {
		if count[n.Name] > 1 {
			list[i].Name = cmp.Or(world.MetaOf(w.Lookup(n.ID)).Path, string(n.ID))
		}
	}
}

// listedSubnets are the subnets that the firewall of some vault lists.
func listedSubnets(w *world.World) map[world.ID]bool {
	listed := make(map[world.ID]bool)
	for v := range w.Vaults() {
		for _, id := range v.ACL.Subnets {
			listed[id] = true
		}
	}
	return listed
}

// client is a machine of which nothing is known but where it stands.
func client(network, subnet world.ID, a netip.Addr) *world.Host {
	return &world.Host{
		Meta: world.Meta{ID: world.HostID("any machine"), Path: "any machine"}, Network: network, Subnet: subnet, Address: a,
		Runs: world.OnVM, Wants: world.WantPrivate, Identity: world.NoIdentity,
	}
}

// clientsIn are a client for each kind of subnet of a VNet: two are of one kind
// where nothing that decides a request's way tells them apart.
func clientsIn(w *world.World, a *atlas, v *world.VNet, listed map[world.ID]bool, claimed map[netip.Addr]bool) (list []*world.Host) {
	seen := make(map[string]bool)
	for i := range v.Subnets {
		s := &v.Subnets[i]
		if !takesClients(s) {
			continue
		}
		addr, free := vacant(w, v.ID, s.Prefixes, azureKeeps, claimed)
		if !free {
			continue
		}
		kind := fmt.Sprint(outbound(w, s.NSG), s.RouteTable, s.ServiceEndpoints, s.NATAddress, a.of(addr))
		if listed[s.ID] {
			kind += string(s.ID)
		}
		if !seen[kind] {
			seen[kind] = true
			list = append(list, client(v.ID, s.ID, addr))
		}
	}
	return list
}

// outbound is what a security group says of packets that leave, which is all that
// it does to a client: replies pass it.
func outbound(w *world.World, id world.ID) string {
	group, read := w.NSG(id)
	if !read {
		return string(id)
	}
	rules := slices.DeleteFunc(slices.Clone(group.Rules), func(r world.NSGRule) bool { return r.Inbound })
	for i := range rules {
		rules[i].Name = ""
	}
	if len(rules) == 0 {
		return ""
	}
	return fmt.Sprint(rules)
}

// reserved are the subnets that take what their name says and nothing else
// (learn.microsoft.com/azure/virtual-network/virtual-network-for-azure-services).
var reserved = []string{
	"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "azurebastionsubnet", "routeserversubnet",
}

// hosting are the services whose delegated subnets run the customer's programs.
var hosting = []string{
	"microsoft.web/", "microsoft.app/", "microsoft.containerinstance/", "microsoft.containerservice/", "microsoft.batch/",
	"microsoft.apimanagement/", "microsoft.databricks/", "microsoft.machinelearningservices/", "microsoft.logic/",
}

// takesClients tells whether programs that ask for secrets may run in a subnet.
func takesClients(s *world.Subnet) bool {
	if slices.Contains(reserved, strings.ToLower(s.Name())) {
		return false
	}
	for _, d := range s.Delegations {
		if !slices.ContainsFunc(hosting, func(h string) bool { return strings.HasPrefix(strings.ToLower(d), h) }) {
			return false
		}
	}
	return true
}

// clientAt is a client outside Azure.
func clientAt(w *world.World, network world.ID, space []netip.Prefix, claimed map[netip.Addr]bool) []*world.Host {
	space = slices.Clone(space)
	slices.SortStableFunc(space, func(a, b netip.Prefix) int { return b.Bits() - a.Bits() }) // a default route last
	if addr, free := vacant(w, network, space, 1, claimed); free {
		return []*world.Host{client(network, "", addr)}
	}
	return nil
}

// azureKeeps is how many addresses Azure keeps at the start of a subnet
// (learn.microsoft.com/azure/virtual-network/virtual-networks-faq).
const azureKeeps = 4

// vacant is an address of a network that nobody has, and that nobody takes for a
// server's or a next hop's.
func vacant(w *world.World, network world.ID, space []netip.Prefix, kept int, claimed map[netip.Addr]bool) (netip.Addr, bool) {
	for _, p := range space {
		a := p.Masked().Addr()
		for range kept {
			a = a.Next()
		}
		for ; p.Contains(a) && p.Contains(a.Next()); a = a.Next() {
			if !claimed[a] && !taken(w, network, a) {
				return a, true
			}
		}
	}
	return netip.Addr{}, false
}

func taken(w *world.World, network world.ID, a netip.Addr) bool {
	_, endpoint := w.EndpointAt(network, a)
	_, host := w.HostAt(network, a)
	_, firewall := w.FirewallAt(network, a)
	_, resolver := w.ResolverAt(network, a)
	return endpoint || host || firewall || resolver
}

// claims are the addresses at which some resource looks for a machine, whether
// the machine was read or not.
func claims(w *world.World) map[netip.Addr]bool {
	claimed := make(map[netip.Addr]bool)
	claim := func(list ...netip.Addr) {
		for _, a := range list {
			claimed[a] = true
		}
	}
	for _, r := range w.Resources() {
		switch r := r.(type) {
		case *world.VNet:
			claim(r.DNSServers...)
		case *world.Site:
			claim(r.Nameservers...)
		case *world.Gateway:
			claim(r.DNSServers...)
		case *world.Firewall:
			claim(r.DNSServers...)
		case *world.RouteTable:
			for _, route := range r.Routes {
				claim(route.Address)
			}
		case *world.Ruleset:
			for _, rule := range r.Rules {
				for _, t := range rule.Targets {
					claim(t.Addr())
				}
			}
		}
	}
	return claimed
}
