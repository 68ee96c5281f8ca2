package doctor

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/probe"
	"pldoctor/internal/service"
)

// A Target is the vault that is diagnosed and the name that its client uses.
type Target struct {
	Service service.Service
	Vault   string       // its name
	Host    dnsname.Name // its hostname, or what the client uses in its place
	ID      string       // the ARM id, where that was given
}

// ParseTarget reads what a user calls a vault: a name, a hostname, the URL of
// the vault or of something in it, or an ARM resource id. Cloud is where a bare
// name is looked for; "" is the public cloud. A name in the private zone is
// taken as it stands: the path is diagnosed as such a client would take it.
func ParseTarget(text, cloud string) (Target, error) {
	switch {
	case text == "":
		return Target{}, fmt.Errorf("the vault's name is empty")
	case strings.HasPrefix(text, "/"):
		return fromID(text, cloud)
	case strings.Contains(text, "://"):
		return fromURL(text, cloud)
	case strings.Contains(text, "."):
		return fromURL("https://"+text, cloud)
	}
	return fromName(text, cloud)
}

// CheckHostHeader tells what is wrong with a Host header that a user wants to be
// sent.
func CheckHostHeader(text string) error {
	if !probe.ValidHost(text) {
		return fmt.Errorf("%.120q cannot stand in a Host header: it is no host, with a port or without", text)
	}
	return nil
}

func serviceOf(cloud string) (service.Service, error) {
	if cloud == "" {
		cloud = "AzureCloud"
	}
	s, ok := service.KeyVault(cloud)
	if !ok {
		return service.Service{}, fmt.Errorf("unknown cloud %q; there are %s", cloud, strings.Join(service.Clouds(), ", "))
	}
	return s, nil
}

func fromName(name, cloud string) (Target, error) {
	s, err := serviceOf(cloud)
	if err != nil {
		return Target{}, err
	}
	if err := checkName(name); err != nil {
		return Target{}, err
	}
	host, err := s.Host(name)
	return Target{Service: s, Vault: strings.ToLower(name), Host: host}, err
}

// checkName holds a name against what Azure allows,
// learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
func checkName(name string) error {
	switch {
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
		return fmt.Errorf("%.40q is no vault name: only letters, digits and hyphens may stand in one", name)
	case len(name) < 3 || len(name) > 24:
		return fmt.Errorf("%.40q is no vault name: it has %d characters, Azure allows 3 to 24", name, len(name))
	case name[0] >= '0' && name[0] <= '9', name[0] == '-', strings.HasSuffix(name, "-"), strings.Contains(name, "--"):
		return fmt.Errorf("%q is no vault name: it begins with a letter, ends with a letter or digit, and has no double hyphen", name)
	}
	return nil
}

func fromID(id, cloud string) (Target, error) {
	lower := strings.ToLower(strings.TrimSuffix(id, "/"))
	if _, name, ok := strings.Cut(lower, "/providers/microsoft.keyvault/managedhsms/"); ok {
		name, _, _ = strings.Cut(name, "/")
		return Target{}, fmt.Errorf("%s is a managed HSM, which is not supported yet", name)
	}
	_, rest, ok := strings.Cut(lower, "/providers/microsoft.keyvault/vaults/")
	if !ok {
		return Target{}, fmt.Errorf("%.120q is not the id of a key vault (…/providers/Microsoft.KeyVault/vaults/NAME)", id)
	}
	name, _, _ := strings.Cut(rest, "/")
	t, err := fromName(name, cloud)
	if err != nil {
		return Target{}, err
	}
	t.ID = id
	return t, nil
}

func fromURL(text, cloud string) (Target, error) {
	u, err := url.Parse(text)
	if problem, ok := errors.AsType[*url.Error](err); ok { // which repeats the text
		err = problem.Err
	}
	switch {
	case err != nil:
		return Target{}, fmt.Errorf("%.120q is no URL: %w", text, err)
	case u.Scheme != "https":
		return Target{}, fmt.Errorf("a vault's URL begins with https, not %s", u.Scheme)
	case u.User != nil: // not shown: it may hold a password
		return Target{}, errors.New("a vault's URL holds no credentials: leave out what stands before the @")
	case u.Hostname() == "":
		return Target{}, fmt.Errorf("%.120q names no host", text)
	case u.Port() != "" && u.Port() != "443":
		return Target{}, fmt.Errorf("a vault answers on port 443, not on %s", u.Port())
	}
	return fromHost(u.Hostname(), cloud)
}

// fromHost finds the vault that a hostname is meant for.
func fromHost(text, cloud string) (Target, error) {
	host, err := dnsname.Parse(text)
	if err != nil {
		return Target{}, err
	}
	if strings.Contains(host.String(), ".managedhsm.") {
		return Target{}, fmt.Errorf("%s is a managed HSM, which is not supported yet", host.Host())
	}
	for _, s := range service.KeyVaults() {
		for _, domain := range []dnsname.Name{s.Suffix, s.Zone, s.Core} {
			if name, ok := host.RelativeTo(domain); ok && host.Parent() == domain && host != s.Zone {
				return inCloud(name, host, s, cloud)
			}
		}
	}
	return Target{}, fmt.Errorf("%s is no name of a key vault; one looks like NAME.%s", host.Host(), service.KeyVaults()[0].Suffix.Host())
}

// inCloud settles which cloud is meant: the one asked for, else the hostname's.
func inCloud(name string, host dnsname.Name, s service.Service, cloud string) (Target, error) {
	if err := checkName(name); err != nil {
		return Target{}, err
	}
	if cloud == "" {
		return Target{Service: s, Vault: name, Host: host}, nil
	}
	wanted, err := serviceOf(cloud)
	return Target{Service: wanted, Vault: name, Host: host}, err
}
