package lab

import (
	"testing"

	"pldoctor/internal/world"
)

// TestCredentials: a host signs in by its variables where it has an identity and
// nothing that gives it tokens; its own variables go before.
func TestCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*world.Host)
		secret string
	}{
		"a virtual machine":   {func(*world.Host) {}, ""},
		"an app":              {func(h *world.Host) { h.Runs = world.OnAppService }, "any"},
		"a laptop":            {func(h *world.Host) { h.Network = world.Internet }, "any"},
		"without an identity": {func(h *world.Host) { h.Network, h.Identity = world.Internet, world.NoIdentity }, ""},
		"with variables of its": {func(h *world.Host) {
			h.Runs, h.Environ = world.OnFunction, map[string]string{"AZURE_CLIENT_SECRET": "mine"}
		}, "mine"},
	} {
		h := vm("app", "10.1.0.10")
		h.Identity = world.Reader
		tt.change(h)
		l := start(t, Options{}, h)
		g, err := l.Guise(h.ID)
		l.Close()
		if err != nil || g.Environ["AZURE_CLIENT_SECRET"] != tt.secret {
			t.Errorf("%s: %q, %v", name, g.Environ, err)
		}
	}
}
