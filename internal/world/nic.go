package world

import (
	"iter"
	"net/netip"
	"strings"
)

// A NIC is a Microsoft.Network/networkInterfaces of a virtual machine: all that
// Azure tells of where machines are. Those of private endpoints are part of
// their Endpoint.
type NIC struct {
	Meta
	Subnet    ID
	Addresses []netip.Addr
	Machine   ID   // the virtual machine; "" where the interface is not attached
	Forwards  bool // enableIPForwarding
}

// A LoadBalancer is a Microsoft.Network/loadBalancers by its frontends inside a
// VNet: behind one, appliances stand in for one another.
type LoadBalancer struct {
	Meta
	Subnet    ID // of its first frontend
	Addresses []netip.Addr
}

func (n *NIC) keys() []key {
	return append(plugs(n.Subnet.Parent(), n.Addresses), key{kind: attached, id: n.Machine}, counted(n.Meta))
}

func (l *LoadBalancer) keys() []key { return plugs(l.Subnet.Parent(), l.Addresses) }

func plugs(vnet ID, addrs []netip.Addr) []key {
	var keys []key
	for _, a := range addrs {
		keys = append(keys, key{kind: plugged, id: vnet, addr: a})
	}
	return keys
}

// counted is the key of the interfaces of one subscription.
func counted(m Meta) key { return key{kind: plugged, id: ID(strings.ToLower(m.Subscription()))} }

func (n *NIC) check(*World, *problems)          {}
func (l *LoadBalancer) check(*World, *problems) {}

// NICAt returns the network interface of a machine at an address of a VNet.
func (w *World) NICAt(vnet ID, a netip.Addr) (*NIC, bool) {
	return one[*NIC](w, key{kind: plugged, id: vnet, addr: a})
}

// NICsOf yields the network interfaces of a virtual machine.
func (w *World) NICsOf(machine ID) iter.Seq[*NIC] {
	return each[*NIC](w, key{kind: attached, id: machine})
}

// Plugged tells whether a network interface of a machine or a frontend of a load
// balancer is at an address of a VNet; known is false where nothing is there and
// nobody can tell, since no interface of the VNet's subscription was read, or not
// all load balancers were.
func (w *World) Plugged(vnet *VNet, a netip.Addr) (there, known bool) {
	if found, ok := w.index.get(key{kind: plugged, id: vnet.ID, addr: a}); ok && len(found) > 0 {
		return true, true
	}
	_, unread := w.Unread("microsoft.network/loadbalancers")
	_, some := one[*NIC](w, counted(vnet.Meta))
	return false, some && !unread
}
