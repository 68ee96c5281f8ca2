package azure

import (
	"fmt"
	"slices"
	"testing"

	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// TestMiss: a lacking permission is noted once, apart from why.
func TestMiss(t *testing.T) {
	refused := &Refusal{Status: 403, Code: "AuthorizationFailed", Action: "Microsoft.Network/networkInterfaces/read"}
	var r reading
	r.miss("a", "/near", fmt.Errorf("its network interface n: %w", refused))
	r.miss("b", "", &Refusal{Status: 429})
	want := []snapshot.Unread{
		{Type: "a", Near: "/near", Why: "its network interface n: 403 AuthorizationFailed", Permission: refused.Action},
		{Type: "b", Why: "429: Azure is asked too often"},
	}
	if !slices.Equal(r.unread, want) {
		t.Errorf("%+v", r.unread)
	}
	w, _, err := (&snapshot.Snapshot{Unread: r.unread[:1]}).World()
	if err != nil {
		t.Fatal(err)
	}
	gap := world.Gap{Type: "a", Near: "/near", Why: "its network interface n: " + refused.Error()}
	if got := w.Gaps(); !slices.Equal(got, []world.Gap{gap}) {
		t.Errorf("%+v", got)
	}
}
