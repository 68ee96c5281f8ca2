package change_test

import (
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// TestRecordNeverVanishes: the new address is added before an old one goes, and
// the set is created only where it does not exist.
func TestRecordNeverVanishes(t *testing.T) {
	e := estate{}
	w := e.world(t)
	verbs := func(c change.Change) (list []string) {
		for _, s := range c.Commands(w) {
			list = append(list, strings.Fields(s)[5])
		}
		return list
	}
	stands := change.SetRecord{Zone: e.zone(), Label: "fabrikam", Addr: ip("10.1.2.4"), TTL: 3600}
	if got := verbs(stands); !slices.Equal(got, []string{"add-record", "remove-record"}) {
		t.Errorf("a record that stands: %q", got)
	}
	stands.Addr, stands.TTL = ip("10.1.2.9"), 10
	if got := verbs(stands); !slices.Equal(got, []string{"update"}) {
		t.Errorf("only the TTL differs: %q", got)
	}
	if got := verbs(change.SetRecord{Zone: e.zone(), Label: "other", Addr: ip("10.1.2.4")}); !slices.Equal(got, []string{"create", "add-record"}) {
		t.Errorf("a new record: %q", got)
	}
}

// TestZoneGroupIsRepointed: the zone that it leaves loses the record, the other
// gets it.
func TestZoneGroupIsRepointed(t *testing.T) {
	e := estate{}
	w := e.world(t)
	second := change.SecondZone{Like: e.zone()}
	w = second.Apply(w)
	c := change.SetZoneGroup{Endpoint: e.door(), Zone: second.ID(w), Instead: e.zone()}
	commands := c.Commands(w)
	if len(commands) != 2 || !strings.Contains(commands[0], "dns-zone-group delete") || !strings.Contains(commands[1], "dns-zone-group create") {
		t.Errorf("commands %q", commands)
	}
	if title := c.Title(w); !strings.Contains(title, "takes the record fabrikam (10.1.2.9) out of the zone") {
		t.Errorf("whose record goes is not said: %s", title)
	}
	w = c.Apply(w)
	old, _ := w.Zone(e.zone())
	fresh, _ := w.Zone(second.ID(w))
	door, _ := w.Endpoint(e.door())
	if _, stands := old.Record("fabrikam", world.TypeA); stands {
		t.Error("the record stays in the old zone")
	}
	if r, stands := fresh.Record("fabrikam", world.TypeA); !stands || r.Addrs[0] != ip("10.1.2.4") {
		t.Error("the new zone has no record")
	}
	if !slices.Equal(door.Zones, []world.ID{fresh.ID}) {
		t.Errorf("the group names %v", door.Zones)
	}
}

// TestZoneGroupIsCreatedOrAddedTo where nothing has to be forgotten.
func TestZoneGroupIsCreatedOrAddedTo(t *testing.T) {
	e := estate{}
	w := e.world(t)
	for verb, zones := range map[string][]world.ID{"create": nil, "add": {e.misnamed()}, "delete": {e.vnet("gone")}} {
		door, _ := w.Endpoint(e.door())
		changed := *door
		changed.Zones = zones
		commands := change.SetZoneGroup{Endpoint: door.ID, Zone: e.zone()}.Commands(w.With(world.Put(&changed)))
		if len(commands) == 0 || !strings.Contains(commands[0], "dns-zone-group "+verb+" ") || strings.Contains(strings.Join(commands, "\n"), "gone") {
			t.Errorf("%s: %q", verb, commands)
		}
	}
}

// TestLinkSaysWhatItHides: vaults with the alias and no record in the zone.
func TestLinkSaysWhatItHides(t *testing.T) {
	e := estate{}
	w := e.world(t)
	vault, _ := w.Vault(e.vault())
	other := *vault
	other.Meta, other.Connections, other.Alias = e.meta("Microsoft.KeyVault/vaults", "payroll"), nil, world.Yes
	link := change.LinkZone{Zone: e.zone(), VNet: e.vnet("spoke")}
	if title := link.Title(w); strings.Contains(title, "hides") {
		t.Errorf("nothing is hidden: %s", title)
	}
	w = w.With(world.Put(&other))
	if title := link.Title(w); !strings.Contains(title, "no record of payroll,") {
		t.Errorf("payroll is hidden: %s", title)
	}
	w = change.SetRecord{Zone: e.zone(), Label: "payroll", Addr: ip("10.1.2.20")}.Apply(w)
	if title := link.Title(w); strings.Contains(title, "hides") {
		t.Errorf("with its record, nothing is hidden: %s", title)
	}
}

// TestRecordsOfAnOverbroadZone go by the vaults that they are about.
func TestRecordsOfAnOverbroadZone(t *testing.T) {
	e := estate{}
	for domain, labels := range map[string]string{"vault.azure.net": "payroll", "azure.net": "payroll.vault", "vaultcore.azure.net": "payroll.privatelink"} {
		broad := &world.Zone{Meta: e.net("privateDnsZones", domain), Domain: dnsname.MustParse(domain)}
		for _, label := range []string{labels, "*", "@", "a.b.c"} {
			broad.Records = append(broad.Records, world.Record{
				Meta: e.child(broad.Meta, "A", label), Label: label, Type: world.TypeA, TTL: 10, Addrs: ips("10.1.2.20"),
			})
		}
		w := change.CopyRecords{From: broad.ID, To: e.zone()}.Apply(e.world(t).With(world.Put(broad)))
		z, _ := w.Zone(e.zone())
		if _, ok := z.Record("payroll", world.TypeA); !ok || len(z.Records) != 2 {
			t.Errorf("%s: %+v", domain, z.Records)
		}
	}
}

// TestWaitsForWhatIsNotReady, and for nothing else.
func TestWaitsForWhatIsNotReady(t *testing.T) {
	e := estate{}
	w := e.world(t)
	door, _ := w.Endpoint(e.door())
	ready := *door
	ready.Provisioning = world.Succeeded
	wait := change.AwaitProvisioning{Vault: e.vault(), Endpoint: e.door()}
	if got := wait.Commands(w); len(got) != 2 || !strings.Contains(got[0], "keyvault private-endpoint-connection wait --id") {
		t.Errorf("both: %q", got)
	}
	w = w.With(world.Put(&ready))
	if got := wait.Commands(w); len(got) != 1 || !strings.Contains(got[0], "private-endpoint-connection wait") {
		t.Errorf("the connection alone: %q", got)
	}
	if title := wait.Title(w); !strings.Contains(title, "the connection on the key vault fabrikam (Updating)") || strings.Contains(title, "pe-fabrikam") {
		t.Errorf("title: %s", title)
	}
}

// TestRejectionIsAskedAbout before it is undone.
func TestRejectionIsAskedAbout(t *testing.T) {
	e := estate{}
	approve := change.SetConnection{Vault: e.vault(), Endpoint: e.door(), Status: world.Approved}
	rejected := change.SetConnection{Vault: e.vault(), Endpoint: e.door(), Status: world.Rejected}.Apply(e.world(t))
	if title := approve.Title(rejected); !strings.HasPrefix(title, "Ask the vault's owner why") {
		t.Errorf("title: %s", title)
	}
	if title := approve.Title(e.world(t)); !strings.HasPrefix(title, "Approve") {
		t.Errorf("title of a pending one: %s", title)
	}
}

// TestHostsFileOfAContainer is not edited inside it.
func TestHostsFileOfAContainer(t *testing.T) {
	e := estate{}
	w := e.world(t)
	c := change.SetHostsLine{Host: e.host("app"), Name: fabrikam}
	if got := c.Commands(w); len(got) != 1 || !strings.Contains(got[0], "sed -i.bak") {
		t.Errorf("no backup is kept: %q", got)
	}
	h, _ := w.Host(e.host("app"))
	pod := *h
	pod.Runs = settings.RunsAKS
	w = w.With(world.Put(&pod))
	if got := c.Commands(w); len(got) != 0 || !strings.Contains(c.Title(w), "hostAliases") {
		t.Errorf("%s: %q", c.Title(w), got)
	}
}

// TestEndpointIsCreatedInTheRegionOfItsVNet, also where that was not read.
func TestEndpointIsCreatedInTheRegionOfItsVNet(t *testing.T) {
	e := estate{}
	w := e.world(t)
	for subnet, want := range map[world.ID]string{
		e.subnet("hub", "doors"): "--location eastus ", e.subnet("lone", "default"): `--location "$(az network vnet show --ids `,
	} {
		for _, c := range []change.Change{change.CreateEndpoint{Vault: e.vault(), Subnet: subnet}, change.RequestEndpoint{Vault: e.vault(), Subnet: subnet}} {
			if got := c.Commands(w)[0]; !strings.Contains(got, want) {
				t.Errorf("%T: %s", c, got)
			}
		}
	}
}

// TestNoCommandHasAPlaceholderOfWhatIsKnown: only what Azure alone, or another
// owner, can tell is left to be filled in.
func TestNoCommandHasAPlaceholderOfWhatIsKnown(t *testing.T) {
	e := estate{}
	w := e.world(t)
	unknown := strings.NewReplacer("<vault>", "", "<object-id-of-the-caller>", "", "<resource-id-of-the-vault>", "", "<group-of-the-app>", "", "</dev/null", "")
	for _, c := range e.changes() {
		for _, s := range append(c.Commands(w), c.Verify(w)...) {
			if strings.Contains(unknown.Replace(s), "<") {
				t.Errorf("%T: %s", c, s)
			}
		}
	}
}
