package service

import "testing"

// TestFrontEnd: the names that public transcripts show, and what becomes of a
// region that nobody has seen.
func TestFrontEnd(t *testing.T) {
	s, _ := KeyVault("AzureCloud")
	for location, want := range map[string]string{
		"eastus":        "data-prod-eus-region.vaultcore.azure.net",
		"EastUS":        "data-prod-eus-region.vaultcore.azure.net",
		"westeurope":    "data-prod-weu-region.vaultcore.azure.net",
		"canadacentral": "data-prod-cca-region.vaultcore.azure.net",
		"atlantis":      "data-prod-atlantis-region.vaultcore.azure.net",
		"a b.c":         "data-prod-abc-region.vaultcore.azure.net",
	} {
		if got, err := s.FrontEnd(location); err != nil || got.Host() != want {
			t.Errorf("%s: %s, %v; want %s", location, got.Host(), err, want)
		}
	}
}
