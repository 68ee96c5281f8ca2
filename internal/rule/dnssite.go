package rule

import (
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// vnet returns the client's VNet.
func (s Site) vnet() (*world.VNet, bool) { return s.World.VNet(s.World.Node(s.Client).Network) }

// hostname is the vault's.
func (s Site) hostname() dnsname.Name {
	name, _ := s.World.Service().Host(s.Vault.Name())
	return name
}

// required returns all private zones of the required name.
func (s Site) required() []*world.Zone {
	var zones []*world.Zone
	for z := range s.World.ZonesNamed(s.World.Service().Zone) {
		zones = append(zones, z)
	}
	return zones
}

// spoilServer returns a Break in which the DNS server that the client asks does
// something else: its own one, if it has one, else one that is put into the
// client's VNet, which then hands it out. What it should do is given to spoil.
func (s Site) spoilServer(what string, spoil func(good world.DNSRole) world.DNSRole) []Break {
	if h, ok := s.OwnServer(); ok {
		good := world.DNSRole{}
		if h.DNS != nil {
			good = *h.DNS
		}
		return []Break{{change.SetDNSRole{Server: h.ID, Role: spoil(good), What: what}}}
	}
	added, ok := s.newServer(spoil(forwarding(world.AzureDNS)), what)
	if !ok {
		return nil
	}
	return []Break{{added, change.SetVNetDNS{VNet: added.Network, Servers: []netip.Addr{added.Addr}}}}
}

// newServer is a DNS server beside the client, in a VNet of Azure that still
// hands out Azure DNS; ok is false where that cannot be.
func (s Site) newServer(role world.DNSRole, what string) (change.AddDNSServer, bool) {
	v, ok := s.vnet()
	node := s.World.Node(s.Client)
	if !ok || len(v.DNSServers) > 0 || len(s.Client.Nameservers) > 0 || s.Client.Runs == world.OnAppGateway {
		return change.AddDNSServer{}, false
	}
	return s.serverIn(node.Network, role, what)
}

// serverIn is a DNS server at a free address of a VNet.
func (s Site) serverIn(vnet world.ID, role world.DNSRole, what string) (change.AddDNSServer, bool) {
	v, ok := s.World.VNet(vnet)
	if !ok {
		return change.AddDNSServer{}, false
	}
	for _, subnet := range v.Subnets {
		addr, free := change.FreeAddress(s.World, subnet.ID)
		for slices.Contains(s.World.Nameservers(s.Client), addr) { // where the client looks for a server already
			addr = addr.Next()
		}
		if free && takesMachines(&subnet) {
			return change.AddDNSServer{Name: "server-" + addr.String(), Network: vnet, Subnet: subnet.ID, Addr: addr, Role: role, What: what}, true
		}
	}
	return change.AddDNSServer{}, false
}

// forwarding is what a DNS server does that passes all questions on.
func forwarding(to netip.Addr) world.DNSRole {
	return world.DNSRole{Forward: []world.Forward{{Domain: dnsname.Root, To: []netip.Addr{to}}}}
}

// target is the server to which a DNS server passes the service's names on.
func target(w *world.World, role world.DNSRole) (netip.Addr, bool) {
	return upstreamFor(w.Service().Suffix, role)
}

// upstreamFor is the server to which a DNS server passes the names of a domain on.
func upstreamFor(domain dnsname.Name, role world.DNSRole) (netip.Addr, bool) {
	for _, f := range role.Forward {
		if domain.Under(f.Domain) && len(f.To) > 0 {
			return f.To[0], true
		}
	}
	return netip.Addr{}, false
}

// vacant is an address of the client's own network that nobody has.
func (s Site) vacant() netip.Addr {
	node := s.World.Node(s.Client)
	spaces, _ := s.World.Space(node.Network)
	for _, p := range spaces {
		a := p.Masked().Addr()
		for range 5 {
			a = a.Next() // Azure keeps the first four of a subnet
		}
		for ; p.Contains(a); a = a.Next() {
			if !s.taken(node.Network, a) {
				return a
			}
		}
	}
	return netip.AddrFrom4([4]byte{10, 255, 255, 254})
}

func (s Site) taken(network world.ID, a netip.Addr) bool {
	_, host := s.World.HostAt(network, a)
	_, endpoint := s.World.EndpointAt(network, a)
	_, firewall := s.World.FirewallAt(network, a)
	_, resolver := s.World.ResolverAt(network, a)
	return host || endpoint || firewall || resolver
}
