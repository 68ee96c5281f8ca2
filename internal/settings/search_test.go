package settings

import (
	"fmt"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
)

func TestCandidates(t *testing.T) {
	for _, tt := range []struct {
		name, search string
		ndots        int
		want         string
	}{
		{"kv.vault.azure.net", "", 0, "[kv.vault.azure.net.]"},
		{"kv.vault.azure.net", "corp.example", 0, "[kv.vault.azure.net. kv.vault.azure.net.corp.example.]"},
		{"kv.vault.azure.net", "corp.example", 3, "[kv.vault.azure.net. kv.vault.azure.net.corp.example.]"},
		{"kv.vault.azure.net", "svc.local corp.example", 4, "[kv.vault.azure.net.svc.local. kv.vault.azure.net.corp.example. kv.vault.azure.net.]"},
		{"kv", "corp.example", 0, "[kv.corp.example. kv.]"},
		{"kv", "not..a.domain corp.example", 1, "[kv.corp.example. kv.]"},
	} {
		got := fmt.Sprint(Candidates(dnsname.MustParse(tt.name), strings.Fields(tt.search), tt.ndots))
		if got != tt.want {
			t.Errorf("%s, search %q, ndots %d: %s, want %s", tt.name, tt.search, tt.ndots, got, tt.want)
		}
	}
}
