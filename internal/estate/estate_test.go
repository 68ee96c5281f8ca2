package estate_test

import (
	"reflect"
	"testing"
	"time"

	"pldoctor/internal/estate"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/world"
)

const seeds = 300

// TestHealthy: every client of every estate gets on the path that it wants to
// the vaults that it is meant to reach, and may read them.
func TestHealthy(t *testing.T) {
	uses := make(map[world.Wants]int)
	for seed := range uint64(seeds) {
		size := estate.Plausible(seed)
		e := estate.Generate(seed, size)
		if len(e.Clients()) != size.Clients {
			t.Errorf("seed %d: %d clients, want %d", seed, len(e.Clients()), size.Clients)
		}
		for _, id := range e.Clients() {
			client, _ := e.World.Host(id)
			for _, vault := range e.Uses(id) {
				uses[client.Wants]++
				host, err := e.World.Service().Host(vault)
				if err != nil {
					t.Fatal(err)
				}
				o := predict.Observe(e.World, client, predict.Target{Vault: vault, Host: host}, predict.Options{Authenticate: true})
				v := o.Journey.Verdict()
				right := v == fact.Private || client.Wants == world.WantAny && (v == fact.Public || v == fact.ServiceEndpoint)
				admitted := fact.AccessAllowed
				if v, _ := e.World.VaultNamed(vault); v.Foreign {
					admitted = fact.AccessRefusedIdentity // of another tenant, but past its firewall
				}
				if !right || o.Journey.Accessed() != admitted {
					t.Errorf("seed %d: %s to %s: %s, %s: %+v", seed, client.Name(), vault, v, o.Journey.Accessed(), o.Journey)
				}
			}
		}
	}
	if uses[world.WantPrivate] < 10*seeds || uses[world.WantAny] < seeds {
		t.Errorf("too few uses: %v", uses)
	}
}

// TestAlike: a seed makes the same estate each time, another seed another.
func TestAlike(t *testing.T) {
	size := estate.Plausible(7)
	first, again, other := estate.Generate(7, size), estate.Generate(7, size), estate.Generate(8, size)
	if !reflect.DeepEqual(first.World.Resources(), again.World.Resources()) {
		t.Error("not the same twice")
	}
	if reflect.DeepEqual(first.World.Resources(), other.World.Resources()) {
		t.Error("two seeds make the same")
	}
}

// TestLarge: an estate of the size of a large company is made in seconds.
func TestLarge(t *testing.T) {
	started := time.Now()
	e := estate.Generate(1, estate.Size{Regions: 50, Spokes: 450, Sites: 20, Vaults: 10_000, Clients: 1000, Zones: 300})
	took := time.Since(started)
	vnets, endpoints, zones := 0, 0, 0
	for range e.World.VNets() {
		vnets++
	}
	for range e.World.Endpoints() {
		endpoints++
	}
	for range e.World.Zones() {
		zones++
	}
	if vnets != 500 || zones != 300 || endpoints < 11_500 || took > 5*time.Second {
		t.Errorf("%d VNets, %d zones, %d endpoints in %s", vnets, zones, endpoints, took)
	}
	t.Logf("%d endpoints in %s", endpoints, took)
}
