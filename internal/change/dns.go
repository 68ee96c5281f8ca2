package change

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// SetVNetDNS sets the DNS servers that a VNet hands out; none means
// Azure-provided DNS.
type SetVNetDNS struct {
	VNet    world.ID
	Servers []netip.Addr
}

// Apply sets the servers.
func (c SetVNetDNS) Apply(w *world.World) *world.World {
	v, ok := w.VNet(c.VNet)
	if !ok || slices.Equal(v.DNSServers, c.Servers) {
		return w
	}
	changed := *v
	changed.DNSServers = c.Servers
	return put(w, &changed)
}

// Title says what is done.
func (c SetVNetDNS) Title(w *world.World) string {
	if len(c.Servers) == 0 {
		return fmt.Sprintf("Let the VNet %s use Azure-provided DNS", nameOf(w, c.VNet))
	}
	return fmt.Sprintf("Set the DNS servers of the VNet %s to %s", nameOf(w, c.VNet), join(c.Servers))
}

func join(addrs []netip.Addr) string {
	var texts []string
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, " ")
}

// Commands set the servers; machines take them over when they renew their
// DHCP lease or restart.
func (c SetVNetDNS) Commands(w *world.World) []string {
	v, ok := w.VNet(c.VNet)
	if !ok {
		return nil
	}
	servers := join(c.Servers)
	if servers == "" {
		servers = `""`
	}
	return az("network vnet update", in(v.Meta), "--name", quote(v.Name()), "--dns-servers", servers)
}

// Verify shows the servers.
func (c SetVNetDNS) Verify(w *world.World) []string {
	v, ok := w.VNet(c.VNet)
	if !ok {
		return nil
	}
	return az("network vnet show", in(v.Meta), "--name", quote(v.Name()), "--query dhcpOptions.dnsServers")
}

// ForwardToAzure makes a DNS server forward the service's public domains to a
// DNS server that sees the private zone: 168.63.129.16 from inside a VNet, an
// inbound endpoint or a forwarder in a VNet from outside.
type ForwardToAzure struct {
	Server world.ID // a host
	To     netip.Addr
}

// Apply sets the conditional forwarders and leaves the server's other settings.
func (c ForwardToAzure) Apply(w *world.World) *world.World {
	h, ok := w.Host(c.Server)
	if !ok {
		return w
	}
	role := world.DNSRole{}
	if h.DNS != nil {
		role = *h.DNS
	}
	role.Forward = withoutDomains(role.Forward, w)
	for _, domain := range w.Service().ForwardZones {
		role.Forward = append(role.Forward, world.Forward{Domain: domain, To: []netip.Addr{c.To}})
	}
	SortForwards(role.Forward)
	changed := *h
	changed.DNS, changed.DNSUnread = &role, false
	return put(w, &changed)
}

// withoutDomains drops the forwarders below the service's domains.
func withoutDomains(forwards []world.Forward, w *world.World) []world.Forward {
	return slices.DeleteFunc(slices.Clone(forwards), func(f world.Forward) bool {
		return slices.ContainsFunc(w.Service().ForwardZones, f.Domain.Under)
	})
}

// SortForwards puts the longest domain first, which is the order in which a
// server looks at its forwarders.
func SortForwards(forwards []world.Forward) {
	slices.SortStableFunc(forwards, func(a, b world.Forward) int {
		return len(b.Domain.String()) - len(a.Domain.String())
	})
}

// Title says what is done.
func (c ForwardToAzure) Title(w *world.World) string {
	var domains []string
	for _, d := range w.Service().ForwardZones {
		domains = append(domains, d.Host())
	}
	return fmt.Sprintf("On the DNS server %s, forward %s to %s", serverName(w, c.Server), strings.Join(domains, " and "), c.To)
}

func serverName(w *world.World, id world.ID) string {
	h, ok := w.Host(id)
	if !ok {
		return id.Name()
	}
	return fmt.Sprintf("%s (%s)", h.Name(), h.Address)
}

// forwarders are how the DNS servers that people run are told to forward a
// domain: Azure has no command for them.
var forwarders = []struct{ server, format string }{
	{"# Windows DNS Server, in PowerShell:", "Add-DnsServerConditionalForwarderZone -Name %s -MasterServers %s"},
	{"# BIND, in named.conf:", `zone "%s" { type forward; forward only; forwarders { %s; }; };`},
	{"# unbound, in unbound.conf:", "forward-zone: name: %q forward-addr: %s"},
	{"# dnsmasq, in dnsmasq.conf:", "server=/%s/%s"},
}

// Commands are those of the DNS servers that people run, each kind under a
// comment that names it.
func (c ForwardToAzure) Commands(w *world.World) []string {
	var commands []string
	for _, f := range forwarders {
		commands = append(commands, f.server)
		for _, d := range w.Service().ForwardZones {
			commands = append(commands, fmt.Sprintf(f.format, d.Host(), c.To))
		}
	}
	return commands
}

// Verify asks the server.
func (c ForwardToAzure) Verify(w *world.World) []string {
	h, ok := w.Host(c.Server)
	if !ok {
		return nil
	}
	return []string{"host <vault>." + w.Service().Suffix.Host() + " " + h.Address.String()}
}

// SetDNSRole replaces what a DNS server does; it stands for the ways in which
// people set one up wrongly.
type SetDNSRole struct {
	Server world.ID
	Role   world.DNSRole
	What   string // an imperative: "forward privatelink.… only"
}

// Apply sets the role.
func (c SetDNSRole) Apply(w *world.World) *world.World {
	h, ok := w.Host(c.Server)
	if !ok {
		return w
	}
	changed := *h
	role := c.Role
	changed.DNS, changed.DNSUnread = &role, false
	return put(w, &changed)
}

// Title says what is done.
func (c SetDNSRole) Title(w *world.World) string {
	return fmt.Sprintf("On the DNS server %s, %s", serverName(w, c.Server), c.What)
}

// Commands are none: every DNS server has its own.
func (SetDNSRole) Commands(*world.World) []string { return nil }

// Verify asks the server.
func (c SetDNSRole) Verify(w *world.World) []string {
	return ForwardToAzure{Server: c.Server}.Verify(w)
}
