package resolve

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// A sketch is a World written down in lines of words, and the parts read so
// far. The words are those of the tests' text files; see testdata/README.
type sketch struct {
	t     testing.TB
	parts world.Parts
	byID  map[world.ID]world.Resource
}

func newSketch(t testing.TB) *sketch {
	return &sketch{t: t, byID: map[world.ID]world.Resource{}}
}

func arm(kind, name string) world.Meta {
	name, group, _ := strings.Cut(name, "@")
	group = cmp.Or(group, "rg")
	return world.At("/subscriptions/s/resourceGroups/" + group + "/providers/Microsoft.Network/" + kind + "/" + name)
}

func (s *sketch) add(id world.ID, r world.Resource) {
	s.byID[id] = r
	s.parts.Resources = append(s.parts.Resources, r)
}

func (s *sketch) world() *world.World {
	s.t.Helper()
	w, err := world.New(s.parts)
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

// line reads one line of the World.
func (s *sketch) line(text string) {
	s.t.Helper()
	words := strings.Fields(text)
	read, ok := map[string]func(name string, rest []string){
		"cloud": func(name string, _ []string) { s.parts.Cloud = name },
		"vnet":  s.vnet, "peer": s.peer, "site": s.site, "vault": s.vault, "zone": s.zone, "record": s.record,
		"resolver": s.resolver, "ruleset": s.ruleset, "rule": s.rule, "firewall": s.firewall, "host": s.host,
	}[words[0]]
	if !ok {
		s.t.Fatalf("unknown word %q", words[0])
	}
	read(words[1], words[2:])
}

func (s *sketch) vnet(name string, rest []string) {
	v := &world.VNet{Meta: arm("virtualNetworks", name), Prefixes: []netip.Prefix{netip.MustParsePrefix(rest[0])}}
	v.DNSServers = addrs(options(rest)["dns"])
	s.add(v.ID, v)
}

func (s *sketch) peer(name string, rest []string) {
	a, b := s.network(name), s.network(rest[0])
	for _, side := range [][2]world.ID{{a, b}, {b, a}} {
		v := s.byID[side[0]].(*world.VNet)
		v.Peerings = append(v.Peerings, world.Peering{
			Meta: world.At(string(v.ID) + "/virtualNetworkPeerings/to"), Remote: side[1],
			State: world.PeeringConnected, AllowAccess: true, AllowForwarded: true,
		})
	}
}

func (s *sketch) site(name string, rest []string) {
	o := options(rest)
	site := &world.Site{Meta: world.Meta{ID: world.SiteID(name)}, Prefixes: []netip.Prefix{netip.MustParsePrefix(rest[0])}}
	site.Nameservers = addrs(o["dns"])
	for _, to := range list(o["to"]) {
		site.ConnectedTo = append(site.ConnectedTo, s.network(to))
	}
	s.add(site.ID, site)
}

func (s *sketch) vault(name string, rest []string) {
	o := options(rest)
	v := &world.Vault{
		Meta:   world.At("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/" + name),
		Region: o["region"], PublicAddresses: addrs(o["at"]), Alias: world.No, Deleted: o.has("deleted"),
	}
	if o.has("approved") {
		v.Alias = world.Yes
	}
	s.add(v.ID, v)
}

func (s *sketch) zone(name string, rest []string) {
	z := &world.Zone{Meta: arm("privateDnsZones", name)}
	domain, _, _ := strings.Cut(name, "@")
	z.Domain = dnsname.MustParse(domain)
	for _, to := range list(options(rest)["to"]) {
		vnet, flag, _ := strings.Cut(to, "!")
		z.Links = append(z.Links, world.Link{
			VNet: s.network(vnet), Redirect: flag == "redirect", InProgress: flag == "progress",
		})
	}
	s.add(z.ID, z)
}

// record ZONE LABEL TYPE VALUE [ttl=10]
func (s *sketch) record(zone string, rest []string) {
	z := s.byID[arm("privateDnsZones", zone).ID].(*world.Zone)
	r := world.Record{Label: rest[0], Type: world.RecordType(rest[1]), TTL: 10}
	if ttl := options(rest)["ttl"]; ttl != "" {
		n, err := strconv.ParseUint(ttl, 10, 32)
		if err != nil {
			s.t.Fatal(err)
		}
		r.TTL = uint32(n)
	}
	if r.Type == world.TypeCNAME {
		r.Alias = dnsname.MustParse(rest[2])
	} else {
		r.Addrs = addrs(rest[2])
	}
	z.Records = append(z.Records, r)
}

func (s *sketch) resolver(name string, rest []string) {
	r := &world.Resolver{Meta: arm("dnsResolvers", name), VNet: s.network(rest[0])}
	r.Inbound = addrs(rest[1])
	r.Outbound = []world.ID{r.ID + "/outboundendpoints/out"}
	s.add(r.ID, r)
}

func (s *sketch) ruleset(name string, rest []string) {
	rs := &world.Ruleset{Meta: arm("dnsForwardingRulesets", name)}
	o := options(rest)
	rs.Outbound = []world.ID{arm("dnsResolvers", o["from"]).ID + "/outboundendpoints/out"}
	for _, to := range list(o["to"]) {
		rs.VNets = append(rs.VNets, s.network(to))
	}
	s.add(rs.ID, rs)
}

// rule RULESET DOMAIN TARGETS [off]
func (s *sketch) rule(ruleset string, rest []string) {
	rs := s.byID[arm("dnsForwardingRulesets", ruleset).ID].(*world.Ruleset)
	r := world.ForwardingRule{Domain: dnsname.MustParse(rest[0]), Enabled: !options(rest).has("off")}
	for _, target := range list(rest[1]) {
		to, err := netip.ParseAddrPort(target)
		if err != nil {
			to = netip.AddrPortFrom(netip.MustParseAddr(target), port)
		}
		r.Targets = append(r.Targets, to)
	}
	rs.Rules = append(rs.Rules, r)
}

func (s *sketch) firewall(name string, rest []string) {
	o := options(rest)
	f := &world.Firewall{
		Meta: arm("azureFirewalls", name), VNet: s.network(rest[0]), Address: netip.MustParseAddr(rest[1]),
		DNSProxy: o.has("proxy"), DNSServers: addrs(o["dns"]), AllowAll: true,
	}
	s.add(f.ID, f)
}

func (s *sketch) host(name string, rest []string) {
	o := options(rest)
	h := &world.Host{Meta: world.Meta{ID: world.HostID(name)}, Network: s.network(rest[0]), Address: netip.MustParseAddr(rest[1])}
	h.Nameservers, h.Search = addrs(o["ns"]), list(o["search"])
	h.Split, h.Runs = forwards(o["split"]), world.Runs(o["runs"])
	if n := o["ndots"]; n != "" {
		h.Ndots, _ = strconv.Atoi(n)
	}
	for _, e := range list(o["hosts"]) {
		addr, of, _ := strings.Cut(e, "=")
		h.Hosts = append(h.Hosts, settings.HostsEntry{Name: dnsname.MustParse(of), Addr: netip.MustParseAddr(addr), Line: 1})
	}
	if e := o["cached"]; e != "" {
		f := strings.Split(e, "=")
		h.Cached = map[dnsname.Name]world.CachedAnswer{
			dnsname.MustParse(f[1]): {Addr: netip.MustParseAddr(f[0]), TTL: s.duration(f[2])},
		}
	}
	h.DNSUnread = o.has("unread")
	if o.has("dns") {
		h.DNS = s.role(o)
	}
	s.add(h.ID, h)
}

func (s *sketch) role(o opts) *world.DNSRole {
	d := &world.DNSRole{
		Forward: forwards(o["forward"]), FilterPrivate: o.has("filter"), FilterWhole: o.has("whole"), Validate: o.has("validate"),
		Delay: s.duration(o["delay"]), UpstreamTimeout: s.duration(o["patience"]), Fallback: o.has("fallback"),
		Chases: o.has("chases"), Truncates: o.has("truncates"), NoTCP: o.has("notcp"),
	}
	for _, r := range list(o["own"]) {
		addr, of, _ := strings.Cut(r, "=")
		if d.Records == nil {
			d.Records = map[dnsname.Name][]netip.Addr{}
		}
		n := dnsname.MustParse(of)
		d.Records[n] = append(d.Records[n], netip.MustParseAddr(addr))
	}
	return d
}

func (s *sketch) network(name string) world.ID {
	for _, id := range []world.ID{arm("virtualNetworks", name).ID, world.SiteID(name)} {
		if _, ok := s.byID[id]; ok {
			return id
		}
	}
	if name != string(world.Internet) {
		s.t.Fatalf("no network %s above this line", name)
	}
	return world.Internet
}

func (s *sketch) duration(text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// opts are the words of a line that stand after its fixed part: key=value, or
// a key alone.
type opts map[string]string

func options(words []string) opts {
	o := opts{}
	for _, word := range words {
		k, v, _ := strings.Cut(word, "=")
		o[k] = v
	}
	return o
}

func (o opts) has(k string) bool { _, ok := o[k]; return ok }

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func addrs(text string) []netip.Addr {
	var all []netip.Addr
	for _, word := range list(text) {
		all = append(all, netip.MustParseAddr(word))
	}
	return all
}

// forwards reads DOMAIN>SERVER+SERVER,DOMAIN>SERVER.
func forwards(text string) []world.Forward {
	var all []world.Forward
	for _, word := range list(text) {
		domain, servers, _ := strings.Cut(word, ">")
		all = append(all, world.Forward{Domain: dnsname.MustParse(domain), To: addrs(strings.ReplaceAll(servers, "+", ","))})
	}
	return all
}

// show writes a reply in one line: the chain with its TTLs, what ends it, why
// and by whom, and the time it took.
func show(r Reply) string {
	var words []string
	for _, a := range r.Chain {
		words = append(words, fmt.Sprintf("%s/%d →", a.To.Host(), a.TTL))
	}
	if len(r.Addrs) > 0 {
		for _, a := range r.Addrs {
			words = append(words, a.String())
		}
	} else {
		words = append(words, strings.ToUpper(cmp.Or(string(r.Outcome), "unseen")))
	}
	if r.TTL > 0 {
		words[len(words)-1] += fmt.Sprintf("/%d", r.TTL)
	}
	words = append(words, "·", cmp.Or(string(r.Reason), "-"), "by", cmp.Or(r.By.Name(), "-"))
	if r.Private {
		words = append(words, "private")
	}
	if r.After > 0 {
		words = append(words, "after", r.After.String())
	}
	if (len(r.Addrs) > 0) != (r.Outcome == fact.OK) {
		words = append(words, "BUT", string(r.Outcome))
	}
	return strings.Join(words, " ")
}

// short replaces the names that every case repeats.
var short = strings.NewReplacer(
	"privatelink.vaultcore.azure.net", "PL",
	"vaultcore.azure.net", "CORE",
	"vault.azure.net", "VAULT",
)

// long undoes short, in what a test asks.
var long = strings.NewReplacer("PL", "privatelink.vaultcore.azure.net", "CORE", "vaultcore.azure.net", "VAULT", "vault.azure.net")

// blocks yields the paragraphs of a text, without comments, as lines.
func blocks(text string) [][]string {
	var all [][]string
	var block []string
	for line := range strings.Lines(text + "\n\n") {
		line = strings.TrimRight(line, "\n")
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "#"):
		case trimmed != "":
			block = append(block, line)
		case len(block) > 0:
			all = append(all, block)
			block = nil
		}
	}
	return all
}

func hasAny(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(text, p) })
}
