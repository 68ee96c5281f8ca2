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

// unread is what of the configuration was not read: the vault as well, where no
// gap tells of it and it is in none of the subscriptions that were read.
func (r *run) unread() (all []Unread) {
	w := r.first.World
	if w == nil {
		return nil
	}
	told := false
	for _, g := range w.Gaps() {
		told = told || g.Of(vaultType)
		all = append(all, Unread{g.Type, string(g.Near), g.Why})
	}
	if why, unseen := r.first.Unseen(); unseen && !told {
		all = append([]Unread{{Type: vaultType, Why: why}}, all...)
	}
	return all
}

const vaultType = "microsoft.keyvault/vaults"
