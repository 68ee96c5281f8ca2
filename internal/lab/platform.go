package lab

import (
	"iter"
	"maps"
	"slices"

	"pldoctor/internal/world"
)

// A platform is what a program can see of what it runs on.
type platform struct {
	env   map[string]string
	files []string
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// platforms are the marks of each. On a virtual machine there are none that an
// on-premises machine could not have as well; on a managed service and an
// application gateway nothing of the customer's runs.
var platforms = map[world.Runs]platform{
	// Docker makes the file; containers elsewhere may lack it.
	world.OnContainer: {files: []string{"/.dockerenv"}},
	// kubernetes.io/docs/tasks/run-application/access-api-from-pod
	world.OnAKS: {
		env:   map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"},
		files: []string{serviceAccount, serviceAccount + "/token", serviceAccount + "/namespace", serviceAccount + "/ca.crt"},
	},
	// learn.microsoft.com/azure/app-service/reference-app-settings
	world.OnAppService: {env: map[string]string{"WEBSITE_SITE_NAME": "", "WEBSITE_INSTANCE_ID": instance, "WEBSITE_SKU": "Standard"}},
	// learn.microsoft.com/azure/azure-functions/functions-app-settings
	world.OnFunction: {env: map[string]string{
		"WEBSITE_SITE_NAME": "", "WEBSITE_INSTANCE_ID": instance, "WEBSITE_SKU": "ElasticPremium",
		"FUNCTIONS_EXTENSION_VERSION": "~4", "FUNCTIONS_WORKER_RUNTIME": "custom",
	}},
	// Azure/CloudShell, linux/base.Dockerfile, and the agent that sets ACC_*.
	world.OnCloudShell: {env: map[string]string{
		"ACC_CLOUD": "PROD", "ACC_LOCATION": "westeurope", "AZUREPS_HOST_ENVIRONMENT": "cloud-shell/1.0",
		"POWERSHELL_DISTRIBUTION_CHANNEL": "CloudShell",
	}},
}

const instance = "0000000000000000000000000000000000000000000000000000000000000001"

// getenv reads the environment of a host: its own before its platform's. An
// empty value of a platform stands for the host's name.
func getenv(h *world.Host) func(string) string {
	marks := platforms[h.Runs].env
	return func(key string) string {
		if value, ok := h.Environ[key]; ok {
			return value
		}
		if key == websiteIP && integrated(h) {
			return h.Address.String()
		}
		value, ok := marks[key]
		if ok && value == "" {
			return h.Name()
		}
		return value
	}
}

// environ is all that getenv knows.
func environ(h *world.Host) map[string]string {
	get, all := getenv(h), make(map[string]string)
	for _, keys := range []iter.Seq[string]{maps.Keys(h.Environ), maps.Keys(platforms[h.Runs].env), slices.Values([]string{websiteIP})} {
		for key := range keys {
			if value := get(key); value != "" {
				all[key] = value
			}
		}
	}
	return all
}

// websiteIP is the variable in which App Service tells an app its address.
const websiteIP = "WEBSITE_PRIVATE_IP"

// integrated tells whether a host is an app with an address in a VNet, which
// App Service then tells it.
func integrated(h *world.Host) bool {
	app := h.Runs == world.OnAppService || h.Runs == world.OnFunction
	return app && h.Integrated != world.No && h.Network != world.Internet && h.Address.IsValid()
}

// exists tells whether a file is on a host.
func exists(h *world.Host) func(string) bool {
	files := append([]string{hostsPath, resolvPath}, platforms[h.Runs].files...)
	return func(path string) bool { return slices.Contains(files, path) }
}
