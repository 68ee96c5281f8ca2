package diagnose

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// passedOn names the DNS server between the client and Azure DNS, where what it
// does inside is not known and Azure DNS itself did not tell the client the same.
func (r *run) passedOn() (server string, unread bool) {
	j := r.first.Journey
	id := world.ID(j.Resolver.By)
	if r.in.World == nil || !id.IsHost() {
		return "", false
	}
	if h, ok := r.in.World.Host(id); ok && !h.DNSUnread {
		return "", false
	}
	if r.in.Seen != nil && r.first.Client != nil && r.first.World.Node(r.first.Client).Network == world.ID(j.Answer.By) {
		if own, ok := r.in.Seen.ServerAs(fact.RoleAzure); ok && own.Host.Class == j.Answer.Class && own.Host.Outcome == j.Answer.Outcome {
			return "", false
		}
	}
	return j.Resolver.Server.String(), true
}

// gaps are what of the configuration was not read.
func (r *run) gaps() []world.Gap {
	if r.first.World == nil {
		return nil
	}
	return r.first.World.Gaps()
}
