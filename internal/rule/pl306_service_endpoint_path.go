package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL306 claims every journey through a service endpoint, with all that is
// missing for private link: that is what migrating means. Its stage is therefore
// the first, so that the rules about each missing part follow behind it.
var pl306 = &Rule{
	Code: "PL306", Slug: "service-endpoint-path", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageAnswer,
	Title: "requests arrive through a service endpoint, not through private link",
	Doc: Doc{
		Symptom: "The vault answers, and sees a private address: `conn_type=Subnet` in `x-ms-keyvault-network-info`. The name resolves to a public address. Once public network access is disabled, the client is shut out.",
		Cause:   "The subnet has the service endpoint `Microsoft.KeyVault`, which carries requests to the vault's public address with the private source. It works beside private link, and DNS decides which is used: the name still leads to the public side.",
		Apart:   "A private source address does not tell private link from a service endpoint, nor does `act_addr_fam`: only `conn_type` does, or the address that the name resolves to. Where the vault has a private endpoint already, what keeps the name from leading to it (PL601 to PL612, PL801 and others) is the cause, and this goes with it; where it has none, this takes the place of PL201. A client cannot see the connections that carry nothing (PL202, PL203, PL204, PL208): the vault's list tells.",
		Fix:     "Whoever manages the network finishes the move to private link: an endpoint, the zone, its record and its link. When everything works, take the service endpoint and the vault's rule for the subnet away; removing the service endpoint cuts connections that are open.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus   # conn_type=Subnet; PrivateLink once it is done",
			"az network vnet subnet show --resource-group <group> --vnet-name <vnet> --name <subnet> --query \"serviceEndpoints[].service\"   # Microsoft.KeyVault",
		},
		Article: "7, Validate that requests to key vault use private link",
		Errata:  "The article takes a private address in the header for private link or a service endpoint alike. The service now says which.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview",
			"https://learn.microsoft.com/azure/key-vault/general/overview-vnet-service-endpoints",
		},
	},
	Eval: func(c *Case) Result {
		x := c.Journey.Exchange
		switch {
		case x.Outcome != fact.OK:
			return Unknown("no answer of the vault tells how requests arrive")
		case c.Journey.Verdict() == fact.Undetermined:
			return Unknown("the vault does not say whether private link or a service endpoint carried the request")
		case c.Journey.Verdict() != fact.ServiceEndpoint:
			return Pass("requests do not arrive through a service endpoint")
		case c.Resource != nil && len(c.ties()) > 0:
			return NotApplicable("the vault has a private endpoint connection: why requests do not take it comes first")
		case c.servedElsewhere():
			return NotApplicable("another configured DNS server gives a private address: that the servers disagree comes first")
		}
		subnet := "of the client's subnet"
		if x.Subnet != "" {
			subnet = "of the subnet " + world.ID(x.Subnet).Name()
		}
		return Fail(fmt.Sprintf("requests of %s reach %s at its public address, through the service endpoint %s: the vault sees the private source %s, but this is not private link",
			c.who(), c.Vault, subnet, x.Source), c.seen("", "conn_type=%s, source %s, destination %s", x.Conn, x.Source, c.Journey.Connect.Addr))
	},
	Breaks: func(s Site) []Break {
		subnet, ok := s.subnet()
		if _, proxied := s.proxy(); !ok || proxied || subnet.NSG != "" { // which may close the public side
			return nil
		}
		before := Break{
			change.AddServiceEndpoint{Subnet: subnet.ID},
			change.SetPublicAccess{Vault: s.Vault.ID, Access: world.AccessEnabled},
			change.SetFirewall{Vault: s.Vault.ID, ACL: world.NetworkACL{Deny: true, Bypass: true, Subnets: []world.ID{subnet.ID}}},
		}
		for e := range s.World.EndpointsOf(s.Vault.ID) {
			before = append(before, change.DeleteEndpoint{Endpoint: e.ID})
		}
		for _, connection := range s.Vault.Connections { // whose endpoints are not among ours
			before = append(before, change.RemoveConnection{Vault: s.Vault.ID, Endpoint: connection.Endpoint})
		}
		return []Break{before}
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Client == nil || c.Resource == nil || c.Resource.Foreign || c.proxied() {
			return nil
		}
		return c.toPrivateLink()
	},
}

// toPrivateLink is what this client lacks for private link: the zone, an
// endpoint that works, a way to it, the zone's record and its link.
func (c *Case) toPrivateLink() []change.Change {
	var steps []change.Change
	var zone world.ID
	z, stands := c.zoneFor(c.home())
	if stands {
		zone = z.ID
	} else {
		create := change.CreateZone{Near: c.home(), Domain: c.Service.Zone}
		zone, steps = create.ID(c.World), append(steps, create)
	}
	door, exists := c.bestDoor()
	steps = append(steps, c.endpointFor(zone, door, exists)...)
	if exists && door.Connect.Reason == fact.NoPath && c.isVNet(c.home()) {
		steps = append(steps, change.Peer{A: c.home(), B: door.Endpoint.VNet()})
	}
	if exists && door.Effective && (!stands || !c.holds(z, door)) {
		steps = append(steps, change.SetRecord{Zone: zone, Label: c.Vault, Addr: door.Addr})
	}
	if _, linked := c.linked(c.asked()); !linked && c.asked() != "" { // last: an empty zone would make the name vanish
		steps = append(steps, change.LinkZone{Zone: zone, VNet: c.asked()})
	}
	return steps
}

// bestDoor is the endpoint to use: one that serves the client, else one that
// works, else the nearest.
func (c *Case) bestDoor() (Door, bool) {
	if d, ok := c.couldUse(); ok {
		return d, true
	}
	return c.bestFarDoor()
}

// endpointFor makes an endpoint, or makes the one that exists work.
func (c *Case) endpointFor(zone world.ID, door Door, exists bool) []change.Change {
	t, stuck := c.stuck()
	switch {
	case !exists && !stuck:
		subnet, ok := c.roomForEndpoint()
		if !ok {
			return nil
		}
		return []change.Change{change.CreateEndpoint{Vault: c.Resource.ID, Subnet: subnet, Zones: []world.ID{zone}, Name: c.freeName()}}
	case !stuck || door.Effective:
		return nil
	case t.status() == world.Disconnected, t.status() == world.Approved:
		return c.recreate(t)
	}
	return []change.Change{change.SetConnection{Vault: c.Resource.ID, Endpoint: t.id(), Status: world.Approved}}
}

// holds tells whether a zone has the vault's record with a door's address.
func (c *Case) holds(z *world.Zone, d Door) bool {
	r, ok := z.Record(c.Vault, world.TypeA)
	return ok && len(r.Addrs) == 1 && r.Addrs[0] == d.Addr
}
