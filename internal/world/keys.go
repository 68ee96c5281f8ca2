package world

import (
	"net/netip"
	"strings"
)

// A WebApp is a Microsoft.Web/sites: an App Service or Functions app.
type WebApp struct {
	Meta
	Subnet   ID // of its VNet integration
	RouteAll bool
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

func (*VNet) keys() []key       { return []key{typed("vnet")} }
func (*NSG) keys() []key        { return nil }
func (*RouteTable) keys() []key { return nil }
func (*WebApp) keys() []key     { return []key{typed("webapp")} }
func (*AppGateway) keys() []key { return []key{typed("appgateway")} }
func (f *Firewall) keys() []key { return at(f.VNet, f.Address) }
func (g *Gateway) keys() []key  { return []key{{kind: connecting, id: g.VNet}} }
func (r *Resolver) keys() []key {
	keys := at(r.VNet, r.Inbound...)
	for _, id := range r.Outbound {
		keys = append(keys, key{kind: outbound, id: id})
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

func (v *Vault) keys() []key {
	keys := []key{typed("vault"), {kind: named, id: ID(strings.ToLower(v.Name()))}}
	for _, a := range v.PublicAddresses {
		keys = append(keys, key{kind: publicly, addr: a})
	}
	return keys
}

func (e *Endpoint) keys() []key {
	keys := []key{typed("endpoint"), {kind: targeting, id: e.Target}, {kind: within, id: e.VNet()}}
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
	keys := []key{typed("zone"), {kind: domain, name: z.Domain}}
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

func (h *Host) keys() []key {
	keys := []key{typed("host")}
	if h.Behind != "" { // a pod's address means nothing outside its node
		return keys
	}
	return append(keys, at(h.Network, append([]netip.Addr{h.Address}, h.Addresses...)...)...)
}
