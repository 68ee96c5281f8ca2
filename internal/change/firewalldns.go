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
	changed := *f
	changed.DNSServers = c.Servers
	return put(w, &changed)
}

// Title says what is done.
func (c SetFirewallDNS) Title(w *world.World) string {
	if len(c.Servers) == 0 {
		return fmt.Sprintf("Let the DNS proxy of the firewall %s ask Azure DNS", nameOf(w, c.Firewall))
	}
	return fmt.Sprintf("Let the DNS proxy of the firewall %s ask %s", nameOf(w, c.Firewall), join(c.Servers))
}

// Commands set the servers of a firewall without a policy; a policy has them
// under `az network firewall policy update --dns-servers`.
func (c SetFirewallDNS) Commands(w *world.World) []string {
	f, ok := w.Firewall(c.Firewall)
	if !ok {
		return nil
	}
	servers := join(c.Servers)
	if servers == "" {
		servers = `""`
	}
	return az("network firewall update", in(f.Meta), "--name", quote(f.Name()), "--dns-servers", servers)
}

// Verify shows the firewall's DNS settings.
func (c SetFirewallDNS) Verify(w *world.World) []string {
	f, ok := w.Firewall(c.Firewall)
	if !ok {
		return nil
	}
	return az("network firewall show", in(f.Meta), "--name", quote(f.Name()), "--query additionalProperties")
}
