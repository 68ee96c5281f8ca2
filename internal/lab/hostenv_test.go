package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

func TestEnvOfAHost(t *testing.T) {
	app := vm("app", "10.1.0.10")
	app.Addresses = addrs("fd00::10")
	app.HostsFile = "# nothing\n10.9.9.9 other.example\n"
	app.Hosts = settings.ParseHosts(app.HostsFile)
	app.Search, app.Ndots = []string{"corp.example"}, 5
	app.Split = []world.Forward{{Domain: dnsname.MustParse("vault.azure.net"), To: addrs("10.1.0.4")}}
	app.Environ = map[string]string{"HTTPS_PROXY": "http://10.1.0.9:3128"}
	l := start(t, Options{}, app)
	defer l.Close()
	e := on(t, l, "app")
	r, err := e.Resolvers(t.Context())
	if got := fmt.Sprintf("%v %v %v %d %s", r.Servers, r.Split, r.Search, r.Ndots, r.Source); err != nil ||
		got != "[168.63.129.16] map[vault.azure.net.:[10.1.0.4]] [corp.example] 5 /etc/resolv.conf" {
		t.Errorf("resolvers %s, %v", got, err)
	}
	if text, path, err := e.HostsFile(); text != app.HostsFile || path != "/etc/hosts" || err != nil {
		t.Errorf("hosts file %q at %s, %v", text, path, err)
	}
	if got := e.Addresses(); !slices.Equal(got, addrs("10.1.0.10", "fd00::10")) {
		t.Errorf("addresses %v", got)
	}
	if got := e.Getenv("HTTPS_PROXY") + e.Getenv("WEBSITE_SITE_NAME"); got != "http://10.1.0.9:3128" {
		t.Errorf("environment %q", got)
	}
	if !e.Exists("/etc/resolv.conf") || e.Exists("/.dockerenv") {
		t.Error("files")
	}
	if _, err := l.Env(world.HostID("nobody")); err == nil {
		t.Error("a host that is not there has an Env")
	}
}

// TestPlatforms: each platform can be told by its marks, and by no other's.
func TestPlatforms(t *testing.T) {
	marks := func(h *world.Host) string {
		var seen []string
		for _, key := range []string{"KUBERNETES_SERVICE_HOST", "WEBSITE_SITE_NAME", "WEBSITE_PRIVATE_IP", "FUNCTIONS_EXTENSION_VERSION", "ACC_CLOUD"} {
			if v := getenv(h)(key); v != "" {
				seen = append(seen, key+"="+v)
			}
		}
		for _, path := range []string{"/.dockerenv", serviceAccount} {
			if exists(h)(path) {
				seen = append(seen, path)
			}
		}
		return strings.Join(seen, " ")
	}
	want := map[world.Runs]string{
		world.OnVM: "", world.OnManaged: "", world.OnAppGateway: "",
		world.OnContainer:  "/.dockerenv",
		world.OnAKS:        "KUBERNETES_SERVICE_HOST=10.0.0.1 " + serviceAccount,
		world.OnAppService: "WEBSITE_SITE_NAME=app WEBSITE_PRIVATE_IP=10.1.0.10",
		world.OnFunction:   "WEBSITE_SITE_NAME=app WEBSITE_PRIVATE_IP=10.1.0.10 FUNCTIONS_EXTENSION_VERSION=~4",
		world.OnCloudShell: "ACC_CLOUD=PROD",
	}
	for _, runs := range slices.Sorted(maps.Keys(want)) {
		h := vm("app", "10.1.0.10")
		h.Runs = runs
		if got := marks(h); got != want[runs] {
			t.Errorf("%s: got %q, want %q", runs, got, want[runs])
		}
	}
	h := vm("app", "10.1.0.10")
	h.Runs, h.Integrated = world.OnAppService, world.No
	if got := getenv(h)("WEBSITE_PRIVATE_IP"); got != "" {
		t.Errorf("an app without integration has the private address %s", got)
	}
}
