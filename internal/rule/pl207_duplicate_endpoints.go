package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL207: one VNet, two endpoints of one vault. Where it harms a client, the
// record says so (PL605); this is advice.
var pl207 = &Rule{
	Code: "PL207", Slug: "duplicate-endpoints", Severity: Warning, Owner: OwnerNetwork, Stage: fact.StageAccess, Aside: true,
	Title: "two endpoints for one vault in one VNet",
	Doc: Doc{
		Symptom: "It works. When one of the two endpoints is deleted, the name stops resolving, or resolves to an address where nobody is.",
		Cause:   "The second endpoint's DNS zone group overwrites the record that the first one wrote, and takes it along when it is deleted. One address of the two is never used.",
		Apart:   "With PL605 the record is wrong already; with PL611 its creator is gone. Endpoints in different VNets are no duplicates, but need a zone each.",
		Fix:     "Keep the endpoint that the record names, delete the other, and make sure that the record is still there.",
		Verify: []string{
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].{name:name, subnet:subnet.id}\" --output table   # two in one VNet",
		},
		Article: "4, Find the key vault private IP address in the virtual network",
		Errata:  "The article advises against it as a source of confusion. It is worse: the two overwrite and delete each other's record.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
		},
	},
	Eval: func(c *Case) Result {
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		if r, unread := c.NotRead(endpointType); unread {
			return r
		}
		kept, spare, ok := c.duplicate()
		if !ok {
			return Pass("no VNet holds more than one private endpoint of the vault")
		}
		return Fail(fmt.Sprintf("the VNet %s holds the private endpoints %s and %s of the key vault %s; one record can name only one of them",
			c.Name(kept.VNet()), kept.Name(), spare.Name(), c.Resource.Name()),
			read(kept.Path, "has the addresses %s", inWords(kept.Addresses)), read(spare.Path, "has the addresses %s", inWords(spare.Addresses)))
	},
	Breaks: func(s Site) []Break {
		steps, ok := s.secondEndpoint("pe-second")
		if !ok {
			return nil
		}
		return some(steps)
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Resource == nil {
			return nil
		}
		kept, spare, ok := c.duplicate()
		if !ok {
			return nil
		}
		steps := []change.Change{change.DeleteEndpoint{Endpoint: spare.ID}}
		for _, id := range spare.Zones { // its zone group takes the common record along
			if z, ok := c.World.Zone(id); ok && z.Domain == c.Service.Zone && len(kept.Addresses) > 0 {
				steps = append(steps, change.SetRecord{Zone: id, Label: c.Vault, Addr: kept.Addresses[0]})
			}
		}
		return steps
	},
}

// duplicate returns two effective endpoints of the vault in one VNet, the one to
// keep first: the one that is in use.
func (c *Case) duplicate() (kept, spare *world.Endpoint, ok bool) {
	first := make(map[world.ID]*world.Endpoint)
	for e := range c.World.EndpointsOf(c.Resource.ID) {
		if !c.World.Effective(e) {
			continue
		}
		kept, twice := first[e.VNet()]
		switch {
		case !twice:
			first[e.VNet()] = e
		case c.inUse(e) && !c.inUse(kept):
			return e, kept, true
		default:
			return kept, e, true
		}
	}
	return nil, nil, false
}

// inUse tells whether a client goes to an endpoint: this one, or, where another
// machine takes its requests, those that follow the record.
func (c *Case) inUse(e *world.Endpoint) bool {
	if at := c.Journey.Connect.Addr; c.IsEndpointAddress(at) {
		return slices.Contains(e.Addresses, at)
	}
	return slices.ContainsFunc(c.RequiredZones(), func(z *world.Zone) bool {
		r, ok := z.Record(c.Vault, world.TypeA)
		return ok && len(r.Addrs) > 0 && slices.Contains(e.Addresses, r.Addrs[0])
	})
}
