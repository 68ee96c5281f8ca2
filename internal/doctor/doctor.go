// Package doctor gathers, then judges: the one wiring of probe, configuration
// and judge that every command uses.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"time"

	"pldoctor/internal/azure"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/probe"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// A Doctor diagnoses vaults of one cloud; it is safe for use by many
// goroutines.
type Doctor struct{ judge *diagnose.Judge }

// New returns a doctor for a cloud. Version is the program's, for reports.
func New(cloud, version string) *Doctor { return &Doctor{diagnose.NewJudge(cloud, version)} }

// A Case is one client, one vault, and what may be done to find out.
type Case struct {
	Target Target
	Env    env.Env // where the probe runs
	Wants  world.Wants

	// World is the configuration as its reader may see it, nil without one;
	// Client is the client's id there, and Name what it is called.
	World  *world.World
	Client world.ID
	Name   string

	// Source reads the World while the probe looks, where it is not there yet.
	Source Source
	// Patience is how long a path that is proven private waits for the Source; 0:
	// as long as there is time.
	Patience time.Duration
	// Network is where the client is, as its user says; Instance is what the
	// platform says, which Platform asks beside the Source. PlacedBy is how that was found in the World, or why not.
	Network  string
	Instance azure.Instance
	Platform func(context.Context) azure.Instance
	PlacedBy string
	// Later returns addresses to try that are not known from the start.
	Later func(context.Context) []netip.Addr

	// Runs is what the client runs on where the probe stands in for it, since no
	// program of the customer's can run there; "" where the probe finds it out.
	Runs world.Runs

	HostHeader     string // sent in place of the vault's hostname, as the application does
	Authenticate   bool
	PublicResolver bool
	Budget         time.Duration
	Cut            bool // stop side probes once the path is proven private
}

// Check probes and judges. It returns within the case's budget.
func (d *Doctor) Check(ctx context.Context, c Case) diagnose.Report {
	seen := c.Probe(ctx)
	return d.Judge(c, &seen)
}

// Judge judges what was seen before.
func (d *Doctor) Judge(c Case, seen *fact.Observation) diagnose.Report {
	return d.judge.Judge(c.input(seen))
}

// Probe looks from where the case's client is, within the case's budget.
func (c Case) Probe(ctx context.Context) fact.Observation {
	t := probe.Target{Service: c.Target.Service, Vault: c.Target.Vault, Host: c.Target.Host}
	seen := probe.Run(ctx, c.Env, t, probe.Options{
		Client: c.Name, Candidates: c.candidates(), Authenticate: c.Authenticate, PublicResolver: c.PublicResolver,
		Budget: c.Budget, Cut: c.Cut, HostHeader: c.HostHeader, Later: c.Later,
	})
	seen.Client.Runs = cmp.Or(string(c.Runs), seen.Client.Runs)
	return seen
}

func (c Case) candidates() []netip.Addr { return diagnose.EndpointAddresses(c.World, c.Target.Vault) }

func (c Case) input(seen *fact.Observation) diagnose.Input {
	in := diagnose.Input{
		Service: c.Target.Service, Vault: c.Target.Vault, Host: c.Target.Host, Wants: c.Wants,
		World: c.World, Client: c.Client, Placed: c.PlacedBy, Seen: seen,
	}
	if seen != nil {
		in.Started = seen.Started
	} else if c.Env.Now != nil {
		in.Started = c.Env.Now()
	}
	return in
}

// Live makes the case of the machine that e is. With authenticate, its tokens
// are those of the machine's own credentials; without such, tokenless says why,
// and the case stands all the same.
func Live(e env.Env, t Target, authenticate bool) (c Case, tokenless error) {
	if authenticate && e.Token == nil {
		e.Token, tokenless = azure.Tokens(e, t.Service)
	}
	return Case{Target: t, Env: e, Wants: world.WantPrivate, Name: "this machine", Authenticate: authenticate}, tokenless
}

// InLab makes the case of a host in a running lab. With configuration, what
// the judge sees of the world is what a user's tool would see; without, none.
func InLab(l *lab.Lab, s *scenario.Scenario, host *world.Host, t Target, configuration bool) (Case, error) {
	e, err := l.Env(host.ID)
	if err != nil {
		return Case{}, fmt.Errorf("host %s: %w", host.Name(), err)
	}
	c := Case{Target: t, Env: e, Wants: host.Wants, Name: host.Name(), HostHeader: host.HostHeader}
	if host.Runs == world.OnAppGateway || host.Runs == world.OnManaged {
		c.Runs = host.Runs
	}
	if configuration {
		c.World, c.Client = diagnose.Sight(s.World, host.ID), host.ID
	}
	return c, nil
}
