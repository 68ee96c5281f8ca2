package world

import (
	"hash/fnv"
	"net/netip"
)

// PublicDNS are the public resolvers that every World has.
var PublicDNS = []netip.Addr{netip.AddrFrom4([4]byte{8, 8, 8, 8}), netip.AddrFrom4([4]byte{1, 1, 1, 1})}

// AzureDNS is the address of Azure-provided DNS in every VNet.
var AzureDNS = netip.AddrFrom4([4]byte{168, 63, 129, 16})

// InstanceMetadata is where Azure tells a virtual machine about itself
// (learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
var InstanceMetadata = netip.AddrFrom4([4]byte{169, 254, 169, 254})

// Node returns the machine whose address a host's traffic leaves its network
// with: the node of a pod, else the host itself.
func (w *World) Node(h *Host) *Host {
	if node, ok := w.Host(h.Behind); ok {
		return node
	}
	return h
}

// Handed returns the DNS servers that a network hands out to its machines.
func (w *World) Handed(network ID) []netip.Addr {
	if v, ok := w.VNet(network); ok {
		if len(v.DNSServers) > 0 {
			return v.DNSServers
		}
		return []netip.Addr{AzureDNS}
	}
	if s, ok := w.Site(network); ok && len(s.Nameservers) > 0 {
		return s.Nameservers
	}
	if g, ok := w.Gateway(network); ok {
		if len(g.DNSServers) > 0 {
			return g.DNSServers
		}
		if v, ok := w.VNet(g.VNet); ok && len(v.DNSServers) > 0 {
			return v.DNSServers
		}
	}
	return PublicDNS[:1]
}

// Nameservers returns the DNS servers that a host asks, in order. An
// Application Gateway asks Azure DNS for Key Vault's names whatever its VNet
// hands out (MicrosoftDocs/azure-docs issue 98028 on GitHub), and an App
// Service app without VNet integration hears nothing of the VNet.
func (w *World) Nameservers(h *Host) []netip.Addr {
	if len(h.Nameservers) > 0 {
		return h.Nameservers
	}
	_, inVNet := w.VNet(h.Network)
	switch {
	case inVNet && h.Runs == OnAppGateway:
		return []netip.Addr{AzureDNS}
	case (h.Runs == OnAppService || h.Runs == OnFunction) && h.Integrated == No:
		return PublicDNS[:1]
	}
	return w.Handed(w.Node(h).Network)
}

// Egress is the public address that the internet sees of a host.
func (w *World) Egress(h *Host) netip.Addr {
	h = w.Node(h)
	if h.PublicAddress.IsValid() {
		return h.PublicAddress
	}
	if h.Network == Internet {
		return h.Address
	}
	s, _, ok := w.Subnet(h.Subnet)
	if v, in := w.VNet(h.Network); in && h.Subnet == "" {
		s, ok = v.SubnetOf(h.Address)
	}
	if ok && s.NATAddress.IsValid() {
		return s.NATAddress
	}
	if s, ok := w.Site(h.Network); ok && s.PublicAddress.IsValid() {
		return s.PublicAddress
	}
	return defaultEgress(h.Network)
}

// defaultEgress gives each network an address of its own in 198.51.100.0/24,
// which RFC 5737 keeps for examples.
func defaultEgress(network ID) netip.Addr {
	f := fnv.New32a()
	_, _ = f.Write([]byte(network)) // never fails
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + f.Sum32()%254)})
}
