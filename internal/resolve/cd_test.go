package resolve

import (
	"net/netip"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// TestCheckingDisabled: a server that validates passes on what it would reject,
// also where the question came through another; what fails for another reason
// fails all the same.
func TestCheckingDisabled(t *testing.T) {
	w, h := build(t, "app", `
vnet hub 10.1.0.0/16
vault fabrikam region=eus at=52.168.109.101 approved
zone PL to=hub
record PL fabrikam A 10.1.2.3
host validates hub 10.1.0.4 dns forward=.>168.63.129.16 validate
host passes hub 10.1.0.5 dns forward=.>10.1.0.4
host left hub 10.1.0.6 dns forward=.>10.1.0.7 validate
host right hub 10.1.0.7 dns forward=.>10.1.0.6
host app hub 10.1.0.10
`)
	ask := InMind(w, route.FromHost(w, h))
	for server, want := range map[string]fact.Outcome{"10.1.0.4": fact.OK, "10.1.0.5": fact.OK, "10.1.0.6": fact.ServFail, "168.63.129.16": fact.OK} {
		q := Question{Name: fabrikam, Type: world.TypeA, CD: true}
		if r := ask(netip.MustParseAddr(server), q, ClientTimeout); r.Outcome != want {
			t.Errorf("%s with checking disabled: %s %s, want %s", server, r.Outcome, r.Reason, want)
		}
		q.CD = false
		if r := ask(netip.MustParseAddr(server), q, ClientTimeout); server != "168.63.129.16" && r.Outcome != fact.ServFail {
			t.Errorf("%s: %s, want SERVFAIL", server, r.Outcome)
		}
	}
}
