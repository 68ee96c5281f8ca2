package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// SetPublicAccess sets a vault's publicNetworkAccess.
type SetPublicAccess struct {
	Vault  world.ID
	Access world.PublicAccess
}

// Apply sets the property.
func (c SetPublicAccess) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok || v.PublicAccess == c.Access {
		return w
	}
	changed := *v
	changed.PublicAccess = c.Access
	return put(w, &changed)
}

// Title says what is done.
func (c SetPublicAccess) Title(w *world.World) string {
	return fmt.Sprintf("Set public network access of the key vault %s to %s", nameOf(w, c.Vault), c.Access)
}

// Commands set the property.
func (c SetPublicAccess) Commands(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	return az("keyvault update", in(v.Meta), "--name", quote(v.Name()), "--public-network-access", string(c.Access))
}

// Verify shows the property.
func (c SetPublicAccess) Verify(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	return az("keyvault show", in(v.Meta), "--name", quote(v.Name()), "--query properties.publicNetworkAccess")
}

// SetFirewall sets a vault's network rules.
type SetFirewall struct {
	Vault world.ID
	ACL   world.NetworkACL
}

// Apply sets the rules.
func (c SetFirewall) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return w
	}
	changed := *v
	changed.ACL = c.ACL
	return put(w, &changed)
}

// Title says what is done.
func (c SetFirewall) Title(w *world.World) string {
	return "Change the firewall rules of the key vault " + nameOf(w, c.Vault)
}

// Commands set the default action and the bypass, and add or remove the rules that differ, one
// by one.
func (c SetFirewall) Commands(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	vault := in(v.Meta) + " --name " + quote(v.Name())
	var commands []string
	if v.ACL.Deny != c.ACL.Deny {
		action := map[bool]string{true: "Deny", false: "Allow"}[c.ACL.Deny]
		commands = az("keyvault update", vault, "--default-action", action)
	}
	if v.ACL.Bypass != c.ACL.Bypass {
		bypass := map[bool]string{true: "AzureServices", false: "None"}[c.ACL.Bypass]
		commands = append(commands, az("keyvault update", vault, "--bypass", bypass)...)
	}
	rules := func(verb string, more, less world.NetworkACL) {
		for _, p := range more.IPs {
			if !slices.Contains(less.IPs, p) {
				commands = append(commands, az("keyvault network-rule", verb, vault, "--ip-address", p.String())...)
			}
		}
		for _, id := range more.Subnets {
			if !slices.Contains(less.Subnets, id) {
				commands = append(commands, az("keyvault network-rule", verb, vault, "--subnet", quote(pathOfSubnet(w, id)))...)
			}
		}
	}
	rules("remove", v.ACL, c.ACL)
	rules("add", c.ACL, v.ACL)
	return commands
}

// Verify shows the rules.
func (c SetFirewall) Verify(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	return az("keyvault network-rule list", in(v.Meta), "--name", quote(v.Name()))
}
