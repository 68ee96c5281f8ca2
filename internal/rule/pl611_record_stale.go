package rule

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL611: what a private endpoint left behind.
var pl611 = &Rule{
	Code: "PL611", Slug: "record-stale", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer,
	Title: "the record was written by a private endpoint that no longer exists",
	Doc: Doc{
		Symptom: "The name resolves to a private address, and connections to it time out; the private endpoint that had it has been deleted or replaced.",
		Cause:   "A private endpoint's DNS zone group writes the record and notes in its metadata which endpoint that was. The record outlives the endpoint when the zone is locked, when the group was taken off first, or when whoever deleted the endpoint may not change the zone.",
		Apart:   "With PL605 the record was made by hand, or the endpoint that wrote it still exists; the record's metadata `creator` names the endpoint and its resource guid. With PL101, PL205, PL806, PL807, PL808, PL817 and PL818 the address is right and nothing gets through: from the client all look alike, see PL706. Behind a proxy that answers 502, which is all that is seen of its way, PL104, PL604, PL608 and PL819 look the same.",
		Fix:     "Whoever manages the zone sets the record to the address of the endpoint that took over, or removes it if there is none. A DNS zone group on the new endpoint does the same and keeps it right.",
		Verify: []string{
			"az network private-endpoint list --query \"[].{name:name, guid:resourceGuid}\" --output table   # which endpoints there are",
			"az network private-dns record-set a show --resource-group <group> --zone-name privatelink.vaultcore.azure.net --name <vault> --query \"{addresses:aRecords, by:metadata.creator}\"   # names one that is not there",
		},
		Article: "6, Confirm that the Private DNS Zone contains the right A record",
		Errata:  "The article does not mention the metadata from which a record that was left behind can be told.",
		Sources: []string{
			"https://learn.microsoft.com/azure/private-link/private-endpoint-dns",
			"https://learn.microsoft.com/azure/dns/private-dns-privatednszone",
		},
	},
	Eval: func(c *Case) Result {
		if r, not := c.noZones(); not {
			return r
		}
		if r, unread := c.NotRead(endpointType); unread {
			return r
		}
		z, r, ok := c.ownRecord()
		switch {
		case !ok:
			return NotApplicable("no linked zone has a record of the vault")
		case !c.creatorGone(r):
			return Pass("the record is not one that an endpoint left behind")
		}
		if r, unread := c.NotRead(vaultType); unread { // whose connections would name its endpoints, wherever they are
			return r
		}
		writer, _, _ := WrittenBy(r.Creator)
		return Fail(fmt.Sprintf("the record %s in the zone %s was written by the private endpoint %s, which no longer exists; its address %s leads nowhere",
			r.Label, z.Domain.Host(), writer, r.Addrs[0]), append(c.addresses(), Evidence{"configuration", r.Path, r.Creator})...)
	},
	Breaks: func(s Site) []Break {
		door, ok := s.Door()
		if !ok || len(s.zones()) == 0 {
			return nil
		}
		left := Break{
			change.CreateEndpoint{Vault: s.Vault.ID, Subnet: door.Subnet, Name: door.Name() + "-new"},
			change.AbandonRecord{Endpoint: door.ID},
		}
		heir := change.AddDNSServer{ // Azure gives the address to the next machine
			Name: "heir-of-" + door.Name(), Network: door.VNet(), Subnet: door.Subnet, Addr: door.Addresses[0], What: "has nothing to do with the vault",
		}
		return []Break{left, append(slices.Clone(left), heir)}
	},
	Mends: func(c *Case) []change.Change {
		z, r, ok := c.ownRecord()
		if !ok {
			return nil
		}
		if d, served := c.couldUse(); served {
			return []change.Change{change.SetRecord{Zone: z.ID, Label: r.Label, Addr: d.Addr}}
		}
		return []change.Change{change.RemoveRecord{Zone: z.ID, Label: r.Label}}
	},
}

// creatorGone tells whether a record names an endpoint as its writer that does
// not exist, and does not happen to hold the address of one that does.
func (c *Case) creatorGone(r *world.Record) bool {
	name, guid, ok := WrittenBy(r.Creator)
	if !ok || len(r.Addrs) == 0 || c.IsEndpointAddress(r.Addrs[0]) {
		return false
	}
	return !c.World.Writes(name, guid)
}

// WrittenBy reads the metadata that a DNS zone group puts on its records:
// "created by private endpoint NAME with resource guid GUID".
func WrittenBy(creator string) (name, guid string, ok bool) {
	rest, ok := strings.CutPrefix(creator, "created by private endpoint ")
	if !ok {
		return "", "", false
	}
	name, guid, ok = strings.Cut(rest, " with resource guid ")
	return name, guid, ok && name != "" && guid != ""
}

// Creator is what WrittenBy reads.
func Creator(name, guid string) string {
	return "created by private endpoint " + name + " with resource guid " + guid
}
