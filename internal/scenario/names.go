package scenario

import (
	"strings"

	"pldoctor/internal/world"
)

// places are the networks that a host can be in, and the hubs, by name.
type places struct {
	networks map[string][]world.ID // VNets, and gateways for their address pools
	hubs     map[string][]world.ID
	vnets    map[world.ID]*world.VNet
	apps     map[string]*world.WebApp
}

func newPlaces(parts []world.Resource) places {
	p := places{
		make(map[string][]world.ID), make(map[string][]world.ID), make(map[world.ID]*world.VNet), make(map[string]*world.WebApp),
	}
	for _, r := range parts {
		name := strings.ToLower(world.MetaOf(r).Name())
		switch r := r.(type) {
		case *world.VNet:
			p.networks[name], p.vnets[r.ID] = append(p.networks[name], r.ID), r
		case *world.Gateway:
			p.networks[name] = append(p.networks[name], r.ID)
		case *world.Hub:
			p.hubs[name] = append(p.hubs[name], r.ID)
		case *world.WebApp:
			p.apps[name] = r
		}
	}
	return p
}

// find looks a name or id up in tables; it complains at n.
func find(n node, what, name string, tables ...map[string][]world.ID) world.ID {
	if strings.HasPrefix(name, "/") {
		return world.MakeID(name)
	}
	var ids []world.ID
	for _, table := range tables {
		ids = append(ids, table[strings.ToLower(name)]...)
	}
	switch len(ids) {
	case 0:
		n.fail("names %q, which is no %s", name, what)
		return ""
	case 1:
		return ids[0]
	}
	n.fail("names %q, of which there are %d: give the id", name, len(ids))
	return ""
}

func (b *builder) facts() {
	for _, f := range b.file.facts {
		found := false
		for _, v := range b.vaults {
			if !strings.EqualFold(v.Name(), f.vault) {
				continue
			}
			found = true
			v.Alias, v.Deleted = f.alias, f.deleted
			if f.region != "" {
				v.Region = f.region
			}
			if len(f.addresses) > 0 {
				v.PublicAddresses = f.addresses
			}
		}
		if !found {
			f.node.fail("is of a vault that is not among the resources")
		}
	}
}

func (b *builder) foreign() {
	for _, v := range b.file.foreign {
		b.parts = append(b.parts, v)
	}
}

func (b *builder) sites() {
	for i := range b.file.sites {
		s := &b.file.sites[i]
		for _, name := range s.connectedTo {
			id := find(s.node, "VNet or virtual hub", name, b.places.networks, b.places.hubs)
			s.ConnectedTo = append(s.ConnectedTo, id)
		}
		b.lines[s.ID] = place{b.reader.file, s.node.line(), s.node.owner, s.node.path}
		b.places.networks[strings.ToLower(s.Name())] = append(b.places.networks[strings.ToLower(s.Name())], s.ID)
		b.parts = append(b.parts, &s.Site)
	}
}

func (b *builder) hosts() {
	for i := range b.file.hosts {
		h := &b.file.hosts[i]
		b.lines[h.ID] = place{b.reader.file, h.node.line(), h.node.owner, h.node.path}
		b.settle(h)
		b.parts = append(b.parts, &h.Host)
	}
	for i := range b.file.hosts { // when all nodes have their places
		b.settlePod(&b.file.hosts[i])
	}
}

// settle says where a host is.
func (b *builder) settle(h *host) {
	in := h.node.get("in")
	serverless := h.Runs == world.OnAppService || h.Runs == world.OnFunction
	switch {
	case h.behind != "" && h.in == "":
		return
	case serverless && h.Integrated == world.No && h.in == "":
		h.Network = world.Internet
	case strings.EqualFold(h.in, string(world.Internet)):
		h.Network = world.Internet
	case h.in != "":
		h.Network = find(in, "VNet, site or gateway", h.in, b.places.networks)
	case serverless && b.integrated(h):
	case serverless:
		h.Network, h.Integrated = world.Internet, world.No
	default:
		in.fail("is missing")
	}
	vnet, inVNet := b.places.vnets[h.Network]
	if !inVNet {
		return
	}
	if serverless && h.Integrated == world.Unknown {
		h.Integrated = world.Yes
	}
	if h.subnet != "" {
		h.Subnet = world.MakeID(vnet.Path + "/subnets/" + h.subnet)
	} else if s, ok := vnet.SubnetOf(h.Address); ok && h.Subnet == "" && h.behind == "" {
		h.Subnet = s.ID
	}
}

// integrated puts an App Service where the Microsoft.Web/sites of its name is
// integrated, if it is.
func (b *builder) integrated(h *host) bool {
	app, ok := b.places.apps[strings.ToLower(h.Name())]
	if !ok || app.Subnet == "" {
		return false
	}
	h.Network, h.Subnet = app.Subnet.Parent(), app.Subnet
	h.RouteAll = h.RouteAll || app.RouteAll
	return true
}

// settlePod puts a pod where its node is.
func (b *builder) settlePod(h *host) {
	if h.behind == "" {
		return
	}
	h.Behind = world.HostID(h.behind)
	for i := range b.file.hosts {
		if n := &b.file.hosts[i]; n.ID == h.Behind && h.Network == "" {
			h.Network = n.Network
		}
	}
}
