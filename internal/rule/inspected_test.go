package rule_test

import (
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
)

// TestInspectionGoesOn: a route to an appliance that is gone leads to the firewall
// that took its place, where there is one; where there is none, the repair says
// that nobody inspects the traffic any more.
func TestInspectionGoesOn(t *testing.T) {
	for name, want := range map[string]string{"firewall-with-snat": "SetRoute", "hub-and-spoke": "RemoveRoute"} {
		t.Run(name, func(t *testing.T) {
			shape, x := shapeOf(t, name), ruleOf(t, "PL807")
			breaks := x.Breaks(siteOf(t, shape.World, shape.Client, shape.Vault))
			w := change.Apply(shape.World, breaks[len(breaks)-1]...)
			c := inWorld(t, w, shape.Client, shape.Vault)
			if got := strings.Join(steps(c, x), " "); got != want {
				t.Fatalf("the repair is %s, not %s", got, want)
			}
			mends := x.Mends(c)
			if said := strings.Contains(mends[0].Title(w), "not inspected"); said != (want == "RemoveRoute") {
				t.Errorf("it says that nobody inspects the traffic: %t: %s", said, mends[0].Title(w))
			}
			if v := inWorld(t, change.Apply(w, mends...), shape.Client, shape.Vault).Journey.Verdict(); v != fact.Private {
				t.Errorf("then the path is %s", v)
			}
		})
	}
}

// TestReplyOfOneEndpoint: to get replies through the firewall again, the source of
// nothing else is translated.
func TestReplyOfOneEndpoint(t *testing.T) {
	shape, x := shapeOf(t, "firewall-with-snat"), ruleOf(t, "PL818")
	site := siteOf(t, shape.World, shape.Client, shape.Vault)
	w := change.Apply(shape.World, x.Breaks(site)[0]...)
	c := inWorld(t, w, shape.Client, shape.Vault)
	after := change.Apply(w, x.Mends(c)...)
	if v := inWorld(t, after, shape.Client, shape.Vault).Journey.Verdict(); v != fact.Private {
		t.Fatalf("the path is %s", v)
	}
	door, _ := site.Door()
	for f := range after.Firewalls() {
		if f.Keeps(door.Addresses[0]) || !f.Keeps(door.Addresses[0].Next()) || !f.Keeps(c.Client.Address) {
			t.Errorf("it keeps the source towards %v", f.KeepSource)
		}
	}
}
