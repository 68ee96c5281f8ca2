package route

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

func TestRouteTables(t *testing.T) {
	with := func(table string) string { return hubAndSpoke + "subnet spoke/apps 10.4.5.0/24 table=t\n" + table }
	policies := "\nsubnet hub/endpoints 10.1.2.0/24 policies=routes"
	runDecide(t, []decideCase{
		{"a default route leaves endpoints alone", with("table t 0.0.0.0/0=None"), `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6
			app > 10.1.0.4:53 = ok at host/dc from 10.4.5.6
			app > 52.168.109.101 = timeout route by t
			app > 10.200.0.4 = timeout route by t`},
		{"the VNet's space loses to the endpoint's /32", with("table t 10.1.0.0/16=None"), `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6
			app > 10.1.0.4:53 = timeout route by t`},
		{"unless the endpoint's subnet has policies for routes", with("table t 10.1.0.0/16=None") + policies, `
			app > 10.1.2.3 = timeout route by t`},
		{"which a shorter prefix still does not use", with("table t 10.0.0.0/8=None 0.0.0.0/0=None") + policies, `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`},
		{"policies for security groups are no policies for routes", with("table t 10.1.0.0/16=None\nsubnet hub/endpoints 10.1.2.0/24 policies=nsg"), `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`},
		{"a /32 wins", with("table t 10.1.2.3/32=None"), `
			app > 10.1.2.3 = timeout route by t`},
		{"nobody forwards at the next hop", with("table t 10.1.2.3/32=10.1.0.4 52.0.0.0/8=10.1.0.99 8.8.8.8/32=10.200.0.1"), `
			app > 10.1.2.3 = timeout route by t
			app > 52.168.109.101 = timeout route by t
			app > 8.8.8.8:53/udp = timeout route by t`},
		{"to the internet", with("table t 10.1.2.3/32=Internet 0.0.0.0/0=Internet"), `
			app > 10.1.2.3 = timeout route by t
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3
			app > 10.200.0.4 = timeout no-path`},
		{"back into the VNet", with("table t 10.0.0.0/8=None 10.4.0.0/16=None 10.4.5.0/24=VnetLocal\nhost ns2 spoke 10.4.5.9 dns"), `
			app > 10.4.5.9:53 = ok at host/ns2 from 10.4.5.6
			app > 10.4.9.9:53 = timeout route by t`},
		{"service tags", with("table t AzureKeyVault=None 0.0.0.0/0=Internet"), `
			app > 52.168.109.101 = timeout route by t
			app > 8.8.8.8:53/udp = ok at public-dns/ from 20.1.2.3`},
		{"the tag of another region", with("table t AzureKeyVault.WestEurope=None AzureCloud.EastUS=Internet"), `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3`},
		{"an explicit prefix before a tag", with("table t AzureKeyVault=None 52.168.109.0/24=Internet"), `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3`},
		{"a table that does not exist", with(""), `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`},
	})
}

func TestServiceEndpoints(t *testing.T) {
	runDecide(t, []decideCase{
		{"keeps the private source", hubAndSpoke + "subnet spoke/apps 10.4.5.0/24 serves=microsoft.keyvault", `
			app > 52.168.109.101 = ok at vault-front-end/ from 10.4.5.6 served apps
			app > 8.8.8.8:53/udp = ok at public-dns/ from 20.1.2.3
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`},
		{"of another service", hubAndSpoke + "subnet spoke/apps 10.4.5.0/24 serves=Microsoft.Storage", `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3`},
		{"no route overrides it", firewalled + "subnet spoke/apps 10.4.5.0/24 table=toFirewall serves=Microsoft.KeyVault", `
			app > 52.168.109.101 = ok at vault-front-end/ from 10.4.5.6 served apps`},
		{"of the firewall's subnet", firewalled + "subnet hub/AzureFirewallSubnet 10.1.1.0/26 serves=Microsoft.KeyVault.Global", `
			app > 52.168.109.101 = ok at vault-front-end/ from 10.1.1.4 via fw served azurefirewallsubnet`},
		{"behind an appliance that keeps the source", forwarding + "host nva hub 10.1.1.5 forwards\nsubnet hub/AzureFirewallSubnet 10.1.1.0/26 serves=Microsoft.KeyVault", `
			app > 52.168.109.101 = timeout asymmetric by nva via nva served azurefirewallsubnet`},
	})
}

func TestSecurityGroups(t *testing.T) {
	out := func(rules string) string { return hubAndSpoke + "subnet spoke/apps 10.4.5.0/24 nsg=g\nnsg g " + rules }
	in := func(subnet, rules string) string { return hubAndSpoke + "subnet " + subnet + " nsg=g\nnsg g " + rules }
	open := `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`
	runDecide(t, []decideCase{
		{"the default rules let VNets and the internet through", out(""), open + `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3
			app > 192.168.0.10:53 = ok at host/ns from 10.4.5.6
			app > 10.200.0.4 = timeout no-path`},
		{"outbound to an endpoint", out("deny:out:tcp:*:10.1.2.0/24:443"), `
			app > 10.1.2.3 = timeout nsg by g`},
		{"outbound, another port", out("deny:out:*:*:*:400-442"), open},
		{"outbound, a range of ports", out("deny:out:*:*:*:400-500"), `
			app > 10.1.2.3 = timeout nsg by g`},
		{"outbound, another protocol", out("deny:out:UDP:*:*:*"), open},
		{"an inbound rule says nothing of what goes out", out("deny:in:*:*:*:*"), open},
		{"the first rule that matches", out("allow:out:Tcp:10.4.5.6:VirtualNetwork:443 deny:out:*:*:*:*"), open + `
			app > 52.168.109.101 = timeout nsg by g`},
		{"the tag of Key Vault", out("deny:out:*:*:AzureKeyVault.EastUS:443"), open + `
			app > 52.168.109.101 = timeout nsg by g
			app > 8.8.8.8:53/udp = ok at public-dns/ from 20.1.2.3`},
		{"the tag of another region", out("deny:out:*:*:AzureKeyVault.WestEurope:443"), `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3`},
		{"the internet", out("deny:out:*:*:internet:*"), open + `
			app > 52.168.109.101 = timeout nsg by g`},
		{"the internet, behind a site's default route", out("deny:out:*:*:Internet:*") + "\nsite office 0.0.0.0/0 192.168.0.0/16 to=hub", `
			app > 52.168.109.101 = timeout nsg by g
			app > 192.168.0.10:53 = ok at host/ns from 10.4.5.6`},
		{"inbound to a host", in("hub/servers 10.1.0.0/25", "deny:in:udp:10.4.0.0/16:*:53"), `
			app > 10.1.0.4:53/udp = timeout nsg by g at host/dc
			app > 10.1.0.4:53 = ok at host/dc from 10.4.5.6
			app > 10.1.0.20:53/udp = timeout nsg by g at resolver-inbound/dnsr
			laptop > 10.1.0.4:53/udp = ok at host/dc from 192.168.7.7`},
		{"inbound to an endpoint is not filtered", in("hub/endpoints 10.1.2.0/24", "deny:in:*:*:*:*"), open},
		{"unless its subnet has policies for it", in("hub/endpoints 10.1.2.0/24 policies=nsg", "deny:in:*:*:*:*"), `
			app > 10.1.2.3 = timeout nsg by g at private-endpoint/pe`},
		{"whose default rules let VNets and sites in", in("hub/endpoints 10.1.2.0/24 policies=nsg,routes", ""), open + `
			laptop > 10.1.2.3 = ok at private-endpoint/pe from 192.168.7.7`},
		{"a group that does not exist", hubAndSpoke + "subnet spoke/apps 10.4.5.0/24 nsg=gone", open},
	})
}

func TestAppliances(t *testing.T) {
	toEndpoint := "table toFirewall 0.0.0.0/0=10.1.1.4 10.1.2.3/32=10.1.1.4\n"
	back := "table back 10.4.0.0/16=10.1.1.4\nsubnet other/apps 10.5.0.0/24 table=back\n"
	runDecide(t, []decideCase{
		{"a firewall translates towards the internet", firewalled, `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.9.9.9 via fw
			app > 8.8.8.8:53/udp = ok at public-dns/ from 20.9.9.9 via fw`},
		{"to an endpoint, translated", firewalled + toEndpoint + "firewall fw hub 10.1.1.4 snat", `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.1.1.4 via fw`},
		{"to an endpoint, with the source kept", firewalled + toEndpoint, `
			app > 10.1.2.3 = timeout asymmetric by fw at private-endpoint/pe via fw`},
		{"between spokes, one way only", firewalled, `
			app > 10.5.0.4:53 = timeout asymmetric by fw at host/web via fw`},
		{"between spokes, both ways", firewalled + back, `
			app > 10.5.0.4:53 = ok at host/web from 10.4.5.6 via fw
			app > 10.5.0.4:53/udp = ok at host/web from 10.4.5.6 via fw
			web > 10.4.5.6:53 = refused port-closed by app at host/app via fw`},
		{"between spokes, back through another", firewalled + back + "host nva hub 10.1.1.5 forwards\ntable back 10.4.0.0/16=10.1.1.5", `
			app > 10.5.0.4:53 = timeout asymmetric by fw at host/web via fw`},
		{"the reply alone crosses a firewall", firewalled + "firewall fw hub 10.1.1.4\ntable toFirewall 192.168.0.0/16=10.1.1.4\nhost app spoke 10.4.5.6 dns", `
			laptop > 10.4.5.6:53 = timeout asymmetric by fw at host/app
			laptop > 10.4.5.6:53/udp = ok at host/app from 192.168.7.7`},
		{"a UDP reply may come straight back", firewalled, `
			app > 10.1.0.4:53 = timeout asymmetric by fw at host/dc via fw
			app > 10.1.0.4:53/udp = ok at host/dc from 10.4.5.6 via fw`},
		{"the firewall itself is the destination", firewalled + "firewall fw hub 10.1.1.4 dns", `
			app > 10.1.1.4:53/udp = ok at firewall/fw from 10.4.5.6`},
		{"rules", firewalled + "firewall fw hub 10.1.1.4 public=20.9.9.9 allow=10.4.0.0/16:AzureKeyVault:443", `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.9.9.9 via fw
			app > 52.168.109.101:80 = timeout firewall by fw via fw
			app > 8.8.8.8:53/udp = timeout firewall by fw via fw`},
		{"rules by name", firewalled + "firewall fw hub 10.1.1.4 public=20.9.9.9 fqdn=*.vault.azure.net", `
			app > 52.168.109.101 sni=fabrikam.vault.azure.net = ok at vault-front-end/ from 20.9.9.9 via fw
			app > 52.168.109.101 sni=fabrikam.vaultcore.azure.net = reset firewall by fw via fw
			app > 52.168.109.101 = ok at vault-front-end/ from 20.9.9.9 via fw
			app > 8.8.8.8:53/udp = timeout firewall by fw via fw`},
		{"rules by name translate, whatever the policy says", firewalled + toEndpoint + "firewall fw hub 10.1.1.4 fqdn=*.vault.azure.net", `
			app > 10.1.2.3 sni=fabrikam.vault.azure.net = ok at private-endpoint/pe from 10.1.1.4 via fw
			app > 10.1.2.3 sni=fabrikam.example = reset firewall by fw via fw`},
		{"a host that forwards", forwarding, `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.1.1.5 via nva
			app > 52.168.109.101 = ok at vault-front-end/ from 20.8.8.8 via nva`},
		{"and keeps the source", forwarding + "host nva hub 10.1.1.5 forwards", `
			app > 10.1.2.3 = timeout asymmetric by nva at private-endpoint/pe via nva
			app > 52.168.109.101 = timeout asymmetric by nva via nva`},
		{"and blocks", forwarding + "host nva hub 10.1.1.5 forwards snat blocks=10.1.2.0/24", `
			app > 10.1.2.3 = timeout firewall by nva via nva`},
		{"and re-signs", forwarding + "host nva hub 10.1.1.5 forwards snat intercepts", `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.1.1.5 via nva resigned nva`},
		{"and loses large packets", forwarding + "host nva hub 10.1.1.5 forwards snat stalls public=20.8.8.8", `
			app > 10.1.2.3 = stalled packet-too-large by nva at private-endpoint/pe via nva
			app > 8.8.8.8:53/udp = ok at public-dns/ from 20.8.8.8 via nva`},
		{"in a subnet whose group keeps it out", forwarding + "subnet hub/AzureFirewallSubnet 10.1.1.0/26 nsg=g\nnsg g deny:in:*:10.4.0.0/16:*:*", `
			app > 10.1.2.3 = timeout nsg by g`},
		{"that sends to itself", forwarding + "subnet hub/AzureFirewallSubnet 10.1.1.0/26 table=toAppliance", `
			app > 10.1.2.3 = timeout route by toappliance` + strings.Repeat(" via nva", 9)},
		{"two, each translating", forwarding + "host second hub 10.1.0.9 forwards snat\ntable on 10.1.2.3/32=10.1.0.9\nsubnet hub/AzureFirewallSubnet 10.1.1.0/26 table=on", `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.1.0.9 via nva via second`},
		{"a spoke reached by the firewall alone", firewalled + "endpoint far other/apps 10.5.0.9 fabrikam", `
			app > 10.5.0.9 = ok at private-endpoint/far from 10.4.5.6 via fw`},
		{"behind it, a broken peering", firewalled + "peering other>hub state=Disconnected", `
			app > 10.5.0.4:53 = timeout peering by other-to-hub via fw`},
		{"on the way in from the gateway", firewalled + "firewall fw hub 10.1.1.4 snat\ntable in 10.5.0.0/16=10.1.1.4\nsubnet hub/GatewaySubnet 10.1.255.0/27 table=in", `
			laptop > 10.5.0.4:53 = ok at host/web from 10.1.1.4 via fw
			laptop > 10.1.2.3 = ok at private-endpoint/pe from 192.168.7.7`},
	})
}

func TestVirtualHubs(t *testing.T) {
	runDecide(t, []decideCase{
		{"routes between its VNets and sites", virtualHub, `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.0.6
			laptop > 10.1.2.3 = ok at private-endpoint/pe from 192.168.7.7
			laptop > 10.1.2.53:53 = ok at host/dc from 192.168.7.7
			dc > 192.168.7.7:53/udp = refused port-closed by laptop at host/laptop
			app > 10.200.0.4 = timeout no-path`},
		{"through its firewall", virtualHub + "hub wan 10.100.0.0/24 vnets=apps,data private=fw internet=fw", `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.0.6 via fw
			app > 10.1.2.53:53 = ok at host/dc from 10.4.0.6 via fw
			app > 10.1.2.53:53/udp = ok at host/dc from 10.4.0.6 via fw
			laptop > 10.1.2.53:53 = ok at host/dc from 192.168.7.7 via fw
			app > 52.168.109.101 = ok at vault-front-end/ from 20.9.9.9 via fw`},
		{"whose firewall keeps them apart", virtualHub + "hub wan 10.100.0.0/24 vnets=apps,data private=fw\nfirewall fw wan 10.100.0.132 allow=10.4.0.0/16:VirtualNetwork:443", `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.0.6 via fw
			laptop > 10.1.2.3 = timeout firewall by fw via fw`},
		{"whose firewall was not read", virtualHub + "hub wan 10.100.0.0/24 vnets=apps,data private=gone", `
			app > 10.1.2.3 = timeout path-not-read by gone`},
	})
}

func TestAppService(t *testing.T) {
	runDecide(t, []decideCase{
		{"integrated: private space only", hubAndSpoke + "host web2 spoke 10.4.5.7 runs=app-service public=20.3.3.3\nvnet hub 10.1.0.0/16 30.0.0.0/16\nsubnet hub/public 30.0.1.0/24\nendpoint pe2 hub/public 30.0.1.4 fabrikam\nsubnet spoke/apps 10.4.5.0/24 nat=20.7.7.7 serves=Microsoft.KeyVault", `
			web2 > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.7
			web2 > 168.63.129.16:53/udp = ok at azure-dns/spoke from 10.4.5.7
			web2 > 52.168.109.101 = ok at vault-front-end/ from 20.3.3.3
			web2 > 30.0.1.4 = timeout platform by web2`},
		{"integrated: not the private range of RFC 6598", hubAndSpoke + "host web2 spoke 10.4.5.7 runs=app-service\nvnet spoke 10.4.0.0/16 100.64.0.0/16\nsubnet spoke/far 100.64.2.0/24\nendpoint pe2 spoke/far 100.64.2.3 fabrikam", `
			web2 > 100.64.2.3 = timeout platform by web2
			app > 100.64.2.3 = ok at private-endpoint/pe2 from 10.4.5.6`},
		{"integrated: all of it", hubAndSpoke + "host web2 spoke 10.4.5.7 runs=function route-all\nsubnet spoke/apps 10.4.5.0/24 serves=Microsoft.KeyVault", `
			web2 > 52.168.109.101 = ok at vault-front-end/ from 10.4.5.7 served apps`},
		{"not integrated", hubAndSpoke + "host web2 spoke 10.4.5.7 runs=function not-integrated public=20.3.3.3", `
			web2 > 10.1.2.3 = timeout no-path
			web2 > 52.168.109.101 = ok at vault-front-end/ from 20.3.3.3`},
	})
}

func TestDeadEndpointAnswers(t *testing.T) {
	w, n, err := build(hubAndSpoke + "endpoint pe hub/endpoints 10.1.2.3 fabrikam status=Pending")
	if err != nil {
		t.Fatal(err)
	}
	w = w.WithAssumptions(world.Assumptions{DeadEndpointAnswers: true})
	if d := Decide(w, n.parseFlow(w, "app > 10.1.2.3")); d.Outcome != fact.OK || d.Target.Kind != AtEndpoint {
		t.Errorf("got %s", describe(d))
	}
}

// TestOrigins holds what FromVNet and FromFirewall say of machines that have
// no public address of their own.
func TestOrigins(t *testing.T) {
	w, n, err := build(hubAndSpoke + "firewall fw hub 10.1.1.4")
	if err != nil {
		t.Fatal(err)
	}
	fw := n.origin(w, "fw")
	if fw.Subnet.Name() != "azurefirewallsubnet" || !fw.Public.IsValid() || fw.Network != n.id("hub") {
		t.Errorf("firewall: %+v", fw)
	}
	if v := n.origin(w, "spoke"); v.Addr != world.AzureDNS || v.Network != n.id("spoke") || !v.Public.IsValid() {
		t.Errorf("VNet: %+v", v)
	}
	if r := n.origin(w, "dnsr"); r.Addr != netip.MustParseAddr("10.1.0.20") || r.Subnet.Name() != "servers" {
		t.Errorf("resolver: %+v", r)
	}
	if gone := FromVNet(w, "/no/such/vnet"); Decide(w, Flow{From: gone, To: netip.MustParseAddrPort("10.1.2.3:443"), Proto: TCP}).Reason != fact.PathNotRead {
		t.Error("a VNet that was not read has a path")
	}
}
