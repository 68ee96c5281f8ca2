package audit

import (
	"net/netip"

	"pldoctor/internal/world"
)

// A survey finds the private zones that may take part in a client's answers:
// those linked to every VNet whose Azure DNS some server on the way can ask.
// It follows each address to every machine that has it anywhere, and every
// domain of a forwarder, so that it finds too many rather than too few.
type survey struct {
	world    *world.World
	machines map[netip.Addr][]world.Resource
	asked    map[world.ID]bool // networks whose Azure DNS may be asked
	seen     map[netip.Addr]bool
	zones    map[world.ID]bool
}

func surveyOf(w *world.World, h *world.Host) map[world.ID]bool {
	s := survey{
		world: w, machines: make(map[netip.Addr][]world.Resource), asked: make(map[world.ID]bool),
		seen: make(map[netip.Addr]bool), zones: make(map[world.ID]bool),
	}
	for r := range w.MayAnswer() {
		for _, a := range addressesOf(r) {
			s.machines[a] = append(s.machines[a], r)
		}
	}
	s.ask(h.Network, w.Nameservers(h))
	return s.zones
}

func addressesOf(r world.Resource) []netip.Addr {
	switch r := r.(type) {
	case *world.Resolver:
		return r.Inbound
	case *world.Firewall:
		return []netip.Addr{r.Address}
	case *world.Host:
		return append([]netip.Addr{r.Address}, r.Addresses...)
	}
	return nil
}

// ask follows questions that a machine in a network sends to servers.
func (s *survey) ask(network world.ID, servers []netip.Addr) {
	for _, a := range servers {
		if a == world.AzureDNS {
			s.azure(network)
			continue
		}
		if s.seen[a] {
			continue
		}
		s.seen[a] = true
		for _, r := range s.machines[a] {
			s.machine(r)
		}
	}
}

func (s *survey) machine(r world.Resource) {
	switch r := r.(type) {
	case *world.Resolver:
		s.azure(r.VNet)
	case *world.Firewall:
		s.azure(r.VNet)
		s.ask(r.VNet, r.DNSServers)
	case *world.Host:
		if r.DNS == nil {
			return
		}
		for _, f := range r.DNS.Forward {
			s.ask(s.world.Node(r).Network, f.To)
		}
	}
}

// azure follows a question to Azure DNS, as a network has it.
func (s *survey) azure(network world.ID) {
	if s.asked[network] {
		return
	}
	s.asked[network] = true
	for z := range s.world.ZonesLinked(network) {
		s.zones[z.ID] = true
	}
	for rs := range s.world.RulesetsLinked(network) {
		for i := range rs.Rules {
			for _, t := range rs.Rules[i].Targets {
				s.ask(s.outbound(rs, network), []netip.Addr{t.Addr()})
			}
		}
	}
}

// outbound is the network that a ruleset's questions leave from.
func (s *survey) outbound(rs *world.Ruleset, network world.ID) world.ID {
	for _, id := range rs.Outbound {
		if r, ok := s.world.ResolverOf(id); ok {
			return r.VNet
		}
	}
	return network
}
