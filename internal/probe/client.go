package probe

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/settings"
)

// hostsLines are the lines of the hosts file that name the vault.
func hostsLines(e env.Env, p Plan) []fact.HostsLine {
	text, _, err := e.HostsFile()
	if err != nil {
		return nil
	}
	var lines []fact.HostsLine
	for _, entry := range settings.ParseHosts(text) {
		if entry.Name == p.Host || entry.Name == p.VaultHost || entry.Name == p.Alias {
			lines = append(lines, fact.HostsLine{Name: entry.Name, Addr: entry.Addr, Line: entry.Line})
		}
	}
	return lines
}

// client is what the host's own settings say. A proxy's credentials are left
// out: settings.Proxy has no place for them.
func client(e env.Env, name string, p Plan, r env.Resolvers) fact.Client {
	c := fact.Client{
		Host: name, Runs: string(runs(e)), Addresses: e.Addresses(),
		Resolvers: r.Servers, Uplinks: r.Uplinks, Search: r.Search, Ndots: r.Ndots,
		HostsFile: p.Hosts, Proxy: p.Proxy.Server(), ProxySource: p.Proxy.Variable, ProxyFault: p.Proxy.Fault,
	}
	if len(r.Split) > 0 {
		c.Split = slices.Sorted(maps.Keys(r.Split))
		c.Scoped = scoped(r)
	}
	if len(p.Hosts) > 0 {
		_, c.HostsPath, _ = e.HostsFile() // the lines came from there
	}
	return c
}

// scoped are the domains with servers of their own, the longest first.
func scoped(r env.Resolvers) []fact.Scope {
	var list []fact.Scope
	for domain, servers := range r.Split {
		if name, err := dnsname.Parse(domain); err == nil {
			list = append(list, fact.Scope{Domain: name, Servers: servers})
		}
	}
	slices.SortFunc(list, func(a, b fact.Scope) int {
		return cmp.Or(len(b.Domain.String())-len(a.Domain.String()), cmp.Compare(a.Domain.String(), b.Domain.String()))
	})
	return list
}

// platforms betray themselves by variables that they set (Azure Cloud Shell,
// learn.microsoft.com/azure/app-service/reference-app-settings,
// kubernetes.io/docs/concepts/services-networking/service) or by files. The
// first that does names the platform: Functions set App Service's variables,
// and Cloud Shell is a container.
var platforms = []struct {
	runs      settings.Runs
	variables []string
	files     []string
}{
	{runs: settings.RunsCloudShell, variables: []string{"ACC_CLOUD"}},
	{runs: settings.RunsFunction, variables: []string{"FUNCTIONS_WORKER_RUNTIME"}},
	{runs: settings.RunsAppService, variables: []string{"WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"}},
	{runs: settings.RunsAKS, variables: []string{"KUBERNETES_SERVICE_HOST"}},
	{runs: settings.RunsContainer, files: []string{"/.dockerenv", "/run/.containerenv"}},
	{runs: settings.RunsWSL, variables: []string{"WSL_DISTRO_NAME"}},
}

// runs says on what the host's programs run: a machine where nothing tells. That
// it is a virtual one of Azure, a program could only ask of its metadata service.
func runs(e env.Env) settings.Runs {
	if strings.HasPrefix(e.Getenv("AZUREPS_HOST_ENVIRONMENT"), "cloud-shell") { // followed by a version
		return settings.RunsCloudShell
	}
	for _, p := range platforms {
		set := func(key string) bool { return e.Getenv(key) != "" }
		if slices.ContainsFunc(p.variables, set) || slices.ContainsFunc(p.files, e.Exists) {
			return p.runs
		}
	}
	return settings.RunsMachine
}
