package change_test

import (
	"net/netip"
	"testing"
	"time"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func ips(list ...string) (addrs []netip.Addr) {
	for _, s := range list {
		addrs = append(addrs, ip(s))
	}
	return addrs
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

var (
	fabrikam = dnsname.MustParse("fabrikam.vault.azure.net")
	suffix   = dnsname.MustParse("vault.azure.net")
	zoneName = dnsname.MustParse("privatelink.vaultcore.azure.net")
	nearZone = dnsname.MustParse("privatelink.vault.azure.net")
)

// An estate has something for every change to work on. Its names all end in
// mark.
type estate struct{ mark string }

func (e estate) meta(kind, name string) world.Meta {
	return world.At("/subscriptions/S" + e.mark + "/resourceGroups/RG" + e.mark + "/providers/" + kind + "/" + name + e.mark)
}

func (e estate) net(kind, name string) world.Meta { return e.meta("Microsoft.Network/"+kind, name) }

func (e estate) child(of world.Meta, kind, name string) world.Meta {
	return world.At(of.Path + "/" + kind + "/" + name + e.mark)
}

func (e estate) vnet(name string) world.ID { return e.net("virtualNetworks", name).ID }

func (e estate) subnet(vnet, name string) world.ID {
	return e.child(e.net("virtualNetworks", vnet), "subnets", name).ID
}

func (e estate) vault() world.ID    { return e.meta("Microsoft.KeyVault/vaults", "fabrikam").ID }
func (e estate) door() world.ID     { return e.net("privateEndpoints", "pe-fabrikam").ID }
func (e estate) zone() world.ID     { return e.net("privateDnsZones", zoneName.Host()).ID }
func (e estate) misnamed() world.ID { return e.net("privateDnsZones", nearZone.Host()).ID }
func (e estate) nsg() world.ID      { return e.net("networkSecurityGroups", "nsg").ID }
func (e estate) table() world.ID    { return e.net("routeTables", "routes").ID }
func (e estate) firewall() world.ID { return e.net("azureFirewalls", "fw").ID }
func (e estate) ruled() world.ID    { return e.net("azureFirewalls", "ruled").ID }
func (e estate) ruleset() world.ID  { return e.net("dnsForwardingRulesets", "rules").ID }

func (e estate) host(name string) world.ID { return world.HostID(name + e.mark) }

func (e estate) named(name string) world.Meta {
	return world.Meta{ID: e.host(name), Path: name + e.mark}
}

// world makes the estate.
func (e estate) world(t *testing.T) *world.World {
	t.Helper()
	w, err := world.New(world.Parts{Resources: append(append(e.networks(), e.keyVault()...), e.machines()...)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (e estate) networks() []world.Resource {
	hub, spoke, lone := e.net("virtualNetworks", "hub"), e.net("virtualNetworks", "spoke"), e.net("virtualNetworks", "lone")
	peering := func(from world.Meta, to string, state world.PeeringState, access bool) world.Peering {
		return world.Peering{Meta: e.child(from, "virtualNetworkPeerings", "with-"+to), Remote: e.vnet(to), State: state, AllowAccess: access, AllowForwarded: true}
	}
	resolver := e.net("dnsResolvers", "resolver")
	return []world.Resource{
		&world.VNet{
			Meta: hub, Location: "eastus", Prefixes: []netip.Prefix{prefix("10.1.0.0/16")},
			Subnets: []world.Subnet{
				{Meta: e.child(hub, "subnets", "servers"), Prefixes: []netip.Prefix{prefix("10.1.0.0/24")}},
				{Meta: e.child(hub, "subnets", "doors"), Prefixes: []netip.Prefix{prefix("10.1.2.0/29")}},
			},
			Peerings: []world.Peering{
				peering(hub, "spoke", world.PeeringConnected, false), peering(hub, "lone", world.PeeringDisconnected, true),
			},
		},
		&world.VNet{
			Meta: spoke, Prefixes: []netip.Prefix{prefix("10.2.0.0/16")}, DNSServers: ips("10.1.0.5"),
			Subnets: []world.Subnet{{
				Meta: e.child(spoke, "subnets", "apps"), Prefixes: []netip.Prefix{prefix("10.2.0.0/24")},
				NSG: e.nsg(), RouteTable: e.table(), ServiceEndpoints: []string{"Microsoft.Storage" + e.mark},
			}},
			Peerings: []world.Peering{peering(spoke, "hub", world.PeeringConnected, true)},
		},
		&world.VNet{
			Meta: lone, Prefixes: []netip.Prefix{prefix("10.3.0.0/16")},
			Subnets: []world.Subnet{{Meta: e.child(lone, "subnets", "default"), Prefixes: []netip.Prefix{prefix("10.3.0.0/24")}}},
		},
		&world.NSG{Meta: e.net("networkSecurityGroups", "nsg"), Rules: []world.NSGRule{
			{Name: "first" + e.mark, Priority: 100}, {Name: "second" + e.mark, Priority: 101}, {Name: "third" + e.mark, Priority: 200},
		}},
		&world.RouteTable{Meta: e.net("routeTables", "routes"), DisableBGP: true, Routes: []world.Route{
			{Name: "all" + e.mark, Prefix: prefix("0.0.0.0/0"), Hop: world.HopInternet},
			{Name: "tag", Tag: "AzureKeyVault", Hop: world.HopInternet},
			{Name: "inspected" + e.mark, Prefix: prefix("10.1.3.0/24"), Hop: world.HopAppliance, Address: ip("10.1.0.99")},
		}},
		&world.Firewall{Meta: e.net("azureFirewalls", "fw"), VNet: hub.ID, Address: ip("10.1.0.99"), DNSProxy: true, AllowAll: true},
		&world.Firewall{
			Meta: e.net("azureFirewalls", "ruled"), VNet: hub.ID, Address: ip("10.1.0.98"), AllowAll: true,
			Policy: world.Policy{Meta: e.net("firewallPolicies", "policy"), Groups: []int{100, 200}},
		},
		&world.Firewall{
			Meta: e.net("azureFirewalls", "sharing"), VNet: lone.ID, Address: ip("10.3.0.98"), AllowAll: true,
			Policy: world.Policy{Meta: e.net("firewallPolicies", "policy"), Groups: []int{100, 200}},
		},
		&world.Resolver{Meta: resolver, VNet: spoke.ID, Outbound: []world.ID{e.child(resolver, "outboundEndpoints", "out").ID}},
		&world.Ruleset{
			Meta: e.net("dnsForwardingRulesets", "rules"), VNets: []world.ID{spoke.ID}, Outbound: []world.ID{e.child(resolver, "outboundEndpoints", "out").ID},
			Rules: []world.ForwardingRule{{Meta: e.rule(), Domain: suffix, Targets: []netip.AddrPort{netip.MustParseAddrPort("10.1.0.5:53")}, Enabled: true}},
		},
	}
}

func (e estate) rule() world.Meta {
	return e.child(e.net("dnsForwardingRulesets", "rules"), "forwardingRules", "corp")
}

func (e estate) keyVault() []world.Resource {
	vault, door, zone := e.meta("Microsoft.KeyVault/vaults", "fabrikam"), e.net("privateEndpoints", "pe-fabrikam"), e.net("privateDnsZones", zoneName.Host())
	misnamed := e.net("privateDnsZones", nearZone.Host())
	return []world.Resource{
		&world.Vault{
			Meta: vault, Location: "eastus", Tenant: "T" + e.mark, PublicAccess: world.AccessEnabled, PublicAddresses: ips("52.168.109.101"),
			ACL: world.NetworkACL{Deny: true, Bypass: true, IPs: []netip.Prefix{prefix("20.1.2.3/32")}, Subnets: []world.ID{e.subnet("spoke", "apps")}},
			Connections: []world.Connection{{
				Meta: e.child(vault, "privateEndpointConnections", "c1"), Endpoint: door.ID, EndpointPath: door.Path,
				Status: world.Pending, Provisioning: "Updating",
			}},
		},
		&world.Endpoint{
			Meta: door, Subnet: e.subnet("hub", "doors"), Provisioning: "Updating", Target: vault.ID, TargetPath: vault.Path,
			Status: world.Pending, GroupID: "vault", Addresses: ips("10.1.2.4"), Zones: []world.ID{zone.ID},
		},
		&world.Endpoint{
			Meta: e.net("privateEndpoints", "pe-busy"), Subnet: e.subnet("hub", "doors"), Provisioning: world.Succeeded, Target: vault.ID,
			Status: world.Pending, GroupID: "vault", Addresses: ips("10.1.2.5"), Zones: []world.ID{zone.ID, misnamed.ID}, ZoneGroup: "group", ZoneGroupState: "Updating",
		},
		&world.Zone{
			Meta: zone, Domain: zoneName,
			Links:   []world.Link{{Meta: e.child(zone, "virtualNetworkLinks", "to-hub"), VNet: e.vnet("hub"), InProgress: true}},
			Records: []world.Record{{Meta: e.child(zone, "A", "fabrikam"), Label: "fabrikam" + e.mark, Type: world.TypeA, TTL: 3600, Addrs: ips("10.1.2.9")}},
		},
		&world.Zone{
			Meta: misnamed, Domain: nearZone,
			Records: []world.Record{{Meta: e.child(misnamed, "A", "payroll"), Label: "payroll" + e.mark, Type: world.TypeA, TTL: 60, Addrs: ips("10.1.2.20", "10.1.2.21")}},
		},
	}
}

func (e estate) machines() []world.Resource {
	file := "10.9.9.9 web " + fabrikam.Host() + "\n::1 localhost\n"
	return []world.Resource{
		&world.Host{
			Meta: e.named("app"), Network: e.vnet("spoke"), Subnet: e.subnet("spoke", "apps"), Address: ip("10.2.0.4"), Runs: world.OnAppService,
			Nameservers: ips("10.1.0.5"), HostsFile: file, Hosts: settings.ParseHosts(file), Environ: map[string]string{"HTTPS_PROXY": "http://10.1.0.9:3128"},
			Cached: map[dnsname.Name]world.CachedAnswer{fabrikam: {Addr: ip("52.168.109.101"), TTL: time.Hour}}, Open: ips("52.168.109.101"),
			Identity: world.NoRole, HostHeader: "proxy.example", Split: []world.Forward{{Domain: suffix, To: ips("10.1.0.5")}},
		},
		&world.Host{Meta: e.named("dns"), Network: e.vnet("hub"), Address: ip("10.1.0.5"), DNS: &world.DNSRole{
			Forward: []world.Forward{{Domain: dnsname.Root, To: world.PublicDNS}}, FilterPrivate: true,
			Records: map[dnsname.Name][]netip.Addr{fabrikam: ips("52.168.109.101")},
		}},
		&world.Host{Meta: e.named("nva"), Network: e.vnet("hub"), Address: ip("10.1.0.8"), Forward: &world.ForwardRole{
			Blocks: []netip.Prefix{prefix("10.1.2.0/24"), prefix("10.9.0.0/16")}, Stalls: true,
		}},
		&world.Host{Meta: e.named("squid"), Network: e.vnet("hub"), Address: ip("10.1.0.9"), Proxy: &world.ProxyRole{Port: 3128, Answers: 407, InterceptTLS: true, Issuer: "CN=X"}},
	}
}

// changes are one or more of every kind.
func (e estate) changes() []change.Change {
	app, apps, doors := e.host("app"), e.subnet("spoke", "apps"), e.subnet("hub", "doors")
	return []change.Change{
		change.LinkZone{Zone: e.zone(), VNet: e.vnet("spoke")},
		change.UnlinkZone{Zone: e.zone(), VNet: e.vnet("hub")},
		change.SetLinkPolicy{Zone: e.zone(), VNet: e.vnet("hub"), Redirect: true},
		change.SetLinkProgress{Zone: e.zone(), VNet: e.vnet("hub")},
		change.SetRegistration{Zone: e.zone(), VNet: e.vnet("hub"), On: true},
		change.CreateZone{Near: e.vault(), Domain: suffix},
		change.DeleteZone{Zone: e.zone()},
		change.SecondZone{Like: e.zone(), WithRecords: true},
		change.SecondZone{Like: e.zone(), For: e.vnet("hub"), WithRecords: true, Except: "fabrikam" + e.mark},
		change.CopyRecords{From: e.misnamed(), To: e.zone()},
		change.MoveLink{From: e.zone(), To: e.misnamed(), VNet: e.vnet("hub")},
		change.SetZoneGroup{Endpoint: e.door(), Zone: e.zone()},
		change.SetZoneGroup{Endpoint: e.door(), Zone: e.misnamed()},
		change.SetZoneGroup{Endpoint: e.door(), Zone: e.misnamed(), Instead: e.zone()},
		change.SetZoneGroup{Endpoint: e.net("privateEndpoints", "pe-busy").ID, Zone: e.zone()},
		change.AwaitZoneGroup{Endpoint: e.net("privateEndpoints", "pe-busy").ID},
		change.SetRecord{Zone: e.zone(), Label: "fabrikam" + e.mark, Addr: ip("10.1.2.4")},
		change.SetRecord{Zone: e.zone(), Label: "other" + e.mark, Addr: ip("10.1.2.4"), TTL: 5},
		change.RemoveRecord{Zone: e.zone(), Label: "FABRIKAM" + e.mark},
		change.SetTTL{Zone: e.zone(), Label: "fabrikam" + e.mark, TTL: 10},

		change.CreateEndpoint{Vault: e.vault(), Subnet: doors, Zones: []world.ID{e.zone()}},
		change.RequestEndpoint{Vault: e.vault(), Subnet: apps, Zones: []world.ID{e.zone()}},
		change.RecreateEndpoint{Endpoint: e.door()},
		change.DeleteEndpoint{Endpoint: e.door()},
		change.AbandonRecord{Endpoint: e.door()},
		change.SetConnection{Vault: e.vault(), Endpoint: e.door(), Status: world.Approved},
		change.SetConnection{Vault: e.vault(), Endpoint: e.door(), Status: world.Rejected},
		change.RemoveConnection{Vault: e.vault(), Endpoint: e.door()},
		change.AwaitProvisioning{Vault: e.vault(), Endpoint: e.door()},
		change.SetPublicAccess{Vault: e.vault(), Access: world.AccessDisabled},
		change.SetFirewall{Vault: e.vault(), ACL: world.NetworkACL{IPs: []netip.Prefix{prefix("20.1.2.4/32")}, Subnets: []world.ID{doors}}},
		change.Secure{Vault: e.vault()},
		change.SetDeleted{Vault: e.vault(), Deleted: true},
		change.PurgeVault{Vault: e.vault()},
		change.MakeForeign{Vault: e.vault()},
		change.Grant{Host: app, Vault: e.vault(), Identity: world.Reader},
		change.SignIn{Host: app, Vault: e.vault()},

		change.SetVNetDNS{VNet: e.vnet("spoke")},
		change.SetVNetDNS{VNet: e.vnet("hub"), Servers: ips("10.1.0.5", "10.1.0.6")},
		change.ForwardToAzure{Server: e.host("dns"), To: world.AzureDNS},
		change.SetDNSRole{Server: e.host("dns"), What: "forward nothing"},
		change.SetUpstreamTimeout{Server: e.host("dns"), Wait: time.Second},
		change.AddDNSServer{Name: "new" + e.mark, Network: e.vnet("hub"), Subnet: doors, Addr: ip("10.1.0.53"), What: "recurses"},
		change.AddForwardingRule{VNet: e.vnet("spoke"), Domain: dnsname.MustParse("corp.example"), To: ip("10.1.0.6")},
		change.AddForwardingRule{VNet: e.vnet("lone"), Domain: suffix, To: ip("10.1.0.6")},
		change.RemoveForwardingRule{Ruleset: e.ruleset(), Rule: e.rule().ID},
		change.SetFirewallDNS{Firewall: e.firewall(), Servers: ips("10.1.0.5")},

		change.Peer{A: e.vnet("spoke"), B: e.vnet("lone")},
		change.Peer{A: e.vnet("hub"), B: e.vnet("lone")},
		change.Peer{A: e.vnet("hub"), B: e.vnet("spoke")},
		change.Unpeer{A: e.vnet("hub"), B: e.vnet("spoke")},
		change.SetPeeringState{VNet: e.vnet("spoke"), Remote: e.vnet("hub"), State: world.PeeringInitiated},
		change.AllowTransit{Spoke: e.vnet("spoke"), Hub: e.vnet("hub")},
		change.SetNSGRule{NSG: e.nsg(), Allow: true, To: ip("10.1.2.4")},
		change.SetNSGRule{NSG: e.nsg(), Inbound: true, To: ip("fd00::5"), Port: 53},
		change.AttachNSG{NSG: e.nsg(), Subnet: doors},
		change.AttachNSG{NSG: e.net("networkSecurityGroups", "new").ID, Subnet: doors},
		change.AttachRouteTable{Table: e.net("routeTables", "new").ID, Subnet: doors},
		change.SetRoute{Table: e.table(), Prefix: prefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: ip("10.1.0.99")},
		change.SetRoute{Table: e.table(), Prefix: prefix("10.1.2.0/24"), Hop: world.HopNone},
		change.SetRoute{Table: e.table(), Prefix: prefix("10.1.3.4/32"), Hop: world.HopVNet},
		change.RemoveRoute{Table: e.table(), Prefix: prefix("10.1.3.0/24")},
		change.RemoveRoute{Table: e.table(), Prefix: prefix("0.0.0.0/0")},
		change.PropagateRoutes{Table: e.table()},
		change.AddServiceEndpoint{Subnet: apps},
		change.SetEndpointPolicies{Subnet: doors, Policies: world.Policies{NSG: true}},
		change.AddFirewall{VNet: e.vnet("lone"), Addr: ip("10.3.0.9"), SNAT: true},
		change.RestrictFirewall{Firewall: e.firewall()},
		change.AllowInspected{Machine: e.firewall(), To: ip("10.1.2.4")},
		change.AllowInspected{Machine: e.firewall(), To: ip("10.1.2.4"), Name: fabrikam},
		change.AllowInspected{Machine: e.ruled(), To: ip("10.1.2.4"), From: prefix("10.2.0.0/24")},
		change.AllowInspected{Machine: e.ruled(), To: ip("10.1.2.4"), Port: 53},
		change.AllowInspected{Machine: e.ruled(), To: ip("10.1.2.4"), Name: fabrikam, From: prefix("10.2.0.0/24")},
		change.AllowInspected{Machine: e.host("nva"), To: ip("10.1.2.4")},
		change.TranslateSource{Machine: e.firewall(), On: true},
		change.TranslateSource{Machine: e.firewall(), On: true, To: ip("10.1.2.4")},
		change.TranslateSource{Machine: e.ruled(), On: true, To: ip("10.1.2.4")},
		change.TranslateSource{Machine: e.host("nva"), On: true},
		change.SetFirewallDNS{Firewall: e.ruled(), Servers: ips("10.1.0.5")},
		change.AddAppliance{Name: "fwd" + e.mark, VNet: e.vnet("hub"), Addr: ip("10.1.0.77")},
		change.SetInspection{Machine: e.host("squid")},
		change.SetInspection{Machine: e.host("nva"), On: true, Issuer: "CN=X"},
		change.SetStalling{Machine: e.host("nva")},

		change.SetHostsLine{Host: app, Name: fabrikam},
		change.SetHostsLine{Host: app, Name: fabrikam, Addr: ip("10.1.2.4")},
		change.SetEnvironment{Host: app, Key: "HTTPS_PROXY" + e.mark, Value: "http://" + e.mark},
		change.SetEnvironment{Host: app, Key: "HTTPS_PROXY"},
		change.SetNameservers{Host: app},
		change.SetSplit{Host: app, Domain: suffix},
		change.SetSplit{Host: app, Domain: zoneName, Servers: ips("10.1.0.6")},
		change.SetSearch{Host: app, Domains: []string{"corp.example", "example"}, Ndots: 5},
		change.SetSearch{Host: app, Ndots: 1},
		change.SetCached{Host: app, Name: fabrikam},
		change.SetCached{Host: app, Name: suffix, Addr: ip("10.1.2.4"), TTL: time.Minute},
		change.DropServerRecord{Server: e.host("dns"), Name: fabrikam},
		change.Register{Subscription: "S" + e.mark, Off: true},
		change.SetHostHeader{Host: app},
		change.KeepOpen{Host: app},
		change.MoveHost{Host: app, Network: e.vnet("hub"), Subnet: doors},
		change.TakeHome{Host: app},
		change.RunAs{Host: app, Runs: world.OnCloudShell},
		change.RunInVNet{Host: app, VNet: e.vnet("hub"), Subnet: doors},
		change.SetIntegration{Host: app, Subnet: doors, RouteAll: true},
		change.SetIntegration{Host: app},
		change.UseProxy{Host: app, Proxy: netip.MustParseAddrPort("203.0.113.5:8080"), Role: world.ProxyRole{Answers: 200}},
		change.SetProxyAnswer{Proxy: e.host("squid"), Status: 200},
		change.SetProxyAnswer{Proxy: e.host("squid")},
		change.ExemptFromProxy{Host: app, Name: fabrikam},
	}
}
