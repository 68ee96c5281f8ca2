package change

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// SetFirewallDNS sets the servers that the DNS proxy of an Azure Firewall asks;
// none means Azure DNS.
type SetFirewallDNS struct {
	Firewall world.ID
	Servers  []netip.Addr
}

// Apply sets the servers.
func (c SetFirewallDNS) Apply(w *world.World) *world.World {
	f, ok := w.Firewall(c.Firewall)
	if !ok || slices.Equal(f.DNSServers, c.Servers) {
		return w
	}
	return editFirewall(w, c.Firewall, func(f *world.Firewall) { f.DNSServers = c.Servers })
}

// Title says what is done.
func (c SetFirewallDNS) Title(w *world.World) string {
	if len(c.Servers) == 0 {
		return fmt.Sprintf("Let the DNS proxy of the firewall %s ask Azure DNS%s", nameOf(w, c.Firewall), byPolicy(w, c.Firewall))
	}
	return fmt.Sprintf("Let the DNS proxy of the firewall %s ask %s%s", nameOf(w, c.Firewall), join(c.Servers), byPolicy(w, c.Firewall))
}

// Commands set the servers of a firewall or its policy.
func (c SetFirewallDNS) Commands(w *world.World) []string {
	f, ok := w.Firewall(c.Firewall)
	if !ok {
		return nil
	}
	servers := join(c.Servers)
	switch {
	case servers == "" && f.Policy.ID != "":
		servers = "null" // which takes a property away
	case servers == "":
		servers = `""`
	}
	return firewallUpdate(f, "--dns-servers", servers)
}

// Verify shows the firewall's DNS settings.
func (c SetFirewallDNS) Verify(w *world.World) []string {
	return showSettings(w, c.Firewall, "dnsSettings")
}
