package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"strings"
)

// addresses maps public addresses one to one onto public ones. Two addresses
// have as many leading bits in common afterwards as before (J. Xu et al.,
// "Prefix-Preserving IP Address Anonymization", 2002), so that prefixes still
// hold what they held. Ranges that are not public, and well-known addresses,
// stay as they are; the bits in which an address first differs from all of them
// are where its map begins.
type addresses struct {
	key   [KeySize]byte
	known map[netip.Addr]netip.Addr
	back  map[string]string // what a mask stands for
}

func newAddresses(key [KeySize]byte) addresses {
	return addresses{key: key, known: map[netip.Addr]netip.Addr{}, back: map[string]string{}}
}

// fixed are the ranges that mean something by themselves: those of the IANA
// registries of special-purpose addresses, and public resolvers and Azure's own
// address, which everybody knows.
var fixed = prefixes(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
	192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
	168.63.129.16/32 8.8.8.8/32 8.8.4.4/32 1.1.1.1/32 1.0.0.1/32 9.9.9.9/32 208.67.222.222/32 208.67.220.220/32
	::/8 100::/8 200::/7 400::/6 fc00::/7 fe00::/9 fe80::/10 fec0::/10 ff00::/8 64:ff9b::/96 64:ff9b:1::/48
	2001::/23 2001:db8::/32 2002::/16 3fff::/20
	2001:4860:4860::8888/128 2001:4860:4860::8844/128 2606:4700:4700::1111/128 2606:4700:4700::1001/128 2620:fe::fe/128`)

// bearers are ranges whose last bits, or those from some bit on, are an address
// of IPv4.
var bearers = []struct {
	prefix netip.Prefix
	at     int // the byte at which it begins
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},     // RFC 3056
}

func prefixes(list string) (all []netip.Prefix) {
	for p := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// of returns what stands for an address.
func (a *addresses) of(addr netip.Addr) netip.Addr {
	if addr.Is4In6() {
		return netip.AddrFrom16(a.of(addr.Unmap()).As16())
	}
	if masked, known := a.known[addr]; known {
		return masked
	}
	masked := a.bearing(addr)
	a.known[addr] = masked
	a.back[masked.String()] = addr.String()
	return masked
}

// bearing maps the address of IPv4 that one of IPv6 holds.
func (a *addresses) bearing(addr netip.Addr) netip.Addr {
	for _, b := range bearers {
		if !b.prefix.Contains(addr) {
			continue
		}
		bytes := addr.As16()
		inner := a.of(netip.AddrFrom4([4]byte(bytes[b.at : b.at+4]))).As4()
		copy(bytes[b.at:], inner[:])
		return netip.AddrFrom16(bytes)
	}
	return a.scrambled(addr)
}

// scrambled turns over bits from the one on behind which nothing fixed is. The
// first of them is always turned: no address stands for itself.
func (a *addresses) scrambled(addr netip.Addr) netip.Addr {
	from := free(addr)
	if from == addr.BitLen() {
		return addr
	}
	bytes := addr.AsSlice()
	turned := append([]byte{}, bytes...)
	for i := from; i < addr.BitLen(); i++ {
		if i == from || a.turns(addr, i) {
			turned[i/8] ^= 0x80 >> (i % 8)
		}
	}
	masked, _ := netip.AddrFromSlice(turned)
	return masked.WithZone(addr.Zone())
}

// turns tells whether the bit i of addresses turns that begin as addr does.
func (a *addresses) turns(addr netip.Addr, i int) bool {
	start, _ := addr.WithZone("").Prefix(i) // i is no longer than the address
	h := hmac.New(sha256.New, a.key[:])
	_, _ = h.Write([]byte(start.String())) // never fails
	return h.Sum(nil)[0]&1 == 1
}

// free is the number of leading bits after which nothing fixed can follow; all
// of them where the address itself is fixed.
func free(addr netip.Addr) int {
	most := 0
	for _, p := range fixed {
		if p.Addr().Is4() != addr.Is4() {
			continue
		}
		common := commonBits(p.Addr(), addr)
		if common >= p.Bits() {
			return addr.BitLen()
		}
		most = max(most, common+1)
	}
	return most
}

func commonBits(a, b netip.Addr) int {
	x, y := a.AsSlice(), b.AsSlice()
	for i := range x {
		if diff := x[i] ^ y[i]; diff != 0 {
			n := 0
			for diff&0x80 == 0 {
				diff <<= 1
				n++
			}
			return 8*i + n
		}
	}
	return 8 * len(x)
}

// prefix returns what stands for a prefix. One with bits behind its length
// keeps such.
func (a *addresses) prefix(p netip.Prefix) netip.Prefix {
	masked := netip.PrefixFrom(a.of(p.Addr()), p.Bits())
	if p == p.Masked() {
		masked = masked.Masked()
	}
	a.back[masked.String()] = p.String()
	return masked
}

// address masks text that is an address, in whichever form; ok is false for
// other text.
func (r *Redactor) address(text string) (masked string, ok bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		masked := r.addresses.of(a)
		return same(text, a, masked.WithZone(r.zone(a.Zone()))), true
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return same(text, p, r.addresses.prefix(p)), true
	}
	if p, err := netip.ParseAddrPort(text); err == nil {
		return same(text, p, netip.AddrPortFrom(r.addresses.of(p.Addr()), p.Port())), true
	}
	if from, to, found := strings.Cut(text, "-"); found {
		a, err := netip.ParseAddr(from)
		b, err2 := netip.ParseAddr(to)
		if err == nil && err2 == nil {
			return r.between(text, a, b), true
		}
	}
	return "", false
}

var linkForm = compiled(`^(eth|en|ens|eno|wlan|lo|tun|utun)?[0-9]{1,3}$`)

// zone masks the name of a link, unless a machine gave it.
func (r *Redactor) zone(name string) string {
	if linkForm().MatchString(name) {
		return name
	}
	return r.names.of("word", name)
}

// between masks a range. The order of its ends may turn over.
func (r *Redactor) between(text string, a, b netip.Addr) string {
	from, to := r.addresses.of(a), r.addresses.of(b)
	if from == a && to == b {
		return text
	}
	if to.Less(from) {
		from, to = to, from
	}
	return from.String() + "-" + to.String()
}

// same keeps the spelling of what stays as it is.
func same[T interface {
	comparable
	String() string
}](text string, before, after T) string {
	if before == after {
		return text
	}
	return after.String()
}
