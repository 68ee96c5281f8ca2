package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// crowded puts a machine into every network of a world.
func crowded(w *world.World) *world.World {
	var edits []world.Edit
	put := func(network, subnet world.ID, a netip.Addr) {
		name := fmt.Sprintf("crowd-%d", len(edits))
		edits = append(edits, world.Put(&world.Host{
			Meta: world.Meta{ID: world.HostID(name), Path: name}, Network: network, Subnet: subnet, Address: a, Runs: world.OnVM,
		}))
	}
	for v := range w.VNets() {
		for i := range v.Subnets {
			s := &v.Subnets[i]
			if len(s.Prefixes) > 0 {
				put(v.ID, s.ID, s.Prefixes[0].Addr().Next().Next().Next().Next().Next().Next())
			}
		}
	}
	for s := range w.Sites() {
		if len(s.Prefixes) > 0 {
			put(s.ID, "", s.Prefixes[0].Addr().Next().Next().Next().Next().Next().Next())
		}
	}
	put(world.Internet, "", netip.MustParseAddr("203.0.113.99"))
	return w.With(edits...)
}

// TestRipples: whoever a change does not touch fares as before.
func TestRipples(t *testing.T) {
	touched, untouched := 0, 0
	for _, shape := range stock.Shapes("AzureCloud") {
		w := crowded(shape.World)
		client, _ := w.Host(shape.Client)
		vault, _ := w.VaultNamed(shape.Vault)
		for _, x := range rule.All() {
			if x.Breaks == nil {
				continue
			}
			for way, b := range x.Breaks(rule.Site{World: w, Client: client, Vault: vault}) {
				after := change.Apply(w, b...)
				p := rippleOf(w, after)
				for h := range w.Hosts() {
					is, there := after.Host(h.ID)
					if is != h || !there || h.HasRole() || p.touches() && p.touch(w, h) {
						touched++
						continue
					}
					untouched++
					if was, now := pathOf(w, h.ID, shape.Vault), pathOf(after, h.ID, shape.Vault); was != now {
						t.Errorf("%s, %s way %d: %s in %s fares %q after %q", shape.Name, x.Code, way, h.Name(), h.Network.Name(), now, was)
					}
				}
			}
		}
	}
	if touched == 0 || untouched == 0 {
		t.Errorf("%d touched, %d not: nothing was compared", touched, untouched)
	}
}

// TestManyClients: a step is tried on so many clients, and says how many are left.
func TestManyClients(t *testing.T) {
	shape := stock.Shapes("AzureCloud")[0]
	vault, _ := shape.World.VaultNamed(shape.Vault)
	w := change.SetPublicAccess{Vault: vault.ID, Access: world.AccessEnabled}.Apply(shape.World)
	const more = 7
	var edits []world.Edit
	for i := range maxClients + more {
		name := fmt.Sprintf("far-%03d", i)
		a := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
		edits = append(edits, world.Put(&world.Host{Meta: world.Meta{ID: world.HostID(name), Path: name}, Network: world.Internet, Address: a, Runs: world.OnVM}))
	}
	w = w.With(edits...)
	r := NewJudge("AzureCloud", "test").Judge(inputOf(t, shape, w))
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == "PL301" })
	if i < 0 {
		t.Fatalf("no advice to close the public side: %v", r.Findings)
	}
	fix := r.Findings[i].Fixes[0]
	if n := len(fix.LocksOut) + fix.Unasked; n != maxClients+more || fix.Unasked < more || len(fix.LocksOut) == 0 {
		t.Errorf("%d named, %d not asked, of %d", len(fix.LocksOut), fix.Unasked, maxClients+more)
	}
	if slices.Contains(fix.LocksOut, shape.Client.Name()) {
		t.Error("the client uses private link, and is named")
	}
}
