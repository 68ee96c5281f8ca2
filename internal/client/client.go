// Package client finds the machine that asks for a vault in a configuration
// that was read from Azure, which knows networks and no machines: by what the
// platform tells the machine of itself, by its addresses, or by what its user
// says. Nothing is guessed: where several places fit, all are named.
package client

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// ID is the client's id in the World that Put returns.
var ID = world.HostID("this machine")

// A Machine is what is known of the client.
type Machine struct {
	// Network is where its user says that it is: a VNet or a site, by name or id,
	// or the gateway by which it comes; "" if nobody says.
	Network   string
	Addresses []netip.Addr   // its own
	VM        world.ID       // the virtual machine that it is, as instance metadata tells; "" where nobody does
	Platform  []netip.Addr   // those that instance metadata tells: of a pod, its node's
	Subnets   []netip.Prefix // the subnets that instance metadata tells
	Servers   []netip.Addr   // the DNS servers that it is configured to ask
	Runs      settings.Runs  // what its programs run on
	App       string         // the name of the App Service app that it is; "" for others
	Private   netip.Addr     // the address in a VNet that App Service tells an app, by WEBSITE_PRIVATE_IP
	Azure     bool           // something that answers in VNets of Azure only answered it
	Seen      netip.Addr     // the public address that the vault saw; none where it saw no such
}

// A Place is where the client stands.
type Place struct {
	Network world.ID
	Subnet  world.ID
	Address netip.Addr
	By      string // how that is known, in a clause
	// Gateway is the VNet whose gateway connects the network, where that is all
	// that is known of it.
	Gateway world.ID
}

// An Unplaced error says why the client could not be placed, and what helps.
type Unplaced struct {
	Fits []string // the places that fit, where it is several
	Why  string
}

func (u *Unplaced) Error() string {
	if len(u.Fits) > 0 {
		return fmt.Sprintf("%s: %s; say which with --network", u.Why, some(u.Fits))
	}
	return u.Why
}

// Find says where a machine stands in w.
func Find(w *world.World, m Machine) (Place, error) {
	switch {
	case m.Network != "":
		return named(w, m)
	case m.App != "":
		return app(w, m)
	}
	if p, ok := byPlatform(w, m); ok {
		return p, nil
	}
	return byAddress(w, m)
}

// byPlatform finds the network interface of the virtual machine that instance
// metadata names, else the one subnet that it tells.
func byPlatform(w *world.World, m Machine) (Place, bool) {
	for n := range w.NICsOf(m.VM) {
		if _, v, ok := w.Subnet(n.Subnet); ok && m.VM != "" && len(n.Addresses) > 0 {
			return in(v.ID, n.Subnet, n.Addresses[0], "instance metadata and the network interface "+n.Name()), true
		}
	}
	var found []Place
	for v := range w.VNets() {
		for _, a := range m.Platform {
			if n, taken := w.NICAt(v.ID, a); taken && m.VM != "" && n.Machine != m.VM { // that of another machine
				continue
			}
			if s, ok := v.SubnetOf(a); ok && slices.ContainsFunc(m.Subnets, func(p netip.Prefix) bool { return slices.Contains(s.Prefixes, p) }) {
				found = append(found, in(v.ID, s.ID, a, "instance metadata"))
			}
		}
	}
	if len(found) != 1 {
		return Place{}, false
	}
	return found[0], true
}

func in(network, subnet world.ID, a netip.Addr, by string) Place {
	return Place{Network: network, Subnet: subnet, Address: a, By: by}
}

// within is the machine's first address in one of the prefixes; without one,
// the first address that a machine could have there: Azure keeps four at the
// beginning of a subnet for itself
// (learn.microsoft.com/azure/virtual-network/virtual-networks-faq).
func (m Machine) within(prefixes []netip.Prefix) netip.Addr {
	for _, a := range m.Addresses {
		if holds(prefixes, a) {
			return a
		}
	}
	if len(prefixes) == 0 {
		return netip.Addr{}
	}
	a := prefixes[0].Masked().Addr()
	for range 4 {
		a = a.Next()
	}
	return a
}

func holds(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// named finds the network that the user named.
func named(w *world.World, m Machine) (Place, error) {
	const by = "what its user says"
	if strings.EqualFold(m.Network, "internet") {
		return in(world.Internet, "", m.public(), by), nil
	}
	var found []Place
	var fits []string
	for _, n := range networks(w) {
		_, gateway := w.Gateway(n.ID)
		if !n.named(m.Network) || gateway && !slices.ContainsFunc(m.Addresses, func(a netip.Addr) bool { return holds(n.prefixes, a) }) {
			continue
		}
		p := in(n.ID, "", m.within(n.prefixes), by)
		if v, ok := w.VNet(n.ID); ok {
			if p = inVNet(v, m, by); p.Subnet == "" {
				return Place{}, &Unplaced{Why: fmt.Sprintf("the VNet %s has no subnet for machines", v.Name())}
			}
		}
		found, fits = append(found, p), append(fits, n.Path)
	}
	if p, ok := behindGateway(w, m, by); ok && len(found) == 0 {
		return p, nil
	}
	switch {
	case len(found) == 0:
		return Place{}, &Unplaced{Why: fmt.Sprintf("no network that was read is called %q; there are %s", m.Network, someNames(w))}
	case len(found) > 1:
		return Place{}, &Unplaced{Fits: fits, Why: fmt.Sprintf("several networks are called %q", m.Network)}
	}
	return found[0], nil
}

// behindGateway is a place in a network that a gateway connects, of which Azure
// does not tell the address space: the user names the gateway.
func behindGateway(w *world.World, m Machine, by string) (Place, bool) {
	for v := range w.VNets() {
		for g := range w.GatewaysIn(v.ID) {
			if strings.EqualFold(g.Name(), m.Network) && len(m.Addresses) > 0 {
				return Place{Network: world.SiteID(beyond), Gateway: v.ID, Address: m.Addresses[0], By: by}, true
			}
		}
	}
	return Place{}, false
}

// inVNet is a place in a VNet: the subnet of the machine's address, else the
// first in which machines can stand.
func inVNet(v *world.VNet, m Machine, by string) Place {
	for _, a := range m.Addresses {
		if s, ok := v.SubnetOf(a); ok {
			return in(v.ID, s.ID, a, by)
		}
	}
	for i := range v.Subnets {
		if s := &v.Subnets[i]; s.HoldsMachines() && len(s.Prefixes) > 0 {
			return in(v.ID, s.ID, m.within(s.Prefixes), by)
		}
	}
	return in(v.ID, "", netip.Addr{}, by)
}

// app finds an App Service or Functions app: by its VNet integration.
func app(w *world.World, m Machine) (Place, error) {
	a, ok := w.WebAppNamed(m.App)
	switch {
	case !ok && m.Private.IsValid():
		m.Addresses = []netip.Addr{m.Private}
		return byAddress(w, m)
	case !ok:
		return in(world.Internet, "", m.public(), "App Service, which tells this app no address in a VNet: it has no VNet integration"), nil
	case a.Subnet == "":
		return in(world.Internet, "", m.public(), "the app's configuration: it has no VNet integration"), nil
	}
	s, v, ok := w.Subnet(a.Subnet)
	if !ok {
		return Place{}, &Unplaced{Why: fmt.Sprintf("the subnet %s, into which the app %s is integrated, was not read", a.Subnet, m.App)}
	}
	return in(v.ID, s.ID, m.within(s.Prefixes), "the app's VNet integration"), nil
}

// public is the machine's address on the internet, as far as that is known.
func (m Machine) public() netip.Addr {
	for _, a := range m.Addresses {
		if a.IsGlobalUnicast() && !a.IsPrivate() {
			return a
		}
	}
	if len(m.Addresses) > 0 {
		return m.Addresses[0]
	}
	return m.Seen
}

// byAddress finds the one network that holds an address of the machine.
func byAddress(w *world.World, m Machine) (Place, error) {
	var found []Place
	var fits []string
	for _, n := range networks(w) {
		for _, a := range m.Addresses {
			if !holds(n.prefixes, a) {
				continue
			}
			p := in(n.ID, "", a, fmt.Sprintf("its address %s, which of the networks that were read only %s has in a subnet", a, n.Name()))
			if v, ok := w.VNet(n.ID); ok {
				s, ok := v.SubnetOf(a)
				if !ok {
					continue
				}
				p.Subnet = s.ID
			}
			found, fits = append(found, p), append(fits, n.Path)
			break
		}
	}
	if found, fits = asked(w, m, found, fits); len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		return Place{}, &Unplaced{Fits: fits, Why: fmt.Sprintf("several networks hold this machine's address %s", found[0].Address)}
	}
	return outside(w, m)
}

// asked leaves of several places those whose networks hand out the DNS servers
// that the machine asks, if there are such.
func asked(w *world.World, m Machine, found []Place, fits []string) ([]Place, []string) {
	var places []Place
	var names []string
	for i, p := range found {
		if len(m.Servers) > 0 && slices.Equal(w.Handed(p.Network), m.Servers) {
			p.By = fmt.Sprintf("its address %s and the DNS servers that the network hands out", p.Address)
			places, names = append(places, p), append(names, fits[i])
		}
	}
	if len(found) < 2 || len(places) == 0 {
		return found, fits
	}
	return places, names
}

// outside is a machine that is in no network that was read.
func outside(w *world.World, m Machine) (Place, error) {
	switch {
	case len(networks(w)) == 0:
		return Place{}, &Unplaced{Why: "no network was read"}
	case m.Azure:
		return Place{}, &Unplaced{Why: "this machine is in Azure, in a VNet that is not among what was read: its account may lack the right to read that subscription; say with --network where it is"}
	}
	private := len(m.Addresses) > 0 && !slices.ContainsFunc(m.Addresses, func(a netip.Addr) bool { return !a.IsPrivate() })
	for _, gap := range w.Gaps() {
		if private && gap.Type == "microsoft.network/virtualnetworks" {
			return Place{}, &Unplaced{Why: "this machine is in no network that was read, and not all networks were: say with --network where it is"}
		}
	}
	if private && connected(w) {
		return Place{}, &Unplaced{Why: fmt.Sprintf("this machine's address %s is in no VNet that was read; it may be in a network behind a gateway, whose address space Azure does not tell: say with --network by which gateway it comes, or internet", m.Addresses[0])}
	}
	return in(world.Internet, "", m.public(), "its addresses, which no network that was read holds"), nil
}

// connected tells whether networks outside Azure may be behind a gateway of
// which no address space is known.
func connected(w *world.World) bool {
	for v := range w.VNets() {
		for g := range w.GatewaysIn(v.ID) {
			if g.Kind == "ExpressRoute" || len(g.Pool) == 0 {
				return true
			}
		}
	}
	return false
}

// A network is one that a client can be in.
type network struct {
	world.Meta
	prefixes []netip.Prefix
}

func (n network) named(name string) bool {
	return strings.EqualFold(n.Name(), name) || n.ID == world.MakeID(name)
}

// networks are those of w, VNets first.
func networks(w *world.World) (all []network) {
	for v := range w.VNets() {
		all = append(all, network{v.Meta, v.Prefixes})
	}
	for s := range w.Sites() {
		all = append(all, network{s.Meta, s.Prefixes})
	}
	for v := range w.VNets() {
		for g := range w.GatewaysIn(v.ID) {
			if len(g.Pool) > 0 {
				all = append(all, network{g.Meta, g.Pool})
			}
		}
	}
	return all
}

// someNames are the names of networks, as many as a person reads.
func someNames(w *world.World) string {
	var names []string
	for _, n := range networks(w) {
		names = append(names, n.Name())
	}
	return some(names) + ", internet"
}

// some are as many names as a person reads.
func some(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
