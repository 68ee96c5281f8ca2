package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// RunInVNet runs what a platform of Azure's own has run so far in a VNet: Cloud
// Shell deployed into one, a managed service with VNet injection, or a machine
// of one's own.
type RunInVNet struct{ Host, VNet, Subnet world.ID }

// Apply moves the host and makes a machine of it.
func (c RunInVNet) Apply(w *world.World) *world.World {
	if _, _, ok := w.Subnet(c.Subnet); !ok {
		return w
	}
	w = MoveHost{Host: c.Host, Network: c.VNet, Subnet: c.Subnet}.Apply(w)
	return edit(w, c.Host, func(h *world.Host) { h.Runs = world.OnVM })
}

// Title says what is done on the platform that the work runs on.
func (c RunInVNet) Title(w *world.World) string {
	vnet := nameOf(w, c.VNet)
	if h, ok := w.Host(c.Host); ok && h.Runs == world.OnCloudShell {
		return fmt.Sprintf("Deploy Cloud Shell into the VNet %s, or run the work on a machine there", vnet)
	}
	return fmt.Sprintf("Use what the service offers: injection into the VNet %s, or a managed private endpoint of its own, which the vault's owner approves; else run the work on a machine of yours in %s", vnet, vnet)
}

// Commands are none: each platform has its own.
func (RunInVNet) Commands(*world.World) []string { return nil }

// Verify runs the diagnosis there.
func (c RunInVNet) Verify(w *world.World) []string { return MoveHost{}.Verify(w) }

// SetIntegration connects an App Service or Functions app to a VNet, with all
// its outbound traffic or only that to private ranges, or cuts it off.
type SetIntegration struct {
	Host     world.ID
	Subnet   world.ID // of the integration; "" cuts it off
	RouteAll bool
}

// Apply sets the integration. An app hears of its VNet's DNS servers with it.
func (c SetIntegration) Apply(w *world.World) *world.World {
	if c.Subnet == "" {
		return edit(w, c.Host, func(h *world.Host) { h.Integrated, h.RouteAll, h.Nameservers = world.No, false, nil })
	}
	s, v, ok := w.Subnet(c.Subnet)
	if !ok {
		return w
	}
	addr, room := free(w, v.ID, s)
	return edit(w, c.Host, func(h *world.Host) {
		if h.Network != v.ID || h.Subnet != c.Subnet {
			if !room {
				return
			}
			h.Network, h.Subnet, h.Address = v.ID, c.Subnet, addr
		}
		h.Integrated, h.RouteAll, h.Nameservers = world.Yes, c.RouteAll, nil
	})
}

// Title says what is done.
func (c SetIntegration) Title(w *world.World) string {
	if c.Subnet == "" {
		return "Disconnect the app " + nameOf(w, c.Host) + " from its VNet"
	}
	all := ""
	if c.RouteAll {
		all = ", with all its outbound traffic"
	}
	return fmt.Sprintf("Connect the app %s to the subnet %s of the VNet %s%s", nameOf(w, c.Host), c.Subnet.Name(), nameOf(w, c.Subnet.Parent()), all)
}

// Commands add or remove the integration.
func (c SetIntegration) Commands(w *world.World) []string {
	app := "--resource-group <group-of-the-app> --name " + quote(nameOf(w, c.Host))
	if c.Subnet == "" {
		return az("webapp vnet-integration remove", app)
	}
	s, v, ok := w.Subnet(c.Subnet)
	if !ok {
		return nil
	}
	commands := az("webapp vnet-integration add", app, "--vnet", quote(v.Path), "--subnet", quote(s.Name()))
	if c.RouteAll {
		commands = append(commands, az("webapp config set", app, "--vnet-route-all-enabled true")...)
	}
	return commands
}

// Verify shows the integration.
func (c SetIntegration) Verify(w *world.World) []string {
	return az("webapp vnet-integration list --resource-group <group-of-the-app> --name", quote(nameOf(w, c.Host)))
}
