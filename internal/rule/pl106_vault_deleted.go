package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// PL106: the vault is soft-deleted.
var pl106 = &Rule{
	Code: "PL106", Slug: "vault-deleted", Severity: Error, Owner: OwnerVault, Stage: fact.StageAccess,
	Title: "the vault is soft-deleted, and its name may still resolve",
	Doc: Doc{
		Symptom: "The name resolves and the connection works, and every operation fails. With which error public material does not show; 404 is taken for it here.",
		Cause:   "A deleted vault is kept for its retention period, 7 to 90 days, and its name stays in the public DNS for as long. Nothing can be read from it before it is recovered.",
		Apart:   "With PL104 the name is gone as well. A 404 for one secret alone, `SecretNotFound`, is about that secret. With PL705 the Host header names a vault that is not there. Through a proxy that reaches the public side the client sees the same as with PL804.",
		Fix:     "The vault's owner recovers it (`az keyvault recover`), then looks at its private endpoint connections: they may have to be approved or created again.",
		Verify: []string{
			"az keyvault list-deleted --resource-type vault --query \"[].{name:name, purge:properties.scheduledPurgeDate}\" --output table   # lists it",
		},
		Article: notCovered,
		Errata:  "The article does not mention soft-delete, after which the name still resolves.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
			"https://learn.microsoft.com/azure/key-vault/general/key-vault-recovery",
		},
	},
	Eval: func(c *Case) Result {
		switch {
		case c.Resource != nil && c.Resource.Deleted:
			return Fail(fmt.Sprintf("the key vault %s is soft-deleted: its name still resolves, and every operation is answered with 404", c.Resource.Name()),
				read(c.Resource.Path, "is soft-deleted"))
		case c.answersNoVault():
			return Fail(fmt.Sprintf("the service answers that there is no vault %s although its name resolves: it is soft-deleted", c.Vault), c.told()...)
		case c.Resource != nil && !c.Resource.Foreign:
			return Pass("the key vault is there")
		case c.Journey.Access.Outcome == fact.OK, c.Journey.Access.Denial != service.NotDenied:
			return Pass("the vault answers as one that is there")
		}
		return Unknown("no operation of the vault was tried")
	},
	Breaks: func(s Site) []Break { return []Break{{change.SetDeleted{Vault: s.Vault.ID, Deleted: true}}} },
	Mends: func(c *Case) []change.Change {
		if c.Resource == nil {
			return nil
		}
		return []change.Change{change.SetDeleted{Vault: c.Resource.ID}}
	},
}

// answersNoVault tells whether the service said that there is no such vault.
func (c *Case) answersNoVault() bool {
	if c.Journey.Access.Denial == service.DeniedNoVault {
		return true
	}
	return c.Seen != nil && slices.ContainsFunc(c.Seen.Requests, func(q fact.Request) bool { return q.Denial == service.DeniedNoVault })
}
