package cli

import (
	"cmp"

	"pldoctor/internal/doctor"
	"pldoctor/internal/snapshot"
)

// manyGaps is how many gaps are told one by one.
const manyGaps = 5

// lacks tells what a collection does not hold, before it is masked: a file that
// somebody else will judge is best mended by who can still read.
func (c *collection) lacks(app *App, s snapshot.Snapshot, targets []doctor.Target) {
	if !c.isRead {
		return
	}
	for _, t := range targets {
		if !s.Holds("microsoft.keyvault/vaults", t.Vault) {
			app.say("%s is not among the resources: there is no such vault, or this account may not read it", t.Vault)
		}
	}
	if len(s.Unread) == 0 {
		return
	}
	app.say("parts that could not be read, and count as unknown: %d", len(s.Unread))
	for i, u := range s.Unread {
		if i == manyGaps {
			app.say("  and %d more, which the file names under \"unread\"", len(s.Unread)-i)
			return
		}
		app.say("  %s", gap(u))
	}
}

// gap describes a part that was not read.
func gap(u snapshot.Unread) string {
	text := cmp.Or(u.Type, "all types")
	if u.Near != "" {
		text += " at " + string(u.Near)
	}
	text += ": " + u.Why
	if u.Permission != "" {
		text += "; it takes " + u.Permission
	}
	return text
}
