package change

import (
	"fmt"

	"pldoctor/internal/world"
)

// AwaitZoneGroup waits until the DNS zone group of a private endpoint has written
// the endpoint's records.
type AwaitZoneGroup struct{ Endpoint world.ID }

// Apply ends the group's work: its records stand in the zones that it names.
func (c AwaitZoneGroup) Apply(w *world.World) *world.World {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok || !e.Registering() {
		return w
	}
	changed := *e
	changed.ZoneGroupState = ""
	return register(put(w, &changed), &changed, nameOf(w, e.Target))
}

// Title says what is waited for.
func (c AwaitZoneGroup) Title(w *world.World) string {
	state := ""
	if e, ok := w.Endpoint(c.Endpoint); ok && e.ZoneGroupState != "" {
		state = " (" + e.ZoneGroupState + ")"
	}
	return fmt.Sprintf("Wait until the DNS zone group of the private endpoint %s%s has written its record", nameOf(w, c.Endpoint), state)
}

// Commands wait for the group.
func (c AwaitZoneGroup) Commands(w *world.World) []string {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return nil
	}
	return az("network private-endpoint dns-zone-group wait", in(e.Meta), "--endpoint-name", quote(e.Name()),
		"--name", quote(e.ZoneGroup), "--updated")
}

// Verify shows the group and its records.
func (c AwaitZoneGroup) Verify(w *world.World) []string {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok || len(e.Zones) == 0 {
		return nil
	}
	return SetZoneGroup{Endpoint: c.Endpoint, Zone: e.Zones[0]}.Verify(w)
}
