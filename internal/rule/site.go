package rule

import (
	"net/netip"

	"pldoctor/internal/world"
)

// some makes a list of one Break, or of none if it would change nothing.
func some(b Break) []Break {
	if len(b) == 0 {
		return nil
	}
	return []Break{b}
}

// Door returns an effective private endpoint of the site's vault, one in the
// client's VNet first.
func (s Site) Door() (*world.Endpoint, bool) {
	var found *world.Endpoint
	for e := range s.World.EndpointsOf(s.Vault.ID) {
		if !s.World.Effective(e) || len(e.Addresses) == 0 {
			continue
		}
		if e.VNet() == s.World.Node(s.Client).Network {
			return e, true
		}
		if found == nil {
			found = e
		}
	}
	return found, found != nil
}

// Answerer is the VNet whose Azure DNS the first of the client's servers asks
// in the end when all is well: the client's own VNet, or that of the machine
// that it asks. ok is false when it cannot be told.
func (s Site) Answerer() (vnet world.ID, ok bool) {
	node := s.World.Node(s.Client)
	servers := s.World.Nameservers(s.Client)
	if len(servers) == 0 {
		return "", false
	}
	if servers[0] == world.AzureDNS {
		_, ok = s.World.VNet(node.Network)
		return node.Network, ok
	}
	return s.vnetHolding(servers[0], 4)
}

// vnetHolding finds the VNet of the machine at an address, and goes on with
// what that machine forwards to while it is outside Azure.
func (s Site) vnetHolding(a netip.Addr, depth int) (world.ID, bool) {
	for v := range s.World.VNets() {
		if v.Holds(a) {
			return v.ID, true
		}
	}
	server, ok := s.Server(a)
	if !ok || server.DNS == nil || depth == 0 {
		return "", false
	}
	for _, f := range server.DNS.Forward {
		if s.World.Service().Suffix.Under(f.Domain) && len(f.To) > 0 {
			return s.vnetHolding(f.To[0], depth-1)
		}
	}
	return "", false
}

// Server returns the host at an address that the client may ask.
func (s Site) Server(a netip.Addr) (*world.Host, bool) {
	for h := range s.World.Hosts() {
		if h.Address == a && h.Behind == "" {
			return h, true
		}
	}
	return nil, false
}

// OwnServer returns the first DNS server of the client when it is a machine of
// somebody's own.
func (s Site) OwnServer() (*world.Host, bool) {
	servers := s.World.Nameservers(s.Client)
	if len(servers) == 0 {
		return nil, false
	}
	h, ok := s.Server(servers[0])
	return h, ok && (h.DNS != nil || h.DNSUnread)
}

// askedVNets are the VNets whose Azure DNS takes part in the client's answers.
func askedVNets(s Site) []world.ID {
	if id, ok := s.Answerer(); ok {
		return []world.ID{id}
	}
	return nil
}

// zones returns the required zones linked to the answering VNet.
func (s Site) zones() []*world.Zone {
	vnet, ok := s.Answerer()
	if !ok {
		return nil
	}
	var linked []*world.Zone
	for z := range s.World.ZonesLinked(vnet) {
		if z.Domain == s.World.Service().Zone {
			linked = append(linked, z)
		}
	}
	return linked
}
