package change

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// edit puts a changed copy of a host into the World.
func edit(w *world.World, id world.ID, change func(*world.Host)) *world.World {
	h, ok := w.Host(id)
	if !ok {
		return w
	}
	changed := *h
	change(&changed)
	return put(w, &changed)
}

// SetHostsLine makes the hosts file of a machine give a name an address, or,
// with the zero Addr, say nothing of it.
type SetHostsLine struct {
	Host world.ID
	Name dnsname.Name
	Addr netip.Addr
}

// Apply edits the hosts file.
func (c SetHostsLine) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) {
		if c.holds(h) {
			return
		}
		var kept []string
		for line := range strings.Lines(h.HostsFile) {
			if line, some := withoutName(strings.TrimRight(line, "\r\n"), c.Name); some {
				kept = append(kept, line)
			}
		}
		if c.Addr.IsValid() {
			kept = append(kept, c.Addr.String()+" "+c.Name.Host())
		}
		h.HostsFile = strings.Join(kept, "\n")
		h.Hosts = settings.ParseHosts(h.HostsFile)
	})
}

// holds tells whether the file says that and nothing else of the name.
func (c SetHostsLine) holds(h *world.Host) bool {
	said := slices.DeleteFunc(slices.Clone(h.Hosts), func(e settings.HostsEntry) bool { return e.Name != c.Name })
	if !c.Addr.IsValid() {
		return len(said) == 0
	}
	return len(said) == 1 && said[0].Addr == c.Addr
}

// withoutName takes a name out of a line of a hosts file. There is some line left
// unless it held that name alone.
func withoutName(line string, n dnsname.Name) (rest string, some bool) {
	entries := settings.ParseHosts(line)
	others := slices.DeleteFunc(slices.Clone(entries), func(e settings.HostsEntry) bool { return e.Name == n })
	if len(others) == len(entries) {
		return line, true
	}
	for i, e := range others {
		if i == 0 {
			rest = e.Addr.String()
		}
		rest += " " + e.Name.Host()
	}
	return rest, len(others) > 0
}

// Title says what is done.
func (c SetHostsLine) Title(w *world.World) string {
	if !c.Addr.IsValid() {
		title := fmt.Sprintf("Remove %s from the hosts file of %s", c.Name.Host(), nameOf(w, c.Host))
		if c.contained(w) {
			title += ", where whoever starts the container writes it: hostAliases of a pod, --add-host, extra_hosts"
		}
		return title
	}
	return fmt.Sprintf("Put %s %s into the hosts file of %s", c.Addr, c.Name.Host(), nameOf(w, c.Host))
}

// contained tells whether the host is a container, whose hosts file is mounted
// and written anew with each start.
func (c SetHostsLine) contained(w *world.World) bool {
	h, ok := w.Host(c.Host)
	return ok && (h.Runs == settings.RunsContainer || h.Runs == settings.RunsAKS)
}

// Commands edit the file of a Linux machine and keep a backup; on Windows it is
// %SystemRoot%\System32\drivers\etc\hosts. There are none for a container.
func (c SetHostsLine) Commands(w *world.World) []string {
	if c.contained(w) {
		return nil
	}
	var commands []string
	if h, ok := w.Host(c.Host); ok && slices.ContainsFunc(h.Hosts, func(e settings.HostsEntry) bool { return e.Name == c.Name }) {
		commands = []string{fmt.Sprintf(`sudo sed -i.bak 's/[[:space:]]%s\([[:space:]]\|$\)/ /I' /etc/hosts`, strings.ReplaceAll(c.Name.Host(), ".", `\.`))}
	}
	if !c.Addr.IsValid() {
		return commands
	}
	return append(commands, fmt.Sprintf("echo '%s %s' | sudo tee -a /etc/hosts", c.Addr, c.Name.Host()))
}

// Verify shows what programs get.
func (c SetHostsLine) Verify(*world.World) []string {
	return []string{"getent ahosts " + c.Name.Host()}
}

// SetEnvironment sets an environment variable of a host's programs, or, with
// an empty value, unsets it.
type SetEnvironment struct {
	Host       world.ID
	Key, Value string
}

// Apply sets the variable.
func (c SetEnvironment) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) {
		h.Environ = maps.Clone(h.Environ)
		if c.Value == "" {
			delete(h.Environ, c.Key)
			return
		}
		if h.Environ == nil {
			h.Environ = map[string]string{}
		}
		h.Environ[c.Key] = c.Value
	})
}

// Title says what is done.
func (c SetEnvironment) Title(w *world.World) string {
	if c.Value == "" {
		return fmt.Sprintf("Unset %s for the program on %s", c.Key, nameOf(w, c.Host))
	}
	return fmt.Sprintf("Set %s=%s for the program on %s", c.Key, c.Value, nameOf(w, c.Host))
}

// Commands set the variable in a shell.
func (c SetEnvironment) Commands(*world.World) []string {
	if c.Value == "" {
		return []string{"unset " + quote(c.Key)}
	}
	return []string{"export " + quote(c.Key) + "=" + quote(c.Value)}
}

// Verify shows the proxy variables.
func (SetEnvironment) Verify(*world.World) []string { return []string{"env | grep -i proxy"} }

// SetNameservers sets the DNS servers of one machine; none means those that
// its network hands out.
type SetNameservers struct {
	Host    world.ID
	Servers []netip.Addr
}

// Apply sets the servers.
func (c SetNameservers) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) { h.Nameservers = c.Servers })
}

// Title says what is done.
func (c SetNameservers) Title(w *world.World) string {
	if len(c.Servers) == 0 {
		return fmt.Sprintf("Let %s use the DNS servers that its network hands out", nameOf(w, c.Host))
	}
	return fmt.Sprintf("Let %s ask only the DNS server %s", nameOf(w, c.Host), join(c.Servers))
}

// Commands are none: it depends on who writes the machine's resolv.conf.
func (SetNameservers) Commands(*world.World) []string { return nil }

// Verify shows the servers in use.
func (SetNameservers) Verify(*world.World) []string { return []string{"cat /etc/resolv.conf"} }

// MoveHost runs a client somewhere else: in another network, with what that
// network hands out.
type MoveHost struct {
	Host            world.ID
	Network, Subnet world.ID
	Addr            netip.Addr // zero: a free one of the subnet
}

// Apply moves the host.
func (c MoveHost) Apply(w *world.World) *world.World {
	addr := c.addr(w)
	if !addr.IsValid() {
		return w
	}
	return edit(w, c.Host, func(h *world.Host) {
		h.Network, h.Subnet, h.Address = c.Network, c.Subnet, addr
		h.Nameservers, h.Behind, h.Split = nil, "", nil
	})
}

// addr is the address that the host gets: one that is there already keeps its
// own.
func (c MoveHost) addr(w *world.World) netip.Addr {
	h, ok := w.Host(c.Host)
	s, _, found := w.Subnet(c.Subnet)
	switch {
	case c.Addr.IsValid():
		return c.Addr
	case ok && h.Network == c.Network && h.Subnet == c.Subnet:
		return h.Address
	case !found:
		return netip.Addr{}
	}
	addr, _ := free(w, c.Network, s)
	return addr
}

// Title says what is done.
func (c MoveHost) Title(w *world.World) string {
	return fmt.Sprintf("Run %s in the network %s, or connect its network to it (peering, VPN, ExpressRoute)",
		nameOf(w, c.Host), nameOf(w, c.Network))
}

// Commands are none: moving a workload is no single command.
func (MoveHost) Commands(*world.World) []string { return nil }

// Verify runs the diagnosis there.
func (MoveHost) Verify(w *world.World) []string {
	return []string{"curl -i https://<vault>." + w.Service().Suffix.Host() + "/healthstatus"}
}

// Grant gives the identity of a host's programs permission to read secrets.
type Grant struct {
	Host, Vault world.ID
	Identity    world.Identity // Reader; NoRole or InvalidIdentity to take it away
}

// Apply changes what the host's token may do.
func (c Grant) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) { h.Identity = c.Identity })
}

// Title says what is done.
func (c Grant) Title(w *world.World) string {
	if c.Identity != world.Reader {
		return "Take the permission to read secrets of " + nameOf(w, c.Vault) + " away"
	}
	return "Let the identity of the caller read secrets of the key vault " + nameOf(w, c.Vault)
}

// Commands assign the role, or set the access policy of a vault without RBAC.
func (c Grant) Commands(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok || c.Identity != world.Reader {
		return nil
	}
	if !v.RBAC {
		return az("keyvault set-policy", in(v.Meta), "--name", quote(v.Name()), "--object-id <object-id-of-the-caller> --secret-permissions get")
	}
	return az("role assignment create --role 'Key Vault Secrets User' --assignee <object-id-of-the-caller> --scope", quote(v.Path))
}

// Verify lists who may do what.
func (c Grant) Verify(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	return az("role assignment list --scope", quote(v.Path), "--include-inherited --output table")
}
