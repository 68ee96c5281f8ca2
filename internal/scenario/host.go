package scenario

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// A host is a machine whose places are still names.
type host struct {
	world.Host
	in, subnet, behind string
	exec               *Exec
	node               node
}

func hosts(n node) []host {
	var all []host
	for _, e := range n.list() {
		all = append(all, readHost(e))
	}
	return all
}

func readHost(n node) host {
	n.owner = named("host", n)
	h := host{node: n}
	var name string
	n.object(keys{
		"name":            into(&name, node.text),
		"in":              into(&h.in, node.text),
		"subnet":          into(&h.subnet, node.text),
		"behind":          into(&h.behind, node.text),
		"address":         into(&h.Address, node.addr),
		"addresses":       into(&h.Addresses, node.addrs),
		"publicAddress":   into(&h.PublicAddress, node.addr),
		"runs":            into(&h.Runs, word(runs...)),
		"integrated":      into(&h.Integrated, tri),
		"routeAll":        into(&h.RouteAll, node.flag),
		"wants":           into(&h.Wants, word(world.WantPrivate, world.WantAny)),
		"identity":        into(&h.Identity, word(world.NoIdentity, world.InvalidIdentity, world.NoRole, world.Reader, world.Administrator)),
		"nameservers":     into(&h.Nameservers, node.addrs),
		"nameserversFor":  into(&h.Split, forwards),
		"search":          into(&h.Search, node.texts),
		"ndots":           func(n node) { h.Ndots = n.number(15) }, // as resolv.conf(5) caps it
		"hostsFile":       into(&h.HostsFile, node.text),
		"env":             into(&h.Environ, environ),
		"hostHeader":      into(&h.HostHeader, node.text),
		"openConnections": into(&h.Open, node.addrs),
		"cache":           into(&h.Cached, cache),
		"dns":             into(&h.DNS, dnsRole),
		"proxy":           into(&h.Proxy, proxyRole),
		"forwards":        into(&h.Forward, forwardRole),
		"exec":            into(&h.exec, execOf),
	})
	if _, err := dnsname.Parse(name); err != nil {
		n.fail("has no name that a machine can have: %v", err)
	}
	h.Meta = world.Meta{ID: world.HostID(name), Path: name}
	h.Hosts = settings.ParseHosts(h.HostsFile)
	h.setDefaults()
	h.checkExec()
	return h
}

var runs = []world.Runs{
	world.OnVM, world.OnContainer, world.OnAKS, world.OnAppService, world.OnFunction,
	world.OnCloudShell, world.OnManaged, world.OnAppGateway,
}

func (h *host) setDefaults() {
	machine := world.OnVM
	if h.behind != "" {
		machine = world.OnAKS
	}
	h.Runs = cmp.Or(h.Runs, machine)
	h.Wants = cmp.Or(h.Wants, world.WantPrivate)
	h.Identity = cmp.Or(h.Identity, world.Reader)
	if h.in == "internet" && !h.Address.IsValid() {
		h.Address = h.PublicAddress
	}
}

// forwards reads {domain: servers}, the longest domain first.
func forwards(n node) []world.Forward {
	var all []world.Forward
	for key, value := range n.entries() {
		all = append(all, world.Forward{Domain: key.domain(), To: value.addrs()})
	}
	slices.SortStableFunc(all, func(a, b world.Forward) int {
		return cmp.Or(len(b.Domain.String())-len(a.Domain.String()), cmp.Compare(a.Domain.String(), b.Domain.String()))
	})
	return all
}

func environ(n node) map[string]string {
	all := make(map[string]string)
	for key, value := range n.entries() {
		all[key.text()] = value.text()
	}
	return all
}

// maxTTL is that of RFC 2181, section 8, in seconds.
const maxTTL = 1<<31 - 1

func cache(n node) map[dnsname.Name]world.CachedAnswer {
	all := make(map[dnsname.Name]world.CachedAnswer)
	for key, value := range n.entries() {
		var a world.CachedAnswer
		value.object(keys{
			"address": into(&a.Addr, node.addr),
			"ttl":     func(n node) { a.TTL = time.Duration(n.number(maxTTL)) * time.Second },
		})
		all[key.domain()] = a
	}
	return all
}

func dnsRole(n node) *world.DNSRole {
	role, tcp := &world.DNSRole{}, true
	n.object(keys{
		"forward":         into(&role.Forward, forwards),
		"records":         into(&role.Records, records),
		"filterPrivate":   into(&role.FilterPrivate, node.flag),
		"filterWhole":     into(&role.FilterWhole, node.flag),
		"validate":        into(&role.Validate, node.flag),
		"delay":           into(&role.Delay, node.duration),
		"upstreamTimeout": into(&role.UpstreamTimeout, node.duration),
		"fallback":        into(&role.Fallback, node.flag),
		"cache":           into(&role.Cache, node.duration),
		"chases":          into(&role.Chases, node.flag),
		"truncates":       into(&role.Truncates, node.flag),
		"tcp":             into(&tcp, node.flag),
	})
	role.NoTCP = !tcp
	return role
}

func records(n node) map[dnsname.Name][]netip.Addr {
	all := make(map[dnsname.Name][]netip.Addr)
	for key, value := range n.entries() {
		all[key.domain()] = value.addrs()
	}
	return all
}

// Defaults of a proxy: squid's port, and an authority that nobody trusts.
const (
	proxyPort   = 3128
	proxyIssuer = "CN=Corp Inspection CA"
)

func proxyRole(n node) *world.ProxyRole {
	role, answers := &world.ProxyRole{Port: proxyPort, Answers: 200}, ""
	n.object(keys{
		"port":         func(n node) { role.Port = uint16(n.number(65535)) },
		"interceptTLS": into(&role.InterceptTLS, node.flag),
		"issuer":       into(&role.Issuer, node.text),
		"trusted":      into(&role.Trusted, node.flag),
		"answers":      into(&answers, word("200", "407", "403", "502")),
		"rewriteHost":  into(&role.RewriteHost, node.text),
		"blockPage":    into(&role.BlockPage, node.flag),
	})
	for status, text := range map[int]string{407: "407", 403: "403", 502: "502"} {
		if answers == text {
			role.Answers = status
		}
	}
	if role.InterceptTLS {
		role.Issuer = cmp.Or(role.Issuer, proxyIssuer)
	}
	return role
}

func forwardRole(n node) *world.ForwardRole {
	role := &world.ForwardRole{}
	n.object(keys{
		"snat":         into(&role.SNAT, node.flag),
		"blocks":       into(&role.Blocks, node.prefixes),
		"interceptTLS": into(&role.InterceptTLS, node.flag),
		"issuer":       into(&role.Issuer, node.text),
		"stalls":       into(&role.Stalls, node.flag),
	})
	if role.InterceptTLS {
		role.Issuer = cmp.Or(role.Issuer, proxyIssuer)
	}
	return role
}
