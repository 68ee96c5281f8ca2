package probe

import (
	"context"
	"crypto/x509"
	"net/netip"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
)

// A run executes a plan. One goroutine, that of gather, owns all of it; the
// others do one step each and hand back what to do with its result.
type run struct {
	env   env.Env
	plan  Plan
	opt   Options
	roots *x509.CertPool
	token *token

	rec     record
	results chan func()
	pending int
	learnt  int
}

// gather does everything side by side and returns when all is done, the
// request by name is proven private and the rest may be cut, or time is up. The
// last twentieth of the budget is kept for what has to be gathered up.
func (r *run) gather(ctx context.Context) (complete bool) {
	reserve := r.opt.Budget / 20
	work, stop := context.WithTimeout(ctx, r.opt.Budget-reserve)
	defer stop()
	r.begin(work)
	ended := work.Done()
	var late <-chan time.Time
	for r.pending > 0 {
		select {
		case apply := <-r.results:
			r.pending--
			apply()
			if r.opt.Cut && r.pending > 0 && r.rec.proven() {
				stop()
			}
		case <-ended:
			ended = nil
			timer := time.NewTimer(reserve)
			defer timer.Stop()
			late = timer.C
		case <-late:
			return false
		}
	}
	return work.Err() == nil
}

// begin starts what depends on nothing. No goroutine ever waits to hand its
// result in: there is room for all of them.
func (r *run) begin(ctx context.Context) {
	p := r.plan
	r.rec = newRecord(p)
	most := 1 + len(p.Questions) + len(p.Candidates) + maxLearnt + 2 // by name, by proxy
	r.results = make(chan func(), most)
	if p.Audience != "" {
		r.token = fetchToken(ctx, r.env, p.Audience)
	}
	r.opt.Progress("resolving " + p.Host.Host())
	r.start(func() func() {
		l := lookup(ctx, r.env, p)
		return func() { r.resolved(ctx, l) }
	})
	for i, q := range p.Questions {
		r.start(func() func() {
			l := ask(ctx, r.env, q)
			return func() {
				r.rec.lookups[i] = l
				r.learn(ctx, l.Addrs)
			}
		})
	}
	if !p.Proxy.Direct() {
		r.opt.Progress("asking the vault through the proxy " + p.Proxy.Server())
		r.attempt(ctx, p.ByProxy())
	}
	for _, a := range p.Candidates {
		r.attempt(ctx, p.ByAddress(a))
	}
}

func (r *run) start(step func() func()) {
	r.pending++
	go func() { r.results <- step() }()
}

// resolved goes on with what programs on the host are told.
func (r *run) resolved(ctx context.Context, l fact.Lookup) {
	r.rec.program = l
	for _, a := range dialable([]netip.Addr{preferred(l.Addrs)}) {
		r.attempt(ctx, r.plan.ByName(a))
	}
	r.learn(ctx, l.Addrs)
}

// learn tries addresses that some answer held, so many and no more: an answer
// must not turn the run into a port scan.
func (r *run) learn(ctx context.Context, addrs []netip.Addr) {
	for _, a := range dialable(addrs) {
		attempt := r.plan.ByAddress(a)
		if r.rec.begun(attempt) || r.learnt == maxLearnt {
			continue
		}
		r.learnt++
		r.attempt(ctx, attempt)
	}
}

func (r *run) attempt(ctx context.Context, a Attempt) {
	if r.rec.begun(a) || ctx.Err() != nil {
		return
	}
	r.rec.order = append(r.rec.order, a)
	if a.Addr.IsValid() {
		r.opt.Progress("asking the vault at " + a.Addr.String())
	}
	v := &traveller{Attempt: a, env: r.env, roots: r.roots}
	if a.Audience != "" {
		v.token = r.token
	}
	r.start(func() func() {
		t := v.travel(ctx)
		return func() { r.rec.trips[a] = t }
	})
}
