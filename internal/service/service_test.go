package service_test

import (
	"slices"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
)

// TestNames holds the rows of "Azure services DNS zone configuration",
// learn.microsoft.com/azure/private-link/private-endpoint-dns.
func TestNames(t *testing.T) {
	for _, c := range []struct{ cloud, host, alias, arm, authority, audience string }{
		{"AzureCloud", "fabrikam.vault.azure.net", "fabrikam.privatelink.vaultcore.azure.net", "management.azure.com", "login.microsoftonline.com", "https://vault.azure.net"},
		{"azureusgovernment", "fabrikam.vault.usgovcloudapi.net", "fabrikam.privatelink.vaultcore.usgovcloudapi.net", "management.usgovcloudapi.net", "login.microsoftonline.us", "https://vault.usgovcloudapi.net"},
		{"AzureChinaCloud", "fabrikam.vault.azure.cn", "fabrikam.privatelink.vaultcore.azure.cn", "management.chinacloudapi.cn", "login.chinacloudapi.cn", "https://vault.azure.cn"},
	} {
		s, ok := service.KeyVault(c.cloud)
		if !ok {
			t.Errorf("%s is not known", c.cloud)
			continue
		}
		host, err1 := s.Host("fabrikam")
		alias, err2 := s.Alias("Fabrikam")
		if err1 != nil || err2 != nil || host.Host() != c.host || alias.Host() != c.alias {
			t.Errorf("%s: host %s (%v), alias %s (%v)", c.cloud, host, err1, alias, err2)
		}
		if s.Cloud.ARM != dnsname.MustParse(c.arm) || s.Cloud.Authority != dnsname.MustParse(c.authority) || s.Audience != c.audience {
			t.Errorf("%s: %+v", c.cloud, s)
		}
	}
	if _, ok := service.KeyVault("AzureGermanCloud"); ok {
		t.Error("a closed cloud is known")
	}
	if got := service.Clouds(); !slices.Equal(got, []string{"AzureCloud", "AzureUSGovernment", "AzureChinaCloud"}) {
		t.Errorf("clouds %v", got)
	}
}

func TestCertificateNames(t *testing.T) {
	s := service.KeyVaults()[0]
	want := []string{"vault.azure.net", "*.vault.azure.net", "*.vaultcore.azure.net"}
	if got := s.CertificateNames(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
