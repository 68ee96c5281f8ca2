package conform

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"context"

	"pldoctor/internal/arm"
	"pldoctor/internal/client"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// told is the World that Azure tells of another: resources and no machines.
func told(t *testing.T, w *world.World) *world.World {
	t.Helper()
	var raws [][]byte
	for _, raw := range arm.Encode(w) {
		raws = append(raws, raw)
	}
	r, err := arm.Decode(bytes.Join(raws, []byte("\n")), arm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := world.New(world.Parts{Cloud: w.Service().Cloud.Name, Resources: r.Resources})
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
			l := lab.Start(b.scenario.World, lab.Options{RTT: rtt})
			defer l.Close()
			c, err := doctor.InLab(l, b.scenario, b.host, b.target, true)
			if err != nil {
				t.Fatal(err)
			}
			c.Cut = false
			seen := probeIn(context.Background(), t, l, b.host, b.target, diagnose.EndpointAddresses(c.World, b.target.Vault), false)
			w := client.Populate(told(t, b.scenario.World))
			m := client.Machine{Addresses: seen.Client.Addresses, Servers: seen.Client.Resolvers, Runs: settings.Runs(seen.Client.Runs)}
			p, err := client.Find(w, m)
			c.World, c.Client = w, ""
			where := "unplaced " 
			if err == nil {
				c.World, c.Client = client.Put(w, m, p), client.ID
				where = p.Network.Name()
			} else { where += err.Error() }
			r := d.Judge(c, &seen)
			if !slices.Equal(r.RootCauses, b.expect.RootCauses) || r.Verdict != b.expect.Verdict {
				line = fmt.Sprintf("%s: %s want %v got %v cand %v verdict %s/%s", b.name, where, b.expect.RootCauses, r.RootCauses, r.Candidates, b.expect.Verdict, r.Verdict)
			}
		})
		if line != "" {
			bad++
			t.Log(line)
		}
	}
	t.Log(bad, strings.Repeat("-", 3), fact.Private)
}
