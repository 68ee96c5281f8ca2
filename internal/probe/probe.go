// Package probe looks at the path from one host to one vault: a pure plan of
// what to ask and what to try, its execution side by side, and the journey
// derived from what came of it. It reaches the network and the host's settings
// through an env.Env and nothing else.
package probe

import (
	"context"
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
)

// A Target is what is looked at.
type Target struct {
	Service service.Service
	Vault   string       // the vault's name
	Host    dnsname.Name // the host of the URL that the client uses; zero: the vault's hostname
	Path    string       // asked first, and without a token; "" means service.HealthPath
}

// Options are the settings of a run. The zero value looks, presents no token,
// asks no public server and takes at most DefaultBudget.
type Options struct {
	Client     string       // what the host is called; only copied into the observation
	Candidates []netip.Addr // addresses to try whatever DNS says
	// Later, if not nil, returns more of them once they are known. It is run
	// beside the rest, and has to return when its context ends.
	Later          func(context.Context) []netip.Addr
	Authenticate   bool // present a token to the vault
	PublicResolver bool // ask a public DNS server too
	Budget         time.Duration
	Cut            bool   // stop what is unfinished once the request by name is proven private
	HostHeader     string // sent in place of the host of the URL; see ValidHost
}

// DefaultBudget bounds a run for which Options name no budget.
const DefaultBudget = 15 * time.Second

// Run looks. It returns within the budget whatever the other side does. What
// did not finish is fact.Unseen in the observation, which is then not Complete.
// There is no error: a host without a network is an observation, too.
func Run(ctx context.Context, e env.Env, t Target, o Options) fact.Observation {
	if o.Budget <= 0 {
		o.Budget = DefaultBudget
	}
	plan := MakePlan(t, o)
	plan.Proxy = settings.ProxyFor(plan.Host, e.Getenv)
	plan.Hosts = hostsLines(e, plan)
	r := &run{env: e, opt: o, svc: t.Service, roots: roots(e), rec: newRecord(plan)}
	r.rec.strangers, r.rec.watched = strangers(e)
	started := e.Now()
	complete := r.gather(ctx)
	seen := r.rec.observation()
	seen.Started, seen.Complete = started, complete
	seen.Client = client(e, o.Client, r.rec.plan, r.resolvers)
	seen.Client.HostHeader = o.HostHeader
	seen.Client.Open, seen.Client.OpenSeen = r.rec.open()
	return seen
}
