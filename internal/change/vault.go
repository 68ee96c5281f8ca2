package change

import (
	"pldoctor/internal/world"
)

// SetDeleted soft-deletes a vault, or recovers one. A soft-deleted vault keeps
// its name in the public DNS until its retention ends
// (learn.microsoft.com/azure/key-vault/general/soft-delete-overview).
type SetDeleted struct {
	Vault   world.ID
	Deleted bool
}

// Apply marks the vault.
func (c SetDeleted) Apply(w *world.World) *world.World {
	v, ok := w.Vault(c.Vault)
	if !ok || v.Deleted == c.Deleted {
		return w
	}
	changed := *v
	changed.Deleted = c.Deleted
	return put(w, &changed)
}

// Title says what is done.
func (c SetDeleted) Title(w *world.World) string {
	if c.Deleted {
		return "Delete the key vault " + nameOf(w, c.Vault)
	}
	return "Recover the key vault " + nameOf(w, c.Vault) + " from soft-delete, and check its private endpoint connections"
}

// Commands delete or recover the vault.
func (c SetDeleted) Commands(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	if c.Deleted {
		return az("keyvault delete", in(v.Meta), "--name", quote(v.Name()))
	}
	return az("keyvault recover", in(v.Meta), "--name", quote(v.Name()))
}

// Verify lists the vaults that are soft-deleted.
func (c SetDeleted) Verify(*world.World) []string {
	return az("keyvault list-deleted --resource-type vault --query \"[].name\" --output tsv")
}

// PurgeVault deletes a vault for good: its name leaves the public DNS, and its
// private endpoints stay behind without a target.
type PurgeVault struct{ Vault world.ID }

// Apply removes the vault.
func (c PurgeVault) Apply(w *world.World) *world.World {
	if _, ok := w.Vault(c.Vault); !ok {
		return w
	}
	edits := []world.Edit{world.Remove(c.Vault)}
	for e := range w.EndpointsOf(c.Vault) {
		end := *e
		end.Status = world.Disconnected
		edits = append(edits, world.Put(&end))
	}
	return w.With(edits...)
}

// Title says what is done.
func (c PurgeVault) Title(w *world.World) string {
	return "Delete and purge the key vault " + nameOf(w, c.Vault)
}

// Commands delete and purge the vault.
func (c PurgeVault) Commands(w *world.World) []string {
	v, ok := w.Vault(c.Vault)
	if !ok {
		return nil
	}
	return append(SetDeleted{c.Vault, true}.Commands(w), az("keyvault purge --name", quote(v.Name()))...)
}

// Verify lists the vaults that are left.
func (c PurgeVault) Verify(*world.World) []string {
	return az("keyvault list --query \"[].name\" --output tsv")
}
