package audit_test

import (
	"fmt"
	"net/netip"
	"testing"

	"pldoctor/internal/audit"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/estate"
	"pldoctor/internal/world"
)

// ruins are estates in which one thing is wrong everywhere, by what is done to each
// resource; the number tells resources apart.
var ruins = []struct {
	name string
	do   func(r world.Resource, number int) world.Resource
}{
	{"no zone is linked", func(r world.Resource, _ int) world.Resource {
		z, ok := r.(*world.Zone)
		if !ok {
			return nil
		}
		c := *z
		c.Links = nil
		return &c
	}},
	{"no zone has records", func(r world.Resource, _ int) world.Resource {
		z, ok := r.(*world.Zone)
		if !ok {
			return nil
		}
		c := *z
		c.Records = nil
		return &c
	}},
	{"every record is wrong", func(r world.Resource, number int) world.Resource {
		z, ok := r.(*world.Zone)
		if !ok {
			return nil
		}
		c := *z
		c.Records = append([]world.Record{}, z.Records...)
		for i := range c.Records {
			c.Records[i].Addrs = []netip.Addr{netip.AddrFrom4([4]byte{10, 250, byte(number), byte(i)})} //nolint:gosec // any will do
		}
		return &c
	}},
	{"every endpoint waits for approval", func(r world.Resource, _ int) world.Resource {
		switch r := r.(type) {
		case *world.Endpoint:
			c := *r
			c.Status = world.Pending
			return &c
		case *world.Vault:
			c := *r
			c.Connections = append([]world.Connection{}, r.Connections...)
			for i := range c.Connections {
				c.Connections[i].Status = world.Pending
			}
			return &c
		}
		return nil
	}},
	{"no VNet is peered", func(r world.Resource, _ int) world.Resource {
		v, ok := r.(*world.VNet)
		if !ok {
			return nil
		}
		c := *v
		c.Peerings = nil
		return &c
	}},
	{"every vault has a firewall of its own", func(r world.Resource, number int) world.Resource {
		v, ok := r.(*world.Vault)
		if !ok {
			return nil
		}
		c := *v
		c.PublicAccess = world.AccessEnabled
		c.ACL = world.NetworkACL{Deny: number%3 > 0, IPs: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{52, 4, byte(number >> 8), byte(number)}), 32)}} //nolint:gosec // any will do
		return &c
	}},
}

// ruined does something to every resource of a world.
func ruined(w *world.World, do func(world.Resource, int) world.Resource) *world.World {
	var edits []world.Edit
	for i, r := range w.Resources() {
		if c := do(r, i); c != nil {
			edits = append(edits, world.Put(c))
		}
	}
	return w.With(edits...)
}

// TestRuins holds the audit of estates in which nearly nothing works to the
// evaluation pair by pair.
func TestRuins(t *testing.T) {
	for _, ruin := range ruins {
		for seed := range some(5, 1) {
			e := estate.Generate(seed, estate.Size{Regions: 2, Spokes: int(some(6, 3)), Sites: 2, Vaults: int(some(60, 12)), Clients: 4, Zones: 3})
			found := hold(t, fmt.Sprintf("%s in estate %d", ruin.name, seed), ruined(e.World, ruin.do), 250)
			t.Log(ruin.name, found)
		}
	}
}

// BenchmarkRuins audits estates of a tenth of the aim's size in which one thing is
// wrong everywhere.
func BenchmarkRuins(b *testing.B) {
	whole := estate.Generate(1, estate.Size{Regions: 5, Spokes: 46, Sites: 2, Vaults: 1000, Zones: 30}).World
	for _, ruin := range ruins {
		w := diagnose.Sight(ruined(whole, ruin.do), "")
		b.Run(ruin.name, func(b *testing.B) {
			for b.Loop() {
				p := audit.NewPlan(w, judgeOf(w), audit.Filter{})
				for n := range p.Networks {
					p.Row(n)
				}
			}
		})
	}
}
