package change

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// Peer connects two VNets on both sides, or puts right a peering that does not
// carry traffic.
type Peer struct{ A, B world.ID }

// Apply makes both sides Connected. Azure peers no VNets whose address spaces
// overlap.
func (c Peer) Apply(w *world.World) *world.World {
	if _, _, ok := Overlap(w, c.A, c.B); ok {
		return w
	}
	return peer(peer(w, c.A, c.B), c.B, c.A)
}

// Overlap returns the first prefixes of two VNets that overlap, for which Azure
// peers them neither with one another nor both with a third
// (learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview).
func Overlap(w *world.World, a, b world.ID) (ofA, ofB netip.Prefix, ok bool) {
	one, found := w.VNet(a)
	other, also := w.VNet(b)
	if !found || !also || a == b {
		return ofA, ofB, false
	}
	for _, p := range one.Prefixes {
		if i := slices.IndexFunc(other.Prefixes, p.Overlaps); i >= 0 {
			return p, other.Prefixes[i], true
		}
	}
	return ofA, ofB, false
}

func peer(w *world.World, from, to world.ID) *world.World {
	v, ok := w.VNet(from)
	if _, other := w.VNet(to); !ok || !other {
		return w
	}
	changed := *v
	changed.Peerings = slices.Clone(v.Peerings)
	at := slices.IndexFunc(changed.Peerings, func(p world.Peering) bool { return p.Remote == to })
	if at < 0 {
		meta := world.At(v.Path + "/virtualNetworkPeerings/to-" + nameOf(w, to))
		changed.Peerings = append(changed.Peerings, world.Peering{Meta: meta, Remote: to})
		at = len(changed.Peerings) - 1
	}
	changed.Peerings[at].State, changed.Peerings[at].AllowAccess = world.PeeringConnected, true
	return put(w, &changed)
}

// Title says what is done.
func (c Peer) Title(w *world.World) string {
	return fmt.Sprintf("Peer the VNets %s and %s, on both sides", nameOf(w, c.A), nameOf(w, c.B))
}

// A side is one VNet's peering with another; nil where there is none.
type side struct {
	vnet    *world.VNet
	remote  world.ID
	peering *world.Peering
}

// sides are those of two VNets that are both known.
func (c Peer) sides(w *world.World) []side {
	a, inA := w.VNet(c.A)
	b, inB := w.VNet(c.B)
	if !inA || !inB {
		return nil
	}
	there, _ := a.PeeringTo(c.B)
	back, _ := b.PeeringTo(c.A)
	return []side{{a, c.B, there}, {b, c.A, back}}
}

// Commands create the sides that are missing and let the others carry traffic.
// Azure reconnects none that is Disconnected: then both are created anew.
func (c Peer) Commands(w *world.World) []string {
	sides := c.sides(w)
	var commands []string
	anew := slices.ContainsFunc(sides, func(s side) bool { return s.peering != nil && s.peering.State == world.PeeringDisconnected })
	for _, s := range sides {
		if anew && s.peering != nil {
			commands = append(commands, deletePeering(s.vnet, s.peering)...)
		}
	}
	for _, s := range sides {
		switch {
		case anew || s.peering == nil:
			commands = append(commands, s.create(w)...)
		case !s.peering.AllowAccess:
			commands = append(commands, az("network vnet peering update", in(s.vnet.Meta), "--vnet-name", quote(s.vnet.Name()),
				"--name", quote(s.peering.Name()), "--set allowVirtualNetworkAccess=true")...)
		}
	}
	return commands
}

// create is the command that creates a side, with the settings that it had.
func (s side) create(w *world.World) []string {
	name, flags := "to-"+nameOf(w, s.remote), "--allow-vnet-access"
	if p := s.peering; p != nil {
		name = p.Name()
		for _, f := range []struct {
			on   bool
			flag string
		}{{p.AllowForwarded, "--allow-forwarded-traffic"}, {p.AllowGateway, "--allow-gateway-transit"}, {p.UseRemoteGateways, "--use-remote-gateways"}} {
			if f.on {
				flags += " " + f.flag
			}
		}
	}
	return az("network vnet peering create", in(s.vnet.Meta), "--vnet-name", quote(s.vnet.Name()),
		"--name", quote(name), "--remote-vnet", quote(pathOf(w, s.remote)), flags)
}

func deletePeering(v *world.VNet, p *world.Peering) []string {
	return az("network vnet peering delete", in(v.Meta), "--vnet-name", quote(v.Name()), "--name", quote(p.Name()))
}

// Verify shows the state of the peerings of one side.
func (c Peer) Verify(w *world.World) []string {
	v, ok := w.VNet(c.A)
	if !ok {
		return nil
	}
	return az("network vnet peering list", in(v.Meta), "--vnet-name", quote(v.Name()),
		"--query \"[].{remote:remoteVirtualNetwork.id, state:peeringState}\" --output table")
}

// Unpeer deletes both sides of a peering.
type Unpeer struct{ A, B world.ID }

// Apply removes both sides.
func (c Unpeer) Apply(w *world.World) *world.World {
	for _, side := range [...][2]world.ID{{c.A, c.B}, {c.B, c.A}} {
		v, ok := w.VNet(side[0])
		if !ok {
			continue
		}
		changed := *v
		changed.Peerings = slices.DeleteFunc(slices.Clone(v.Peerings), func(p world.Peering) bool { return p.Remote == side[1] })
		w = put(w, &changed)
	}
	return w
}

// Title says what is done.
func (c Unpeer) Title(w *world.World) string {
	return fmt.Sprintf("Delete the peering of the VNets %s and %s", nameOf(w, c.A), nameOf(w, c.B))
}

// Commands delete both sides.
func (c Unpeer) Commands(w *world.World) []string {
	var commands []string
	for _, s := range Peer(c).sides(w) {
		if s.peering != nil {
			commands = append(commands, deletePeering(s.vnet, s.peering)...)
		}
	}
	return commands
}

// Verify shows the peerings that are left.
func (c Unpeer) Verify(w *world.World) []string { return Peer(c).Verify(w) }

// SetPeeringState puts one side of a peering into a state, as deleting the
// other side does (Disconnected), or creating one side only (Initiated).
type SetPeeringState struct {
	VNet, Remote world.ID
	State        world.PeeringState
}

// Apply sets the state.
func (c SetPeeringState) Apply(w *world.World) *world.World {
	v, ok := w.VNet(c.VNet)
	if !ok {
		return w
	}
	at := slices.IndexFunc(v.Peerings, func(p world.Peering) bool { return p.Remote == c.Remote })
	if at < 0 || v.Peerings[at].State == c.State {
		return w
	}
	changed := *v
	changed.Peerings = slices.Clone(v.Peerings)
	changed.Peerings[at].State = c.State
	return put(w, &changed)
}

// Title says what is done.
func (c SetPeeringState) Title(w *world.World) string {
	return fmt.Sprintf("Leave the peering from %s to %s %s", nameOf(w, c.VNet), nameOf(w, c.Remote), c.State)
}

// Commands are none: Azure sets the state itself.
func (SetPeeringState) Commands(*world.World) []string { return nil }

// Verify shows the state.
func (c SetPeeringState) Verify(w *world.World) []string { return Peer{c.VNet, c.Remote}.Verify(w) }
