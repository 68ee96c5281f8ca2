package conform

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/estate"
	"pldoctor/internal/fact"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// A specimen is a patient that is well, and faults to bring about.
type specimen struct {
	patient
	faults []injury
}

// A property says what is wrong with a specimen, "" for nothing.
type property func(specimen) string

// maxTrials bounds how often shrinking asks whether a property still fails.
const maxTrials = 4000

// shrunk takes away from a specimen what it can while the property fails in the
// same way: faults, then resources in ever smaller lots, then parts of those
// that are left.
func shrunk(s specimen, fails property) specimen {
	wrong := fails(s)
	trials := maxTrials
	keeps := func(smaller specimen) bool {
		trials--
		return trials > 0 && sound(smaller.world) && fails(smaller) == wrong
	}
	s = s.spared(keeps)
	for before := -1; before != len(s.world.Resources()); {
		before = len(s.world.Resources())
		s = s.thinned(removals, keeps)
		s = s.thinned(trimmings, keeps)
	}
	return s
}

// spared leaves out the faults without which the property fails as well.
func (s specimen) spared(keeps func(specimen) bool) specimen {
	for i := range slices.Backward(s.faults) {
		fewer := s
		fewer.faults = slices.Delete(slices.Clone(s.faults), i, i+1)
		if keeps(fewer) {
			s = fewer
		}
	}
	return s
}

// sound tells whether a world would pass for one that was written by hand.
func sound(w *world.World) bool {
	_, err := world.New(world.Parts{Cloud: w.Service().Cloud.Name, Resources: w.Resources()})
	return err == nil
}

// An edit makes a world smaller.
type edit func(*world.World) *world.World

// thinned makes all the edits that it can, in lots of half of them, of a
// quarter, and so on.
func (s specimen) thinned(edits func(specimen) []edit, keeps func(specimen) bool) specimen {
	rest := edits(s)
	for lot := max(len(rest)/2, 1); len(rest) > 0; lot /= 2 {
		var left []edit
		for some := range slices.Chunk(rest, max(lot, 1)) {
			smaller := s
			for _, e := range some {
				smaller.world = e(smaller.world)
			}
			if keeps(smaller) {
				s = smaller
			} else {
				left = append(left, some...)
			}
		}
		if rest = left; lot <= 1 {
			break
		}
	}
	return s
}

// removals take whole resources out, but for the client and the vault.
func removals(s specimen) (all []edit) {
	vault, _ := s.world.VaultNamed(s.vault)
	for _, r := range s.world.Resources() {
		id := world.MetaOf(r).ID
		if id == s.client || vault != nil && id == vault.ID {
			continue
		}
		all = append(all, func(w *world.World) *world.World { return w.With(world.Remove(id)) })
	}
	return all
}

// trimmings take parts out: records and links of zones, subnets and peerings of
// VNets, routes, rules.
func trimmings(s specimen) (all []edit) {
	for _, r := range s.world.Resources() {
		switch r := r.(type) {
		case *world.Zone:
			all = append(all, parts(r.ID, r.Records, func(z *world.Zone) *[]world.Record { return &z.Records })...)
			all = append(all, parts(r.ID, r.Links, func(z *world.Zone) *[]world.Link { return &z.Links })...)
		case *world.VNet:
			all = append(all, parts(r.ID, r.Subnets, func(v *world.VNet) *[]world.Subnet { return &v.Subnets })...)
			all = append(all, parts(r.ID, r.Peerings, func(v *world.VNet) *[]world.Peering { return &v.Peerings })...)
		case *world.RouteTable:
			all = append(all, parts(r.ID, r.Routes, func(t *world.RouteTable) *[]world.Route { return &t.Routes })...)
		}
	}
	return all
}

// parts makes an edit for each part that a list of a resource has now: it
// leaves that part out.
func parts[T, E any, P interface {
	*T
	world.Resource
}](id world.ID, now []E, list func(P) *[]E) (all []edit) {
	for _, part := range now {
		all = append(all, func(w *world.World) *world.World {
			r, ok := w.Lookup(id).(P)
			if !ok {
				return w
			}
			c := P(new(T))
			*c = *r
			*list(c) = slices.DeleteFunc(slices.Clone(*list(c)), func(e E) bool { return reflect.DeepEqual(e, part) })
			return w.With(world.Put(c))
		})
	}
	return all
}

// kept writes a specimen, its faults brought about, as a scenario file into a
// directory, and returns the file's name.
func (s specimen) kept(t *testing.T, dir, name, comment string) string {
	t.Helper()
	sick, _ := s.injured(s.faults)
	x := scenario.Expectation{Vault: s.vault, Verdict: sick.observed().Journey.Verdict(), RootCauses: codesOf(s.faults)}
	comment += "\nExpected as causes are the faults that were brought about: read it before it goes into the corpus."
	data, err := scenario.Write(sick.world, scenario.Heading{
		Title: "From a random estate: " + name, Comment: comment, First: s.client,
		Expect: map[string]scenario.Expectation{s.host().Name(): x},
	})
	if err != nil {
		t.Errorf("%s cannot be kept: %v", name, err)
		return ""
	}
	file := filepath.Join(dir, name+".yaml")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestShrinking shrinks large estates under properties of which the smallest
// specimen is known, and reads the file back.
func TestShrinking(t *testing.T) {
	for name, tt := range map[string]struct {
		fails property
		left  int // resources, at most
	}{
		"a spoke's client is private": {private, 12},
		"PL603 spoils the path": {func(s specimen) string {
			sick, ok := s.injured(s.faults)
			if !ok || private(s) == "" || !slices.Contains(codesOf(s.faults), "PL603") || sick.observed().Journey.Verdict() == fact.Private {
				return ""
			}
			return "spoilt"
		}, 12},
		"the world has a peering": {func(s specimen) string {
			for v := range s.world.VNets() {
				if len(v.Peerings) > 0 {
					return "peered"
				}
			}
			return ""
		}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := specimen{patient: largePatient(t), faults: []injury{{"PL301", 0}, {"PL603", 0}, {"PL709", 0}}}
			before := len(s.world.Resources())
			small := shrunk(s, tt.fails)
			after := len(small.world.Resources())
			if tt.fails(small) != tt.fails(s) || after > tt.left || after >= before || len(small.faults) > 1 {
				t.Errorf("%d resources of %d are left, faults %v, and the property says %q", after, before, small.faults, tt.fails(small))
			}
			again := reread(t, small.kept(t, t.TempDir(), strings.ReplaceAll(name, " ", "-"), "Seed 5\n"+name))
			sick, _ := small.injured(small.faults)
			if got, want := again.observed().Journey.Verdict(), sick.observed().Journey.Verdict(); got != want {
				t.Errorf("read back, the path is %s, want %s", got, want)
			}
		})
	}
}

// private says that a specimen is well.
func private(s specimen) string {
	if s.isWell(s.observed()) {
		return "private"
	}
	return ""
}

// largePatient is a client in a spoke that asks Azure DNS for a vault.
func largePatient(t *testing.T) patient {
	t.Helper()
	for seed := range uint64(100) {
		e := estate.Generate(seed, estate.Size{Regions: 2, Spokes: 6, Sites: 2, Vaults: 40, Clients: 12, Zones: 5})
		for _, id := range e.Clients() {
			h, _ := e.World.Host(id)
			uses := e.Uses(id)
			asksAzure := slices.Equal(e.World.Nameservers(h), []netip.Addr{world.AzureDNS})
			if h.Wants == world.WantPrivate && h.Behind == "" && asksAzure && len(uses) > 0 && strings.Contains(string(h.Network), "/spoke-") {
				return patient{e.World, id, uses[0]}
			}
		}
	}
	t.Fatal("no such client")
	return patient{}
}

// reread reads the specimen of a file that was kept.
func reread(t *testing.T, file string) patient {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(filepath.Base(file), data, nil)
	if err != nil {
		t.Fatal(fmt.Errorf("%w\n%s", err, data))
	}
	host := s.DefaultHost()
	return patient{s.World, host.ID, s.Expect[host.Name()].Vault}
}
