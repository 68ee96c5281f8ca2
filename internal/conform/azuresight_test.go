package conform

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/arm"
	"pldoctor/internal/azure"
	"pldoctor/internal/client"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/lab"
	"pldoctor/internal/settings"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

func decoded(t *testing.T, cloud string, s snapshot.Snapshot) *world.World {
	t.Helper()
	var raws [][]byte
	for _, raw := range s.Resources {
		raws = append(raws, raw)
	}
	r, err := arm.Decode(bytes.Join(raws, []byte("\n")), arm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var gaps []world.Gap
	for _, u := range s.Unread {
		gaps = append(gaps, world.Gap{Type: u.Type, Near: u.Near, Why: u.Why})
	}
	v, err := world.New(world.Parts{Cloud: cloud, Resources: r.Resources, Gaps: gaps})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDbgSight(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	bad := 0
	for _, b := range beds(t) {
		var line string
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			l := lab.Start(b.scenario.World, lab.Options{RTT: rtt, Azure: lab.Azure{Request: func(string) { calls++ }}})
			defer l.Close()
			c, err := doctor.InLab(l, b.scenario, b.host, b.target, true)
			if err != nil {
				t.Fatal(err)
			}
			c.Cut = false
			seen := probeIn(t.Context(), t, l, b.host, b.target, diagnose.EndpointAddresses(c.World, b.target.Vault), b.expect.Access == "refused-identity")
			start := time.Now()
			snap, err := azure.Read(t.Context(), l.Operator(), azure.Scope{Service: b.target.Service, Vault: b.target.Vault, Near: seen.Client.Addresses, Say: func(s string) { t.Log(s) }})
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(start)
			w := client.Populate(decoded(t, b.target.Service.Cloud.Name, snap))
			m := client.Machine{Addresses: seen.Client.Addresses, Servers: seen.Client.Resolvers, Runs: settings.Runs(seen.Client.Runs)}
			if c.Runs != "" {
				m.Runs = c.Runs
			}
			if site, ok := c.World.Site(b.host.Network); ok {
				if g, ok := c.World.GatewayIn(site.ConnectedTo[0]); ok {
					m.Network = g.Name()
				}
			}
			p, err := client.Find(w, m)
			c.World, c.Client = w, ""
			where := "unplaced "
			if err == nil {
				c.World, c.Client = client.Put(w, m, p), client.ID
				where = p.Network.Name()
			} else {
				where += err.Error()
			}
			r := d.Judge(c, &seen)
			if !slices.Equal(r.RootCauses, b.expect.RootCauses) || r.Verdict != b.expect.Verdict {
				if os.Getenv("DBG") != "" && strings.Contains(b.name, os.Getenv("DBG")) {
					c2, _ := doctor.InLab(l, b.scenario, b.host, b.target, true)
					r2 := d.Judge(c2, &seen)
					t.Logf("told %+v\nsight %+v", *r.Facts.Predicted, r2.Facts.Predicted)
					for i := range r.Checks {
						if r.Checks[i].Status == "fail" || r2.Checks[i].Status == "fail" || r.Checks[i].Code == os.Getenv("CHK") {
							t.Log(r.Checks[i], r2.Checks[i])
						}
					}
				}
				line = fmt.Sprintf("%s: %s want %v got %v cand %v verdict %s/%s gaps %v calls %d took %v", b.name, where, b.expect.RootCauses, r.RootCauses, r.Candidates, b.expect.Verdict, r.Verdict, w.Gaps(), calls, took)
			}
		})
		if line != "" {
			bad++
			t.Log(line)
		}
	}
	t.Log(bad)
}
