package world

import (
	"fmt"
	"net/netip"
)

// A Problem is a fault of one resource of a World.
type Problem struct {
	ID    ID
	Path  string // the id as written; "" for the World itself
	Field string // in ARM's or the scenario file's words
	What  string
}

func (p *Problem) Error() string {
	if p.Path == "" {
		return fmt.Sprintf("%s %s", p.Field, p.What)
	}
	return fmt.Sprintf("%s: %s %s", p.Path, p.Field, p.What)
}

type problems []error

func (p *problems) add(m Meta, field, format string, args ...any) {
	path := m.Path
	if path == "" {
		path = string(m.ID)
	}
	*p = append(*p, &Problem{m.ID, path, field, fmt.Sprintf(format, args...)})
}

func (v *VNet) check(_ *World, p *problems) {
	if len(v.Prefixes) == 0 {
		p.add(v.Meta, "addressSpace.addressPrefixes", "is empty")
	}
	for i := range v.Subnets {
		s := &v.Subnets[i]
		for _, prefix := range s.Prefixes {
			if !within1(v.Prefixes, prefix) {
				p.add(s.Meta, "addressPrefix", "%s is outside the VNet's address space", prefix)
			}
		}
	}
}

// within1 tells whether one of the prefixes covers the whole of inner.
func within1(prefixes []netip.Prefix, inner netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Bits() <= inner.Bits() && p.Contains(inner.Addr()) {
			return true
		}
	}
	return false
}

func (z *Zone) check(_ *World, p *problems) {
	if z.Domain.IsZero() {
		p.add(z.Meta, "name", "is no DNS name")
	}
}

func (e *Endpoint) check(w *World, p *problems) {
	subnet, _, ok := w.Subnet(e.Subnet)
	if !ok { // in a subscription that was not read
		return
	}
	for _, a := range e.Addresses {
		if a.Is4() && !contains(subnet.Prefixes, a) {
			p.add(e.Meta, "privateIPAddress", "%s is outside its subnet", a)
		}
	}
}

func (v *Vault) check(*World, *problems)      {}
func (n *NSG) check(*World, *problems)        {}
func (t *RouteTable) check(*World, *problems) {}
func (f *Firewall) check(*World, *problems)   {}
func (g *Gateway) check(*World, *problems)    {}
func (h *Hub) check(*World, *problems)        {}
func (p *Perimeter) check(*World, *problems)  {}
func (r *Resolver) check(*World, *problems)   {}
func (r *Ruleset) check(*World, *problems)    {}
func (a *WebApp) check(*World, *problems)     {}
func (a *AppGateway) check(*World, *problems) {}

func (s *Site) check(w *World, p *problems) {
	for _, id := range s.ConnectedTo {
		_, vnet := w.VNet(id)
		_, hub := w.Hub(id)
		if !vnet && !hub {
			p.add(s.Meta, "connectedTo", "names %s, which is neither a VNet nor a virtual hub", id)
		}
	}
}

func (h *Host) check(w *World, p *problems) {
	if h.Behind != "" {
		if node, ok := w.Host(h.Behind); !ok || node.Behind != "" {
			p.add(h.Meta, "behind", "names %s, which is no machine of its own", h.Behind)
		}
		return
	}
	spaces, ok := w.Space(h.Network)
	if !ok {
		p.add(h.Meta, "in", "names %s, which is no VNet, site or gateway", h.Network)
		return
	}
	if !h.Address.IsValid() {
		p.add(h.Meta, "address", "is missing")
	} else if h.Network != Internet && !contains(spaces, h.Address) {
		p.add(h.Meta, "address", "%s is outside %s", h.Address, h.Network.Name())
	}
	if h.Subnet != "" {
		if s, _, ok := w.Subnet(h.Subnet); !ok || !contains(s.Prefixes, h.Address) {
			p.add(h.Meta, "subnet", "%s does not hold %s", h.Subnet.Name(), h.Address)
		}
	}
}

// Space returns the address space of a network: a VNet, a site, the address
// pool of a gateway, or the internet, which has none of its own.
func (w *World) Space(network ID) (prefixes []netip.Prefix, ok bool) {
	if network == Internet {
		return nil, true
	}
	if v, ok := w.VNet(network); ok {
		return v.Prefixes, true
	}
	if s, ok := w.Site(network); ok {
		return s.Prefixes, true
	}
	if g, ok := w.Gateway(network); ok {
		return g.Pool, true
	}
	return nil, false
}
