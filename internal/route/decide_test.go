package route

import (
	"strings"
	"testing"
)

// hubAndSpoke is the world that most cases change a line or two of: a client
// in a spoke, the endpoint in the hub, a second spoke, and an office behind the
// hub's gateway.
const hubAndSpoke = `
vault fabrikam 52.168.109.101 location=eastus
vnet hub 10.1.0.0/16
subnet hub/endpoints 10.1.2.0/24
subnet hub/servers 10.1.0.0/25
subnet hub/AzureFirewallSubnet 10.1.1.0/26
subnet hub/GatewaySubnet 10.1.255.0/27
vnet spoke 10.4.0.0/16
subnet spoke/apps 10.4.5.0/24
vnet other 10.5.0.0/16
subnet other/apps 10.5.0.0/24
peering hub>spoke allow-gateway
peering spoke>hub use-gateway
peering hub>other allow-gateway
peering other>hub use-gateway
site office 192.168.0.0/16 to=hub public=203.0.113.9
endpoint pe hub/endpoints 10.1.2.3 fabrikam
resolver dnsr hub 10.1.0.20
host app spoke 10.4.5.6 public=20.1.2.3
host dc hub 10.1.0.4 dns
host web other 10.5.0.4 dns
host laptop office 192.168.7.7
host ns office 192.168.0.10 dns
host home internet 198.18.0.7
host mirror internet 198.18.0.8 proxy=3128
`

// firewalled sends all of the spoke's traffic through a firewall in the hub.
const firewalled = hubAndSpoke + `
firewall fw hub 10.1.1.4 public=20.9.9.9
table toFirewall 0.0.0.0/0=10.1.1.4 10.1.0.0/16=10.1.1.4
subnet spoke/apps 10.4.5.0/24 table=toFirewall
`

// forwarding is firewalled with an appliance in the firewall's place.
const forwarding = hubAndSpoke + `
host nva hub 10.1.1.5 forwards snat public=20.8.8.8
table toAppliance 0.0.0.0/0=10.1.1.5 10.1.2.3/32=10.1.1.5
subnet spoke/apps 10.4.5.0/24 table=toAppliance
`

// virtualHub is a Virtual WAN hub with two VNets and an office.
const virtualHub = `
vault fabrikam 52.168.109.101
hub wan 10.100.0.0/24 vnets=apps,data
firewall fw wan 10.100.0.132 public=20.9.9.9
vnet apps 10.4.0.0/16
subnet apps/default 10.4.0.0/24
vnet data 10.1.0.0/16
subnet data/default 10.1.2.0/24
site office 192.168.0.0/16 to=wan
endpoint pe data/default 10.1.2.3 fabrikam
host app apps 10.4.0.6
host dc data 10.1.2.53 dns
host laptop office 192.168.7.7
`

type decideCase struct {
	name  string
	world string
	flows string // "FLOW = DECISION", one a line
}

func runDecide(t *testing.T, cases []decideCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, n, err := build(c.world)
			if err != nil {
				t.Fatal(err)
			}
			for text := range strings.Lines(c.flows) {
				if strings.TrimSpace(text) == "" {
					continue
				}
				flow, want, _ := strings.Cut(strings.TrimSpace(text), " = ")
				if got := describe(Decide(w, n.parseFlow(w, flow))); got != want {
					t.Errorf("%s\n got %s\nwant %s", flow, got, want)
				}
			}
		})
	}
}

func TestPeerings(t *testing.T) {
	runDecide(t, []decideCase{
		{"both sides connected", hubAndSpoke, `
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6
			dc > 10.1.2.3 = ok at private-endpoint/pe from 10.1.0.4
			app > 10.1.0.4:53/udp = ok at host/dc from 10.4.5.6`},
		{"not transitive", hubAndSpoke, `
			app > 10.5.0.4:53/udp = timeout no-path`},
		{"one side missing", strings.ReplaceAll(hubAndSpoke, "peering hub>spoke allow-gateway\n", ""), `
			app > 10.1.2.3 = timeout peering by spoke-to-hub
			dc > 10.4.5.6:53 = timeout peering by spoke-to-hub`},
		{"initiated", hubAndSpoke + "peering spoke>hub state=Initiated", `
			app > 10.1.2.3 = timeout peering by spoke-to-hub
			dc > 10.4.5.6:53 = timeout peering by spoke-to-hub`},
		{"the far side disconnected", hubAndSpoke + "peering hub>spoke state=Disconnected", `
			app > 10.1.2.3 = timeout peering by hub-to-spoke`},
		{"no access allowed", hubAndSpoke + "peering hub>spoke no-access", `
			app > 10.1.2.3 = timeout peering by hub-to-spoke`},
		{"to a VNet that was not read", hubAndSpoke + "peering spoke>elsewhere", `
			app > 10.200.0.4 = timeout path-not-read by spoke-to-elsewhere`},
		{"no peering at all", hubAndSpoke, `
			app > 10.200.0.4 = timeout no-path
			app > 172.31.255.1 = timeout no-path
			app > 172.32.0.1 = timeout nobody-there
			app > 100.64.0.1 = timeout no-path`},
	})
}

func TestTargets(t *testing.T) {
	runDecide(t, []decideCase{
		{"ports", hubAndSpoke + "firewall fw hub 10.1.1.4 dns\nfirewall mute hub 10.1.1.5\nhost dc hub 10.1.0.4 dns no-tcp\nhost px hub 10.1.0.9 proxy=3128", `
			app > 10.1.2.3:80 = timeout port-closed by pe at private-endpoint/pe
			app > 10.1.0.4:53/udp = ok at host/dc from 10.4.5.6
			app > 10.1.0.4:53 = refused port-closed by dc at host/dc
			app > 10.1.0.4 = refused port-closed by dc at host/dc
			app > 10.1.0.9:3128 = ok at host/px from 10.4.5.6
			app > 10.1.0.20:53/udp = ok at resolver-inbound/dnsr from 10.4.5.6
			app > 10.1.0.20 = timeout port-closed by dnsr at resolver-inbound/dnsr
			app > 10.1.1.4:53/udp = ok at firewall/fw from 10.4.5.6
			app > 10.1.1.5:53/udp = timeout port-closed by mute at firewall/mute
			app > 10.1.2.77 = timeout nobody-there
			app > 10.4.5.6 = refused port-closed by app at host/app
			dc > 127.0.0.1:53/udp = ok at host/dc from 10.1.0.4`},
		{"dead endpoints", hubAndSpoke + "endpoint pe hub/endpoints 10.1.2.3 fabrikam status=Rejected\nendpoint stray hub/endpoints 10.1.2.4 nowhere", `
			app > 10.1.2.3 = timeout endpoint-dead by pe at private-endpoint/pe
			app > 10.1.2.4 = timeout endpoint-dead by stray at private-endpoint/stray`},
		{"public", hubAndSpoke, `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.1.2.3
			app > 52.168.109.101:80 = timeout port-closed at vault-front-end/
			app > 8.8.8.8:53/udp = ok at public-dns/ from 20.1.2.3
			app > 1.1.1.1:443 = timeout port-closed at public-dns/
			app > 198.18.0.8:3128 = ok at host/mirror from 20.1.2.3
			app > 198.18.0.9 = timeout nobody-there
			laptop > 52.168.109.101 = ok at vault-front-end/ from 203.0.113.9
			home > 52.168.109.101 = ok at vault-front-end/ from 198.18.0.7
			home > 10.1.2.3 = timeout no-path`},
		{"public space used in a VNet", hubAndSpoke + "vnet hub 10.1.0.0/16 52.168.0.0/16", `
			app > 52.168.109.101 = timeout nobody-there
			home > 52.168.109.101 = ok at vault-front-end/ from 198.18.0.7`},
		{"NAT gateway", hubAndSpoke + "subnet spoke/apps 10.4.5.0/24 nat=20.7.7.7\nhost app spoke 10.4.5.6", `
			app > 52.168.109.101 = ok at vault-front-end/ from 20.7.7.7`},
		{"a pod leaves with its node's address", hubAndSpoke + "host pod spoke 10.244.0.9 behind=app", `
			pod > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`},
		{"a cluster carries its own addresses", hubAndSpoke + "host pod spoke 10.244.0.9 behind=app\nhost coredns spoke 10.0.0.10 behind=node dns\nhost node spoke 10.4.5.7\nhost vm spoke 10.4.5.8", `
			pod > 10.0.0.10:53/udp = ok at host/coredns from 10.4.5.6
			node > 10.0.0.10:53/udp = ok at host/coredns from 10.4.5.7
			vm > 10.0.0.10:53/udp = timeout no-path
			web > 10.0.0.10:53/udp = timeout no-path`},
		{"families", hubAndSpoke + "host home internet 198.18.0.7 also=2001:db8::7", `
			app > 2001:db8::1 = unreachable no-path
			app > ::ffff:10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6
			home > 2001:db8::1 = timeout nobody-there`},
	})
}

func TestAzureDNS(t *testing.T) {
	diverted := "table all 0.0.0.0/0=None 168.63.129.16/32=None\nsubnet spoke/apps 10.4.5.0/24 table=all nsg=closed\n"
	runDecide(t, []decideCase{
		{"from inside", hubAndSpoke, `
			app > 168.63.129.16:53/udp = ok at azure-dns/spoke from 10.4.5.6
			dnsr > 168.63.129.16:53/udp = ok at azure-dns/hub from 10.1.0.20
			hub > 168.63.129.16:53/udp = ok at azure-dns/hub from 168.63.129.16
			app > 168.63.129.16 = timeout port-closed by spoke at azure-dns/spoke`},
		{"from outside", hubAndSpoke, `
			laptop > 168.63.129.16:53/udp = timeout azure-dns-from-outside
			home > 168.63.129.16:53/udp = timeout azure-dns-from-outside`},
		{"neither routes nor plain rules stop it", hubAndSpoke + diverted + "nsg closed deny:out:*:*:*:*", `
			app > 168.63.129.16:53/udp = ok at azure-dns/spoke from 10.4.5.6`},
		{"a rule with its tag does", hubAndSpoke + diverted + "nsg closed deny:out:*:*:AzurePlatformDNS:53", `
			app > 168.63.129.16:53/udp = timeout nsg by closed`},
		{"a virtual hub's firewall asks it too", virtualHub, `
			fw > 168.63.129.16:53/udp = ok at azure-dns/wan from 10.100.0.132`},
	})
}

func TestSites(t *testing.T) {
	runDecide(t, []decideCase{
		{"through the hub's gateway", hubAndSpoke, `
			laptop > 10.1.2.3 = ok at private-endpoint/pe from 192.168.7.7
			laptop > 10.1.0.20:53/udp = ok at resolver-inbound/dnsr from 192.168.7.7
			laptop > 10.5.0.4:53 = ok at host/web from 192.168.7.7
			laptop > 192.168.0.10:53/udp = ok at host/ns from 192.168.7.7
			laptop > 192.168.9.9:53/udp = timeout nobody-there
			laptop > 10.200.0.4 = unreachable no-path
			app > 192.168.0.10:53 = ok at host/ns from 10.4.5.6
			dnsr > 192.168.0.10:53/udp = ok at host/ns from 10.1.0.20`},
		{"gateway transit not allowed by the hub", hubAndSpoke + "peering hub>other", `
			laptop > 10.5.0.4:53 = unreachable peering by hub-to-other
			web > 192.168.0.10:53/udp = timeout peering by hub-to-other`},
		{"remote gateways not used by the spoke", hubAndSpoke + "peering other>hub", `
			laptop > 10.5.0.4:53 = unreachable peering by other-to-hub
			web > 192.168.0.10:53/udp = timeout peering by other-to-hub`},
		{"a table refuses the gateway's routes", hubAndSpoke + "table own no-bgp\nsubnet spoke/apps 10.4.5.0/24 table=own\nhost app spoke 10.4.5.6 dns", `
			app > 192.168.0.10:53/udp = timeout route by own
			laptop > 10.4.5.6:53/udp = timeout route by own at host/app
			laptop > 10.1.2.3 = ok at private-endpoint/pe from 192.168.7.7`},
		{"not connected", hubAndSpoke + "site office 192.168.0.0/16", `
			laptop > 10.1.2.3 = unreachable no-path
			app > 192.168.0.10:53/udp = timeout no-path`},
		{"point to site", hubAndSpoke + "gateway vpn hub 172.16.0.0/24\nhost p2s vpn 172.16.0.2 public=203.0.113.77", `
			p2s > 10.1.2.3 = ok at private-endpoint/pe from 172.16.0.2
			p2s > 10.1.0.20:53/udp = ok at resolver-inbound/dnsr from 172.16.0.2
			p2s > 10.5.0.4:53 = ok at host/web from 172.16.0.2
			p2s > 10.200.0.4 = timeout no-path
			p2s > 168.63.129.16:53/udp = timeout azure-dns-from-outside
			p2s > 8.8.8.8:53/udp = ok at public-dns/ from 203.0.113.77`},
		{"forced tunnelling", hubAndSpoke + "table tunnel 0.0.0.0/0=VirtualNetworkGateway\nsubnet spoke/apps 10.4.5.0/24 table=tunnel", `
			app > 52.168.109.101 = ok at vault-front-end/ from 203.0.113.9
			app > 192.168.0.10:53 = ok at host/ns from 10.4.5.6
			app > 10.1.2.3 = ok at private-endpoint/pe from 10.4.5.6`},
		{"a default route from the site", hubAndSpoke + "site office 0.0.0.0/0 192.168.0.0/16 to=hub public=203.0.113.9", `
			app > 52.168.109.101 = ok at vault-front-end/ from 203.0.113.9
			laptop > 52.168.109.101 = ok at vault-front-end/ from 203.0.113.9`},
	})
}
