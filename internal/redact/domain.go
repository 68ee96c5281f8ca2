package redact

import (
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
)

// microsofts are domains in which Microsoft names things. Customers' names
// stand there too, as labels that are not words of microsoftWords.
var microsofts = []string{
	"azure.net", "azure.com", "azure.cn", "azure.us", "windows.net", "usgovcloudapi.net", "chinacloudapi.cn", "microsoft.com",
	"microsoftonline.com", "microsoftonline.us", "trafficmanager.net", "cloudapp.net", "azurewebsites.net", "azmk8s.io", "azurecr.io",
}

var microsoftWords = words(`privatelink vault vaultcore keyvault managedhsm core cloudapp management login sts graph blob file queue
	table dfs web database documents mongo cassandra gremlin servicebus eventgrid azurecr azmk8s azure-api azure-automation
	monitor oms ods agentsvc search cognitiveservices openai redis cache postgres mysql mariadb scm internal reddog microsoft`)

// A frontEnd is a label of Key Vault's own servers, such as
// "data-prod-eus-region" or "azkms-prod-weu-b".
var frontEnd = compiled(`^(data-prod-` + shortRegion + `(-region)?|azkms-prod-` + shortRegion + `(-[0-9])?-[a-z])$`)

// shortRegion is what service.ShortRegion returns.
const shortRegion = `[nsewc]{0,3}(us|uk|au|br|ca|cn|eu|fr|de|in|jp|kr|as|` + regionWord + `){1,4}[0-9]?`

// services are the labels with an underscore that programs, not people, write.
var services = words(`_acme-challenge _autodiscover _dmarc _dnsauth _domainkey _gc _http _https _kerberos _kpasswd _ldap _msdcs _sip _sipfederationtls
	_sites _tcp _tls _udp`)

// ends are the last labels that say nothing of whose a name is.
var ends = words(`com net org io dev app local localdomain internal lan corp home arpa example test invalid intern private`)

// domain masks a DNS name label by label. The services' own domains stay, and
// so do names near those of their private zones.
func (r *Redactor) domain(text string) string {
	name, dot := strings.CutSuffix(text, ".")
	if r.names.has(name) && !strings.Contains(name, ".") {
		return r.names.of("label", name)
	}
	if front, search, ok := searched(name); ok {
		return r.domain(front) + "." + r.domain(search+text[len(name):])
	}
	labels := strings.Split(name, ".")
	known := knownFrom(labels)
	for i := range labels[:known] {
		rest := strings.ToLower(strings.Join(labels[i+1:], "."))
		labels[i] = r.label(labels[i], rest, len(labels) > 1)
	}
	masked := strings.Join(labels, ".")
	if dot {
		masked += "."
	}
	return masked
}

// searched takes a vault's hostname to which a domain of a search list was added
// apart.
func searched(name string) (front, search string, ok bool) {
	for _, s := range service.KeyVaults() {
		at := strings.Index(strings.ToLower(name), "."+s.Suffix.Host()+".")
		if at >= 0 {
			end := at + 1 + len(s.Suffix.Host())
			return name[:end], name[end+1:], true
		}
	}
	return "", "", false
}

// labels masks the name of a record set, which stands in front of a zone's.
func (r *Redactor) labels(text string) string {
	parts := strings.Split(text, ".")
	for i := range parts {
		parts[i] = r.label(parts[i], "", i > 0)
	}
	return strings.Join(parts, ".")
}

// label masks one label of a name, by the domain behind it. Among others it may
// be a word of Microsoft's.
func (r *Redactor) label(label, rest string, among bool) string {
	lower := strings.ToLower(label)
	own := slices.ContainsFunc(microsofts, func(d string) bool { return rest == d || strings.HasSuffix(rest, "."+d) })
	switch {
	case label == "*", services[lower],
		among && dnsname.Distance(lower, "privatelink") <= 2,
		own && isRegion(lower), own && !isSuffix(rest) && frontEnd().MatchString(lower):
		return label
	case isVaultDomain(rest):
		return r.names.of("vault", label)
	case among && microsoftWords[lower]:
		return label
	case among && (strings.HasPrefix(lower, "vault") || strings.HasPrefix(lower, "keyvault")): // of a misnamed zone
		return r.names.of("vault", label)
	}
	return r.names.of("label", label)
}

// isSuffix tells the domains in which vaults alone have names.
func isSuffix(domain string) bool {
	return slices.ContainsFunc(service.KeyVaults(), func(s service.Service) bool {
		return domain == s.Suffix.Host() || domain == s.Zone.Host()
	})
}

// isVaultDomain tells whether vaults' names stand in front of a domain.
func isVaultDomain(domain string) bool {
	return slices.ContainsFunc(service.KeyVaults(), func(s service.Service) bool {
		return domain == s.Suffix.Host() || domain == s.Core.Host() || domain == s.Zone.Host()
	})
}

// knownFrom returns where in a name the part begins that stays as it is.
func knownFrom(labels []string) int {
	for i := range labels {
		rest := strings.ToLower(strings.Join(labels[i:], "."))
		if slices.Contains(microsofts, rest) || nearZone(rest) {
			return i
		}
	}
	if last := len(labels) - 1; ends[strings.ToLower(labels[last])] {
		return last
	}
	return len(labels)
}

// nearZone tells whether a name is a misspelt form of a private zone's: at most
// a few letters are wrong, so that it tells nothing else.
func nearZone(name string) bool {
	return slices.ContainsFunc(service.KeyVaults(), func(s service.Service) bool {
		return !strings.HasSuffix(name, "."+s.Zone.Host()) && dnsname.Distance(name, s.Zone.Host()) <= rule.MisspeltBy
	})
}

func words(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
