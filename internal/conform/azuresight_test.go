package conform

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/world"
)

// TestReadingTellsAll: what is read from the lab's Azure, with what a scenario
// says of machines, gives the report that the scenario's World itself gives.
func TestReadingTellsAll(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	for _, b := range sampled(beds(t)) {
		t.Run(b.name, func(t *testing.T) {
			want := b.check(t, d, true, false)
			var got diagnose.Report
			synctest.Test(t, func(t *testing.T) {
				l := lab.Start(b.scenario.World, lab.Options{RTT: rtt})
				defer l.Close()
				c, err := doctor.InLab(l, b.scenario, b.host, b.target, false)
				if err != nil {
					t.Fatal(err)
				}
				c.Budget, c.Client = time.Minute, b.host.ID
				c.Source = doctor.FromLab(l, b.scenario, b.host, b.target, nil, false)
				c, seen, err := c.Examine(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got = d.Judge(c, &seen)
			})
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(diagnose.Report{}, "Started", "repair"), cmpopts.IgnoreFields(diagnose.Path{}, "RequestIDs"), cmpopts.IgnoreFields(diagnose.Facts{}, "Seen"), cmpopts.IgnoreFields(diagnose.Facts{}, "Unread"), cmp.Comparer(func(a, b fact.Journey) bool { return a == b })); diff != "" {
				t.Errorf("(-known +read)\n%s", diff)
			}
		})
	}
}

// TestAsOnAMachine: on a real machine, nothing is known of the estate but what
// Azure tells and the probe sees. Where the client is in a network that Azure
// knows, and the vault is one that it tells of, the causes are the same;
// elsewhere they are among the candidates.
func TestAsOnAMachine(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	for _, b := range sampled(beds(t)) {
		t.Run(b.name, func(t *testing.T) {
			r, placed := b.asOnAMachine(t, d)
			if _, right := b.rightOnAMachine(r); !right {
				t.Errorf("%s: %s because of %v or %v, want %s because of %v", placed, r.Verdict, r.RootCauses, r.Candidates, b.expect.Verdict, b.expect.RootCauses)
			}
		})
	}
}

// rightOnAMachine tells whether a report is right that was made by the probe and
// Azure alone, and whether it names the very causes.
func (b bed) rightOnAMachine(r diagnose.Report) (exact, right bool) {
	_, site := b.scenario.World.Site(b.host.Network)
	v, known := b.scenario.World.VaultNamed(b.target.Vault)
	exact = r.Verdict == b.expect.Verdict && slices.Equal(r.RootCauses, b.expect.RootCauses)
	open := (site || !known || v.Foreign || v.Deleted) && len(r.RootCauses) == 0 && contains(blamedBy(r), b.expect.RootCauses)
	return exact, exact || open && r.Verdict == b.expect.Verdict
}

// onMachines sums up what comes of every client by the probe and Azure alone.
func onMachines(t *testing.T) (n tally, exact int) {
	t.Helper()
	d := doctor.New("AzureCloud", "test")
	for _, b := range beds(t) {
		r, _ := b.asOnAMachine(t, d)
		same, right := b.rightOnAMachine(r)
		n.add(b.expect.RootCauses, right, accuses(r))
		if same {
			exact++
		}
	}
	return n, exact
}

// asOnAMachine diagnoses a host by the probe and the lab's Azure alone.
func (b bed) asOnAMachine(t *testing.T, d *doctor.Doctor) (r diagnose.Report, placed string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := lab.Start(b.scenario.World, lab.Options{RTT: rtt})
		defer l.Close()
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, false)
		if err != nil {
			t.Fatal(err)
		}
		refused := b.expect.Verdict == fact.Private && b.expect.Access != "" && b.expect.Access != fact.AccessAllowed
		c.Budget, c.Authenticate, c.Network = time.Minute, b.aboutIdentity() || refused, gatewayOf(b.scenario.World, b.host)
		c.Source = doctor.AloneInLab(l, b.host, b.target)
		c, seen, err := c.Examine(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, placed = d.Judge(c, &seen), c.PlacedBy
	})
	return r, placed
}

// gatewayOf names the gateway by which a host comes that is in a network of which
// Azure knows nothing, as its user would have to say; "" for others.
func gatewayOf(w *world.World, h *world.Host) string {
	site, ok := w.Site(h.Network)
	if !ok {
		return ""
	}
	for _, id := range site.ConnectedTo {
		if g, ok := w.GatewayIn(id); ok && g.Kind != "Vpn" { // whose networks Azure knows
			return g.Name()
		}
	}
	return ""
}

// TestReadingIsQuick counts, in virtual time, what the configuration costs
// beside the probe: requests that wait for others, and the time of the whole. The
// page of measures says the same.
func TestReadingIsQuick(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"zone-not-linked", "healthy-hub-and-spokes"} {
		alone, _, _ := timed(t, bedOf(t, name), false)
		both, depth, queries := timed(t, bedOf(t, name), true)
		if row := fmt.Sprintf("| `%s` | %d | %d | %d ms | %d ms |\n", name, depth, queries, alone.Milliseconds(), both.Milliseconds()); !strings.Contains(string(page), row) {
			t.Errorf("docs/performance.md lacks the row %s", row)
		}
		if both > 2*alone || depth > 4 {
			t.Errorf("%s: %v alone, %v with Azure, %d requests after one another", name, alone, both, depth)
		}
	}
}

func timed(t *testing.T, b bed, configuration bool) (took time.Duration, depth, queries int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		at := make(map[time.Time]bool)
		l := lab.Start(b.scenario.World, lab.Options{RTT: rtt, Azure: lab.Azure{Request: func(path string) {
			mu.Lock()
			defer mu.Unlock()
			at[time.Now()] = true
			if strings.Contains(path, "ResourceGraph") {
				queries++
			}
		}}})
		defer l.Close()
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, false)
		if err != nil {
			t.Fatal(err)
		}
		if c.Budget = time.Minute; configuration {
			c.Client, c.Source = b.host.ID, doctor.FromLab(l, b.scenario, b.host, b.target, nil, false)
		}
		start := time.Now()
		if _, _, err := c.Examine(t.Context()); err != nil {
			t.Fatal(err)
		}
		took, depth = time.Since(start), len(at)
	})
	return took, depth, queries
}
