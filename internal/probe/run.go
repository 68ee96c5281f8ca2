package probe

import (
	"context"
	"crypto/x509"
	"net/netip"
	"slices"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// A run executes a plan. One goroutine, that of gather, owns all of it; the
// others do one step each and hand back what to do with its result.
type run struct {
	env   env.Env
	opt   Options
	svc   service.Service
	roots *x509.CertPool
	token *token

	rec       record
	resolvers env.Resolvers
	results   chan func()
	pending   int
	settled   bool         // the program's lookup is over, or settleTime
	held      []netip.Addr // addresses that wait for the program's lookup
	learnt    int
	awaited   int  // answers that could contradict a path that is proven
	hurried   bool // settleTime is over: they are not waited for
}

// gather does everything side by side and returns when all is done, the
// request by name is proven private and the rest may be cut, or time is up. The
// last twentieth of the budget is kept for what has to be gathered up.
func (r *run) gather(ctx context.Context) (complete bool) {
	reserve := r.opt.Budget / 20
	work, stop := context.WithTimeout(ctx, r.opt.Budget-reserve)
	defer stop()
	r.begin(work)
	settling := time.NewTimer(min(settleTime, r.opt.Budget/5))
	defer settling.Stop()
	ended := work.Done()
	var late <-chan time.Time
	for r.pending > 0 {
		select {
		case apply := <-r.results:
			r.pending--
			apply()
		case <-settling.C:
			r.hurried = true
			r.settle(work)
		case <-ended:
			ended = nil
			timer := time.NewTimer(reserve)
			defer timer.Stop()
			late = timer.C
		case <-late:
			return false
		}
		if r.opt.Cut && r.pending > 0 && (r.awaited == 0 || r.hurried) && r.rec.proven() {
			stop()
		}
	}
	return work.Err() == nil
}

// begin starts what depends on nothing. No goroutine ever waits to hand its
// result in: there is room for all of them.
func (r *run) begin(ctx context.Context) {
	p := r.rec.plan
	most := 3 + maxQuestions + maxLater + len(p.Candidates) + maxCandidates + fact.MaxLearnt + 2 // lookup, resolvers, later candidates; by name, by proxy
	r.results = make(chan func(), most)
	if p.Audience != "" {
		r.token = fetchToken(ctx, r.env, p.Audience)
	}
	r.start(func() func() {
		l := lookup(ctx, r.env, p)
		return func() { r.resolved(ctx, l) }
	})
	r.awaited++
	r.start(func() func() {
		found, err := r.env.Resolvers(ctx)
		return func() { r.ask(ctx, found, err) }
	})
	if r.opt.Later != nil {
		r.start(func() func() {
			addrs := r.opt.Later(ctx)
			return func() { r.consider(ctx, addrs) }
		})
	}
	if !p.Proxy.Direct() && p.Proxy.Fault == "" {
		r.attempt(ctx, p.ByProxy())
	}
}

// maxCandidates is how many addresses are tried that became known later: a
// vault has few endpoints.
const maxCandidates = 16

// consider adds candidates that have become known.
func (r *run) consider(ctx context.Context, addrs []netip.Addr) {
	addrs = dialable(addrs)
	for _, a := range addrs[:min(len(addrs), maxCandidates)] {
		if slices.Contains(r.rec.plan.Candidates, a) {
			continue
		}
		r.rec.plan.Candidates = append(r.rec.plan.Candidates, a)
		if r.settled {
			r.tryAddress(ctx, a)
		}
	}
}

func (r *run) start(step func() func()) {
	r.pending++
	go func() { r.results <- step() }()
}

// ask puts the plan's questions to the servers that the host is configured to
// ask and to the others.
func (r *run) ask(ctx context.Context, found env.Resolvers, err error) {
	r.awaited--
	if ctx.Err() != nil {
		return
	}
	r.resolvers = found
	r.rec.ask(r.rec.plan.Asking(found, r.opt.PublicResolver))
	r.rec.plan.ResolversUnknown = err != nil
	for i, q := range r.rec.plan.Questions {
		weight := 0
		if q.Role == fact.RoleConfigured && q.Name != r.rec.plan.Alias {
			weight = 1
		}
		r.awaited += weight
		r.start(func() func() {
			l := ask(ctx, r.env, q)
			return func() {
				r.awaited -= weight
				r.rec.lookups[i] = l
				r.learn(ctx, l.Addrs)
				r.wonder(ctx)
			}
		})
	}
}

// resolved goes on with what programs on the host are told.
func (r *run) resolved(ctx context.Context, l fact.Lookup) {
	r.rec.program, r.rec.told = l, ctx.Err() == nil
	for _, a := range dialable([]netip.Addr{first(l.Addrs)}) {
		r.attempt(ctx, r.rec.plan.ByName(a))
	}
	r.held = slices.Concat(l.Addrs, r.held)
	r.settle(ctx)
	r.wonder(ctx)
}

// settle lets the addresses go that waited for the program's lookup.
func (r *run) settle(ctx context.Context) {
	r.settled = true
	for _, a := range r.rec.plan.Candidates {
		r.tryAddress(ctx, a)
	}
	r.learn(ctx, r.held)
	r.held = nil
}

// learn tries addresses that some answer held, so many and no more: an answer
// must not turn the run into a port scan.
func (r *run) learn(ctx context.Context, addrs []netip.Addr) {
	if !r.settled {
		r.held = append(r.held, addrs...)
		return
	}
	for _, a := range dialable(addrs) {
		if r.learnt < fact.MaxLearnt && r.tryAddress(ctx, a) {
			r.learnt++
		}
	}
}

// tryAddress asks who is at an address, unless that is known by name already.
func (r *run) tryAddress(ctx context.Context, a netip.Addr) bool {
	if _, begun := r.rec.visit(a); begun {
		return false
	}
	r.attempt(ctx, r.rec.plan.ByAddress(a))
	return true
}

func (r *run) attempt(ctx context.Context, a Attempt) {
	if r.rec.begun(a) || ctx.Err() != nil {
		return
	}
	r.rec.order = append(r.rec.order, a)
	v := &traveller{Attempt: a, env: r.env, roots: r.roots}
	if a.Audience != "" {
		v.token = r.token
	}
	r.start(func() func() {
		t := v.travel(ctx)
		return func() {
			r.rec.trips[a] = t
			r.frontEnds(ctx)
		}
	})
}
