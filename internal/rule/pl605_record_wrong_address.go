package rule

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL605: the zone answers, with another address than the client needs.
var pl605 = &Rule{
	Code: "PL605", Slug: "record-wrong-address", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 7,
	Title: "the record's address is not that of an endpoint that this client should use",
	Doc: Doc{
		Symptom: "The name resolves to a private address, and connections to it time out, or the vault answers 403 with \"This TCP connection does not allow access to …\".",
		Cause:   "The A record in the private DNS zone holds an address that is not the endpoint's. Either it was typed in by hand, or two private endpoints of the vault write to one zone: the second overwrites the record of the first, so that clients in the first VNet are sent to an endpoint that they cannot reach. A wildcard record answers for every vault that has no record of its own.",
		Apart:   "With PL611 the endpoint that wrote the record is gone. With PL806, PL807, PL808, PL817 and PL818 the address is right and something stops the packets, with PL205 the endpoint is not ready, with PL101 no path leads to it; from the client all look alike: see PL706. With PL705 the address is right and the Host header is not: the vault says the same. With PL803 and PL812 the address comes from the client's own machine. Behind a proxy that answers 502, which is all that is seen of its way, PL104, PL604, PL608 and PL819 look the same.",
		Fix:     "Whoever manages the zone sets the record to the address of the endpoint's network interface. VNets with an endpoint each need a zone each: a second zone of the same name, linked to the second VNet, into which the DNS zone group of the second endpoint writes. Records of other vaults that are copied there do not follow their endpoints, and while the link moves, for a minute or two, clients get public addresses.",
		Verify: []string{
			"host <vault>.vault.azure.net   # what the record says",
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].networkInterfaces[0].id\" --output tsv | xargs az network nic show --query \"ipConfigurations[].privateIPAddress\" --output tsv --ids   # in the endpoint's subscription",
		},
		Article: "6, Confirm that the Private DNS Zone contains the right A record; 6, DNS resolution for more than one Virtual Network",
		Errata:  "The article reads the endpoint's address from its Custom DNS settings, which are empty when a DNS zone group manages the record; the network interface always shows it.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
			"https://stackoverflow.com/questions/66341460",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		z, ok := c.answeringZone()
		if !ok {
			return NotApplicable("no record of a private zone is what the client got")
		}
		wrong, ok := c.wrongIn(z)
		if !ok {
			return Pass(fmt.Sprintf("the record in %s holds the address of an endpoint of the vault", z.Domain.Host()))
		}
		if r, unread := c.NotRead(endpointType); unread {
			return r
		}
		if c.Resource == nil {
			return Unknown("the vault is not in what was read, so its endpoints are not known")
		}
		if r, ok := c.record(z); ok && c.creatorGone(r) {
			return NotApplicable("the endpoint that wrote the record no longer exists")
		}
		return Fail(c.wrongAddress(z, wrong), append(c.said(), c.addresses()...)...)
	},
	Breaks: func(s Site) []Break {
		door, ok := s.Door()
		if !ok {
			return nil
		}
		var breaks []Break
		if nobody, free := change.FreeAddress(s.World, door.Subnet); free {
			breaks = append(breaks, s.setRecords(change.SetRecord{Addr: nobody}))
		}
		for e := range s.World.EndpointsIn(door.VNet()) {
			if e.Target != s.Vault.ID && len(e.Addresses) > 0 {
				breaks = append(breaks, s.setRecords(change.SetRecord{Addr: e.Addresses[0]}))
				break
			}
		}
		if _, inVNet := s.vnet(); inVNet { // a machine's, which refuses; the client's own stands for all
			breaks = append(breaks, s.setRecords(change.SetRecord{Addr: s.World.Node(s.Client).Address}))
		}
		return nonEmpty(breaks)
	},
	Mends: func(c *Case) []change.Change {
		z, ok := c.answeringZone()
		d, served := c.couldUse()
		if !ok || !served {
			return nil
		}
		set := change.SetRecord{Zone: z.ID, Label: c.Vault, Addr: d.Addr}
		if r, ok := c.record(z); ok { // at the top of a zone that has the vault's whole name, another one
			set.Label = r.Label
		}
		vnet := c.asked()
		wrong, _ := c.wrongIn(z)
		if _, linked := z.LinkTo(vnet); !linked || !c.IsEndpointAddress(wrong) {
			return []change.Change{set}
		}
		return c.zoneOfItsOwn(z, vnet, d.Endpoint, wrong)
	},
}

// zoneOfItsOwn gives a VNet a zone apart from one that other VNets need as it is,
// lets the endpoint write there only, so that the overwriting ends, and gives the
// others their record back.
func (c *Case) zoneOfItsOwn(z *world.Zone, vnet world.ID, e *world.Endpoint, others netip.Addr) []change.Change {
	second := change.SecondZone{Like: z.ID, For: vnet, WithRecords: true, Except: c.Vault}
	id := second.ID(c.World)
	steps := []change.Change{second, change.SetZoneGroup{Endpoint: e.ID, Zone: id, Instead: z.ID}}
	steps = c.useful(steps, change.SetRecord{Zone: z.ID, Label: c.Vault, Addr: others})
	return append(steps, change.MoveLink{From: z.ID, To: id, VNet: vnet})
}

// answeringZone returns the private zone whose record is what the client got.
func (c *Case) answeringZone() (*world.Zone, bool) {
	switch c.Journey.Answer.Reason {
	case fact.FromZone, fact.FromWildcard:
		return c.deciding()
	}
	return nil, false
}

// wrongIn returns the first address of the answering record that this client
// should not use: the one that it got, else another, which it gets another time.
func (c *Case) wrongIn(z *world.Zone) (netip.Addr, bool) {
	got := []netip.Addr{c.Journey.Answer.Addr}
	if r, ok := c.record(z); ok && c.Journey.Answer.Reason == fact.FromZone {
		got = append(got, r.Addrs...)
	}
	i := slices.IndexFunc(got, func(a netip.Addr) bool { return !c.rightAddress(a) })
	if i < 0 {
		return netip.Addr{}, false
	}
	return got[i], true
}

// wrongAddress says what one of the zone's addresses is in place of the right
// one.
func (c *Case) wrongAddress(z *world.Zone, wrong netip.Addr) string {
	kind := "record " + c.Vault
	if c.Journey.Answer.Reason == fact.FromWildcard {
		kind = "wildcard record"
	}
	what := "which is no endpoint of this vault"
	if owner, ok := c.endpointAt(wrong); ok && owner.Target != c.Resource.ID {
		what = fmt.Sprintf("which is the private endpoint %s of another resource, %s", owner.Name(), owner.Target.Name())
	} else if c.IsEndpointAddress(wrong) {
		what = "an endpoint of this vault that this client cannot use"
	}
	why := fmt.Sprintf("the %s in the zone %s holds %s, %s", kind, z.Domain.Host(), wrong, what)
	if d, ok := c.couldUse(); ok {
		why += fmt.Sprintf("; it should hold %s, the address of %s", d.Addr, d.Endpoint.Name())
	}
	return why
}

// endpointAt returns the private endpoint, of whatever resource, at an address.
func (c *Case) endpointAt(a netip.Addr) (*world.Endpoint, bool) {
	list := slices.Collect(c.World.EndpointsWith(a))
	if len(list) == 0 {
		return nil, false
	}
	return slices.MinFunc(list, func(a, b *world.Endpoint) int { return cmp.Compare(a.VNet(), b.VNet()) }), true
}

// addresses are those of the vault's endpoints, as evidence.
func (c *Case) addresses() []Evidence {
	var ev []Evidence
	for _, d := range c.Doors() {
		ev = append(ev, Evidence{"configuration", d.Endpoint.Path, "has the address " + d.Addr.String()})
	}
	return ev
}

// setRecords gives the vault's record in the zones that are asked an address.
func (s Site) setRecords(set change.SetRecord) Break {
	var b Break
	for _, z := range s.zones() {
		set.Zone, set.Label = z.ID, s.Vault.Name()
		b = append(b, set)
	}
	return b
}

// nonEmpty leaves the Breaks out that would change nothing.
func nonEmpty(breaks []Break) []Break {
	var kept []Break
	for _, b := range breaks {
		kept = append(kept, some(b)...)
	}
	return kept
}
