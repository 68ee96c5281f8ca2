package arm

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// Encode returns the part of a World that Azure Resource Manager knows, as
// Resource Graph and "az resource show" return it, ordered by id: subnets,
// peerings and connections inside their parents, other children by themselves.
// Hosts, vaults of other tenants and deleted ones are left out, and of a site
// there is what Azure knows of one that a VPN gateway leads to. Decoding it gives the same resources again, save what ARM does not tell of
// a vault.
func Encode(w *world.World) []json.RawMessage {
	e := encoder{w: w, policies: make(map[world.ID]bool)}
	for _, r := range w.Resources() {
		e.resource(r)
	}
	slices.SortStableFunc(e.out, func(a, b document) int {
		return cmp.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID))
	})
	raws := make([]json.RawMessage, 0, len(e.out))
	for _, d := range e.out {
		raw, err := json.Marshal(d)
		if err != nil {
			panic(err) // strings, numbers, booleans, lists and objects of them
		}
		raws = append(raws, raw)
	}
	return raws
}

// A document is one resource as ARM writes it.
type document struct {
	Name       string `json:"name"`
	ID         string `json:"id"`
	Type       string `json:"type"`
	Location   string `json:"location,omitempty"`
	Properties object `json:"properties"`

	RegistrationState string `json:"registrationState,omitempty"` // of a provider
}

type object map[string]any

type encoder struct {
	w        *world.World
	out      []document
	policies map[world.ID]bool // of firewalls, that have been put
}

func (e *encoder) resource(r world.Resource) {
	switch r := r.(type) {
	case *world.Vault:
		e.vault(r)
	case *world.Endpoint:
		e.endpoint(r)
	case *world.VNet:
		e.vnet(r)
	case *world.NSG:
		e.put(r.Meta, "", object{"securityRules": list(r.Rules, func(rule world.NSGRule) any { return securityRule(r.Path, rule) })})
	case *world.RouteTable:
		e.put(r.Meta, "", object{
			"disableBgpRoutePropagation": r.DisableBGP,
			"routes":                     list(r.Routes, func(route world.Route) any { return tableRoute(r.Path, route) }),
		})
	case *world.Gateway:
		e.gateway(r)
	case *world.Site:
		e.site(r)
	case *world.Firewall:
		e.firewall(r)
	case *world.Hub:
		e.hub(r)
	case *world.Zone:
		e.zone(r)
	case *world.Resolver:
		e.resolver(r)
	case *world.Ruleset:
		e.ruleset(r)
	case *world.Perimeter:
		e.perimeter(r)
	case *world.WebApp:
		var outbound []string
		for _, a := range r.Outbound {
			outbound = append(outbound, a.String())
		}
		e.put(r.Meta, "", object{
			"virtualNetworkSubnetId": optional(r.Subnet), "vnetRouteAllEnabled": r.RouteAll,
			"outboundIpAddresses": strings.Join(outbound, ","),
		})
	case *world.NIC:
		e.machineNIC(r)
	case *world.LoadBalancer:
		e.loadBalancer(r)
	case *world.Provider:
		e.provider(r)
	case *world.AppGateway:
		e.put(r.Meta, "", object{"gatewayIPConfigurations": []any{object{
			"name": "default", "properties": object{"subnet": ref(r.Subnet)},
		}}})
	}
}

// put adds a resource that stands by itself.
func (e *encoder) put(m world.Meta, location string, properties object) {
	e.out = append(e.out, inside(pathOf(m), location, properties))
}

// inside is a resource as it stands in its parent.
func inside(path, location string, properties object) document {
	for key, value := range properties {
		if value == nil {
			delete(properties, key)
		}
	}
	return document{Name: path[strings.LastIndexByte(path, '/')+1:], ID: path, Type: typeOf(path), Location: location, Properties: properties}
}

func pathOf(m world.Meta) string { return cmp.Or(m.Path, string(m.ID)) }

// list makes a JSON list, never null.
func list[T any](all []T, encode func(T) any) []any {
	out := make([]any, 0, len(all))
	for _, v := range all {
		out = append(out, encode(v))
	}
	return out
}

func same[T any](v T) any { return v }

// ref is a reference to a resource; nil for none, which put leaves out.
func ref(id world.ID) any {
	if id == "" {
		return nil
	}
	return object{"id": string(id)}
}

func optional(id world.ID) any {
	if id == "" {
		return nil
	}
	return string(id)
}

// address is nil for none.
func address(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.String()
}

// choice is one of two words.
func choice(yes bool, word, other string) string {
	if yes {
		return word
	}
	return other
}
