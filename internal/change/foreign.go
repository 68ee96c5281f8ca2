package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// MakeForeign turns a vault into one of another tenant that has a private
// endpoint over there: here, only its public registration, with the alias, and
// its front end are left, and none of our endpoints is its any more.
type MakeForeign struct{ Vault world.ID }

// Apply replaces the vault, and removes our endpoints and their records.
func (c MakeForeign) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok || v.Foreign {
		return w
	}
	for _, e := range slices.Collect(w.EndpointsOf(v.ID)) {
		w = DeleteEndpoint{e.ID}.Apply(w)
	}
	for _, z := range slices.Collect(w.ZonesNamed(w.Service().Zone)) {
		w = RemoveRecord{z.ID, v.Name()}.Apply(w)
	}
	return w.With(world.Remove(v.ID), world.Put(&world.Vault{
		Meta:     world.Meta{ID: world.ForeignID(v.Name()), Path: v.Name()},
		Location: v.Location, Region: v.Region, PublicAddresses: v.PublicAddresses,
		PublicAccess: world.AccessEnabled, Alias: world.Yes, Foreign: true, Provisioning: world.Succeeded,
	}))
}

// Title says what is done.
func (c MakeForeign) Title(w *world.World) string {
	return fmt.Sprintf("Let the key vault %s be another tenant's, with a private endpoint there", nameOf(w, c.Vault))
}

// Commands are none.
func (MakeForeign) Commands(*world.World) []string { return nil }

// Verify looks for the vault among our own.
func (c MakeForeign) Verify(w *world.World) []string {
	return az("keyvault show --name", quote(nameOf(w, c.Vault)), "--query id --output tsv")
}
