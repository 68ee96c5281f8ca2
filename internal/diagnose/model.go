package diagnose

import (
	"net/netip"
	"slices"
	"strconv"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// model is the world in which the client's journey is predicted: the
// configuration, the client with the settings that the probe read on it, and
// machines whose inside nobody sees, taken to do what they should.
func (r *run) model() *world.World {
	w := r.in.World
	if w == nil {
		return nil
	}
	client, ok := w.Host(r.in.Client)
	if !ok {
		return w
	}
	if r.in.Seen != nil {
		w = w.With(world.Put(withSettings(*client, r)))
		client, _ = w.Host(r.in.Client)
	}
	return trusting(w, client, r.in.hostname(), r.silent)
}

// silent tells whether a DNS server was asked and did not answer.
func (r *run) silent(server netip.Addr) bool {
	if r.in.Seen == nil {
		return false
	}
	return slices.ContainsFunc(r.in.Seen.Servers, func(v fact.ServerView) bool {
		return v.Server == server && v.Reached != fact.OK && v.Reached != fact.Unseen
	})
}

// withSettings gives the model of the client what the probe read on it.
func withSettings(h world.Host, r *run) *world.Host {
	seen := r.in.Seen.Client
	if len(seen.Resolvers) > 0 {
		h.Nameservers = seen.Resolvers
	}
	h.Search, h.Ndots, h.HostHeader = seen.Search, seen.Ndots, seen.HostHeader
	h.Split = nil
	for _, s := range seen.Scoped {
		h.Split = append(h.Split, world.Forward{Domain: s.Domain, To: s.Servers})
	}
	h.Open = seen.Open
	h.Hosts, h.HostsFile = nil, ""
	for _, line := range seen.HostsFile {
		h.Hosts = append(h.Hosts, settings.HostsEntry{Name: line.Name, Addr: line.Addr, Line: line.Line})
		h.HostsFile += line.Addr.String() + " " + line.Name.Host() + "\n"
	}
	h.Environ = nil
	if seen.Proxy != "" {
		h.Environ = map[string]string{"HTTPS_PROXY": "http://" + seen.Proxy}
	}
	return &h
}

// trusting fills in what machines with an unknown inside do when all is well:
// DNS servers of the client forward to Azure DNS, or to a server in Azure that
// does; a proxy tunnels. One that was seen not to answer is not made up.
func trusting(w *world.World, client *world.Host, vault dnsname.Name, silent func(netip.Addr) bool) *world.World {
	for _, a := range w.Nameservers(client) {
		if silent(a) {
			if _, known := unknownMachine(w, client, a); !known {
				continue
			}
		}
		w = trustServer(w, client, a, maxForwarders)
	}
	for _, f := range client.Split {
		for _, a := range f.To {
			w = trustServer(w, client, a, maxForwarders)
		}
	}
	w = Trusted(w)
	if p := settings.ProxyFor(vault, client.Getenv); !p.Direct() {
		if a, err := netip.ParseAddr(p.Host); err == nil {
			w = trustProxy(w, client, a, p.Port)
		}
	}
	return w
}

// Trusted is a World in which DNS servers with an unknown inside do what they do
// when all is well, those of no particular client. What Foreseen adds for a client
// is little then.
func Trusted(w *world.World) *world.World {
	for h := range w.Hosts() {
		if h.DNSUnread {
			w = trustServer(w, h, h.Address, maxForwarders)
		}
	}
	return w
}

// maxForwarders bounds how many servers in a row are taken to forward.
const maxForwarders = 3

func trustServer(w *world.World, client *world.Host, a netip.Addr, depth int) *world.World {
	if depth == 0 || a == world.AzureDNS || slices.Contains(world.PublicDNS, a) {
		return w
	}
	h, known := unknownMachine(w, client, a)
	if known && !h.DNSUnread {
		return w
	}
	if !known && answersDNS(w, h.Network, a) {
		return w
	}
	h.DNSUnread = false
	h.DNS = &world.DNSRole{}
	to, all := resolverFor(w, h)
	switch {
	case w.Forwards(a), !to.IsValid(): // a ruleset asks it, or nobody in Azure is there to be asked
		return w.With(world.Put(h))
	case all:
		h.DNS.Forward = []world.Forward{{Domain: dnsname.Root, To: []netip.Addr{to}}}
	default:
		for _, d := range w.Service().ForwardZones {
			h.DNS.Forward = append(h.DNS.Forward, world.Forward{Domain: d, To: []netip.Addr{to}})
		}
		slices.SortFunc(h.DNS.Forward, func(a, b world.Forward) int { return len(b.Domain.String()) - len(a.Domain.String()) })
	}
	return trustServer(w.With(world.Put(h)), client, to, depth-1)
}

// answersDNS tells whether Azure itself answers DNS at an address.
func answersDNS(w *world.World, network world.ID, a netip.Addr) bool {
	_, resolver := w.ResolverAt(network, a)
	f, firewall := w.FirewallAt(network, a)
	return resolver || firewall && f.DNSProxy
}

// unknownMachine returns a copy of the machine at an address, or a new one
// where none is known; its network is the one whose space holds the address.
func unknownMachine(w *world.World, client *world.Host, a netip.Addr) (h *world.Host, known bool) {
	node := w.Node(client)
	if pod, ok := w.PodAt(node.Network, node.ID, a); ok {
		c := *pod
		return &c, true
	}
	network, subnet := networkOf(w, client, a)
	if found, ok := w.HostAt(network, a); ok {
		c := *found
		return &c, true
	}
	return &world.Host{
		Meta: world.Meta{ID: world.HostID(a.String()), Path: a.String()}, Network: network, Subnet: subnet, Address: a, Runs: world.OnVM,
	}, false
}

// networkOf guesses where an address is from the client's point of view: its
// own network, then a peered one, any VNet or site that holds it, the internet.
func networkOf(w *world.World, client *world.Host, a netip.Addr) (network, subnet world.ID) {
	home := w.Node(client).Network
	if space, ok := w.Space(home); ok && holds(space, a) {
		return home, subnetOf(w, home, a)
	}
	for v := range w.VNets() {
		if v.Holds(a) {
			return v.ID, subnetOf(w, v.ID, a)
		}
	}
	for s := range w.Sites() {
		if s.Holds(a) {
			return s.ID, ""
		}
	}
	return world.Internet, ""
}

func subnetOf(w *world.World, network world.ID, a netip.Addr) world.ID {
	if v, ok := w.VNet(network); ok {
		if s, ok := v.SubnetOf(a); ok {
			return s.ID
		}
	}
	return ""
}

func holds(space []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(space, func(p netip.Prefix) bool { return p.Contains(a) })
}

// resolverFor returns the server to which a DNS server forwards when all is
// well, and whether it forwards everything there.
func resolverFor(w *world.World, h *world.Host) (to netip.Addr, all bool) {
	node := w.Node(h) // of a pod, the machine that it runs on
	if v, ok := w.VNet(node.Network); ok {
		if len(v.DNSServers) > 0 && !slices.Contains(v.DNSServers, h.Address) {
			return v.DNSServers[0], true // what the machine itself is handed
		}
		return world.AzureDNS, true
	}
	s, ok := w.Site(h.Network)
	if !ok {
		return netip.Addr{}, false
	}
	for _, id := range s.ConnectedTo {
		if a, ok := resolverIn(w, id); ok {
			return a, false
		}
	}
	return netip.Addr{}, false
}

// resolverIn finds something in a VNet that answers questions of others: a
// Private Resolver, a firewall's DNS proxy, or one of the VNet's own servers.
func resolverIn(w *world.World, vnet world.ID) (netip.Addr, bool) {
	for r := range w.MayAnswer() {
		switch r := r.(type) {
		case *world.Resolver:
			if r.VNet == vnet && len(r.Inbound) > 0 {
				return r.Inbound[0], true
			}
		case *world.Firewall:
			if r.VNet == vnet && r.DNSProxy {
				return r.Address, true
			}
		case *world.Host:
			if r.Network == vnet && (r.DNSUnread || r.DNS != nil) {
				return r.Address, true
			}
		}
	}
	return netip.Addr{}, false
}

func trustProxy(w *world.World, client *world.Host, a netip.Addr, port string) *world.World {
	h, known := unknownMachine(w, client, a)
	if known && !h.ProxyUnread {
		return w
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return w
	}
	h.ProxyUnread, h.Proxy = false, &world.ProxyRole{Port: uint16(n), Answers: 200}
	return w.With(world.Put(h))
}
