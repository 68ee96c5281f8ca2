package change

import (
	"fmt"
	"maps"
	"net/netip"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// ProxyOf returns the explicit proxy that a host's environment names for a
// name, where it is a machine of the World that is known by its address.
func ProxyOf(w *world.World, h *world.Host, name dnsname.Name) (*world.Host, bool) {
	addr, err := netip.ParseAddr(settings.ProxyFor(name, h.Getenv).Host)
	if err != nil {
		return nil, false
	}
	for proxy := range w.Hosts() {
		if proxy.Address == addr && proxy.Behind == "" && (proxy.Proxy != nil || proxy.ProxyUnread) {
			return proxy, true
		}
	}
	return nil, false
}

// UseProxy lets a host's programs use a proxy on the internet, which is added
// where it does not exist.
type UseProxy struct {
	Host  world.ID
	Proxy netip.AddrPort
	Role  world.ProxyRole
}

// Apply adds the proxy and names it in HTTPS_PROXY.
func (c UseProxy) Apply(w *world.World) *world.World {
	if _, ok := w.Host(c.Host); !ok {
		return w
	}
	name := "proxy-" + c.Proxy.Addr().String()
	if id := world.HostID(name); w.Lookup(id) == nil {
		role := c.Role
		role.Port = c.Proxy.Port()
		w = w.With(world.Put(&world.Host{
			Meta: world.Meta{ID: id, Path: name}, Network: world.Internet, Address: c.Proxy.Addr(), Runs: world.OnVM, Proxy: &role,
		}))
	}
	return c.variable().Apply(w)
}

func (c UseProxy) variable() SetEnvironment {
	return SetEnvironment{Host: c.Host, Key: "HTTPS_PROXY", Value: "http://" + c.Proxy.String()}
}

// Title says what is done.
func (c UseProxy) Title(w *world.World) string { return c.variable().Title(w) }

// Commands set the variable.
func (c UseProxy) Commands(w *world.World) []string { return c.variable().Commands(w) }

// Verify shows the proxy variables.
func (c UseProxy) Verify(w *world.World) []string { return c.variable().Verify(w) }

// SetProxyAnswer makes a proxy answer CONNECT with a status; 0 stops the proxy.
type SetProxyAnswer struct {
	Proxy  world.ID
	Status int
}

// Apply sets what the proxy does.
func (c SetProxyAnswer) Apply(w *world.World) *world.World {
	return edit(w, c.Proxy, func(h *world.Host) {
		if h.Proxy == nil {
			return
		}
		role := *h.Proxy
		role.Answers = c.Status
		if h.Proxy = &role; c.Status == 0 {
			h.Proxy = nil
		}
	})
}

// Title says what is done.
func (c SetProxyAnswer) Title(w *world.World) string {
	if c.Status == 0 {
		return "Stop the proxy " + nameOf(w, c.Proxy)
	}
	return fmt.Sprintf("Let the proxy %s answer CONNECT with %d", nameOf(w, c.Proxy), c.Status)
}

// Commands are none: every proxy has its own.
func (SetProxyAnswer) Commands(*world.World) []string { return nil }

// Verify is nothing that az shows.
func (SetProxyAnswer) Verify(*world.World) []string { return nil }

// ExemptFromProxy lets a host's programs reach one vault without their proxy: of
// others, the proxy may be the only way. What is exempt already stays so.
type ExemptFromProxy struct {
	Host world.ID
	Name dnsname.Name // the vault's hostname
}

// Apply adds the name to NO_PROXY, in the variable that programs read first.
func (c ExemptFromProxy) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) {
		key := "NO_PROXY"
		if h.Environ["no_proxy"] != "" {
			key = "no_proxy"
		}
		list := h.Environ[key]
		if settings.Exempt(c.Name, list) {
			return
		}
		if list != "" {
			list += ","
		}
		h.Environ = maps.Clone(h.Environ)
		if h.Environ == nil {
			h.Environ = make(map[string]string)
		}
		h.Environ[key] = list + c.Name.Host()
	})
}

// Title says what is done.
func (c ExemptFromProxy) Title(w *world.World) string {
	return fmt.Sprintf("Add %s to NO_PROXY for the program on %s", c.Name.Host(), nameOf(w, c.Host))
}

// Commands add the name in a shell; services and containers have their own
// places for variables.
func (c ExemptFromProxy) Commands(*world.World) []string {
	return []string{fmt.Sprintf(`export NO_PROXY="${NO_PROXY:+$NO_PROXY,}%s" no_proxy="${no_proxy:-$NO_PROXY},%s"`, c.Name.Host(), c.Name.Host())}
}

// Verify shows the proxy variables.
func (c ExemptFromProxy) Verify(*world.World) []string { return []string{"env | grep -i proxy"} }
