package scenario

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/estate"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// asWritten compares Worlds by what a file can tell: values, not how they are kept.
var asWritten = cmp.Options{
	cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(world.Zone{}),
	cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{}, dnsname.Name{}),
}

// checkWritten writes a World, reads it back, and writes it again.
func checkWritten(t *testing.T, w *world.World) {
	t.Helper()
	data, err := Write(w, Heading{Title: "Written", Comment: "one line\nand another"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("written.yaml", data, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff(normal(w), normal(s.World), asWritten); diff != "" {
		t.Errorf("before -, after +\n%s", diff)
	}
	if s.World.Assume() != w.Assume() || s.World.Service().Cloud != w.Service().Cloud {
		t.Error("other assumptions, or another cloud")
	}
	again, err := Write(s.World, Heading{Title: "Written", Comment: "one line\nand another"})
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("not the same bytes the second time: %v", err)
	}
}

// normal are a World's resources as a file has them.
func normal(w *world.World) []world.Resource {
	all := w.Resources()
	for i, r := range all {
		switch r := r.(type) {
		case *world.Host:
			c := host{Host: *r, behind: r.Behind.Name()}
			c.setDefaults()
			if node, ok := w.Host(r.Behind); ok && r.Network == "" {
				c.Network = node.Network // a pod is where its node is
			}
			all[i] = &c.Host
		case *world.Endpoint:
			if len(r.Zones) > 0 && r.ZoneGroup == "" { // in Azure no group is without a name
				c := *r
				c.ZoneGroup, all[i] = "default", &c
			}
		case *world.Vault:
			if r.Foreign { // only its public side matters
				c := *r
				c.RBAC, c.ACL.Bypass, all[i] = true, true, &c
			}
		}
	}
	return all
}

func TestWriteCorpus(t *testing.T) {
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { checkWritten(t, s.World) })
	}
}

func TestWriteExec(t *testing.T) {
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := Write(s.World, Heading{Exec: s.Exec})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("written.yaml", data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Exec, again.Exec); diff != "" {
			t.Errorf("%s: before -, after +\n%s", name, diff)
		}
	}
}

// TestWriteStock writes every stock world as it is, and every fault in the
// first of them that it fits.
func TestWriteStock(t *testing.T) {
	done := make(map[string]bool)
	for _, shape := range stock.Shapes("AzureCloud") {
		t.Run(shape.Name, func(t *testing.T) { checkWritten(t, shape.World) })
		client, _ := shape.World.Host(shape.Client)
		vault, _ := shape.World.VaultNamed(shape.Vault)
		for _, x := range rule.All() {
			if x.Breaks == nil || done[x.Code] {
				continue
			}
			for i, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
				done[x.Code] = true
				t.Run(fmt.Sprintf("%s/%s/%d", shape.Name, x.Code, i), func(t *testing.T) { checkWritten(t, change.Apply(shape.World, b...)) })
			}
		}
	}
}

func TestWriteEstates(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			size := estate.Plausible(seed)
			size.Vaults = min(size.Vaults, 8) // more are more of the same
			checkWritten(t, estate.Generate(seed, size).World)
		})
	}
}

// TestWriteApp: an app that was cut off from its VNet comes back where it was, so
// that it can be connected again.
func TestWriteApp(t *testing.T) {
	for seed := range uint64(100) {
		w := estate.Generate(seed, estate.Size{Regions: 1, Spokes: 1, Vaults: 1, Clients: 8}).World
		for h := range w.Hosts() {
			if h.Integrated == world.Yes {
				checkWritten(t, change.SetIntegration{Host: h.ID}.Apply(w))
				return
			}
		}
	}
	t.Error("no estate has an app")
}

// TestWriteHeading: what stands beside the World comes back as well, and the
// host that is asked for stands first.
func TestWriteHeading(t *testing.T) {
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		last := s.Hosts[len(s.Hosts)-1]
		data, err := Write(s.World, Heading{Title: s.Title, Comment: "why", First: world.HostID(last), Expect: s.Expect})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(name, data, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again.Title != s.Title || again.Hosts[0] != last || len(again.Hosts) != len(s.Hosts) || !strings.HasPrefix(string(data), "# why\n") {
			t.Errorf("%s: title %q, hosts %q, begins %.20q", name, again.Title, again.Hosts, data)
		}
		if diff := cmp.Diff(s.Expect, again.Expect, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: expected before -, after +\n%s", name, diff)
		}
	}
}

// TestWriteRefuses what no file can tell, rather than leave it out.
func TestWriteRefuses(t *testing.T) {
	w := stock.Shapes("AzureCloud")[0].World
	for name, w := range map[string]*world.World{
		"gap": w.WithGaps(world.Gap{Why: "403"}),
		"DNS server with an unknown inside": w.With(world.Put(&world.Host{
			Meta: world.Meta{ID: "host:x", Path: "x"}, Network: world.Internet, Address: addr("192.0.2.1"), DNSUnread: true,
		})),
		"two lists for a domain": w.With(world.Put(&world.Host{
			Meta: world.Meta{ID: "host:x", Path: "x"}, Network: world.Internet, Address: addr("192.0.2.1"), Split: make([]world.Forward, 2),
		})),
	} {
		if data, err := Write(w, Heading{}); err == nil {
			t.Errorf("%s: written as\n%s", name, data)
		}
	}
}
