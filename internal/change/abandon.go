package change

import (
	"pldoctor/internal/world"
)

// AbandonRecord deletes a private endpoint and leaves its DNS record behind, as
// happens where a lock holds the zone, or where its DNS zone group had been
// taken off before.
type AbandonRecord struct{ Endpoint world.ID }

// Apply removes the endpoint and its connection, and no record.
func (c AbandonRecord) Apply(w *world.World) *world.World {
	e, ok := w.Endpoint(c.Endpoint)
	if !ok {
		return w
	}
	alone := *e
	alone.Zones = nil
	return DeleteEndpoint(c).Apply(w.With(world.Put(&alone)))
}

// Title says what is done.
func (c AbandonRecord) Title(w *world.World) string {
	return "Delete the private endpoint " + nameOf(w, c.Endpoint) + " and leave its DNS record behind"
}

// Commands delete the endpoint.
func (c AbandonRecord) Commands(w *world.World) []string { return DeleteEndpoint(c).Commands(w) }

// Verify lists the endpoints that are left.
func (c AbandonRecord) Verify(w *world.World) []string { return DeleteEndpoint(c).Verify(w) }
