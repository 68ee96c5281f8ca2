package probe

import (
	"maps"
	"slices"
	"strings"

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
		Host: name, Runs: runs(e), Addresses: e.Addresses(),
		Resolvers: r.Servers, Search: r.Search, Ndots: r.Ndots,
		HostsFile: p.Hosts, ProxySource: p.Proxy.Variable,
	}
	if len(r.Split) > 0 {
		c.Split = slices.Sorted(maps.Keys(r.Split))
	}
	if len(p.Hosts) > 0 {
		_, c.HostsPath, _ = e.HostsFile() // the lines came from there
	}
	if !p.Proxy.Direct() {
		c.Proxy = p.Proxy.Server()
	}
	return c
}

// platforms betray themselves by variables that they set (Azure Cloud Shell,
// learn.microsoft.com/azure/app-service/reference-app-settings,
// kubernetes.io/docs/concepts/services-networking/service) or by files. The
// first that does names the platform: Functions set App Service's variables,
// and Cloud Shell is a container.
var platforms = []struct {
	runs      string
	variables []string
	files     []string
}{
	{runs: "cloud-shell", variables: []string{"ACC_CLOUD"}},
	{runs: "function", variables: []string{"FUNCTIONS_WORKER_RUNTIME"}},
	{runs: "app-service", variables: []string{"WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"}},
	{runs: "aks-pod", variables: []string{"KUBERNETES_SERVICE_HOST"}},
	{runs: "container", files: []string{"/.dockerenv", "/run/.containerenv"}},
	{runs: "wsl", variables: []string{"WSL_DISTRO_NAME"}},
}

// runs says on what the host's programs run, "vm" where nothing tells.
func runs(e env.Env) string {
	if strings.HasPrefix(e.Getenv("AZUREPS_HOST_ENVIRONMENT"), "cloud-shell") { // followed by a version
		return "cloud-shell"
	}
	for _, p := range platforms {
		set := func(key string) bool { return e.Getenv(key) != "" }
		if slices.ContainsFunc(p.variables, set) || slices.ContainsFunc(p.files, e.Exists) {
			return p.runs
		}
	}
	return "vm"
}
