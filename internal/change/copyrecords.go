package change

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// CopyRecords writes the A records that a zone holds of vaults into another
// zone, the one of private link, where that has none of the same vault.
type CopyRecords struct{ From, To world.ID }

// Apply adds the records.
func (c CopyRecords) Apply(w *world.World) *world.World {
	to, ok := w.Zone(c.To)
	records := c.records(w)
	if !ok || len(records) == 0 {
		return w
	}
	changed := *to
	changed.Records = append(slices.Clone(to.Records), records...)
	return put(w, &changed)
}

// records are those that the other zone lacks, as they will be there.
func (c CopyRecords) records(w *world.World) []world.Record {
	from, ok := w.Zone(c.From)
	to, known := w.Zone(c.To)
	if !ok || !known {
		return nil
	}
	var records []world.Record
	for _, r := range from.Records {
		vault, ok := vaultOf(w, from, r.Label)
		if _, stands := to.Record(vault, world.TypeA); !ok || stands || r.Type != world.TypeA || len(r.Addrs) == 0 {
			continue
		}
		records = append(records, world.Record{
			Meta: world.At(to.Path + "/A/" + vault), Label: vault, Type: world.TypeA, TTL: r.TTL, Addrs: r.Addrs,
		})
	}
	return records
}

// vaultOf returns the vault that a label of a zone is about, in a zone of the
// service's public names, of one above, or of a name near that of private link.
func vaultOf(w *world.World, z *world.Zone, label string) (string, bool) {
	s := w.Service()
	name := label
	if s.Suffix.Under(z.Domain) || s.Zone.Under(z.Domain) {
		full := strings.ToLower(label) + "." + z.Domain.Host()
		below, ok := strings.CutSuffix(full, "."+s.Suffix.Host())
		if !ok {
			below, ok = strings.CutSuffix(full, "."+s.Zone.Host())
		}
		if !ok {
			return "", false
		}
		name = below
	}
	return name, name != "" && !strings.ContainsAny(name, ".*@")
}

// Title says what is done, vault by vault.
func (c CopyRecords) Title(w *world.World) string {
	var texts []string
	for _, r := range c.records(w) {
		texts = append(texts, fmt.Sprintf("%s (%s)", r.Label, join(r.Addrs)))
	}
	return fmt.Sprintf("Write the records of other vaults in the zone %s into the zone %s as well: %s",
		nameOf(w, c.From), nameOf(w, c.To), listed(texts))
}

// Commands create the records.
func (c CopyRecords) Commands(w *world.World) []string {
	to, ok := w.Zone(c.To)
	if !ok {
		return nil
	}
	var commands []string
	for _, r := range c.records(w) {
		commands = append(commands, createRecord(to, r.Label, r.TTL)...)
		for _, a := range r.Addrs {
			commands = append(commands, editRecord(to, "add", r.Label, a)...)
		}
	}
	return commands
}

// Verify lists the zone's A records.
func (c CopyRecords) Verify(w *world.World) []string { return RemoveRecord{Zone: c.To}.Verify(w) }

// named is how many names a sentence gives before it counts the rest.
const named = 5

// listed are names in a sentence.
func listed(names []string) string {
	if n := len(names); n > named {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:named], ", "), n-named)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
