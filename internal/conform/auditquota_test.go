package conform

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/doctor"
	"pldoctor/internal/estate"
	"pldoctor/internal/lab"
)

// TestAuditKeepsToTheQuota reads an estate of some thousand rows, in small pages,
// from a Resource Graph that keeps to its quota: it is never asked too often, each
// wait is told, and all vaults are there.
func TestAuditKeepsToTheQuota(t *testing.T) {
	e := estate.Generate(5, estate.Size{Regions: 4, Spokes: 20, Sites: 1, Vaults: 400, Clients: 1, Zones: 8})
	host, _ := e.World.Host(e.Clients()[0])
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var said []string
		queries := 0
		l := lab.Start(e.World, lab.Options{RTT: rtt, Azure: lab.Azure{Quota: true, Page: 40, Request: func(path string) {
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(path, "ResourceGraph") {
				queries++
			}
		}}})
		defer l.Close()
		say := func(text string) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, text)
		}
		start := time.Now()
		w, err := doctor.Estate(t.Context(), doctor.LabReader(l, host, e.World.Service(), say, false), nil)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		waits := 0
		for _, text := range said {
			if strings.Contains(text, "waiting") {
				waits++
			} else {
				t.Errorf("it says: %s", text)
			}
		}
		windows := queries / 15
		t.Logf("%d queries in %v, %d waits", queries, took, waits)
		if queries < 50 || waits == 0 || waits > windows+1 || took > time.Duration(windows+2)*5*time.Second {
			t.Errorf("%d queries in %v, %d waits", queries, took, waits)
		}
		r, err := doctor.Audit{World: w}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Of the network behind the gateway, Azure does not tell who answers its questions.
		if r.Vaults != 400 || r.Pairs == 0 || len(r.Undetermined) != 1 || r.Undetermined[0].Count != 400 {
			t.Errorf("%d vaults, %d pairs, undetermined %v", r.Vaults, r.Pairs, r.Undetermined)
		}
	})
}
