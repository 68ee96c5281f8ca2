package doctor

import (
	"context"

	"pldoctor/internal/arm"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/scenario"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// A Reader reads what Azure knows of vaults and of what is on the way to them.
type Reader func(context.Context, []Target) (snapshot.Snapshot, error)

// LabReader reads what Azure would tell in the lab of a scenario: the resources
// that a user's tool could see from a host.
func LabReader(s *scenario.Scenario, host *world.Host) Reader {
	return func(context.Context, []Target) (snapshot.Snapshot, error) {
		return snapshot.Snapshot{
			Cloud: s.World.Service().Cloud.Name, Resources: arm.Encode(diagnose.Sight(s.World, host.ID)),
		}, nil
	}
}

// Record adds to a snapshot what probes of the cases see, one after the other.
// The candidates that they try are the endpoints that the snapshot knows.
func Record(ctx context.Context, s snapshot.Snapshot, cases []Case) snapshot.Snapshot {
	w, _, err := s.World()
	if err != nil { // whoever judges the file will be told
		w = nil
	}
	s.Evidence = append([]fact.Observation{}, s.Evidence...)
	for _, c := range cases {
		c.World = w
		s.Evidence = append(s.Evidence, c.Probe(ctx))
	}
	return s
}
