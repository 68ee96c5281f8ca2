package redact

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"pldoctor/internal/fact"
)

// drawn are addresses at random, half of them near one another.
func drawn(r *rand.Rand, n int) (all []netip.Addr) {
	for len(all) < n {
		b := [4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		a := netip.AddrFrom4(b)
		b[3] ^= byte(1 << r.IntN(8))
		all = append(all, a, netip.AddrFrom4(b))
		var w [16]byte
		for i := range w {
			w[i] = byte(r.Uint32())
		}
		w[0] = 0x20 | w[0]&0x1f
		wide := netip.AddrFrom16(w)
		w[4+r.IntN(12)] ^= 1
		all = append(all, wide, netip.AddrFrom16(w))
	}
	return all
}

// TestAddresses: what masks keep of addresses, for many of them.
func TestAddresses(t *testing.T) {
	m := newAddresses([KeySize]byte{7})
	all := drawn(rand.New(rand.NewPCG(1, 2)), 3000)
	images := map[netip.Addr]netip.Addr{}
	for i, a := range all {
		image := m.of(a)
		if before, twice := images[image]; twice && before != a {
			t.Fatalf("%s and %s become %s", before, a, image)
		}
		images[image] = a
		if fact.Classify(a) != fact.Classify(image) {
			t.Errorf("%s is %s, its mask %s is %s", a, fact.Classify(a), image, fact.Classify(image))
		}
		isFixed := within(a)
		switch {
		case isFixed && image != a:
			t.Errorf("%s, which means something, becomes %s", a, image)
		case !isFixed && image == a && free(a) < a.BitLen():
			t.Errorf("%s stands for itself", a)
		case !isFixed && within(image):
			t.Errorf("%s becomes %s, which means something", a, image)
		}
		if i > 0 && all[i-1].Is4() == a.Is4() && commonBits(a, all[i-1]) != commonBits(image, m.of(all[i-1])) {
			t.Errorf("%s and %s have %d bits in common, their masks %d", a, all[i-1], commonBits(a, all[i-1]), commonBits(image, m.of(all[i-1])))
		}
	}
}

func within(a netip.Addr) bool {
	for _, p := range fixed {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// TestPrefixes: a prefix holds the masks of what it held, and no others.
func TestPrefixes(t *testing.T) {
	m := newAddresses([KeySize]byte{8})
	r := rand.New(rand.NewPCG(3, 4))
	all := drawn(r, 400)
	for range 2000 {
		a, b := all[r.IntN(len(all))], all[r.IntN(len(all))]
		p, _ := a.Prefix(r.IntN(a.BitLen() + 1))
		if got := m.prefix(p); got.Bits() != p.Bits() || got != got.Masked() || got.Contains(m.of(b)) != p.Contains(b) {
			t.Errorf("%s becomes %s, and %s %s", p, got, b, m.of(b))
		}
	}
	for _, short := range []string{"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "10.0.0.0/8", "192.168.0.0/16", "168.63.129.16/32", "8.8.8.8/32"} {
		if p := netip.MustParsePrefix(short); m.prefix(p) != p {
			t.Errorf("%s becomes %s", p, m.prefix(p))
		}
	}
}

// TestAddressesInText: an address in whichever form, and that another key makes
// others.
func TestAddressesInText(t *testing.T) {
	one, other := New([KeySize]byte{1}), New([KeySize]byte{2})
	for _, text := range []string{
		"20.1.2.3", "20.1.2.0/24", "20.1.2.3:443", "[2603:1030::1]:443", "2603:1030::1", "::ffff:20.1.2.3", "20.1.2.3-20.1.2.9",
		"2002:1401:203::1", "64:ff9b::1401:203",
	} {
		a, ok := one.address(text)
		b, _ := other.address(text)
		if !ok || a == text || a == b {
			t.Errorf("%s: %s, by another key %s, %v", text, a, b, ok)
		}
	}
	for _, text := range []string{"10.0.0.4", "10.0.0.0/24", "10.0.0.4:53", "168.63.129.16", "169.254.169.254", "8.8.8.8", "1.1.1.1", "203.0.113.7", "fd00::1", "::1", "10.0.0.1-10.0.0.9", "fe80::1%eth0"} {
		if a, ok := one.address(text); !ok || a != text {
			t.Errorf("%s becomes %s, %v", text, a, ok)
		}
	}
	for _, text := range []string{"", "*", "AzureKeyVault", "app", "20.1.2", "1-2"} {
		if a, ok := one.address(text); ok {
			t.Errorf("%q is taken for an address: %s", text, a)
		}
	}
}
