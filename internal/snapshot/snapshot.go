// Package snapshot holds what was collected of an estate at one time, for
// somebody to judge elsewhere: resources as Azure returned them, what of it
// could not be read, and what probes saw.
package snapshot

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A Snapshot is what was collected.
type Snapshot struct {
	Cloud     string            // as in "AzureCloud"; "" where nobody said
	Taken     time.Time         // when; zero where nobody said
	Resources []json.RawMessage // as ARM and Resource Graph returned them
	Unread    []Unread
	Evidence  []fact.Observation // one for each client that was probed from
}

// Unread is a part of Azure that could not be read.
type Unread struct {
	Type       string   `json:"type,omitempty"`       // a resource type, lower case; "" for all
	Near       world.ID `json:"near,omitempty"`       // at or below this id; "" for everywhere
	Why        string   `json:"why"`                  // what Azure answered, in a clause
	Permission string   `json:"permission,omitempty"` // the action that would allow it, such as "Microsoft.Network/privateDnsZones/read"
}

// Holds tells whether a resource of that type and name is in the snapshot, in
// whatever case.
func (s Snapshot) Holds(resourceType, name string) bool {
	return slices.ContainsFunc(s.Resources, func(raw json.RawMessage) bool {
		id := idOf(raw)
		return strings.EqualFold(id.Type(), resourceType) && strings.EqualFold(id.Name(), name)
	})
}
