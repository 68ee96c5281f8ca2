package change

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// SetZoneGroup lets the DNS zone group of a private endpoint write the record
// of the endpoint's vault into a zone, and keep it right. An endpoint has one
// group at most; where it has none, it gets one
// (learn.microsoft.com/azure/private-link/private-endpoint-dns-integration).
type SetZoneGroup struct {
	Endpoint, Zone world.ID
	Instead        world.ID // a zone that the group no longer names; "" where all stay
}

// Apply sets the group, and the records as it writes and removes them.
func (c SetZoneGroup) Apply(w *world.World) *world.World {
	e, ok := w.Endpoint(c.Endpoint)
	if _, known := w.Zone(c.Zone); !ok || !known {
		return w
	}
	vault := nameOf(w, e.Target)
	if z, ok := c.dropped(w, e); ok {
		w = RemoveRecord{z.ID, vault}.Apply(w)
	}
	changed := *e
	changed.Zones = append(c.kept(w, e), c.Zone)
	written := changed
	written.Zones = []world.ID{c.Zone}
	return register(put(w, &changed), &written, vault)
}

// kept are the other zones that the group goes on to name. Azure takes no group
// with one that does not exist.
func (c SetZoneGroup) kept(w *world.World, e *world.Endpoint) []world.ID {
	return slices.DeleteFunc(slices.Clone(e.Zones), func(id world.ID) bool {
		_, exists := w.Zone(id)
		return !exists || id == c.Zone || id == c.Instead
	})
}

// dropped is the zone that the group takes its record out of.
func (c SetZoneGroup) dropped(w *world.World, e *world.Endpoint) (*world.Zone, bool) {
	z, ok := w.Zone(c.Instead)
	return z, ok && c.Instead != c.Zone && z.Domain == w.Service().Zone && slices.Contains(e.Zones, z.ID)
}

// Title says what is done, and whose record goes.
func (c SetZoneGroup) Title(w *world.World) string {
	zone := world.Meta{ID: c.Zone, Path: pathOf(w, c.Zone)}
	title := fmt.Sprintf("Let the DNS zone group of the private endpoint %s write its record into the zone %s of the resource group %s",
		nameOf(w, c.Endpoint), zone.Name(), zone.Group())
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return title
	}
	if z, ok := c.dropped(w, e); ok {
		if r, stands := z.Record(nameOf(w, e.Target), world.TypeA); stands {
			title += fmt.Sprintf("; this takes the record %s (%s) out of the zone in the resource group %s", r.Label, join(r.Addrs), z.Group())
		}
	}
	return title + overwrites(w, e.Target, e, c.Zone)
}

// overwrites says which record of another endpoint of the vault a DNS zone
// group replaces; "" where it replaces none.
func overwrites(w *world.World, vault world.ID, by *world.Endpoint, zones ...world.ID) string {
	for _, id := range zones {
		z, ok := w.Zone(id)
		if !ok || z.Domain != w.Service().Zone {
			continue
		}
		r, stands := z.Record(nameOf(w, vault), world.TypeA)
		for e := range w.EndpointsOf(vault) {
			if stands && (by == nil || e.ID != by.ID) && len(e.Addresses) > 0 && slices.Contains(r.Addrs, e.Addresses[0]) {
				return fmt.Sprintf("; its record replaces that of %s (%s) for all clients of the zone", e.Name(), e.Addresses[0])
			}
		}
	}
	return ""
}

// Commands create the group or add the zone to it. Where the group has to forget a
// zone, or to write a record anew, that zone alone is taken out: to delete the whole
// group would take the records out of its other zones as well.
func (c SetZoneGroup) Commands(w *world.World) []string {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return nil
	}
	group, kept := cmp.Or(e.ZoneGroup, "default"), c.kept(w, e)
	switch {
	case e.ZoneGroup == "" && len(e.Zones) == 0:
		return createZoneGroup(w, e.Meta, group, c.Zone)
	case len(kept) == len(e.Zones):
		return zoneGroup(w, e.Meta, "add", group, len(kept), c.Zone)
	case len(kept) > 0 && len(kept) == len(e.Zones)-1:
		gone := slices.IndexFunc(e.Zones, func(id world.ID) bool { return !slices.Contains(kept, id) })
		commands := az("network private-endpoint dns-zone-group remove", in(e.Meta), "--endpoint-name", quote(e.Name()),
			"--name", quote(group), "--zone-name", configName(w, e.Meta, group, e.Zones[gone]))
		return append(commands, zoneGroup(w, e.Meta, "add", group, len(kept), c.Zone)...)
	}
	commands := az("network private-endpoint dns-zone-group delete", in(e.Meta), "--endpoint-name", quote(e.Name()), "--name", quote(group))
	return append(commands, createZoneGroup(w, e.Meta, group, append(kept, c.Zone)...)...)
}

// configName looks up what a group calls one of its zones.
func configName(w *world.World, endpoint world.Meta, group string, zone world.ID) string {
	query := fmt.Sprintf("privateDnsZoneConfigs[?ends_with(privateDnsZoneId, `%q`)].name", "/"+nameOf(w, zone))
	return fmt.Sprintf(`"$(az network private-endpoint dns-zone-group show %s --endpoint-name %s --name %s --query %s --output tsv)"`,
		in(endpoint), quote(endpoint.Name()), quote(group), quote(query))
}

// createZoneGroup creates the DNS zone group of an endpoint with its zones.
func createZoneGroup(w *world.World, endpoint world.Meta, group string, zones ...world.ID) []string {
	var commands []string
	verb := "create"
	for i, zone := range zones {
		commands = append(commands, zoneGroup(w, endpoint, verb, group, i, zone)...)
		verb = "add"
	}
	return commands
}

// zoneGroup creates a group with a zone, or adds the nth one.
func zoneGroup(w *world.World, endpoint world.Meta, verb, group string, n int, zone world.ID) []string {
	name := "keyvault"
	if n > 0 {
		name = fmt.Sprintf("keyvault-%d", n+1)
	}
	return az("network private-endpoint dns-zone-group", verb, in(endpoint), "--endpoint-name", quote(endpoint.Name()),
		"--name", quote(group), "--zone-name", name, "--private-dns-zone", quote(pathOf(w, zone)))
}

// Verify shows the group and the record.
func (c SetZoneGroup) Verify(w *world.World) []string {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return nil
	}
	shown := az("network private-endpoint dns-zone-group list", in(e.Meta), "--endpoint-name", quote(e.Name()),
		"--query \"[].privateDnsZoneConfigs[].{zone:privateDnsZoneId, records:recordSets[].ipAddresses}\"")
	return append(shown, SetRecord{Zone: c.Zone, Label: strings.ToLower(nameOf(w, e.Target))}.Verify(w)...)
}
