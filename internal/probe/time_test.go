package probe

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
)

func TestBlackhole(t *testing.T) {
	for _, budget := range []time.Duration{time.Second, 3 * time.Second, 15 * time.Second} {
		h := &host{roots: trusted.pool(), addrs: []string{endpoint}}
		seen, took := look(t, h, Options{Budget: budget, Candidates: addrs("10.1.2.4")}, nil)
		if took > budget {
			t.Errorf("budget %v: took %v", budget, took)
		}
		if want := budget > questionTime; seen.Complete != want {
			t.Errorf("budget %v: complete %v", budget, seen.Complete)
		}
		if j := seen.Journey; !seen.Complete && (j.Connect.Outcome != fact.Unseen || seen.Servers[0].Reached != fact.Unseen) {
			t.Errorf("budget %v: what was cut off was judged: %+v %+v", budget, j, seen.Servers[0])
		}
	}
}

// TestDeaf: a host whose functions do not heed the context does not hold the
// run up.
func TestDeaf(t *testing.T) {
	h, _ := healthy(t)
	synctest.Test(t, func(t *testing.T) {
		e := h.Env()
		release := make(chan struct{})
		e.Lookup = func(context.Context, string) ([]netip.Addr, string, error) {
			<-release
			return addrs(endpoint), "", nil
		}
		started := time.Now()
		seen := Run(t.Context(), e, target(t), Options{Budget: 2 * time.Second})
		if took := time.Since(started); took > 2*time.Second || seen.Complete || seen.Journey.Answer.Outcome != fact.Unseen {
			t.Errorf("took %v: %+v", took, seen.Journey)
		}
		close(release)
	})
}

func TestCut(t *testing.T) {
	for _, cut := range []bool{true, false} {
		h, _ := healthy(t)
		h.udp[azure+":53"] = silent
		seen, took := look(t, h, Options{Cut: cut, Candidates: addrs("10.9.9.9")}, nil)
		if seen.Journey.Verdict() != fact.Private || seen.Complete == cut {
			t.Errorf("cut %v: %q, complete %v", cut, seen.Journey.Verdict(), seen.Complete)
		}
		view, _ := seen.At(ip("10.9.9.9"))
		azureDNS, _ := seen.ServerAs(fact.RoleAzure)
		if cut && (took != 0 || view.Connect.Outcome != fact.Unseen || azureDNS.Reached != fact.Unseen) {
			t.Errorf("cut: took %v, %+v, %+v", took, view, azureDNS)
		}
		if !cut && (view.Connect.Outcome != fact.Timeout || azureDNS.Reached != fact.Timeout) {
			t.Errorf("whole: %+v, %+v", view, azureDNS)
		}
	}
}

// TestCutWaitsForDNS: a configured server that says something else is heard,
// within a second, before a path that is proven ends the run.
func TestCutWaitsForDNS(t *testing.T) {
	const second = "10.0.0.54"
	late := func(wait time.Duration) func(net.Conn) {
		return func(c net.Conn) {
			time.Sleep(wait)
			zone(publicZone...)(c)
		}
	}
	for _, tt := range []struct{ answers, took time.Duration }{
		{300 * time.Millisecond, 300 * time.Millisecond},
		{3 * time.Second, time.Second},
	} {
		h, _ := healthy(t)
		h.servers = addrs(server, second)
		h.udp[second+":53"], h.udp[azure+":53"] = late(tt.answers), silent
		seen, took := look(t, h, Options{Cut: true}, nil)
		if seen.Journey.Verdict() != fact.Private || took != tt.took {
			t.Errorf("answers in %v: %q after %v, want %v", tt.answers, seen.Journey.Verdict(), took, tt.took)
		}
		if heard := seen.Servers[1].Host.Addr == ip(frontEnd); heard != (tt.answers < time.Second) {
			t.Errorf("answers in %v: heard %+v", tt.answers, seen.Servers[1])
		}
	}
}

// TestAddressesDoNotWaitLong: a resolver library that hangs does not keep the
// run from trying addresses.
func TestAddressesDoNotWaitLong(t *testing.T) {
	h, _ := healthy(t)
	synctest.Test(t, func(t *testing.T) {
		e := h.Env()
		e.Lookup = func(ctx context.Context, _ string) ([]netip.Addr, string, error) {
			<-ctx.Done()
			return nil, env.ByGetent, ctx.Err()
		}
		seen := Run(t.Context(), e, target(t), Options{Budget: 3 * time.Second})
		if view, ok := seen.At(ip(endpoint)); !ok || view.Exchange.Outcome != fact.OK {
			t.Errorf("addresses %+v", seen.Addresses)
		}
	})
}

// TestResolversTakeTime: the programs that tell a host's settings are run beside
// all else and within the budget.
func TestResolversTakeTime(t *testing.T) {
	h, _ := healthy(t)
	for _, tt := range []struct {
		needs, budget time.Duration
		want          fact.Via
	}{
		{500 * time.Millisecond, 10 * time.Second, fact.ViaDNS},
		{time.Hour, 2 * time.Second, fact.ViaProgram},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := h.Env()
			configured := e.Resolvers
			e.Resolvers = func(ctx context.Context) (env.Resolvers, error) {
				select {
				case <-time.After(tt.needs):
				case <-ctx.Done():
				}
				return configured(ctx)
			}
			started := time.Now()
			seen := Run(t.Context(), e, target(t), Options{Budget: tt.budget, Cut: true})
			if took := time.Since(started); took > min(tt.needs, tt.budget) {
				t.Errorf("needs %v: took %v", tt.needs, took)
			}
			if j := seen.Journey; j.Resolver.Via != tt.want || j.Verdict() != fact.Private {
				t.Errorf("needs %v: %+v", tt.needs, j)
			}
		})
	}
}
