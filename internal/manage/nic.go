package manage

import (
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// machineOf is the ARM id of a virtual machine. Its resource group is taken to
// be that of its VNet, since a World holds none.
func machineOf(vnet world.Meta, h *world.Host) string {
	return beside(vnet, "Microsoft.Compute/virtualMachines/"+h.Name())
}

func beside(vnet world.Meta, name string) string {
	return "/subscriptions/" + vnet.Subscription() + "/resourceGroups/" + vnet.Group() + "/providers/" + name
}

// plugged gives each virtual machine in a VNet the network interface by which
// Azure knows it, where the World does not say so itself. What runs on other
// compute has none of its own.
func plugged(w *world.World) *world.World {
	var edits []world.Edit
	for h := range w.Hosts() {
		vnet, inVNet := w.VNet(h.Network)
		if !inVNet || h.Behind != "" || h.Runs != world.OnVM && h.Runs != world.OnContainer {
			continue
		}
		subnet, ok := vnet.SubnetOf(h.Address)
		if _, has := w.NICAt(vnet.ID, h.Address); !ok || has {
			continue
		}
		elsewhere := func(a netip.Addr) bool { return !vnet.Holds(a) }
		edits = append(edits, world.Put(&world.NIC{
			Meta: world.At(beside(vnet.Meta, "Microsoft.Network/networkInterfaces/"+h.Name()+"-nic")), Subnet: subnet.ID,
			Addresses: slices.DeleteFunc(append([]netip.Addr{h.Address}, h.Addresses...), elsewhere),
			Machine:   world.MakeID(machineOf(vnet.Meta, h)), Forwards: h.Forward != nil,
		}))
	}
	return w.With(edits...)
}
