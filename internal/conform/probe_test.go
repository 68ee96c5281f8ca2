package conform

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/probe"
	"pldoctor/internal/world"
)

func probeIn(ctx context.Context, t testing.TB, l *lab.Lab, host *world.Host, target doctor.Target, candidates []netip.Addr, authenticate bool) fact.Observation {
	t.Helper()
	e, err := l.Env(host.ID)
	if err != nil {
		t.Fatal(err)
	}
	return probe.Run(ctx, e, probe.Target{Service: target.Service, Vault: target.Vault, Host: target.Host},
		probe.Options{Client: host.Name(), Candidates: candidates, Authenticate: authenticate, HostHeader: host.HostHeader, Budget: 2 * time.Minute})
}
