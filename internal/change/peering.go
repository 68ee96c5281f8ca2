package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// Peer connects two VNets on both sides, or puts right a peering that does not
// carry traffic.
type Peer struct{ A, B world.ID }

// Apply makes both sides Connected.
func (c Peer) Apply(w *world.World) *world.World {
	return peer(peer(w, c.A, c.B), c.B, c.A)
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
	return w.With(world.Put(&changed))
}

// Title says what is done.
func (c Peer) Title(w *world.World) string {
	return fmt.Sprintf("Peer the VNets %s and %s, on both sides", nameOf(w, c.A), nameOf(w, c.B))
}

// Commands create both sides; a side that is Disconnected is deleted first,
// since Azure reconnects none.
func (c Peer) Commands(w *world.World) []string {
	var commands []string
	for _, side := range [...][2]world.ID{{c.A, c.B}, {c.B, c.A}} {
		v, ok := w.VNet(side[0])
		if !ok {
			continue
		}
		if p, stands := v.PeeringTo(side[1]); stands {
			commands = append(commands, Unpeer(c).delete(w, v, p)...)
		}
	}
	for _, side := range [...][2]world.ID{{c.A, c.B}, {c.B, c.A}} {
		v, ok := w.VNet(side[0])
		if !ok {
			continue
		}
		commands = append(commands, az("network vnet peering create", in(v.Meta), "--vnet-name", quote(v.Name()),
			"--name", quote("to-"+nameOf(w, side[1])), "--remote-vnet", quote(pathOf(w, side[1])), "--allow-vnet-access")...)
	}
	return commands
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
		if _, stands := v.PeeringTo(side[1]); !stands {
			continue
		}
		changed := *v
		changed.Peerings = slices.DeleteFunc(slices.Clone(v.Peerings), func(p world.Peering) bool { return p.Remote == side[1] })
		w = w.With(world.Put(&changed))
	}
	return w
}

// Title says what is done.
func (c Unpeer) Title(w *world.World) string {
	return fmt.Sprintf("Delete the peering of the VNets %s and %s", nameOf(w, c.A), nameOf(w, c.B))
}

func (Unpeer) delete(_ *world.World, v *world.VNet, p *world.Peering) []string {
	return az("network vnet peering delete", in(v.Meta), "--vnet-name", quote(v.Name()), "--name", quote(p.Name()))
}

// Commands delete both sides.
func (c Unpeer) Commands(w *world.World) []string {
	var commands []string
	for _, side := range [...][2]world.ID{{c.A, c.B}, {c.B, c.A}} {
		if v, ok := w.VNet(side[0]); ok {
			if p, stands := v.PeeringTo(side[1]); stands {
				commands = append(commands, c.delete(w, v, p)...)
			}
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
	return w.With(world.Put(&changed))
}

// Title says what is done.
func (c SetPeeringState) Title(w *world.World) string {
	return fmt.Sprintf("Leave the peering from %s to %s %s", nameOf(w, c.VNet), nameOf(w, c.Remote), c.State)
}

// Commands are none: Azure sets the state itself.
func (SetPeeringState) Commands(*world.World) []string { return nil }

// Verify shows the state.
func (c SetPeeringState) Verify(w *world.World) []string { return Peer{c.VNet, c.Remote}.Verify(w) }
