package machine

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"pldoctor/internal/env"
)

// TestGetent: what getent's exit status says, and who is asked where it says
// nothing.
func TestGetent(t *testing.T) {
	for script, want := range map[string]struct {
		by     string
		failed bool
	}{
		"echo '127.0.0.1 STREAM localhost'": {env.ByGetent, false},
		"exit 2":                            {env.ByGetent, true},
		"exit 1":                            {env.ByGoResolver, false}, // knows no "ahosts"
		"":                                  {env.ByGoResolver, false}, // is not there
	} {
		directory := t.TempDir()
		t.Setenv("PATH", directory)
		if script != "" {
			text := "#!/bin/sh\n" + script + "\n"
			if err := os.WriteFile(filepath.Join(directory, "getent"), []byte(text), 0o755); err != nil { //nolint:gosec // a program
				t.Fatal(err)
			}
		}
		addrs, by, err := lookup(t.Context(), "localhost")
		if by != want.by || (err != nil) != want.failed || (len(addrs) == 0) != want.failed {
			t.Errorf("%q: %v by %s, %v", script, addrs, by, err)
		}
		if denied, ok := errors.AsType[*net.DNSError](err); ok {
			t.Errorf("%q: %v: silence was taken for NXDOMAIN", script, denied)
		}
	}
}
