package change

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// TakeHome takes a host to a network that is connected to nothing but the
// internet, as homes and branch offices are, and whose router answers DNS out
// of the public DNS.
type TakeHome struct{ Host world.ID }

// The addresses of that network: those that many home routers have.
var (
	homeSpace  = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 178, 0}), 24)
	homeRouter = netip.AddrFrom4([4]byte{192, 168, 178, 1})
	homeHost   = netip.AddrFrom4([4]byte{192, 168, 178, 20})
)

// Apply adds the network and its router, and moves the host there.
func (c TakeHome) Apply(w *world.World) *world.World {
	if _, ok := w.Host(c.Host); !ok {
		return w
	}
	home := world.SiteID("home")
	w = put(w, &world.Site{
		Meta: world.Meta{ID: home, Path: "home"}, Prefixes: []netip.Prefix{homeSpace}, Nameservers: []netip.Addr{homeRouter},
	})
	w = put(w, &world.Host{
		Meta: world.Meta{ID: world.HostID("home-router"), Path: "home-router"}, Network: home, Address: homeRouter,
		Runs: world.OnVM, DNS: &world.DNSRole{},
	})
	return MoveHost{Host: c.Host, Network: home, Addr: homeHost}.Apply(w)
}

// Title says what is done.
func (c TakeHome) Title(w *world.World) string {
	return fmt.Sprintf("Run %s in a network outside that asks its own DNS server", nameOf(w, c.Host))
}

// Commands are none: moving a workload is no single command.
func (TakeHome) Commands(*world.World) []string { return nil }

// Verify runs the diagnosis there.
func (TakeHome) Verify(w *world.World) []string { return MoveHost{}.Verify(w) }
