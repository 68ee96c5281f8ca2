package conformance

import (
	"strings"
	"testing"
)

// Of the article's estate, as the World made of the scenario names it.
const (
	labVault = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lab/providers/Microsoft.KeyVault/vaults/fabrikam"
	labZone  = " -g lab -z privatelink.vaultcore.azure.net "
	secret   = " --resource https://vault.azure.net --url https://fabrikam.vault.azure.net/secrets/db?api-version=7.4 "
)

// A session is what somebody does with Azure's command line on one host: commands
// of a shell, and the last line that each prints.
type session struct {
	host  string
	lines []struct{ command, want string }
}

// sessions hold what works with Debian's azure-cli; docs/lab.md says what does
// not.
var sessions = map[string]session{
	"managed identity": {"admin", []struct{ command, want string }{
		{"az login --identity --query [0].user.name -o tsv", "systemAssignedIdentity"},
		{"az account show --query id -o tsv", "00000000-0000-0000-0000-000000000001"},
		{"az keyvault show -n fabrikam --query properties.vaultUri -o tsv", "https://fabrikam.vault.azure.net/"},
		{"az keyvault list --query [].id -o tsv", labVault},
		{"az keyvault network-rule list -n fabrikam --query defaultAction -o tsv", "Allow"},
		{"az keyvault private-link-resource list --vault-name fabrikam --query [].groupId -o tsv", "vault"},
		{"az network private-dns record-set a show" + labZone + "-n fabrikam --query aRecords[0].ipv4Address -o tsv", "10.1.2.3"},
		{"az network private-dns link vnet list" + labZone + "--query [].virtualNetworkLinkState -o tsv", "Completed"},
		{"az rest --method put" + secret + `--body '{"value":"one"}' --query value -o tsv`, "one"},
		{"az rest" + secret + "--query value -o tsv", "one"},
	}},
	"service principal": {"laptop", []struct{ command, want string }{
		{`az login --service-principal -u "$AZURE_CLIENT_ID" -p "$AZURE_CLIENT_SECRET" --tenant "$AZURE_TENANT_ID" --query [0].user.type -o tsv`, "servicePrincipal"},
		{"az rest --url " + labVault + "?api-version=2022-07-01 --query name -o tsv", "fabrikam"},
		{"az rest" + secret + "2>&1 | grep -o ForbiddenByConnection", "ForbiddenByConnection"},
	}},
	"no role": {"intruder", []struct{ command, want string }{
		{"az login --identity 2>&1 | grep -o 'No access was configured for the VM'", "No access was configured for the VM"},
		{"az login --identity --allow-no-subscriptions --query [0].state -o tsv", "Enabled"},
		{"az rest" + secret + "2>&1 | grep -o ForbiddenByRbac", "ForbiddenByRbac"},
	}},
}

// azureCLI has Azure's command line sign in and read. Who has signed in is in
// memory, as long as the host lives.
func azureCLI(t *testing.T, m machine) {
	for name, s := range sessions {
		t.Run("az with "+name, func(t *testing.T) {
			t.Parallel()
			var script, want []string
			for _, line := range s.lines {
				script = append(script, line.command+" | tail -n 1")
				want = append(want, line.want)
			}
			out, err := m.run(t, ours, s.host, "bash", "-c", strings.Join(script, "\n"))
			if got, want := strings.TrimSpace(out), strings.Join(want, "\n"); err != nil || got != want {
				t.Errorf("%v: got\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}
