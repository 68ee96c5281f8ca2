package audit

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// An atlas cuts the space of addresses at the ends of prefixes. Of two addresses
// of one piece, each prefix that made the atlas holds both or neither.
type atlas struct{ cuts []netip.Addr }

// of is the piece that an address is in.
func (a *atlas) of(addr netip.Addr) int {
	i, found := slices.BinarySearchFunc(a.cuts, addr, netip.Addr.Compare)
	if found {
		return i + 1
	}
	return i
}

func (a *atlas) prefixes(list ...netip.Prefix) {
	for _, p := range list {
		if p.IsValid() {
			a.span(p.Masked().Addr(), last(p))
		}
	}
}

func (a *atlas) addrs(list ...netip.Addr) {
	for _, x := range list {
		if x.IsValid() {
			a.span(x, x)
		}
	}
}

func (a *atlas) span(from, to netip.Addr) {
	a.cuts = append(a.cuts, from)
	if next := to.Next(); next.IsValid() {
		a.cuts = append(a.cuts, next)
	}
}

// written takes what stands in rules: addresses, prefixes and ranges; tags and
// names cut nothing.
func (a *atlas) written(list ...string) {
	for _, text := range list {
		from, to, ranged := strings.Cut(text, "-")
		low, err := netip.ParseAddr(strings.TrimSpace(from))
		high, bad := netip.ParseAddr(strings.TrimSpace(to))
		switch p, invalid := netip.ParsePrefix(strings.TrimSpace(text)); {
		case invalid == nil:
			a.prefixes(p)
		case ranged && err == nil && bad == nil:
			a.span(low, high)
		case err == nil:
			a.addrs(low)
		}
	}
}

// last is the highest address of a prefix.
func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}

func (a *atlas) close() *atlas {
	slices.SortFunc(a.cuts, netip.Addr.Compare)
	a.cuts = slices.Compact(a.cuts)
	return a
}

// rulings cuts at what rules name: security groups, routes, firewalls.
func rulings(resources []world.Resource) *atlas {
	a := &atlas{}
	for _, r := range resources {
		a.rules(r)
	}
	return a.close()
}

func (a *atlas) rules(r world.Resource) {
	switch r := r.(type) {
	case *world.NSG:
		for _, rule := range r.Rules {
			a.written(rule.Sources...)
			a.written(rule.Destinations...)
		}
	case *world.RouteTable:
		for _, route := range r.Routes {
			a.prefixes(route.Prefix)
			a.addrs(route.Address)
		}
	case *world.Firewall:
		a.prefixes(r.KeepSource...)
		for _, rule := range r.Allow {
			a.written(rule.Sources...)
			a.written(rule.Destinations...)
		}
	case *world.Host:
		if r.Forward != nil {
			a.prefixes(r.Forward.Blocks...)
		}
	}
}

// all cuts at every prefix and every machine of a world too.
func all(resources []world.Resource) *atlas {
	a := &atlas{}
	for _, r := range resources {
		a.rules(r)
		a.spaces(r)
	}
	return a.close()
}

func (a *atlas) spaces(r world.Resource) {
	switch r := r.(type) {
	case *world.VNet:
		a.prefixes(r.Prefixes...)
		a.addrs(r.DNSServers...)
		for i := range r.Subnets {
			a.prefixes(r.Subnets[i].Prefixes...)
		}
	case *world.Site:
		a.prefixes(r.Prefixes...)
		a.addrs(r.Nameservers...)
	case *world.Gateway:
		a.prefixes(r.Pool...)
		a.addrs(r.DNSServers...)
	case *world.Hub:
		a.prefixes(r.Prefix)
	case *world.Vault:
		a.prefixes(r.ACL.IPs...)
	case *world.Perimeter:
		a.prefixes(r.Inbound...)
	case *world.Resolver:
		a.addrs(r.Inbound...)
	case *world.Firewall:
		a.addrs(r.Address, r.Public)
		a.addrs(r.DNSServers...)
	case *world.Ruleset:
		for _, rule := range r.Rules {
			for _, t := range rule.Targets {
				a.addrs(t.Addr())
			}
		}
	case *world.Host:
		a.addrs(r.Address, r.PublicAddress)
		a.addrs(r.Addresses...)
		if r.DNS != nil {
			for _, f := range r.DNS.Forward {
				a.addrs(f.To...)
			}
		}
	}
}
