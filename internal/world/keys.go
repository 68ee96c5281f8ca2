package world

import (
	"net/netip"
	"slices"
	"strings"
)

// A WebApp is a Microsoft.Web/sites: an App Service or Functions app.
type WebApp struct {
	Meta
	Subnet   ID // of its VNet integration
	RouteAll bool
	// Outbound are the public addresses with which it connects outside its VNet:
	// any of them, at any time.
	Outbound []netip.Addr
}

// An AppGateway is a Microsoft.Network/applicationGateways.
type AppGateway struct {
	Meta
	Subnet ID
}

func typed(name ID) key { return key{kind: ofType, id: name} }

func at(network ID, addrs ...netip.Addr) []key {
	var keys []key
	for _, a := range addrs {
		if a.IsValid() {
			keys = append(keys, key{kind: holding, id: network, addr: a})
		}
	}
	return keys
}

func (*NSG) keys() []key        { return nil }
func (*RouteTable) keys() []key { return nil }
func (*AppGateway) keys() []key { return []key{typed("appgateway")} }
func (f *Firewall) keys() []key {
	return append(at(f.VNet, f.Address), typed("firewall"), typed("answering"))
}
func (g *Gateway) keys() []key { return []key{{kind: connecting, id: g.VNet}} }
func (r *Resolver) keys() []key {
	keys := append(at(r.VNet, r.Inbound...), typed("answering"))
	for _, id := range r.Outbound {
		keys = append(keys, key{kind: outbound, id: id})
	}
	return keys
}

func (v *VNet) keys() []key {
	keys := append(make([]key, 0, 1+len(v.Peerings)), typed("vnet"))
	for i := range v.Peerings {
		keys = append(keys, key{kind: peering, id: v.Peerings[i].Remote})
	}
	return keys
}

func (h *Hub) keys() []key {
	keys := []key{typed("hub")}
	for _, id := range h.Connections {
		keys = append(keys, key{kind: connecting, id: id})
	}
	return keys
}

func (s *Site) keys() []key {
	keys := []key{typed("site")}
	for _, id := range s.ConnectedTo {
		keys = append(keys, key{kind: connecting, id: id})
	}
	return keys
}

func (a *WebApp) keys() []key {
	return []key{typed("webapp"), {kind: named, id: ID(strings.ToLower(a.Name()))}}
}

func (v *Vault) keys() []key {
	keys := []key{typed("vault"), {kind: named, id: ID(strings.ToLower(v.Name()))}}
	for _, a := range v.PublicAddresses {
		keys = append(keys, key{kind: publicly, addr: a})
	}
	return keys
}

func (e *Endpoint) keys() []key {
	keys := []key{typed("endpoint"), {kind: targeting, id: e.Target}, {kind: within, id: e.VNet()}, {kind: called, id: ID(e.ID.Name())}}
	if e.GUID != "" {
		keys = append(keys, key{kind: guided, id: ID(strings.ToLower(e.GUID))})
	}
	for _, a := range e.Addresses {
		keys = append(keys, key{kind: anywhere, addr: a})
	}
	return append(keys, at(e.VNet(), e.Addresses...)...)
}

func (p *Perimeter) keys() []key {
	keys := []key{typed("perimeter")}
	for _, id := range p.Resources {
		keys = append(keys, key{kind: securing, id: id})
	}
	return keys
}

func (z *Zone) keys() []key {
	keys := append(make([]key, 0, 2+2*len(z.Links)), typed("zone"), key{kind: domain, name: z.Domain})
	for _, l := range z.Links {
		keys = append(keys, key{kind: linkedTo, id: l.VNet}, key{kind: linkedTo, id: l.VNet, name: z.Domain})
	}
	return keys
}

func (r *Ruleset) keys() []key {
	keys := []key{typed("ruleset")}
	for _, id := range r.VNets {
		keys = append(keys, key{kind: ruling, id: id})
	}
	return keys
}

// samePlace tells whether two resources are one host at one place, which is found
// as before whatever else is set on it: so are the hosts that change most.
func samePlace(a, b Resource) bool {
	x, isHost := a.(*Host)
	y, stays := b.(*Host)
	return isHost && stays && x.Network == y.Network && x.Address == y.Address && x.Behind == y.Behind &&
		slices.Equal(x.Addresses, y.Addresses)
}

func (h *Host) keys() []key {
	keys := []key{typed("host"), typed("answering")}
	if h.Behind != "" { // a pod's address means nothing outside its cluster
		return append(keys, key{kind: bearing, id: h.Behind}, key{kind: clustered, id: h.Network, addr: h.Address})
	}
	return append(keys, at(h.Network, append([]netip.Addr{h.Address}, h.Addresses...)...)...)
}
