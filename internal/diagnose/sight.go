package diagnose

import "pldoctor/internal/world"

// Sight is what a user's tool could see of a world: its ARM resources, and of
// machines no more than that they are there. What is set inside the client
// comes from the probe that ran on it. What public DNS and a vault's front end
// show to everybody stays: whether its name has the alias, its public addresses,
// and that it is deleted.
func Sight(w *world.World, client world.ID) *world.World {
	var edits []world.Edit
	for h := range w.Hosts() {
		c := hollow(*h)
		if h.ID == client {
			c.Wants, c.Runs = h.Wants, h.Runs
		}
		edits = append(edits, world.Put(c))
	}
	return w.With(edits...)
}

// hollow is a machine from the outside.
func hollow(h world.Host) *world.Host {
	c := &world.Host{
		Meta: h.Meta, Network: h.Network, Subnet: h.Subnet, Address: h.Address, Addresses: h.Addresses,
		Behind: h.Behind, Runs: world.OnVM, Integrated: h.Integrated, RouteAll: h.RouteAll,
		DNSUnread: h.DNS != nil || h.DNSUnread, ProxyUnread: h.Proxy != nil || h.ProxyUnread,
	}
	if h.Forward != nil { // ARM shows that a NIC forwards, not what is done with the packets
		c.Forward = &world.ForwardRole{SNAT: true}
	}
	return c
}
