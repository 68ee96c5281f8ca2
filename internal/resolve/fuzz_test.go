package resolve

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// bytesAsChoices draws a World's oddities from a fuzzer's bytes.
type bytesAsChoices []byte

func (b *bytesAsChoices) choose(n int) int {
	if len(*b) == 0 {
		return 0
	}
	c := int((*b)[0]) % n
	*b = (*b)[1:]
	return c
}

func (b *bytesAsChoices) yes() bool { return b.choose(2) == 1 }

var (
	oddDomains = []string{
		".", "net", "azure.net", "vault.azure.net", "vaultcore.azure.net", "privatelink.vaultcore.azure.net",
		"fabrikam.vault.azure.net", "data-prod-eus.vaultcore.azure.net", "corp.example",
	}
	oddNames = []string{
		"fabrikam.vault.azure.net", "fabrikam.privatelink.vaultcore.azure.net", "data-prod-eus.vaultcore.azure.net",
		"data-prod-eus-region.vaultcore.azure.net", "vault.azure.net", "azure.net", ".", "*.vault.azure.net",
		"data-prod-.vaultcore.azure.net", "x.y.corp.example", "data-prod--region.vaultcore.azure.net",
	}
	oddAddrs = []string{
		"168.63.129.16", "8.8.8.8", "10.1.0.4", "10.1.0.5", "10.2.0.4", "10.1.3.4", "10.1.4.4", "10.1.2.3",
		"52.168.109.101", "127.0.0.1", "fd00::1", "0.0.0.0", "10.9.9.9",
	}
)

func (b *bytesAsChoices) domain() dnsname.Name {
	return dnsname.MustParse(oddDomains[b.choose(len(oddDomains))])
}

func (b *bytesAsChoices) name() dnsname.Name {
	return dnsname.MustParse(oddNames[b.choose(len(oddNames))])
}

func (b *bytesAsChoices) addrs() []netip.Addr {
	var all []netip.Addr
	for range b.choose(4) {
		all = append(all, netip.MustParseAddr(oddAddrs[b.choose(len(oddAddrs))]))
	}
	return all
}

func (b *bytesAsChoices) forwards() []world.Forward {
	var all []world.Forward
	for range b.choose(4) {
		all = append(all, world.Forward{Domain: b.domain(), To: b.addrs()})
	}
	return all
}

func (b *bytesAsChoices) host(name string, network world.ID, addr string) *world.Host {
	h := &world.Host{
		Meta: world.Meta{ID: world.HostID(name)}, Network: network, Address: netip.MustParseAddr(addr),
		Nameservers: b.addrs(), Split: b.forwards(), Ndots: b.choose(7), DNSUnread: b.choose(8) == 1,
	}
	if b.yes() {
		h.Search = []string{"corp.example", "", "..", "azure.net"}[b.choose(4):]
	}
	if b.choose(4) > 0 {
		h.DNS = &world.DNSRole{
			Forward: b.forwards(), Records: map[dnsname.Name][]netip.Addr{b.name(): b.addrs()},
			FilterPrivate: b.yes(), Validate: b.yes(), Fallback: b.yes(), Chases: b.yes(), Truncates: b.yes(), NoTCP: b.yes(),
			Delay: time.Duration(b.choose(7)) * time.Second, UpstreamTimeout: time.Duration(b.choose(7)) * time.Second,
		}
	}
	return h
}

func (b *bytesAsChoices) zones(vnets []world.ID) []world.Resource {
	var all []world.Resource
	for i := range b.choose(4) {
		z := &world.Zone{Meta: arm("privateDnsZones", fmt.Sprint("z@", i)), Domain: b.domain()}
		for range b.choose(3) {
			z.Links = append(z.Links, world.Link{VNet: vnets[b.choose(len(vnets))], Redirect: b.yes(), InProgress: b.yes()})
		}
		for range b.choose(4) {
			r := world.Record{Label: []string{"fabrikam", "*", "@", "", "x.y", "data-prod-eus", "FABRIKAM"}[b.choose(7)], TTL: uint32(b.choose(256))}
			r.Type = []world.RecordType{world.TypeA, world.TypeAAAA, world.TypeCNAME}[b.choose(3)]
			r.Addrs, r.Alias = b.addrs(), b.name()
			z.Records = append(z.Records, r)
		}
		all = append(all, z)
	}
	return all
}

// odd makes a World that Azure would refuse in many ways, but New does not.
func (b *bytesAsChoices) odd(t *testing.T) (*world.World, *world.Host) {
	hub := &world.VNet{Meta: arm("virtualNetworks", "hub"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	spoke := &world.VNet{Meta: arm("virtualNetworks", "spoke"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}, DNSServers: b.addrs()}
	connected := func(to world.ID) []world.Peering {
		return []world.Peering{{Remote: to, State: world.PeeringConnected, AllowAccess: true}}
	}
	hub.Peerings, spoke.Peerings = connected(spoke.ID), connected(hub.ID)
	resolver := &world.Resolver{Meta: arm("dnsResolvers", "r"), VNet: hub.ID, Inbound: []netip.Addr{netip.MustParseAddr("10.1.3.4")}}
	resolver.Outbound = []world.ID{resolver.ID + "/outboundendpoints/out"}
	ruleset := &world.Ruleset{Meta: arm("dnsForwardingRulesets", "rs"), VNets: []world.ID{[]world.ID{hub.ID, spoke.ID, ""}[b.choose(3)]}}
	if b.yes() {
		ruleset.Outbound = resolver.Outbound
	}
	for range b.choose(4) {
		r := world.ForwardingRule{Domain: b.domain(), Enabled: b.choose(4) > 0}
		for _, a := range b.addrs() {
			r.Targets = append(r.Targets, netip.AddrPortFrom(a, []uint16{53, 53, 5353}[b.choose(3)]))
		}
		ruleset.Rules = append(ruleset.Rules, r)
	}
	fw := &world.Firewall{
		Meta: arm("azureFirewalls", "fw"), VNet: hub.ID, Address: netip.MustParseAddr("10.1.4.4"),
		DNSProxy: b.yes(), DNSServers: b.addrs(), AllowAll: true,
	}
	vault := &world.Vault{
		Meta:   world.At("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/fabrikam"),
		Region: []string{"eus", "", "-", "not a label"}[b.choose(4)], PublicAddresses: b.addrs(), Alias: world.Tri(b.choose(3)),
	}
	app := b.host("app", spoke.ID, "10.2.0.4")
	parts := world.Parts{Resources: append(b.zones([]world.ID{hub.ID, spoke.ID}),
		hub, spoke, resolver, ruleset, fw, vault, app, b.host("a", hub.ID, "10.1.0.4"), b.host("b", hub.ID, "10.1.0.5"))}
	w, err := world.New(parts)
	if err != nil {
		t.Fatal(err)
	}
	return w, app
}

// FuzzServe holds for any World and question: there is an answer, soon, it is
// one of those that Reply allows, and it fits together.
func FuzzServe(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("the quick brown fox jumps over the lazy dog, and every name goes round"))
	for i := range 64 {
		seed := make([]byte, 160)
		for j := range seed {
			seed[j] = byte((i*31 + 7) * (j*j + 3*j + i) >> 2)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := bytesAsChoices(data)
		q := Question{Name: b.name(), Type: []world.RecordType{world.TypeA, world.TypeAAAA, world.TypeCNAME}[b.choose(3)]}
		w, app := b.odd(t)
		asked := 0
		ask := new(Mind).Of(w, route.FromHost(w, app), func(h Hop) {
			asked++
			if h.Depth >= MaxDepth {
				t.Fatalf("depth %d", h.Depth)
			}
			coherent(t, h.Question, h.Reply)
		})
		for _, text := range oddAddrs {
			asked = 0
			r := ask(netip.MustParseAddr(text), q, ClientTimeout)
			if asked > maxAsked || r.After > ClientTimeout {
				t.Fatalf("%d questions, %s", asked, r.After)
			}
		}
		found := Program(w, app, q.Name, ask)
		if found.Via == fact.ViaNothing || found.Name.IsZero() {
			t.Fatalf("%+v", found)
		}
	})
}

func coherent(t *testing.T, q Question, r Reply) {
	allowed := []fact.Outcome{
		fact.OK, fact.NXDomain, fact.NoData, fact.ServFail, fact.Timeout, fact.Refused, fact.Unreachable, fact.Truncated, fact.Unseen,
	}
	switch {
	case !slices.Contains(allowed, r.Outcome), r.Truncated, r.After < 0, len(r.Chain) > 8*maxChain:
		t.Fatalf("%+v", r)
	case (r.Outcome == fact.OK) != (len(r.Addrs) > 0):
		t.Fatalf("outcome and addresses: %+v", r)
	case r.Outcome != fact.ServFail && r.Reason == fact.NoReason:
		t.Fatalf("no reason: %+v", r)
	}
	for _, a := range r.Addrs {
		if !holds(q.Type, a) {
			t.Fatalf("%s in an answer of type %s", a, q.Type)
		}
	}
	for _, a := range r.Chain {
		if a.To.IsZero() {
			t.Fatalf("alias to nowhere: %+v", r)
		}
	}
}
