package change

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/world"
)

// editForward puts a changed copy of what an appliance does into the World.
func editForward(w *world.World, id world.ID, change func(*world.ForwardRole)) *world.World {
	h, ok := w.Host(id)
	if !ok || h.Forward == nil {
		return w
	}
	role := *h.Forward
	change(&role)
	return edit(w, id, func(h *world.Host) { h.Forward = &role })
}

// AddAppliance puts a machine that forwards packets into a VNet.
type AddAppliance struct {
	Name         string
	VNet, Subnet world.ID
	Addr         netip.Addr
	Role         world.ForwardRole
}

// Apply adds the machine, unless one of that name stands.
func (c AddAppliance) Apply(w *world.World) *world.World {
	id := world.HostID(c.Name)
	if _, ok := w.Space(c.VNet); !ok || w.Lookup(id) != nil || !c.Addr.IsValid() {
		return w
	}
	role := c.Role
	return w.With(world.Put(&world.Host{
		Meta: world.Meta{ID: id, Path: c.Name}, Network: c.VNet, Subnet: c.Subnet, Address: c.Addr, Runs: world.OnVM, Forward: &role,
	}))
}

// Title says what is done.
func (c AddAppliance) Title(w *world.World) string {
	return fmt.Sprintf("Put an appliance (%s) into the VNet %s", c.Addr, nameOf(w, c.VNet))
}

// Commands are none: every appliance has its own.
func (AddAppliance) Commands(*world.World) []string { return nil }

// Verify is nothing that az shows.
func (AddAppliance) Verify(*world.World) []string { return nil }

// SetInspection makes a machine on the way, an appliance or an explicit proxy,
// re-sign TLS, or exempt the vaults from it.
type SetInspection struct {
	Machine world.ID
	On      bool
	Issuer  string // of the certificates that it makes
}

// Apply sets what the machine does.
func (c SetInspection) Apply(w *world.World) *world.World {
	return edit(w, c.Machine, func(h *world.Host) {
		if h.Forward != nil {
			role := *h.Forward
			role.InterceptTLS, role.Issuer = c.On, c.Issuer
			h.Forward = &role
		}
		if h.Proxy != nil {
			role := *h.Proxy
			role.InterceptTLS, role.Issuer, role.Trusted = c.On, c.Issuer, false
			h.Proxy = &role
		}
	})
}

// Title says what is done.
func (c SetInspection) Title(w *world.World) string {
	if c.On {
		return "Let " + nameOf(w, c.Machine) + " inspect TLS"
	}
	return fmt.Sprintf("Exempt *.%s from TLS inspection on %s", w.Service().Suffix.Host(), nameOf(w, c.Machine))
}

// Commands are none: every product has its own.
func (SetInspection) Commands(*world.World) []string { return nil }

// Verify shows who signed the certificate that comes.
func (SetInspection) Verify(w *world.World) []string {
	host := "<vault>." + w.Service().Suffix.Host()
	return []string{fmt.Sprintf("openssl s_client -connect %s:443 -servername %s </dev/null | openssl x509 -noout -issuer", host, host)}
}

// SetStalling makes an appliance lose full-sized packets, or pass them.
type SetStalling struct {
	Machine world.ID
	On      bool
}

// Apply sets what the machine does.
func (c SetStalling) Apply(w *world.World) *world.World {
	return editForward(w, c.Machine, func(r *world.ForwardRole) { r.Stalls = c.On })
}

// Title says what is done.
func (c SetStalling) Title(w *world.World) string {
	if c.On {
		return "Let " + nameOf(w, c.Machine) + " lose full-sized packets"
	}
	return fmt.Sprintf("On %s, let ICMP \"fragmentation needed\" pass and clamp TCP's MSS to what the path carries", nameOf(w, c.Machine))
}

// Commands are none: every product has its own.
func (SetStalling) Commands(*world.World) []string { return nil }

// Verify finds the largest packet that gets through.
func (SetStalling) Verify(w *world.World) []string {
	return []string{"tracepath -n <vault>." + w.Service().Suffix.Host()}
}
