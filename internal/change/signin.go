package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// SignIn makes the programs on a host present a token that the vault accepts.
type SignIn struct{ Host, Vault world.ID }

// Apply gives the host an accepted token of an identity that may read.
func (c SignIn) Apply(w *world.World) *world.World {
	return Grant{c.Host, c.Vault, world.Reader}.Apply(w)
}

// Title says what is done.
func (c SignIn) Title(w *world.World) string {
	return fmt.Sprintf("Let the program on %s get its token from the vault's tenant, for the resource %s", nameOf(w, c.Host), w.Service().Audience)
}

// Commands get such a token.
func (c SignIn) Commands(w *world.World) []string {
	tenant := "<tenant-of-the-vault>"
	if v, ok := w.Vault(c.Vault); ok && v.Tenant != "" {
		tenant = quote(v.Tenant)
	}
	return az("login --tenant", tenant, "--scope", w.Service().Audience+"/.default")
}

// Verify shows the tenant of the token.
func (c SignIn) Verify(w *world.World) []string {
	return az("account get-access-token --resource", w.Service().Audience, "--query tenant --output tsv")
}
