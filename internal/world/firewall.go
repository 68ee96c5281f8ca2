package world

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
)

// A Firewall is a Microsoft.Network/azureFirewalls with what its policy says.
type Firewall struct {
	Meta
	VNet       ID // of its subnet, or the virtual hub
	Address    netip.Addr
	Policy     Policy
	DNSProxy   bool
	DNSServers []netip.Addr // empty: Azure DNS
	Allow      []FirewallRule
	AllowAll   bool // no rules are known that restrict
	// KeepSource are the destinations towards which it leaves the source's
	// address as it is; nil: IANAPrivate.
	KeepSource []netip.Prefix
	Public     netip.Addr
}

// A Policy is the Microsoft.Network/firewallPolicies that is attached to a
// firewall. Its Meta is zero where none is: the firewall then has classic rules.
type Policy struct {
	Meta
	Groups []int // the priorities of its own rule collection groups, in order
}

// A FirewallRule is a network or application rule that allows traffic.
type FirewallRule struct {
	Name         string
	Allow        bool
	Sources      []string
	Destinations []string // prefixes, "*", service tags
	FQDNs        []string // application rules: matched with the SNI
	Ports        []string
	Protocols    []string
}

// Firewalls yields all firewalls.
func (w *World) Firewalls() iter.Seq[*Firewall] {
	return each[*Firewall](w, key{kind: ofType, id: "firewall"})
}

// Application tells whether it is an application rule: those name protocols that
// TCP carries, and the firewall is then a proxy, which opens the connection anew.
func (r *FirewallRule) Application() bool { return slices.ContainsFunc(r.Protocols, CarriedByTCP) }

// CarriedByTCP tells whether a rule's protocol, possibly with a port as in
// "Https:443", is one of those that application rules name.
func CarriedByTCP(protocol string) bool {
	name, _, _ := strings.Cut(protocol, ":")
	return strings.EqualFold(name, "Http") || strings.EqualFold(name, "Https")
}

// IANAPrivate are the ranges towards which Azure Firewall keeps the source's
// address by default: those of RFC 1918 and RFC 6598
// (learn.microsoft.com/azure/firewall/snat-private-range).
func IANAPrivate() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	}
}

// AlwaysTranslate is the KeepSource that no real destination is in, as
// learn.microsoft.com/azure/firewall/snat-private-range has it.
func AlwaysTranslate() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("255.255.255.255/32")}
}

// Keeps tells whether network rules leave the source's address as it is towards
// a destination.
func (f *Firewall) Keeps(to netip.Addr) bool {
	return contains(f.kept(), to) || to.Is6() && to.IsPrivate() // its addresses are of IPv4
}

func (f *Firewall) kept() []netip.Prefix {
	if f.KeepSource == nil {
		return IANAPrivate()
	}
	return f.KeepSource
}

// KeepBut are the ranges of KeepSource without one destination.
func (f *Firewall) KeepBut(to netip.Addr) []netip.Prefix {
	var rest []netip.Prefix
	for _, p := range f.kept() {
		rest = append(rest, without(p, to)...)
	}
	if len(rest) == 0 {
		return AlwaysTranslate()
	}
	return rest
}

// without is a range less one address: the halves that do not hold it, down to
// the address itself.
func without(p netip.Prefix, a netip.Addr) []netip.Prefix {
	if !p.Contains(a) {
		return []netip.Prefix{p}
	}
	var rest []netip.Prefix
	for bits := p.Bits() + 1; bits <= a.BitLen(); bits++ {
		rest = append(rest, netip.PrefixFrom(flipped(a, bits), bits).Masked())
	}
	return rest
}

// flipped is an address with the last of its first bits turned over.
func flipped(a netip.Addr, bits int) netip.Addr {
	raw := a.AsSlice()
	raw[(bits-1)/8] ^= 0x80 >> ((bits - 1) % 8)
	other, _ := netip.AddrFromSlice(raw)
	return other
}
