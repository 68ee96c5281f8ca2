package doctor

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"pldoctor/internal/audit"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/world"
)

// An Audit is the work of auditing an estate.
type Audit struct {
	World   *world.World // as its reader may see it
	Filter  audit.Filter
	Waivers *audit.Waivers
	Version string
	// Progress hears of each network that is done, and of how many there are. It
	// is called by several goroutines. Nil: nobody does.
	Progress func(done, of int)
}

// Run audits, on all processors. The error is the context's.
func (a Audit) Run(ctx context.Context) (*audit.Report, error) {
	p := audit.NewPlan(a.World, diagnose.NewJudge(a.World.Service().Cloud.Name, a.Version), a.Filter)
	rows := make([][]audit.Cell, len(p.Networks))
	order := p.Order()
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(rows) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				n := order[i]
				rows[n] = p.Row(n)
				if finished := int(done.Add(1)); a.Progress != nil {
					a.Progress(finished, len(rows))
				}
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.Report(rows, a.Waivers, diagnose.Tool{Name: "pldoctor", Version: a.Version}), nil
}
