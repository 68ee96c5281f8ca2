package audit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pldoctor/internal/audit"
	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/estate"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// judges are one of each cloud.
var judges = map[string]*diagnose.Judge{}

func judgeOf(w *world.World) *diagnose.Judge {
	cloud := w.Service().Cloud.Name
	if judges[cloud] == nil {
		judges[cloud] = diagnose.NewJudge(cloud, "test")
	}
	return judges[cloud]
}

// hold compares all pairs of a world, or some of a large one, with their
// evaluation one at a time, and returns what was found how often.
func hold(t *testing.T, what string, w *world.World, most int) map[string]int {
	t.Helper()
	w = diagnose.Sight(w, "")
	p := audit.NewPlan(w, judgeOf(w), audit.Filter{})
	found := make(map[string]int)
	dice := rand.New(rand.NewPCG(uint64(len(p.Vaults)), 7))
	pairs := len(p.Networks) * len(p.Vaults)
	for n, row := range rowsOf(p) {
		for v := range p.Vaults {
			if pairs > most && dice.IntN(pairs) >= most {
				continue
			}
			got, in := p.Of(row, n, v)
			want, subnet := p.Pair(n, v)
			if fmt.Sprint(got) != fmt.Sprint(want) || in != subnet {
				t.Fatalf("%s: %s from %s: %+v in %s; by itself %+v in %s", what, p.Vaults[v].Name(), p.Networks[n].Name, got, in, want, subnet)
			}
			found[fmt.Sprint(got.Verdict, got.Codes)]++
		}
	}
	return found
}

// rowsOf takes the rows of a plan as an audit does, two at a time.
func rowsOf(p *audit.Plan) [][]audit.Cell {
	rows := make([][]audit.Cell, len(p.Networks))
	order := p.Order()
	var workers sync.WaitGroup
	for first := range 2 {
		workers.Go(func() {
			for i := first; i < len(order); i += 2 {
				rows[order[i]] = p.Row(order[i])
			}
		})
	}
	workers.Wait()
	return rows
}

// some is how much of a number of cases is tried: the race detector looks for what
// goroutines share, and a sample shows it that.
func some(all, sample int) uint64 {
	if raced {
		return uint64(sample)
	}
	return uint64(all)
}

// TestStock holds the audit of every stock world, whole and with each fault, to
// the evaluation pair by pair.
func TestStock(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 8))
	for _, cloud := range []string{"AzureCloud", "AzureChinaCloud"} {
		for _, s := range stock.Shapes(cloud) {
			hold(t, s.Name, s.World, 100)
			site := rule.Site{World: s.World, Client: host(s.World, s.Client), Vault: vault(s.World, s.Vault)}
			for _, x := range rule.All() {
				if x.Breaks == nil || testing.Short() || cloud != "AzureCloud" { // which cloud it is changes names alone
					continue
				}
				for i, b := range x.Breaks(site) {
					if raced && dice.IntN(12) > 0 {
						continue
					}
					hold(t, fmt.Sprintf("%s with %s/%d", s.Name, x.Code, i), change.Apply(s.World, b...), 100)
				}
			}
		}
	}
}

func host(w *world.World, id world.ID) *world.Host { h, _ := w.Host(id); return h }

func vault(w *world.World, name string) *world.Vault { v, _ := w.VaultNamed(name); return v }

// TestEstates does so for random estates with random faults.
func TestEstates(t *testing.T) {
	all := make(map[string]int)
	for seed := range some(80, 12) {
		dice := rand.New(rand.NewPCG(seed, 4))
		e := estate.Generate(seed, estate.Plausible(seed))
		w := wounded(dice, e, 1+dice.IntN(4))
		for what, n := range hold(t, fmt.Sprintf("estate %d", seed), w, 300) {
			all[what] += n
		}
	}
	t.Log(len(all), all)
}

// TestLarge does so for some pairs of estates of many regions.
func TestLarge(t *testing.T) {
	for seed := range some(6, 1) {
		dice := rand.New(rand.NewPCG(seed, 5))
		size := estate.Size{Regions: 2 + int(seed)*3, Spokes: int(some(40, 10)), Sites: 4, Vaults: int(some(400, 80)), Clients: 10, Zones: 30}
		hold(t, fmt.Sprintf("large %d", seed), wounded(dice, estate.Generate(seed, size), 12), 300)
	}
}

// wounded brings random faults about at random places.
func wounded(dice *rand.Rand, e *estate.Estate, faults int) *world.World {
	w := e.World
	clients := e.Clients()
	for range faults {
		id := clients[dice.IntN(len(clients))]
		uses := e.Uses(id)
		if len(uses) == 0 {
			continue
		}
		site := rule.Site{World: w, Client: host(w, id), Vault: vault(w, uses[dice.IntN(len(uses))])}
		if site.Client == nil || site.Vault == nil {
			continue
		}
		var breaks []rule.Break
		for _, x := range rule.All() {
			if x.Breaks != nil {
				breaks = append(breaks, x.Breaks(site)...)
			}
		}
		if len(breaks) > 0 {
			w = change.Apply(w, breaks[dice.IntN(len(breaks))]...)
		}
	}
	return w
}

// TestUnread: what was not read makes pairs undetermined, and says so.
func TestUnread(t *testing.T) {
	e := estate.Generate(3, estate.Size{Regions: 1, Spokes: 2, Vaults: 3, Clients: 1, Zones: 1})
	w := e.World.WithGaps(world.Gap{Type: "microsoft.network/privatednszones", Why: "403"})
	found := hold(t, "unread", w, 100)
	if len(found) != 1 || found[fmt.Sprint(fact.Undetermined, []string(nil))] == 0 {
		t.Error(found)
	}
	zone := slices.Collect(e.World.Zones())[0]
	found = hold(t, "a zone elsewhere", e.World.With(world.Remove(zone.ID)), 100)
	t.Log(found)
}

// BenchmarkAudit audits estates of three sizes.
func BenchmarkAudit(b *testing.B) {
	for _, size := range []estate.Size{
		{Regions: 11, Spokes: 114, Sites: 5, Vaults: 2500, Zones: 75},
		{Regions: 22, Spokes: 228, Sites: 10, Vaults: 5000, Zones: 150},
		{Regions: 43, Spokes: 457, Sites: 20, Vaults: 10000, Zones: 300},
	} {
		w := diagnose.Sight(estate.Generate(1, size).World, "")
		b.Run(fmt.Sprintf("vaults=%d/vnets=%d", size.Vaults, size.Regions+size.Spokes), func(b *testing.B) {
			pairs := 0
			for b.Loop() {
				p := audit.NewPlan(w, judgeOf(w), audit.Filter{})
				for n := range p.Networks {
					p.Row(n)
				}
				pairs += len(p.Networks) * len(p.Vaults)
			}
			b.ReportMetric(float64(pairs)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}
