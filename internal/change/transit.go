package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// AllowTransit lets a peered VNet use another's gateway: allowGatewayTransit on
// the side of the gateway, useRemoteGateways on the other.
type AllowTransit struct{ Spoke, Hub world.ID }

// Apply sets both flags.
func (c AllowTransit) Apply(w *world.World) *world.World {
	w = editPeering(w, c.Spoke, c.Hub, func(p *world.Peering) { p.UseRemoteGateways = true })
	return editPeering(w, c.Hub, c.Spoke, func(p *world.Peering) { p.AllowGateway = true })
}

func editPeering(w *world.World, from, to world.ID, change func(*world.Peering)) *world.World {
	v, ok := w.VNet(from)
	if !ok {
		return w
	}
	at := slices.IndexFunc(v.Peerings, func(p world.Peering) bool { return p.Remote == to })
	if at < 0 {
		return w
	}
	changed := *v
	changed.Peerings = slices.Clone(v.Peerings)
	change(&changed.Peerings[at])
	return put(w, &changed)
}

// Title says what is done.
func (c AllowTransit) Title(w *world.World) string {
	return fmt.Sprintf("Let the VNet %s use the gateway of the VNet %s", nameOf(w, c.Spoke), nameOf(w, c.Hub))
}

// Commands set the flags, the hub's first: Azure refuses the other order.
func (c AllowTransit) Commands(w *world.World) []string {
	var commands []string
	for _, side := range [...]struct {
		from, to world.ID
		set      string
	}{{c.Hub, c.Spoke, "allowGatewayTransit=true"}, {c.Spoke, c.Hub, "useRemoteGateways=true"}} {
		v, ok := w.VNet(side.from)
		if !ok {
			continue
		}
		if p, stands := v.PeeringTo(side.to); stands {
			commands = append(commands, az("network vnet peering update", in(v.Meta), "--vnet-name", quote(v.Name()),
				"--name", quote(p.Name()), "--set", side.set)...)
		}
	}
	return commands
}

// Verify shows the state of the peerings of one side.
func (c AllowTransit) Verify(w *world.World) []string { return Peer{c.Spoke, c.Hub}.Verify(w) }
