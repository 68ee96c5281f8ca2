package route

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// The tests write worlds and flows as text. A world is one resource a line:
//
//	vnet NAME PREFIX…
//	subnet VNET/NAME PREFIX [nsg=N] [table=T] [policies=nsg,routes] [serves=Microsoft.KeyVault] [nat=ADDR]
//	peering VNET>REMOTE [state=Initiated] [no-access] [allow-gateway] [use-gateway]
//	nsg NAME RULE…          RULE is allow|deny:in|out:PROTOCOL:SOURCE:DESTINATION:PORT, "_" for ":" in a tag
//	table NAME [no-bgp] PREFIX=HOP…    HOP is an address, or Internet, None, VnetLocal, VirtualNetworkGateway
//	firewall NAME NETWORK ADDR [public=ADDR] [snat] [dns] [allow=SOURCE:DESTINATION:PORT] [fqdn=NAME]
//	gateway NAME VNET POOL
//	hub NAME PREFIX [vnets=A,B] [private=FIREWALL] [internet=FIREWALL]
//	site NAME PREFIX… [to=A,B] [public=ADDR]
//	vault NAME ADDR [location=REGION]
//	endpoint NAME SUBNET ADDR VAULT [status=Pending]
//	resolver NAME VNET ADDR
//	host NAME NETWORK ADDR [also=ADDR] [dns] [no-tcp] [proxy=PORT] [forwards] [snat] [intercepts] [stalls]
//	     [blocks=PREFIX] [runs=app-service] [route-all] [not-integrated] [behind=HOST] [public=ADDR]
//
// A resource that stands twice is the later one.
type line struct {
	kind, name string
	args       []string          // words
	opts       map[string]string // name=value; a flag's value is "on"
}

func parseLine(text string) line {
	words := strings.Fields(text)
	l := line{kind: words[0], name: words[1], opts: make(map[string]string)}
	for _, w := range words[2:] {
		if k, v, ok := strings.Cut(w, "="); ok && l.kind != "table" {
			l.opts[k] = v
		} else if w[0] >= '0' && w[0] <= '9' || strings.Contains(w, "::") || l.kind == "nsg" || l.kind == "table" && ok || len(l.args) < positional[l.kind] {
			l.args = append(l.args, w)
		} else {
			l.opts[w] = "on"
		}
	}
	return l
}

// positional is how many words follow a resource's name at least.
var positional = map[string]int{"firewall": 2, "gateway": 2, "endpoint": 3, "resolver": 2, "host": 2}

func (l line) has(opt string) bool { return l.opts[opt] != "" }

func (l line) list(opt string) []string {
	if !l.has(opt) {
		return nil
	}
	return strings.Split(l.opts[opt], ",")
}

func (l line) addr(i int) netip.Addr { return netip.MustParseAddr(l.args[i]) }

func (l line) optAddr(opt string) netip.Addr {
	a, _ := netip.ParseAddr(l.opts[opt])
	return a
}

func (l line) prefixes(from int) []netip.Prefix {
	var all []netip.Prefix
	for _, w := range l.args[from:] {
		all = append(all, netip.MustParsePrefix(w))
	}
	return all
}

// A notation turns lines into resources.
type notation struct {
	ids   map[string]world.ID // of what a name names
	vnets map[string]*world.VNet
	vault map[string]*world.Vault
	all   []world.Resource
}

const group = "/subscriptions/s/resourceGroups/g/providers/"

func armID(kind, name string) string {
	types := map[string]string{
		"vnet": "virtualNetworks", "nsg": "networkSecurityGroups", "table": "routeTables", "firewall": "azureFirewalls",
		"gateway": "virtualNetworkGateways", "hub": "virtualHubs", "endpoint": "privateEndpoints", "resolver": "dnsResolvers",
	}
	if kind == "vault" {
		return group + "Microsoft.KeyVault/vaults/" + name
	}
	return group + "Microsoft.Network/" + types[kind] + "/" + name
}

func metaOf(kind, name string) world.Meta {
	switch kind {
	case "host":
		return world.Meta{ID: world.HostID(name), Path: name}
	case "site":
		return world.Meta{ID: world.SiteID(name), Path: name}
	case "subnet":
		vnet, subnet, _ := strings.Cut(name, "/")
		return world.At(armID("vnet", vnet) + "/subnets/" + subnet)
	case "peering":
		vnet, remote, _ := strings.Cut(name, ">")
		return world.At(armID("vnet", vnet) + "/virtualNetworkPeerings/" + vnet + "-to-" + remote)
	}
	return world.At(armID(kind, name))
}

// id is what a name names; one that nothing has dangles.
func (n *notation) id(name string) world.ID {
	if name == "" || name == string(world.Internet) {
		return world.ID(name)
	}
	return cmp.Or(n.ids[name], world.MakeID(armID("vnet", name)))
}

func (n *notation) idsOf(names []string) []world.ID {
	var ids []world.ID
	for _, name := range names {
		ids = append(ids, n.id(name))
	}
	return ids
}

// build makes the World that the lines describe. Only worlds that are odd on
// purpose are not valid.
func build(text string) (*world.World, *notation, error) {
	var lines []line
	n := &notation{ids: make(map[string]world.ID), vnets: make(map[string]*world.VNet), vault: make(map[string]*world.Vault)}
	for raw := range strings.Lines(text) {
		if strings.TrimSpace(raw) == "" || raw[0] == '#' {
			continue
		}
		l := parseLine(raw)
		if at := slices.IndexFunc(lines, func(o line) bool { return o.kind == l.kind && o.name == l.name }); at >= 0 {
			lines[at] = l
		} else {
			lines = append(lines, l)
		}
		n.ids[l.name] = metaOf(l.kind, l.name).ID
	}
	for _, l := range lines {
		if l.kind == "vnet" {
			n.vnets[l.name] = &world.VNet{Meta: metaOf(l.kind, l.name), Prefixes: l.prefixes(0)}
			n.all = append(n.all, n.vnets[l.name])
		}
	}
	for _, l := range lines {
		if l.kind != "vnet" {
			n.add(l, metaOf(l.kind, l.name))
		}
	}
	w, err := world.New(world.Parts{Resources: n.all})
	return w, n, err
}

func (n *notation) add(l line, m world.Meta) {
	parent, _, _ := strings.Cut(l.name, "/")
	switch l.kind {
	case "subnet":
		policies := l.list("policies")
		v := n.vnets[parent]
		v.Subnets = append(v.Subnets, world.Subnet{
			Meta: m, Prefixes: l.prefixes(0), NSG: n.id(l.opts["nsg"]), RouteTable: n.id(l.opts["table"]), NATAddress: l.optAddr("nat"),
			ServiceEndpoints: l.list("serves"),
			EndpointPolicies: world.Policies{NSG: slices.Contains(policies, "nsg"), Routes: slices.Contains(policies, "routes")},
		})
	case "peering":
		from, to, _ := strings.Cut(l.name, ">")
		v := n.vnets[from]
		v.Peerings = append(v.Peerings, world.Peering{
			Meta: m, Remote: n.id(to), State: world.PeeringState(cmp.Or(l.opts["state"], "Connected")),
			AllowAccess: !l.has("no-access"), AllowGateway: l.has("allow-gateway"), UseRemoteGateways: l.has("use-gateway"),
		})
	case "nsg":
		n.all = append(n.all, &world.NSG{Meta: m, Rules: nsgRules(l.args)})
	case "table":
		n.all = append(n.all, &world.RouteTable{Meta: m, Routes: routes(l.args), DisableBGP: l.has("no-bgp")})
	case "firewall":
		f := &world.Firewall{
			Meta: m, VNet: n.id(l.args[0]), Address: l.addr(1), Public: l.optAddr("public"),
			DNSProxy: l.has("dns"), AllowAll: !l.has("allow") && !l.has("fqdn"),
		}
		if l.has("snat") {
			f.KeepSource = world.AlwaysTranslate()
		}
		if l.has("allow") {
			p := strings.Split(l.opts["allow"], ":")
			f.Allow = append(f.Allow, world.FirewallRule{Allow: true, Sources: p[:1], Destinations: p[1:2], Ports: p[2:3]})
		}
		if l.has("fqdn") {
			f.Allow = append(f.Allow, world.FirewallRule{Allow: true, FQDNs: l.list("fqdn"), Protocols: []string{"Https:443"}})
		}
		n.all = append(n.all, f)
	case "gateway":
		n.all = append(n.all, &world.Gateway{Meta: m, VNet: n.id(l.args[0]), Pool: l.prefixes(1)})
	case "hub":
		n.all = append(n.all, &world.Hub{
			Meta: m, Prefix: l.prefixes(0)[0], Connections: n.idsOf(l.list("vnets")),
			PrivateHop: n.id(l.opts["private"]), InternetHop: n.id(l.opts["internet"]),
		})
	case "site":
		n.all = append(n.all, &world.Site{Meta: m, Prefixes: l.prefixes(0), ConnectedTo: n.idsOf(l.list("to")), PublicAddress: l.optAddr("public")})
	case "vault":
		n.vault[l.name] = &world.Vault{Meta: m, Location: l.opts["location"], PublicAddresses: []netip.Addr{l.addr(0)}}
		n.all = append(n.all, n.vault[l.name])
	case "endpoint":
		n.endpoint(l, m)
	case "resolver":
		n.all = append(n.all, &world.Resolver{Meta: m, VNet: n.id(l.args[0]), Inbound: []netip.Addr{l.addr(1)}})
	case "host":
		n.all = append(n.all, n.host(l, m))
	default:
		panic("no such kind of resource: " + l.kind)
	}
}

func (n *notation) endpoint(l line, m world.Meta) {
	e := &world.Endpoint{
		Meta: m, Subnet: n.id(l.args[0]), Addresses: []netip.Addr{l.addr(1)}, Target: n.id(l.args[2]), Provisioning: world.Succeeded,
	}
	n.all = append(n.all, e)
	if v := n.vault[l.args[2]]; v != nil {
		v.Connections = append(v.Connections, world.Connection{
			Endpoint: e.ID, Status: world.ConnectionStatus(cmp.Or(l.opts["status"], "Approved")), Provisioning: world.Succeeded,
		})
	}
}

func (n *notation) host(l line, m world.Meta) *world.Host {
	h := &world.Host{
		Meta: m, Network: n.id(l.args[0]), Address: l.addr(1), Behind: n.id(l.opts["behind"]), PublicAddress: l.optAddr("public"),
		Runs: world.Runs(l.opts["runs"]), RouteAll: l.has("route-all"),
	}
	if l.has("not-integrated") {
		h.Integrated = world.No
	}
	if l.has("also") {
		h.Addresses = []netip.Addr{l.optAddr("also")}
	}
	if l.has("dns") {
		h.DNS = &world.DNSRole{NoTCP: l.has("no-tcp")}
	}
	if port, err := strconv.ParseUint(l.opts["proxy"], 10, 16); err == nil {
		h.Proxy = &world.ProxyRole{Port: uint16(port)}
	}
	if l.has("forwards") {
		h.Forward = &world.ForwardRole{SNAT: l.has("snat"), InterceptTLS: l.has("intercepts"), Stalls: l.has("stalls")}
		for _, p := range l.list("blocks") {
			h.Forward.Blocks = append(h.Forward.Blocks, netip.MustParsePrefix(p))
		}
	}
	return h
}

func nsgRules(words []string) []world.NSGRule {
	var rules []world.NSGRule
	for i, word := range words {
		p := strings.Split(word, ":")
		rules = append(rules, world.NSGRule{
			Name: word, Priority: 100 + i, Allow: p[0] == "allow", Inbound: p[1] == "in", Protocol: p[2],
			Sources: []string{p[3]}, Destinations: []string{p[4]}, DestinationPorts: []string{p[5]},
		})
	}
	return rules
}

func routes(words []string) []world.Route {
	var all []world.Route
	for _, word := range words {
		to, via, _ := strings.Cut(word, "=")
		r := world.Route{Name: word, Hop: world.NextHop(via)}
		if p, err := netip.ParsePrefix(to); err == nil {
			r.Prefix = p
		} else {
			r.Tag = to
		}
		if a, err := netip.ParseAddr(via); err == nil {
			r.Hop, r.Address = world.HopAppliance, a
		}
		all = append(all, r)
	}
	return all
}

// origin is where the flows of a host, firewall, resolver or VNet start.
func (n *notation) origin(w *world.World, name string) Origin {
	switch r := w.Lookup(n.ids[name]).(type) {
	case *world.Host:
		return FromHost(w, r)
	case *world.Firewall:
		return FromFirewall(w, r)
	case *world.Resolver:
		return FromResolver(w, r)
	}
	return FromVNet(w, n.id(name))
}

// parseFlow reads "FROM > ADDR:PORT[/udp] [sni=NAME]"; TCP to port 443 where
// it is not said.
func (n *notation) parseFlow(w *world.World, text string) Flow {
	words := strings.Fields(text)
	to, proto, _ := strings.Cut(words[2], "/")
	f := Flow{From: n.origin(w, words[0]), Proto: Protocol(cmp.Or(proto, "tcp"))}
	if a, err := netip.ParseAddr(to); err == nil {
		f.To = netip.AddrPortFrom(a, 443)
	} else {
		f.To = netip.MustParseAddrPort(to)
	}
	for _, w := range words[3:] {
		f.SNI = strings.TrimPrefix(w, "sni=")
	}
	return f
}

// describe writes a Decision: "ok at private-endpoint/pe from 10.4.5.6".
func describe(d Decision) string {
	var b strings.Builder
	b.WriteString(string(d.Outcome))
	if d.Reason != "" {
		fmt.Fprintf(&b, " %s", d.Reason)
	}
	if d.By != "" {
		fmt.Fprintf(&b, " by %s", d.By.Name())
	}
	if d.Target.Kind != Nothing {
		fmt.Fprintf(&b, " at %s/%s", d.Target.Kind, d.Target.ID.Name())
	}
	if d.Outcome == "ok" {
		fmt.Fprintf(&b, " from %s", d.Source)
	}
	for _, id := range d.Via {
		fmt.Fprintf(&b, " via %s", id.Name())
	}
	if d.ServiceSubnet != "" {
		fmt.Fprintf(&b, " served %s", d.ServiceSubnet.Name())
	}
	if d.Resigner != "" {
		fmt.Fprintf(&b, " resigned %s", d.Resigner.Name())
	}
	return b.String()
}
