package world_test

import (
	"net/netip"
	"testing"

	"pldoctor/internal/world"
)

// TestKeepBut: one destination less is translated, and no other more.
func TestKeepBut(t *testing.T) {
	to := netip.MustParseAddr("10.1.2.3")
	for _, c := range []struct {
		keeps, more string // a range, and one of its addresses; "" for the default
	}{
		{"", "10.1.2.2"}, {"10.0.0.0/8", "10.255.255.255"}, {"10.1.2.2/31", "10.1.2.2"}, {"20.0.0.0/8", "20.1.2.3"}, {"10.1.2.3/32", "255.255.255.255"},
	} {
		f := &world.Firewall{}
		if c.keeps != "" {
			f.KeepSource = []netip.Prefix{netip.MustParsePrefix(c.keeps)}
		}
		f.KeepSource = f.KeepBut(to)
		if f.Keeps(to) || !f.Keeps(netip.MustParseAddr(c.more)) {
			t.Errorf("%q less %s is %v", c.keeps, to, f.KeepSource)
		}
		for _, p := range f.KeepSource {
			if p != p.Masked() {
				t.Errorf("%q less %s has %s, which is no range", c.keeps, to, p)
			}
		}
	}
}
