package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"pldoctor/internal/azure"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/probe"
	"pldoctor/internal/scenario"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// A Source reads the configuration around a case's vault.
type Source func(context.Context) (*world.World, error)

// Examine probes and, where the case has a Source, reads the configuration
// beside that: the addresses of the vault's endpoints are tried as soon as they
// are known. It returns the case with what was read and with its client put in
// its place, ready to be judged. The error says why nothing was read.
func (c Case) Examine(ctx context.Context) (Case, fact.Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget())
	defer cancel()
	if c.Source == nil {
		seen := c.Probe(ctx)
		return c.Placed(&seen), seen, nil
	}
	var told *world.World
	var instance azure.Instance
	var err error
	read := make(chan struct{}) // closed once these three may be read
	go func() {
		defer close(read)
		var beside sync.WaitGroup
		if c.Platform != nil {
			beside.Go(func() { instance = c.Platform(ctx) })
		}
		told, err = c.Source(ctx)
		beside.Wait()
	}()
	probed := c
	probed.Later = func(ctx context.Context) []netip.Addr {
		select {
		case <-read:
			return diagnose.EndpointAddresses(told, c.Target.Vault)
		case <-ctx.Done():
			return nil
		}
	}
	seen := probed.Probe(ctx)
	if !c.await(ctx, read, seen.Journey.Verdict()) {
		return c, seen, errLate
	}
	c.World, c.Instance = told, instance
	return c.Placed(&seen), seen, err
}

// errLate says that nobody waited for the configuration.
var errLate = errors.New("the path is private without it, and it was not waited for (--azure require does)")

// await waits for the configuration: not for ever where the path was proven
// private without it, unless the case says so.
func (c Case) await(ctx context.Context, read <-chan struct{}, v fact.Verdict) bool {
	if v == fact.Private && c.Patience > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.Patience)
		defer stop()
		select {
		case <-read:
			return true
		case <-ctx.Done():
			return false
		}
	}
	<-read // which ends with the context
	return true
}

func (c Case) budget() time.Duration { return cmp.Or(max(c.Budget, 0), probe.DefaultBudget) }

// FromAzure is the Source of a real machine: Azure, asked over e about the vault
// of the case. Say is told of waits and, where debug, of each request.
func FromAzure(e env.Env, t Target, say func(string), debug bool) Source {
	return func(ctx context.Context) (*world.World, error) {
		s, err := azure.Read(ctx, e, azure.Scope{
			Service: t.Service, Vault: t.Vault, ID: t.ID, Near: e.Addresses(), App: e.Getenv(appName), Say: say, Debug: debug,
		})
		if err != nil {
			return nil, err
		}
		return readable(s)
	}
}

// AloneInLab is the Source of a host in a running lab of which nothing is known
// but what the lab's Azure tells, as of a real machine.
func AloneInLab(l *lab.Lab, host *world.Host, t Target) Source {
	return FromAzure(onBehalf(l, host), t, nil, false)
}

// Reading returns the case of a real machine with Azure as its Source, asked with
// the machine's own credentials, which instance metadata is asked beside.
func (c Case) Reading(e env.Env, say func(string), debug bool) Case {
	signed := e
	c.Source = func(ctx context.Context) (w *world.World, err error) {
		if signed.Token == nil {
			if signed.Token, err = azure.Tokens(e, c.Target.Service); err != nil {
				return nil, err
			}
		}
		return FromAzure(signed, c.Target, say, debug)(ctx)
	}
	c.Platform = func(ctx context.Context) azure.Instance {
		i, _ := azure.ReadInstance(ctx, e) // outside Azure, nobody answers
		return i
	}
	return c
}

// FromLab is the Source of a host in a running lab: the lab's own Azure, asked
// from the workstation of an operator, so that no fault of the host's path hides
// the configuration; and beside it what Azure does not tell and the scenario
// does of machines and of networks outside, as far as anybody sees it.
func FromLab(l *lab.Lab, s *scenario.Scenario, host *world.Host, t Target, say func(string), debug bool) Source {
	ask := FromAzure(onBehalf(l, host), t, say, debug)
	return func(ctx context.Context) (*world.World, error) {
		told, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		return informed(told, diagnose.Sight(s.World, host.ID)), nil
	}
}

// onBehalf is the workstation of an operator who asks about a host: by the
// host's addresses and, of an app, its name. The host's proxy is no concern.
func onBehalf(l *lab.Lab, host *world.Host) env.Env {
	e := l.Operator()
	near, err := l.Env(host.ID)
	if err != nil {
		return e
	}
	own := e.Getenv
	e.Addresses = near.Addresses
	e.Getenv = func(name string) string {
		if name == appName {
			return near.Getenv(name)
		}
		return own(name)
	}
	return e
}

// appName is the variable in which App Service tells an app its name
// (learn.microsoft.com/azure/app-service/reference-app-settings).
const appName = "WEBSITE_SITE_NAME"

// informed adds to what Azure tells what only the scenario does.
func informed(told, sight *world.World) *world.World {
	var edits []world.Edit
	for s := range told.Sites() { // which the scenario knows better
		edits = append(edits, world.Remove(s.ID))
	}
	for _, r := range sight.Resources() {
		switch r := r.(type) {
		case *world.Host, *world.Site:
			edits = append(edits, world.Put(r))
		case *world.Vault:
			known, ok := told.Vault(r.ID)
			if ok {
				v := *known
				v.PublicAddresses, v.Region, v.Alias = r.PublicAddresses, r.Region, r.Alias
				edits = append(edits, world.Put(&v))
			} else if r.Foreign || r.Deleted {
				edits = append(edits, world.Put(r))
			}
		}
	}
	w := told.With(edits...).WithAssumptions(sight.Assume())
	for _, r := range sight.Resources() {
		if home := world.MetaOf(r).Subscription(); home != "" && !told.ReadsFrom(home) {
			return w
		}
	}
	return w.WithoutHorizon() // all of it was read
}

// readable makes a World of what Azure told. What is malformed is left out, and
// a gap: one odd resource must not hide the rest.
func readable(s snapshot.Snapshot) (*world.World, error) {
	w, _, err := s.World()
	for err != nil {
		less, fewer := s.Without(err)
		if !fewer {
			return nil, fmt.Errorf("what Azure answers cannot be used: %w", err)
		}
		s = less
		w, _, err = s.World()
	}
	return w, nil
}
