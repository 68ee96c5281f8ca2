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
		Symptom: "The name `<vault>.vault.azure.net` does not exist anywhere (NXDOMAIN, with no alias before it); the `az` command says `(VaultNotFound)`, programs say `no such host`.",
		Cause:   "Every vault, private or not, has a name in the public DNS from its creation until it is purged. Where there is none, the name is misspelt, the vault was never created, it was purged, or it is in another cloud.",
		Apart:   "With PL503 the name exists and its alias does not: the answer shows the alias before NXDOMAIN. With PL610 a private zone of yours hides the name; a public DNS server then knows it. With PL106 the vault is soft-deleted, and the name still resolves. With PL105 the name is another cloud's. Behind a proxy that answers 502, which is all that is seen of its way, PL205, PL604, PL605, PL608, PL611, PL806 and PL819 look the same.",
		Fix:     "Correct the vault's name in the application, or create the vault. Where only its bare name was given, look under the suffixes of the other clouds too, `vault.azure.net`, `vault.usgovcloudapi.net` and `vault.azure.cn`: a vault of that name there may be the one that is meant (PL105), or somebody else's.",
		Verify: []string{
			"az keyvault list --query \"[].name\" --output tsv   # the vaults of this subscription, with their right names",
			"host <vault>.vault.azure.net 8.8.8.8   # NXDOMAIN from a public DNS server, too",
		},
		Article: notCovered,
		Errata:  "The article takes it that the name exists.",
		Sources: []string{
			"https://github.com/Azure/azure-cli/issues/33226",
			"https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
		},
	},
	Eval: func(c *Case) Result {
		a := c.Journey.Answer
		if past, ok := c.past(); ok && c.proxied() { // the proxy's own answer is its secret
			a = past.Answer
		}
		if v, ok := c.firstHeard(); ok && (c.remembered() || c.proxied() || a.Outcome == fact.Unseen || a.Outcome.Failure()) {
			a = v.Host
		}
		switch {
		case a.Outcome == fact.OK || a.Alias || c.Journey.Exchange.Outcome == fact.OK && !c.remembered():
			return Pass("the name exists")
		case slices.ContainsFunc(c.views(), func(v fact.ServerView) bool { return v.Host.Alias || v.Host.Class == fact.PublicAddr }):
			return Pass("another server knows the name")
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

// remembered tells whether the client's address comes from its own machine and
// not from a DNS server: what servers say of the name is another matter.
func (c *Case) remembered() bool {
	return c.Journey.Resolver.Via == fact.ViaHostsFile || c.Journey.Resolver.Via == fact.ViaProgram || c.cached()
}

// firstHeard is what the first DNS server says that answers: those that the
// client is configured to ask come first. One that fails says nothing of a name
// of which another knows more.
func (c *Case) firstHeard() (fact.ServerView, bool) {
	views := c.views()
	i := slices.IndexFunc(views, func(v fact.ServerView) bool { return v.Host.Outcome != fact.Unseen && !v.Host.Outcome.Failure() })
	if i < 0 {
		i = slices.IndexFunc(views, func(v fact.ServerView) bool { return v.Host.Outcome != fact.Unseen })
	}
	if i < 0 {
		return fact.ServerView{}, false
	}
	v := views[i]
	if c.Predicted != nil { // which knows why
		if p, ok := serverViews(c.Predicted.Servers).of(v.Server); ok && p.Host.Outcome == v.Host.Outcome && p.Host.Alias == v.Host.Alias {
			v.Host = p.Host
		}
	}
	return v, true
}

// publicDenies tells whether a public DNS server said that the name does not
// exist.
func (c *Case) publicDenies() bool {
	return slices.ContainsFunc(c.views(), func(v fact.ServerView) bool {
		open := v.Role == fact.RolePublic || slices.Contains(world.PublicDNS, v.Server)
		return open && v.Host.Outcome == fact.NXDomain && !v.Host.Alias
	})
}
