package rule

import (
	"fmt"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// notOurs says why the missing zone, link or record of a private zone is no
// fault: the vault is not among our own, and we have neither an endpoint of it
// nor a record, so that its public answer is all there is for this client.
func (c *Case) notOurs() (why string, ok bool) {
	if c.World == nil || c.Resource != nil && !c.Resource.Foreign {
		return "", false
	}
	for _, kind := range [...]string{vaultType, endpointType, zoneType} {
		if _, unread := c.Unread(kind); unread {
			return "", false
		}
	}
	for e := range c.World.Endpoints() {
		if strings.EqualFold(e.Target.Name(), c.Vault) {
			return "", false
		}
	}
	for z := range c.World.Zones() {
		if _, held := c.record(z); held && z.Domain.Label() != c.Vault {
			return "", false
		}
		if _, held := z.Record(c.Vault, world.TypeA); held && near(z.Domain, c.Service.Zone) {
			return "", false
		}
	}
	return fmt.Sprintf("the vault %s is not among those that were read, and no private endpoint is for it", c.Vault), true
}

// strange judges a client that would have a vault of somebody else's by private
// link: the alias shows that an endpoint exists, and it is not ours.
func (c *Case) strange() (Result, bool) {
	why, ok := c.notOurs()
	a := c.Journey.Answer
	switch {
	case !ok:
		return Result{}, false
	case a.Outcome != fact.OK || !a.Alias || c.private(a) || c.Wants == world.WantAny:
		return NotApplicable(why), true
	}
	return Fail(fmt.Sprintf("%s: its owner has given it an endpoint elsewhere, as the alias into %s shows; this client can reach it by its public side only, unless it gets a private endpoint of its own",
		why, c.Service.Zone.Host()), c.said()...), true
}

// requestEndpoint asks the owner of a vault for a private endpoint of one's own
// beside the client, with its record in the zone that answers there.
func (c *Case) requestEndpoint() []change.Change {
	if c.Resource == nil || c.Client == nil {
		return nil
	}
	subnet, ok := c.roomForEndpoint()
	if !ok {
		return nil
	}
	request := change.RequestEndpoint{Vault: c.Resource.ID, Subnet: subnet}
	vnet := c.asked()
	zone, ok := c.linked(vnet)
	if ok {
		request.Zones = []world.ID{zone.ID}
		return []change.Change{request}
	}
	zone, ok = c.BestZone()
	if !ok || vnet == "" {
		return nil
	}
	request.Zones = []world.ID{zone.ID}
	return []change.Change{request, change.LinkZone{Zone: zone.ID, VNet: vnet}}
}
