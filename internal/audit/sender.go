package audit

import (
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// Senders are the addresses from which some request may arrive on the public side
// of a vault. A rule of a vault's firewall that lists none of them admits nobody.
type senders struct {
	addrs  []netip.Addr
	spaces []netip.Prefix // of networks on public space
}

// unnamed is the range in which networks have their public address of which
// nothing better is known: see world.World.Egress.
var unnamed = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, 0}), 24)

func findSenders(resources []world.Resource) senders {
	s := senders{spaces: []netip.Prefix{unnamed}}
	for _, r := range resources {
		switch r := r.(type) {
		case *world.VNet:
			s.space(r.Prefixes)
			for i := range r.Subnets {
				s.addr(r.Subnets[i].NATAddress)
			}
		case *world.Site:
			s.space(r.Prefixes)
			s.addr(r.PublicAddress)
		case *world.Gateway:
			s.space(r.Pool)
		case *world.Hub:
			s.space([]netip.Prefix{r.Prefix})
		case *world.Firewall:
			s.addr(r.Public, r.Address)
		case *world.WebApp:
			s.addr(r.Outbound...)
		case *world.Host:
			s.addr(r.Address, r.PublicAddress)
			s.addr(r.Addresses...)
		}
	}
	return s
}

func (s *senders) addr(list ...netip.Addr) {
	for _, a := range list {
		if fact.Classify(a) == fact.PublicAddr {
			s.addrs = append(s.addrs, a)
		}
	}
}

func (s *senders) space(list []netip.Prefix) {
	for _, p := range list {
		if fact.Classify(p.Addr()) == fact.PublicAddr {
			s.spaces = append(s.spaces, p)
		}
	}
}

// within tells whether some sender may be in a range. Of private ranges, nobody
// asks.
func (s *senders) within(p netip.Prefix) bool {
	return fact.Classify(p.Addr()) != fact.PublicAddr || slices.ContainsFunc(s.addrs, p.Contains) || slices.ContainsFunc(s.spaces, p.Overlaps)
}
