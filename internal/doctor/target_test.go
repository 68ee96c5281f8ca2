package doctor

import (
	"strings"
	"testing"
)

// TestParseTarget: "VAULT HOSTNAME CLOUD" of what a user can write, and what is
// said of what is wrong.
func TestParseTarget(t *testing.T) {
	const id = "/subscriptions/0000/resourceGroups/RG/providers/Microsoft.KeyVault/"
	const public = "fabrikam fabrikam.vault.azure.net AzureCloud"
	for _, tt := range []struct{ text, cloud, want, problem string }{
		{text: "fabrikam", want: public},
		{text: "Fabrikam", want: public},
		{text: "fabrikam", cloud: "azureusgovernment", want: "fabrikam fabrikam.vault.usgovcloudapi.net AzureUSGovernment"},
		{text: "a-1", want: "a-1 a-1.vault.azure.net AzureCloud"},
		{text: "abcdefghijklmnopqrstuvwx", want: "abcdefghijklmnopqrstuvwx abcdefghijklmnopqrstuvwx.vault.azure.net AzureCloud"},

		{text: "fabrikam.vault.azure.net", want: public},
		{text: "FABRIKAM.Vault.Azure.NET.", want: public},
		{text: "fabrikam.vault.azure.net/", want: public},
		{text: "fabrikam.vault.azure.cn", want: "fabrikam fabrikam.vault.azure.cn AzureChinaCloud"},
		{text: "fabrikam.vault.azure.cn", cloud: "AzureCloud", want: "fabrikam fabrikam.vault.azure.cn AzureCloud"}, // PL105
		{text: "fabrikam.privatelink.vaultcore.azure.net", want: "fabrikam fabrikam.privatelink.vaultcore.azure.net AzureCloud"},
		{text: "fabrikam.privatelink.vaultcore.usgovcloudapi.net", want: "fabrikam fabrikam.privatelink.vaultcore.usgovcloudapi.net AzureUSGovernment"},
		{text: "fabrikam.vaultcore.azure.net", want: "fabrikam fabrikam.vaultcore.azure.net AzureCloud"},

		{text: "https://fabrikam.vault.azure.net", want: public},
		{text: "HTTPS://FABRIKAM.vault.azure.net:443/", want: public},
		{text: "https://fabrikam.vault.azure.net/secrets/db/0123456789abcdef?api-version=7.4#x", want: public},
		{text: "https://fabrikam.privatelink.vaultcore.azure.net/", want: "fabrikam fabrikam.privatelink.vaultcore.azure.net AzureCloud"},

		{text: id + "vaults/Fabrikam", want: public},
		{text: strings.ToUpper(id) + "VAULTS/fabrikam/", want: public},
		{text: id + "vaults/fabrikam/secrets/db", want: public},
		{text: id + "vaults/fabrikam", cloud: "AzureChinaCloud", want: "fabrikam fabrikam.vault.azure.cn AzureChinaCloud"},

		{text: "", problem: "the vault's name is empty"},
		{text: "ab", problem: `"ab" is no vault name: it has 2 characters, Azure allows 3 to 24`},
		{text: "abcdefghijklmnopqrstuvwxy", problem: `"abcdefghijklmnopqrstuvwxy" is no vault name: it has 25 characters, Azure allows 3 to 24`},
		{text: "fab_rikam", problem: `"fab_rikam" is no vault name: only letters, digits and hyphens may stand in one`},
		{text: "fab rikam", problem: `"fab rikam" is no vault name: only letters, digits and hyphens may stand in one`},
		{text: "fabriKam\x1b[2J", problem: `"fabriKam\x1b[2J" is no vault name: only letters, digits and hyphens may stand in one`},
		{text: "fabri\u212aam", problem: "\"fabri\u212aam\" is no vault name: only letters, digits and hyphens may stand in one"}, // the Kelvin sign
		{text: "1fabrikam", problem: `"1fabrikam" is no vault name: it begins with a letter, ends with a letter or digit, and has no double hyphen`},
		{text: "fabrikam-", problem: `"fabrikam-" is no vault name: it begins with a letter, ends with a letter or digit, and has no double hyphen`},
		{text: "fab--rikam", problem: `"fab--rikam" is no vault name: it begins with a letter, ends with a letter or digit, and has no double hyphen`},
		{text: "fabrikam", cloud: "AzureMars", problem: `unknown cloud "AzureMars"; there are AzureCloud, AzureUSGovernment, AzureChinaCloud`},

		{text: "fabrikam.example.com", problem: "fabrikam.example.com is no name of a key vault; one looks like NAME.vault.azure.net"},
		{text: "vault.azure.net", problem: "vault.azure.net is no name of a key vault; one looks like NAME.vault.azure.net"},
		{text: "privatelink.vaultcore.azure.net", problem: "privatelink.vaultcore.azure.net is no name of a key vault; one looks like NAME.vault.azure.net"},
		{text: "a.fabrikam.vault.azure.net", problem: "a.fabrikam.vault.azure.net is no name of a key vault; one looks like NAME.vault.azure.net"},
		{text: "ab.vault.azure.net", problem: `"ab" is no vault name: it has 2 characters, Azure allows 3 to 24`},
		{text: "fabrikam..vault.azure.net", problem: `name "fabrikam..vault.azure.net": empty label`},
		{text: "fabrikam.vault.azure.net:443", want: public},
		{text: "fabrikam.vault.azure.net:8443", problem: "a vault answers on port 443, not on 8443"},
		{text: "https://fabrikam.vault.azure.net:80/", problem: "a vault answers on port 443, not on 80"},
		{text: "https://user:pw@fabrikam.vault.azure.net/keys/k", problem: "a vault's URL holds no credentials: leave out what stands before the @"},
		{text: "user@fabrikam.vault.azure.net", problem: "a vault's URL holds no credentials: leave out what stands before the @"},
		{text: "10.1.2.3", problem: "10.1.2.3 is no name of a key vault; one looks like NAME.vault.azure.net"},
		{text: "hsm.managedhsm.azure.net", problem: "hsm.managedhsm.azure.net is a managed HSM, which is not supported yet"},
		{text: "https://hsm.privatelink.managedhsm.azure.net/keys/k", problem: "hsm.privatelink.managedhsm.azure.net is a managed HSM, which is not supported yet"},
		{text: "fabrikam.vault.azure.net", cloud: "AzureMars", problem: `unknown cloud "AzureMars"; there are AzureCloud, AzureUSGovernment, AzureChinaCloud`},

		{text: "http://fabrikam.vault.azure.net", problem: "a vault's URL begins with https, not http"},
		{text: "https:///secrets/db", problem: `"https:///secrets/db" names no host`},
		{text: "https://fabrikam.vault.azure.net:port/", problem: `"https://fabrikam.vault.azure.net:port/" is no URL: invalid port ":port" after host`},
		{text: "https://fabrikam.example.com/", problem: "fabrikam.example.com is no name of a key vault; one looks like NAME.vault.azure.net"},

		{text: id + "managedHSMs/Hsm/keys/k", problem: "hsm is a managed HSM, which is not supported yet"},
		{text: id + "vaults/", problem: `"` + id + `vaults/" is not the id of a key vault (…/providers/Microsoft.KeyVault/vaults/NAME)`},
		{text: "/secrets/db", problem: `"/secrets/db" is not the id of a key vault (…/providers/Microsoft.KeyVault/vaults/NAME)`},
		{text: id + "vaults/x", problem: `"x" is no vault name: it has 1 characters, Azure allows 3 to 24`},
	} {
		got, err := ParseTarget(tt.text, tt.cloud)
		if err != nil {
			if err.Error() != tt.problem {
				t.Errorf("%q: error %v, want %s%s", tt.text, err, tt.problem, tt.want)
			}
			continue
		}
		said := got.Vault + " " + got.Host.Host() + " " + got.Service.Cloud.Name
		if said != tt.want {
			t.Errorf("%q: %s, want %s%s", tt.text, said, tt.want, tt.problem)
		}
		if isID := strings.HasPrefix(tt.text, "/"); isID != (got.ID == tt.text) || !isID && got.ID != "" {
			t.Errorf("%q: id %q", tt.text, got.ID)
		}
	}
}

func TestCheckHostHeader(t *testing.T) {
	for text, want := range map[string]bool{
		"fabrikam.vault.azure.net": true, "fabrikam.vault.azure.net:443": true, "gateway": true, "10.1.2.3:8443": true, "[fd00::5]": true, "[fd00::5]:443": true,
		"": false, "a b": false, "a\r\nAuthorization: x": false, "a\n": false, "a/b": false, "a:0": false, "a:": false, "a:https": false,
		"https://a": false, "fd00::5": false, "[fd00::5": false, "[10.1.2.3]": false, "[fe80::1%eth0]": false, "user@a": false, "a..b": false, "é": false,
	} {
		if err := CheckHostHeader(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzParseTarget: whatever is read names a vault that Azure could have, by a
// name that leads back to it.
func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{
		"fabrikam", "https://fabrikam.vault.azure.net/secrets/db", "fabrikam.privatelink.vaultcore.azure.cn", "hsm.managedhsm.azure.net",
		"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/fabrikam", "://", "*.vault.azure.net", "",
	} {
		f.Add(s, "")
	}
	f.Add("fabrikam.vault.azure.cn", "AzureCloud")
	f.Fuzz(func(t *testing.T, text, cloud string) {
		got, err := ParseTarget(text, cloud)
		if err != nil {
			return
		}
		if checkName(got.Vault) != nil || got.Vault != strings.ToLower(got.Vault) || got.Host.Label() != got.Vault || got.Service.Kind == "" {
			t.Fatalf("%q: %+v", text, got)
		}
		again, err := ParseTarget(got.Host.Host(), got.Service.Cloud.Name)
		if err != nil || again.Vault != got.Vault || again.Host != got.Host || again.Service.Cloud != got.Service.Cloud {
			t.Fatalf("%q: read again, %s is %+v, %v", text, got.Host.Host(), again, err)
		}
	})
}
