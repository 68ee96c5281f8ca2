package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL205: approved, and something below has not succeeded.
var pl205 = &Rule{
	Code: "PL205", Slug: "endpoint-not-provisioned", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageAnswer, Weight: 1,
	Title: "the connection is approved, yet the endpoint or the connection is not provisioned",
	Doc: Doc{
		Symptom: "The connection shows `Approved`, the name resolves to the private address, and connections time out or the vault answers `This TCP connection does not allow access to …`.",
		Cause:   "The connection state and the provisioning state are two things. Traffic flows once both ends, the connection on the vault and the endpoint itself, are `Succeeded`.",
		Apart:   "From the client it looks like a path that is closed (PL101, PL806, PL807, PL808, PL817, PL818) or like the address of another (PL605, PL611): see PL706. The two provisioning states tell. Behind a proxy that answers 502, which is all that is seen of its way, PL104, PL604, PL608 and PL819 look the same.",
		Fix:     "While it says Creating or Updating, wait for the one of both that does: `az keyvault private-endpoint-connection wait` or `az network private-endpoint wait`. When it says Failed, delete the endpoint and create it again.",
		Verify: []string{
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].{name:name, provisioning:provisioningState}\" --output table   # in the endpoint's subscription",
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].{endpoint:privateEndpoint.id, state:privateLinkServiceConnectionState.status, provisioning:provisioningState}\"   # Approved, and not Succeeded",
		},
		Article: "2, Confirm that the connection is approved and succeeded",
		Errata:  "The article lists Rejected, Failed, Error and Disconnected together. Failed is a provisioning state, Error is none; Creating and Updating, which it does not list, pass by themselves.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/rest/api/keyvault/keyvault/private-endpoint-connections",
		},
	},
	Eval: func(c *Case) Result {
		return c.judgeTie(unprovisioned, "what is approved is also provisioned", func(t tie) string {
			what := "has to be created again"
			if underWay(t) {
				what = "is still being provisioned, which passes by itself"
			}
			return fmt.Sprintf("the connection of the private endpoint %s on the key vault %s is Approved, but %s: it carries no traffic and %s",
				t.name(), c.Resource.Name(), t.unready(), what)
		})
	},
	Breaks: func(s Site) []Break { return s.into(world.Approved, "Failed") },
	Mends: func(c *Case) []change.Change {
		t, ok := c.tieOf(unprovisioned)
		switch {
		case !ok:
			return nil
		case underWay(t):
			return []change.Change{change.AwaitProvisioning{Vault: c.Resource.ID, Endpoint: t.id()}}
		}
		return c.recreate(t)
	},
}

func unprovisioned(t tie) bool {
	return t.status() == world.Approved && t.provisioning() != world.Succeeded
}

// unready says which of both ends is not provisioned, in words.
func (t tie) unready() string {
	var ends []string
	if t.connection != nil && t.connection.Provisioning != world.Succeeded {
		ends = append(ends, "the provisioning state of the connection is "+t.connection.Provisioning)
	}
	if t.endpoint != nil && t.endpoint.Provisioning != world.Succeeded {
		ends = append(ends, "the provisioning state of the endpoint is "+t.endpoint.Provisioning)
	}
	return listed(ends)
}

// underWay tells whether both ends are in states that pass by themselves.
func underWay(t tie) bool {
	passing := func(state string) bool {
		return slices.Contains([]string{"Creating", "Updating", world.Succeeded}, state)
	}
	return (t.connection == nil || passing(t.connection.Provisioning)) && (t.endpoint == nil || passing(t.endpoint.Provisioning))
}
