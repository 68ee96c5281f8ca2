package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL104: no vault of that name is registered. Nothing mends it but another name,
// which is why its stage is that of the name.
var pl104 = &Rule{
	Code: "PL104", Slug: "vault-not-found", Severity: Error, Owner: OwnerClient, Stage: fact.StageName, Weight: 1,
	Title: "public DNS knows no such vault",
	Doc: Doc{
		Symptom: "NXDOMAIN for `<vault>.vault.azure.net` itself, without an alias; the `az` command says `(VaultNotFound)`, programs say `no such host`.",
		Cause:   "Every vault, private or not, has a name in the public DNS from its creation until it is purged. Where there is none, the name is misspelt, the vault was never created, it was purged, or it is in another cloud.",
		Apart:   "With PL503 the name exists and its alias does not: the answer shows the alias before NXDOMAIN. With PL610 a private zone hides the name; a public DNS server then knows it. With PL106 the vault is soft-deleted, and the name still resolves.",
		Fix:     "Correct the vault's name in the application, or create the vault.",
		Verify: []string{
			"az keyvault list --query \"[].name\" --output tsv",
			"host <vault>.vault.azure.net 8.8.8.8",
		},
		Article: notCovered,
		Errata:  "The article takes it that the name exists.",
		Sources: []string{
			"https://github.com/Azure/azure-cli/issues/33226",
			"https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
		},
	},
	Eval: func(c Case) Result {
		a := c.Journey.Answer
		if past, ok := c.past(); ok && c.proxied() { // the proxy's own answer is its secret
			a = past.Answer
		}
		switch {
		case a.Outcome == fact.OK || a.Alias || c.Journey.Exchange.Outcome == fact.OK:
			return Pass("the name exists")
		case c.Resource != nil:
			return Pass("the configuration holds the key vault " + c.Resource.Name())
		case c.Journey.Name.Outcome == fact.PrivatelinkName, c.Journey.Name.Outcome == fact.OtherCloud:
			return NotApplicable("the client does not use the vault's hostname")
		case a.Outcome != fact.NXDomain:
			return Unknown("no server was heard on whether the name exists")
		case a.Reason == fact.NotRegistered || c.publicDenies():
			return Fail(fmt.Sprintf("%s does not exist in the public DNS: there is no key vault %s in %s", c.Host.Host(), c.Vault, c.Service.Cloud.Name),
				c.seen(c.Host.Host(), "NXDOMAIN, and no alias before it"))
		case a.Reason != fact.NoReason:
			return Pass("a private DNS zone says that the name does not exist, not the public DNS")
		}
		return Unknown("the DNS server in use may hide the name; nobody asked a public one")
	},
	Breaks: func(s Site) []Break {
		purged := Break{change.PurgeVault{Vault: s.Vault.ID}}
		never := slices.Clone(purged) // a name that nobody ever gave to a vault
		for e := range s.World.EndpointsOf(s.Vault.ID) {
			never = append(never, change.DeleteEndpoint{Endpoint: e.ID})
		}
		for _, z := range s.zones() {
			never = append(never, change.RemoveRecord{Zone: z.ID, Label: s.Vault.Name()})
		}
		return []Break{purged, never}
	},
}

// publicDenies tells whether a public DNS server said that the name does not
// exist.
func (c Case) publicDenies() bool {
	return slices.ContainsFunc(c.views(), func(v fact.ServerView) bool {
		open := v.Role == fact.RolePublic || slices.Contains(world.PublicDNS, v.Server)
		return open && v.Host.Outcome == fact.NXDomain && !v.Host.Alias
	})
}
