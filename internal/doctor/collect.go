package doctor

import (
	"context"

	"pldoctor/internal/azure"
	"pldoctor/internal/client"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/service"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// A Reader reads what Azure knows of vaults and of what is on the way to them.
type Reader func(context.Context, []Target) (snapshot.Snapshot, error)

// manyVaults is how many vaults are read one by one; of more, the whole estate
// is read at once.
const manyVaults = 8

// AzureReader is the Reader of a machine: Azure, asked over e. Without targets it
// reads the whole estate. Say is told of waits and, where debug, of each request.
func AzureReader(e env.Env, svc service.Service, say func(string), debug bool) Reader {
	return func(ctx context.Context, targets []Target) (all snapshot.Snapshot, err error) {
		scope := azure.Scope{Service: svc, Near: e.Addresses(), App: e.Getenv(appName), Say: say, Debug: debug}
		if len(targets) == 0 || len(targets) > manyVaults {
			return azure.Read(ctx, e, scope)
		}
		for _, t := range targets {
			scope.Vault, scope.ID = t.Vault, t.ID
			s, err := azure.Read(ctx, e, scope)
			if err != nil {
				return all, err
			}
			all = all.And(s)
		}
		return all, nil
	}
}

// LabReader is the Reader of a host in a running lab: the lab's Azure, asked by an
// operator who stands in for it. Say and debug are those of AzureReader.
func LabReader(l *lab.Lab, host *world.Host, svc service.Service, say func(string), debug bool) Reader {
	return AzureReader(onBehalf(l, host), svc, say, debug)
}

// Estate reads an estate and makes its World, or as much of it as the targets
// need. What Azure tells malformed is left out, and a gap. The error is that of
// azure.Read.
func Estate(ctx context.Context, read Reader, targets []Target) (*world.World, error) {
	s, err := read(ctx, targets)
	if err != nil {
		return nil, err
	}
	w, err := readable(s)
	if err != nil {
		return nil, err
	}
	return Peopled(w), nil
}

// Peopled adds to a World that is made of resources alone the machines that those
// imply: DNS servers and appliances.
func Peopled(w *world.World) *world.World { return client.Populate(w) }

// SignedIn returns e with the credentials of the machine that it is.
func SignedIn(e env.Env, svc service.Service) (env.Env, error) {
	if e.Token != nil {
		return e, nil
	}
	token, err := azure.Tokens(e, svc)
	e.Token = token
	return e, err
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
