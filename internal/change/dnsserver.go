package change

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// AddDNSServer puts a machine that serves DNS into a network.
type AddDNSServer struct {
	Name    string
	Network world.ID
	Subnet  world.ID // of a VNet
	Addr    netip.Addr
	Role    world.DNSRole
	What    string // what it does, as a clause: "forwards nothing"
}

// Apply adds the machine, unless one of that name stands.
func (c AddDNSServer) Apply(w *world.World) *world.World {
	id := world.HostID(c.Name)
	if _, ok := w.Space(c.Network); !ok || w.Lookup(id) != nil || !c.Addr.IsValid() {
		return w
	}
	role := c.Role
	return w.With(world.Put(&world.Host{
		Meta: world.Meta{ID: id, Path: c.Name}, Network: c.Network, Subnet: c.Subnet, Address: c.Addr, Runs: world.OnVM, DNS: &role,
	}))
}

// FreeAddress returns the first address of a subnet that nothing has, as Azure
// would give it to a new machine.
func FreeAddress(w *world.World, subnet world.ID) (netip.Addr, bool) {
	s, v, ok := w.Subnet(subnet)
	if !ok {
		return netip.Addr{}, false
	}
	return free(w, v.ID, s)
}

// Title says what is done.
func (c AddDNSServer) Title(w *world.World) string {
	return fmt.Sprintf("Put a DNS server (%s) that %s into the network %s", c.Addr, c.What, nameOf(w, c.Network))
}

// Commands are none: every DNS server has its own.
func (AddDNSServer) Commands(*world.World) []string { return nil }

// Verify asks the server.
func (c AddDNSServer) Verify(w *world.World) []string {
	return []string{"host <vault>." + w.Service().Suffix.Host() + " " + c.Addr.String()}
}
