package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL206: leftovers. It is advice: they are in nobody's way.
var pl206 = &Rule{
	Code: "PL206", Slug: "ineffective-connections", Severity: Info, Owner: OwnerVault, Stage: fact.StageAccess, Aside: true,
	Title: "dead connections linger beside a good one",
	Doc: Doc{
		Symptom: "Everything works, and the vault's list of private endpoint connections holds some in state Pending, Rejected or Disconnected.",
		Cause:   "Endpoints that were deleted on one side only, requests that nobody answered, experiments.",
		Apart:   "Where the dead connection is the one that a client depends on, PL202 to PL205 say so.",
		Fix:     "The vault's owner removes the dead connections; whoever manages the network deletes endpoints that stayed behind, and looks whether a DNS record of theirs did.",
		Verify: []string{
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].{endpoint:privateEndpoint.id, state:privateLinkServiceConnectionState.status}\" --output table",
		},
		Article: "2, Confirm that the connection is approved and succeeded",
		Errata:  "The article asks to delete them, and does not say that they do no harm meanwhile.",
		Sources: []string{article, "https://learn.microsoft.com/azure/private-link/manage-private-endpoint"},
	},
	Eval: func(c *Case) Result {
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		dead := c.deadTies()
		if len(dead) == 0 {
			return Pass("every connection of the vault is in order, or none is")
		}
		var names []string
		var ev []Evidence
		for _, t := range dead {
			names = append(names, t.name())
			ev = append(ev, t.evidence()...)
		}
		return Fail(fmt.Sprintf("beside a good private endpoint connection the key vault %s has some that carry nothing: %s", c.Resource.Name(), listed(names)), ev...)
	},
	Breaks: func(s Site) []Break {
		steps, ok := s.secondEndpoint("pe-leftover")
		if !ok {
			return nil
		}
		return some(append(steps, change.SetConnection{Vault: s.Vault.ID, Endpoint: s.endpointID("pe-leftover"), Status: world.Rejected}))
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Resource == nil {
			return nil
		}
		var steps []change.Change
		for _, t := range c.deadTies() {
			steps = append(steps, change.RemoveConnection{Vault: c.Resource.ID, Endpoint: t.id()})
		}
		return steps
	},
}

// deadTies are the connections on the vault's list that carry nothing, where
// another does.
func (c *Case) deadTies() []tie {
	ties := slices.DeleteFunc(slices.Clone(c.ties()), func(t tie) bool { return t.connection == nil })
	if !slices.ContainsFunc(ties, tie.effective) {
		return nil
	}
	return slices.DeleteFunc(ties, tie.effective)
}

// secondEndpoint is a Break that adds an endpoint of the vault beside the one
// that it has, without DNS.
func (s Site) secondEndpoint(name string) (Break, bool) {
	e, ok := s.Door()
	if !ok {
		return nil, false
	}
	return Break{change.CreateEndpoint{Vault: s.Vault.ID, Subnet: e.Subnet, Name: name}}, true
}

// endpointID is the id that secondEndpoint's endpoint gets.
func (s Site) endpointID(name string) world.ID {
	steps, _ := s.secondEndpoint(name)
	for e := range change.Apply(s.World, steps...).EndpointsOf(s.Vault.ID) {
		if e.Name() == name {
			return e.ID
		}
	}
	return ""
}
