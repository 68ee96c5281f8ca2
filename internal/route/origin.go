package route

import (
	"net/netip"

	"pldoctor/internal/world"
)

// FromHost is where a host's packets start. A pod's start at its node, and
// those of an App Service app without VNet integration on the internet.
func FromHost(w *world.World, h *world.Host) Origin {
	h = w.Node(h)
	if onAppService(h) && h.Integrated == world.No {
		public := platformEgress(w, h)
		return Origin{Machine: h.ID, Network: world.Internet, Addr: public, Public: public}
	}
	o := Origin{Machine: h.ID, Network: h.Network, Subnet: h.Subnet, Addr: h.Address, Public: w.Egress(h)}
	if o.Subnet == "" {
		o.Subnet = subnetAt(w, h.Network, h.Address)
	}
	return o
}

// FromFirewall is where the packets of a firewall itself start, such as its
// DNS proxy's questions.
func FromFirewall(w *world.World, f *world.Firewall) Origin {
	o := Origin{Machine: f.ID, Network: f.VNet, Subnet: subnetAt(w, f.VNet, f.Address), Addr: f.Address, Public: f.Public}
	if !o.Public.IsValid() {
		o.Public = egress(w, o.Network, o.Subnet)
	}
	return o
}

// FromResolver is where a Private Resolver's questions to other servers start.
// Its outbound endpoint's subnet is not known, so that of its first inbound
// endpoint, in the same VNet, stands for it; without one, the VNet's own address.
func FromResolver(w *world.World, r *world.Resolver) Origin {
	o := Origin{Machine: r.ID, Network: r.VNet}
	if len(r.Inbound) > 0 {
		o.Addr = r.Inbound[0]
		o.Subnet = subnetAt(w, r.VNet, o.Addr)
	} else if v, ok := w.VNet(r.VNet); ok && len(v.Prefixes) > 0 {
		o.Addr = v.Prefixes[0].Masked().Addr()
	}
	o.Public = egress(w, o.Network, o.Subnet)
	return o
}

// FromVNet is where packets of Azure's own platform in a VNet start. They come
// from 168.63.129.16, whatever the VNet's address space is.
func FromVNet(w *world.World, vnet world.ID) Origin {
	return Origin{Machine: vnet, Network: vnet, Addr: world.AzureDNS, Public: egress(w, vnet, "")}
}

func subnetAt(w *world.World, vnet world.ID, a netip.Addr) world.ID {
	v, ok := w.VNet(vnet)
	if !ok {
		return ""
	}
	s, ok := v.SubnetOf(a)
	if !ok {
		return ""
	}
	return s.ID
}

// egress is the public address of what has none of its own in a network.
func egress(w *world.World, network, subnet world.ID) netip.Addr {
	return w.Egress(&world.Host{Network: network, Subnet: subnet})
}

func onAppService(h *world.Host) bool {
	return h.Runs == world.OnAppService || h.Runs == world.OnFunction
}

// platformEgress is the public address with which App Service connects for an
// app when the connection does not go through the app's VNet.
func platformEgress(w *world.World, h *world.Host) netip.Addr {
	if h.PublicAddress.IsValid() {
		return h.PublicAddress
	}
	if app, ok := w.WebAppNamed(h.Name()); ok && len(app.Outbound) > 0 {
		return app.Outbound[0]
	}
	return egress(w, h.ID, "")
}
