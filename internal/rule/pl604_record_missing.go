package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL604: the zone is asked, and has nothing to say.
var pl604 = &Rule{
	Code: "PL604", Slug: "record-missing", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Weight: 6, Under: "PL603",
	Title: "the private DNS zone holds no address record of the vault's name",
	Doc: Doc{
		Symptom: "The name does not exist on this network (NXDOMAIN, `no such host`), while the rest of the world resolves it: the answer names the alias `<vault>.privatelink.…`, and then nothing. Where the zone's link has the policy NxDomainRedirect, it resolves to the public address instead.",
		Cause:   "A private DNS zone that is linked is authoritative: for a name that it does not hold, Azure DNS answers NXDOMAIN and does not go on to the public DNS. The record is missing because the private endpoint was created without a DNS zone group, because a deployment removed the group, or because a second endpoint of the vault that wrote to the same zone was deleted and took the record along.",
		Apart:   "With PL608 the vault is somebody else's and this client has no endpoint of it, with PL607 another zone of the same name holds the record; both look the same from the client. With PL610 the zone is that of a public suffix, and no alias is named. With NxDomainRedirect the public answer looks like a zone that is missing or not linked (PL601, PL602, PL603, PL612), or like PL101: see PL502. Behind a proxy that answers 502, which is all that is seen of its way, PL104, PL205, PL605, PL611, PL806 and PL819 look the same.",
		Fix:     "Whoever manages the private endpoint gives it a DNS zone group for the zone, which writes the record and keeps it right. A group that is still at work is waited for. One that names the zone already writes its record anew once the zone is taken out of it and added again; other zones of the group keep theirs. Or whoever manages the zone adds the A record by hand: the vault's name alone, with the endpoint's address.",
		Verify: []string{
			"host <vault>.vault.azure.net   # names the alias, and no address",
			"az network private-dns record-set a show --resource-group <group> --zone-name privatelink.vaultcore.azure.net --name <vault>   # not found",
		},
		Article: "6, Confirm that the Private DNS Zone contains the right A record",
		Errata:  "The article does not say that a missing record makes the name vanish (NXDOMAIN) rather than resolve to the public address.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://learn.microsoft.com/azure/dns/private-dns-fallback",
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		z, ok := c.withoutRecord()
		if r, not := c.unforeseen(); !ok && not {
			return r
		}
		if !ok {
			return Pass("no linked zone lacks a record that was asked for")
		}
		if holder, held := c.holder(z); held {
			return NotApplicable("another zone of the same name holds the record: " + holder.Path)
		}
		if r, unread := c.NotRead(endpointType); unread {
			return r
		}
		d, ok := c.couldUse()
		if !ok {
			return NotApplicable("the vault has no private endpoint that this client could use")
		}
		if r, unread := c.NotRead(zoneGroups); unread && c.Imagined { // it would write the record
			return r
		}
		why := "and no DNS zone group of it writes there"
		switch named := slices.Contains(d.Endpoint.Zones, z.ID); {
		case named && d.Endpoint.Registering():
			why = "and its DNS zone group, which names this zone, is still at work (" + d.Endpoint.ZoneGroupState + ")"
		case named:
			why = "and its DNS zone group, which names this zone, has written no record, or the record was removed since"
		}
		return Fail(fmt.Sprintf("the zone %s, which is linked, has no A or AAAA record %s; the private endpoint %s has %s, %s",
			z.Domain.Host(), c.Vault, d.Endpoint.Name(), d.Addr, why), append(c.said(), Evidence{"configuration", z.Path, "has no record " + c.Vault})...)
	},
	Breaks: func(s Site) []Break {
		var gone, redirected Break
		for _, z := range s.zones() {
			if _, ok := z.Record(s.Vault.Name(), world.TypeA); !ok {
				continue
			}
			remove := change.RemoveRecord{Zone: z.ID, Label: s.Vault.Name()}
			gone, redirected = append(gone, remove), append(redirected, remove)
			for _, vnet := range askedVNets(s) {
				redirected = append(redirected, change.SetLinkPolicy{Zone: z.ID, VNet: vnet, Redirect: true})
			}
		}
		return nonEmpty([]Break{gone, redirected})
	},
	Mends: func(c *Case) []change.Change {
		z, ok := c.withoutRecord()
		d, served := c.couldUse()
		if !ok || !served {
			return nil
		}
		if slices.Contains(d.Endpoint.Zones, z.ID) && d.Endpoint.Registering() {
			return []change.Change{change.AwaitZoneGroup{Endpoint: d.Endpoint.ID}}
		}
		return []change.Change{change.SetZoneGroup{Endpoint: d.Endpoint.ID, Zone: z.ID}}
	},
}

// withoutRecord returns the zone of the required name that was asked for the
// vault and holds no record of it; with NxDomainRedirect on its link the answer
// is the public one all the same.
func (c *Case) withoutRecord() (*world.Zone, bool) {
	switch c.Journey.Answer.Reason {
	case fact.NoRecord:
		z, ok := c.deciding()
		return z, ok && z.Domain == c.Service.Zone
	case fact.FallenBack:
		return c.linked(c.ZoneVNet())
	}
	return nil, false
}

// holder returns another zone of the required name that holds a record of the
// vault which is meant for this client too: not one that rightly names an
// endpoint in another place.
func (c *Case) holder(than *world.Zone) (*world.Zone, bool) {
	for _, z := range c.RequiredZones() {
		if z.ID == than.ID {
			continue
		}
		r, ok := c.record(z)
		if ok && len(r.Addrs) > 0 && !c.meantForOthers(r.Addrs[0]) {
			return z, true
		}
	}
	return nil, false
}

// meantForOthers tells whether an address is that of a good endpoint in another
// VNet than the one that this client should use.
func (c *Case) meantForOthers(a netip.Addr) bool {
	own, ok := c.couldUse()
	return ok && slices.ContainsFunc(c.Doors(), func(d Door) bool {
		return d.Effective && d.Endpoint.VNet() != own.Endpoint.VNet() && slices.Contains(d.Endpoint.Addresses, a)
	})
}
