//go:build unix

package azure

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPrograms has azidentity run an az of the test's own, from a PATH that
// holds nothing else.
func TestPrograms(t *testing.T) {
	for _, tt := range []struct{ name, az, want string }{
		{"signed in", `echo '{"accessToken":"` + bearer + `","expires_on":4102444800}'`, ""},
		{"signed out", `echo "ERROR: AADSTS700082: The refresh token has expired." >&2; exit 1`, remedy + "; tried AzureCLI (ERROR: AADSTS700082: The refresh token has expired), AzureDeveloperCLI, AzurePowerShell"},
		{"not there", "exit 127", remedy + "; tried AzureCLI, AzureDeveloperCLI, AzurePowerShell"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t)
			n.set("AZURE_TOKEN_CREDENTIALS", "dev")
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "az"), []byte("#!/bin/sh\n"+tt.az+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir)
			got, err := get(t, n.env(), "AzureCloud")
			if tt.want == "" && (err != nil || got != bearer) {
				t.Fatalf("got %q, %v", got, err)
			}
			if tt.want != "" {
				if err == nil {
					t.Fatalf("got %q, want an error", got)
				}
				check(t, err, tt.want)
			}
			if len(n.dialed) != 0 {
				t.Errorf("dialled %v", n.dialed)
			}
		})
	}
}
