package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// PL709: the network is good.
var pl709 = &Rule{
	Code: "PL709", Slug: "not-authorized", Severity: Error, Owner: OwnerIdentity, Stage: fact.StageAccess, Weight: 1,
	Title: "the network is good, and the caller lacks a role or an access policy",
	Doc: Doc{
		Symptom: "403 `ForbiddenByRbac` (`Caller is not authorized to perform action on resource`), `AccessDenied` (`… does not have secrets get permission on key vault …`) or `ForbiddenByPolicy`.",
		Cause:   "The vault let the connection in, knew the caller, and found no role assignment (vaults with RBAC) or access policy that allows the operation; with `ForbiddenByPolicy` the access policy wants the on-behalf-of flow. Role assignments take minutes to work. Owner and Contributor read no secrets.",
		Apart:   "Every 403 for the network's sake names the connection, an address or public network access (PL302, PL303, PL307, PL704). With PL710 the token itself is not accepted, which is a 401.",
		Fix:     "Whoever grants access gives the caller's identity (the `oid` of the message) a data-plane role, such as Key Vault Secrets User, or an access policy. Change nothing about private link or DNS.",
		Verify: []string{
			"az keyvault show --name <vault> --query properties.enableRbacAuthorization   # true: roles count; false: access policies",
			"az role assignment list --assignee <object-id-of-the-caller> --scope <resource-id-of-the-vault> --include-inherited --output table   # no data-plane role",
		},
		Article: notCovered,
		Errata:  "The article does not cover authorization, and a 403 for it looks like one for the network's sake at first sight.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/rbac-guide",
			"https://github.com/turbot/steampipe-plugin-azure/issues/127",
			"https://github.com/piyushsachdeva/Terraform_AKS/issues/2",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeIdentity(func() string {
			return fmt.Sprintf("%s lets the connection in and refuses the caller (%s): the identity of %s lacks %s; the network is good",
				c.Vault, c.Journey.Access.Denial, c.who(), c.lacks())
		}, service.DeniedRBAC, service.DeniedPolicy, service.DeniedOBO)
	},
	Breaks: func(s Site) []Break {
		return []Break{{change.Grant{Host: s.Client.ID, Vault: s.Vault.ID, Identity: world.NoRole}}}
	},
	Mends: func(c *Case) []change.Change { return c.grant() },
}

func (c *Case) lacks() string {
	switch c.Journey.Access.Denial {
	case service.DeniedPolicy:
		return "an access policy for the operation"
	case service.DeniedOBO:
		return "the on-behalf-of flow that the vault's policy asks for"
	}
	return "a role assignment for the operation"
}

// grant gives the caller what it needs.
func (c *Case) grant() []change.Change {
	if c.Client == nil || c.Resource == nil {
		return nil
	}
	return []change.Change{change.Grant{Host: c.Client.ID, Vault: c.Resource.ID, Identity: world.Reader}}
}
