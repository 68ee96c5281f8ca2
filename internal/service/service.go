// Package service says what private link means for an Azure service in a
// cloud: its host suffix, its private DNS zone, its certificate's names, and
// the words that it speaks on the wire.
//
// The names are those of the table "Azure services DNS zone configuration" in
// learn.microsoft.com/azure/private-link/private-endpoint-dns.
package service

import (
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
)

// A Cloud is an Azure cloud: its name is the one that the az command knows.
type Cloud struct {
	Name      string       // "AzureCloud"
	ARM       dnsname.Name // the host of Azure Resource Manager
	Authority dnsname.Name // the host that issues tokens
}

// A Service is one Azure service in one cloud, as private link sees it.
type Service struct {
	Cloud        Cloud
	Kind         string         // what a person calls one of them: "key vault"
	ResourceType string         // "Microsoft.KeyVault/vaults"
	Suffix       dnsname.Name   // a resource NAME is reached at NAME.Suffix
	Core         dnsname.Name   // the domain of the service's own front ends
	Zone         dnsname.Name   // the private DNS zone, and the domain of the alias
	ForwardZones []dnsname.Name // what a DNS server outside Azure has to forward
	GroupID      string         // the private link group (sub-resource)
	Audience     string         // the resource that a token is for
}

var (
	azureCloud = Cloud{
		Name: "AzureCloud", ARM: dnsname.MustParse("management.azure.com"),
		Authority: dnsname.MustParse("login.microsoftonline.com"),
	}
	usGovernment = Cloud{
		Name: "AzureUSGovernment", ARM: dnsname.MustParse("management.usgovcloudapi.net"),
		Authority: dnsname.MustParse("login.microsoftonline.us"),
	}
	china = Cloud{
		Name: "AzureChinaCloud", ARM: dnsname.MustParse("management.chinacloudapi.cn"),
		Authority: dnsname.MustParse("login.chinacloudapi.cn"),
	}
)

var vaults = []Service{
	keyVault(azureCloud, "azure.net"),
	keyVault(usGovernment, "usgovcloudapi.net"),
	keyVault(china, "azure.cn"),
}

func keyVault(c Cloud, domain string) Service {
	suffix, core := dnsname.MustParse("vault."+domain), dnsname.MustParse("vaultcore."+domain)
	return Service{
		Cloud: c, Kind: "key vault", ResourceType: "Microsoft.KeyVault/vaults",
		Suffix: suffix, Core: core, Zone: dnsname.MustParse("privatelink.vaultcore." + domain),
		ForwardZones: []dnsname.Name{suffix, core},
		GroupID:      "vault", Audience: "https://" + suffix.Host(),
	}
}

// KeyVault returns Key Vault in the cloud of that name, compared without case.
func KeyVault(cloud string) (s Service, ok bool) {
	i := slices.IndexFunc(vaults, func(s Service) bool { return strings.EqualFold(s.Cloud.Name, cloud) })
	if i < 0 {
		return Service{}, false
	}
	return vaults[i], true
}

// KeyVaults returns Key Vault in every cloud, the public one first.
func KeyVaults() []Service { return slices.Clone(vaults) }

// Clouds returns the names of the clouds known, the public one first.
func Clouds() []string {
	var names []string
	for _, s := range vaults {
		names = append(names, s.Cloud.Name)
	}
	return names
}

// Host returns the hostname of the resource called name.
func (s Service) Host(name string) (dnsname.Name, error) { return s.Suffix.Child(name) }

// Alias returns the name in the private DNS zone that the public registration
// of the resource points to once a private endpoint connection is approved.
func (s Service) Alias(name string) (dnsname.Name, error) { return s.Zone.Child(name) }

// Covers tells whether the service's certificate covers a name: a wildcard
// stands for one label (RFC 9525).
func (s Service) Covers(name dnsname.Name) bool {
	parent := name.Parent()
	return name == s.Suffix || parent == s.Suffix || parent == s.Core
}

// CertificateNames are the names that the service's certificate covers; the
// private zone's are not among them (external-secrets issue 1998 on GitHub
// quotes the list).
func (s Service) CertificateNames() []string {
	return []string{s.Suffix.Host(), "*." + s.Suffix.Host(), "*." + s.Core.Host()}
}
