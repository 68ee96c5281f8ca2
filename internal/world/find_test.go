package world

import (
	"net/netip"
	"testing"

	"pldoctor/internal/dnsname"
)

func hosts(list ...string) (addrs []netip.Addr) {
	for _, s := range list {
		addrs = append(addrs, ip(s))
	}
	return addrs
}

func TestIDs(t *testing.T) {
	const vnet = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/Hub"
	for _, tt := range []struct {
		path                                     string
		name, parent, kind, group, sub, lastName string
	}{
		{vnet, "Hub", "", "microsoft.network/virtualnetworks", "RG", "S1", "hub"},
		{vnet + "/", "Hub", "", "microsoft.network/virtualnetworks", "RG", "S1", "hub"},
		{vnet + "/subnets/Doors", "Doors", string(MakeID(vnet)), "microsoft.network/virtualnetworks/subnets", "RG", "S1", "doors"},
		{"host:App", "host:App", "", "", "", "", "app"},
		{"internet", "internet", "", "", "", "", "internet"},
	} {
		m := At(tt.path)
		if m.Name() != tt.name || m.Group() != tt.group || m.Subscription() != tt.sub {
			t.Errorf("%s: name %s, group %s, subscription %s", tt.path, m.Name(), m.Group(), m.Subscription())
		}
		if m.ID.Name() != tt.lastName || string(m.ID.Parent()) != tt.parent || m.ID.Type() != tt.kind {
			t.Errorf("%s: id's name %s, parent %s, type %s", tt.path, m.ID.Name(), m.ID.Parent(), m.ID.Type())
		}
	}
	if s := MakeID(vnet).Segment("resourcegroups"); s != "rg" {
		t.Errorf("group %q", s)
	}
	if !HostID("App").IsHost() || SiteID("app").IsHost() || HostID("App") != "host:app" || ForeignID("X").Name() != "x" {
		t.Error("ids of hosts, sites and foreign vaults")
	}
}

// TestFind looks things up by what they hold, with and without case, and asks
// for what is of another type.
func TestFind(t *testing.T) {
	v := hub()
	vault := &Vault{Meta: At(group + "Microsoft.KeyVault/vaults/Fabrikam"), PublicAddresses: hosts("52.168.109.101")}
	foreign := &Vault{Meta: Meta{ID: ForeignID("fabrikam"), Path: "fabrikam"}, Foreign: true, PublicAddresses: hosts("52.168.109.101")}
	door := &Endpoint{Meta: At(group + "Microsoft.Network/privateEndpoints/pe"), Subnet: v.Subnets[0].ID, Target: vault.ID, Addresses: hosts("10.1.2.4"), Provisioning: Succeeded}
	dns := &Host{Meta: machine("dns"), Network: v.ID, Address: ip("10.1.2.5"), Addresses: hosts("fd00:1::5"), DNS: &DNSRole{}}
	pod := &Host{Meta: machine("pod"), Behind: dns.ID, Network: v.ID, Address: ip("10.1.2.77")}
	w := Empty().With(Put(v), Put(foreign), Put(vault), Put(door), Put(dns), Put(pod))

	_, wrongType := w.VNet(door.ID)
	_, noID := w.VNet("")
	s, of, subnet := w.Subnet(v.Subnets[0].ID)
	_, _, noSubnet := w.Subnet(v.ID + "/subnets/none")
	atDoor, door4 := w.EndpointAt(v.ID, ip("10.1.2.4"))
	_, elsewhere := w.EndpointAt("other", ip("10.1.2.4"))
	at5, v4 := w.HostAt(v.ID, ip("10.1.2.5"))
	_, v6 := w.HostAt(v.ID, ip("fd00:1::5"))
	_, podAt := w.HostAt(v.ID, ip("10.1.2.77"))
	ours, byName := w.VaultNamed("FABRIKAM")
	shared := 0
	for range w.VaultsAt(ip("52.168.109.101")) {
		shared++
	}
	for name, ok := range map[string]bool{
		"no VNet of an endpoint's id": !wrongType && !noID,
		"a subnet and its VNet":       subnet && !noSubnet && s.Name() == "Doors" && of == v,
		"an endpoint's address":       door4 && atDoor == door && !elsewhere && door.VNet() == v.ID,
		"a host's addresses":          v4 && v6 && at5 == dns,
		"no address of a pod":         !podAt,
		"our vault before another's":  byName && ours == vault && shared == 2,
		"a pod's node":                w.Node(pod) == dns && w.Node(dns) == dns,
		"roles":                       dns.HasRole() && !pod.HasRole(),
	} {
		if !ok {
			t.Error(name)
		}
	}
}

// TestEffective: each of three states has to be right.
func TestEffective(t *testing.T) {
	for _, tt := range []struct {
		status             ConnectionStatus
		connection, door   string
		effective, aliased bool
	}{
		{Approved, Succeeded, Succeeded, true, true},
		{Pending, Succeeded, Succeeded, false, false},
		{Rejected, Succeeded, Succeeded, false, false},
		{Approved, "Updating", Succeeded, false, true},
		{Approved, Succeeded, "Failed", false, true},
	} {
		e := &Endpoint{Meta: At("/pe"), Target: "/kv", Provisioning: tt.door}
		v := &Vault{Meta: At("/kv"), Connections: []Connection{{Endpoint: e.ID, Status: tt.status, Provisioning: tt.connection}}}
		w := Empty().With(Put(e), Put(v))
		if w.Effective(e) != tt.effective || v.HasAlias() != tt.aliased {
			t.Errorf("%s, %s, %s: effective %t, alias %t", tt.status, tt.connection, tt.door, w.Effective(e), v.HasAlias())
		}
		for said, want := range map[Tri]bool{Yes: true, No: false} {
			v := *v
			if v.Alias = said; v.HasAlias() != want {
				t.Errorf("an alias that is said to be %d counts as %t", said, v.HasAlias())
			}
		}
		if Empty().Effective(e) {
			t.Error("an endpoint without its vault is effective")
		}
	}
}

// TestNameservers is who a client asks, by where and on what it runs.
func TestNameservers(t *testing.T) {
	v := hub()
	custom := hub()
	custom.DNSServers = hosts("10.1.2.53")
	site := &Site{Meta: Meta{ID: SiteID("office")}, Nameservers: hosts("192.168.0.10")}
	bare := &Site{Meta: Meta{ID: SiteID("home")}}
	pool := &Gateway{Meta: At("/gw"), VNet: v.ID}
	own := &Gateway{Meta: At("/gw"), VNet: v.ID, DNSServers: hosts("10.1.2.54")}
	for name, tt := range map[string]struct {
		net  []Resource
		host Host
		want string
	}{
		"VNet":                           {[]Resource{v}, Host{Network: v.ID}, "168.63.129.16"},
		"VNet with servers":              {[]Resource{custom}, Host{Network: v.ID}, "10.1.2.53"},
		"its own":                        {[]Resource{custom}, Host{Network: v.ID, Nameservers: hosts("9.9.9.9")}, "9.9.9.9"},
		"application gateway":            {[]Resource{custom}, Host{Network: v.ID, Runs: OnAppGateway}, "168.63.129.16"},
		"app with integration":           {[]Resource{custom}, Host{Network: v.ID, Runs: OnAppService, Integrated: Yes}, "10.1.2.53"},
		"app without":                    {[]Resource{custom}, Host{Network: Internet, Runs: OnAppService, Integrated: No}, "8.8.8.8"},
		"site":                           {[]Resource{site}, Host{Network: site.ID}, "192.168.0.10"},
		"site without servers":           {[]Resource{bare}, Host{Network: bare.ID}, "8.8.8.8"},
		"internet":                       {nil, Host{Network: Internet}, "8.8.8.8"},
		"point-to-site":                  {[]Resource{own, custom}, Host{Network: own.ID}, "10.1.2.54"},
		"point-to-site, the VNet's":      {[]Resource{pool, custom}, Host{Network: pool.ID}, "10.1.2.53"},
		"point-to-site, nobody's":        {[]Resource{pool, v}, Host{Network: pool.ID}, "8.8.8.8"},
		"pod":                            {[]Resource{custom, &Host{Meta: machine("n"), Network: v.ID}}, Host{Behind: "host:n"}, "10.1.2.53"},
		"pod, although it says internet": {[]Resource{custom, &Host{Meta: machine("n"), Network: v.ID}}, Host{Behind: "host:n", Network: Internet}, "10.1.2.53"},
	} {
		w := Empty()
		for _, r := range tt.net {
			w = w.With(Put(r))
		}
		if got := w.Nameservers(&tt.host); len(got) != 1 || got[0].String() != tt.want {
			t.Errorf("%s: %v, want %s", name, got, tt.want)
		}
	}
}

// TestForwards has rulesets that send questions to 10.1.0.4: whether that is the
// end of Key Vault's names depends on the rule.
func TestForwards(t *testing.T) {
	server := netip.MustParseAddr("10.1.0.4")
	for domain, want := range map[string]bool{
		".": false, "corp.example.": false, "azure.net.": true, "vault.azure.net.": true,
		"fabrikam.vault.azure.net.": true, "privatelink.vaultcore.azure.net.": true, "windows.net.": false,
	} {
		rule := ForwardingRule{Domain: dnsname.MustParse(domain), Targets: []netip.AddrPort{netip.AddrPortFrom(server, 53)}, Enabled: true}
		w := Empty().With(Put(&Ruleset{Meta: At("/rs"), Rules: []ForwardingRule{rule}}))
		if got := w.Forwards(server); got != want {
			t.Errorf("%s: %v", domain, got)
		}
		rule.Enabled = false
		if w = Empty().With(Put(&Ruleset{Meta: At("/rs"), Rules: []ForwardingRule{rule}})); w.Forwards(server) {
			t.Errorf("%s, disabled", domain)
		}
	}
}

// TestEgress is what the internet sees of a client.
func TestEgress(t *testing.T) {
	nat := hub()
	nat.Subnets[0].NATAddress = ip("203.0.113.1")
	site := &Site{Meta: Meta{ID: SiteID("office")}, PublicAddress: ip("203.0.113.2")}
	w := Empty().With(Put(nat), Put(site), Put(&Host{Meta: machine("node"), Network: nat.ID, Address: ip("10.1.2.8")}))
	for name, tt := range map[string]struct {
		host Host
		want string
	}{
		"its own":               {Host{Network: nat.ID, Address: ip("10.1.2.4"), PublicAddress: ip("203.0.113.9")}, "203.0.113.9"},
		"internet":              {Host{Network: Internet, Address: ip("203.0.113.8")}, "203.0.113.8"},
		"NAT gateway":           {Host{Network: nat.ID, Address: ip("10.1.2.4")}, "203.0.113.1"},
		"NAT gateway, subnet":   {Host{Network: nat.ID, Address: ip("10.1.9.4"), Subnet: nat.Subnets[0].ID}, "203.0.113.1"},
		"site":                  {Host{Network: site.ID, Address: ip("192.168.0.7")}, "203.0.113.2"},
		"pod, through its node": {Host{Behind: "host:node", Address: ip("10.244.0.4")}, "203.0.113.1"},
	} {
		if got := w.Egress(&tt.host); got.String() != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	a, b := w.Egress(&Host{Network: nat.ID, Address: ip("10.1.9.4")}), w.Egress(&Host{Network: "other", Address: ip("10.1.9.4")})
	if documentation := nets("198.51.100.0/24")[0]; a == b || !documentation.Contains(a) || !documentation.Contains(b) {
		t.Errorf("defaults %s and %s: want two of 198.51.100.0/24", a, b)
	}
}

func TestFrontEnds(t *testing.T) {
	for _, tt := range []struct{ location, region, short string }{
		{"eastus", "", "eus"},
		{"East US", "", "eus"},
		{"westeurope", "", "weu"},
		{"canadacentral", "", "cca"},
		{"", "", "eus"},
		{"eastus", "WEU", "weu"},
		{"mars-1", "", "mars1"},
	} {
		v := &Vault{Location: tt.location, Region: tt.region}
		if got := v.ShortRegion(); got != tt.short {
			t.Errorf("%s/%s: %s, want %s", tt.location, tt.region, got, tt.short)
		}
		if home := v.DefaultFrontEnd().String() == "52.168.109.101"; home != (tt.short == "eus") {
			t.Errorf("%s: front end %s", tt.short, v.DefaultFrontEnd())
		}
	}
}
