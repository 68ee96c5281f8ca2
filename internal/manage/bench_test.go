package manage

import (
	"testing"

	"pldoctor/internal/estate"
)

// BenchmarkEstate is a plane of an estate of some size: made, and asked for what
// a reader of estates asks first.
func BenchmarkEstate(b *testing.B) {
	w := estate.Generate(1, estate.Size{Regions: 2, Spokes: 20, Sites: 2, Vaults: 1000, Clients: 10, Zones: 10}).World
	p := New(w, w, tenant, Policy{})
	b.Run("New", func(b *testing.B) {
		for b.Loop() {
			New(w, w, tenant, Policy{})
		}
	})
	b.Run("Query", func(b *testing.B) {
		for b.Loop() {
			ask(b, p, graphLine, `{"query": "resources | where type in~ ('microsoft.keyvault/vaults', 'microsoft.network/privateendpoints') | project id, properties | order by id asc"}`)
		}
	})
}
