package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"

	"pldoctor/internal/env"
	"pldoctor/internal/world"
)

// TestLive: the case of a machine, and that it stands without a token.
func TestLive(t *testing.T) {
	target, err := ParseTarget("fabrikam", "")
	if err != nil {
		t.Fatal(err)
	}
	own := func(context.Context, string) (string, error) { return "token", nil }
	rootless := func() (*x509.CertPool, error) { return nil, errors.New("none") }
	none := func(string) string { return "" }
	for name, tt := range map[string]struct {
		e            env.Env
		authenticate bool
		token        bool
		failed       bool
	}{
		"no token wanted":         {e: env.Env{Roots: rootless, Getenv: none}},
		"the host's own":          {e: env.Env{Token: own}, authenticate: true, token: true},
		"nobody can be verified":  {e: env.Env{Roots: rootless, Getenv: none}, authenticate: true, failed: true},
		"the machine's, by azure": {e: env.Env{Roots: func() (*x509.CertPool, error) { return x509.NewCertPool(), nil }, Getenv: none}, authenticate: true, token: true},
	} {
		c, tokenless := Live(tt.e, target, tt.authenticate)
		if (tokenless != nil) != tt.failed || (c.Env.Token != nil) != tt.token || c.Authenticate != tt.authenticate {
			t.Errorf("%s: token %v, %v", name, c.Env.Token != nil, tokenless)
		}
		if c.Target.Host != target.Host || c.Wants != world.WantPrivate || c.Name == "" || c.World != nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
