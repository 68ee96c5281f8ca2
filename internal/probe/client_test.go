package probe

import (
	"testing"

	"pldoctor/internal/settings"
)

func TestRuns(t *testing.T) {
	for _, tt := range []struct {
		want settings.Runs
		env  map[string]string
		file string
	}{
		{want: "machine"},
		{want: "cloud-shell", env: map[string]string{"ACC_CLOUD": "PROD"}, file: "/.dockerenv"},
		{want: "cloud-shell", env: map[string]string{"AZUREPS_HOST_ENVIRONMENT": "cloud-shell/1.0"}},
		{want: "machine", env: map[string]string{"AZUREPS_HOST_ENVIRONMENT": "ADO"}},
		{want: "function", env: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "python", "WEBSITE_SITE_NAME": "f"}},
		{want: "app-service", env: map[string]string{"WEBSITE_SITE_NAME": "shop"}},
		{want: "app-service", env: map[string]string{"WEBSITE_INSTANCE_ID": "1"}, file: "/.dockerenv"},
		{want: "aks-pod", env: map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, file: "/.dockerenv"},
		{want: "container", file: "/.dockerenv"},
		{want: "container", file: "/run/.containerenv"},
		{want: "wsl", env: map[string]string{"WSL_DISTRO_NAME": "Debian"}},
	} {
		e := (&host{env: tt.env}).Env()
		e.Exists = func(path string) bool { return path == tt.file }
		if got := runs(e); got != tt.want {
			t.Errorf("%v %s: %q, want %q", tt.env, tt.file, got, tt.want)
		}
	}
}
