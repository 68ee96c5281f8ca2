package route

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// oddLines are patterns of lines. The verbs stand for the name of a VNet
// (%[1]s), of one that may not exist (%[2]s), of any machine (%[3]s), of an
// address (%[4]s) and of a prefix (%[5]s).
var oddLines = []string{
	"peering %[1]s>%[2]s allow-gateway use-gateway", "peering %[1]s>%[2]s state=Initiated", "peering %[1]s>%[2]s use-gateway",
	"subnet %[1]s/GatewaySubnet %[5]s table=t", "subnet %[1]s/s %[5]s table=t nsg=g policies=nsg,routes serves=Microsoft.KeyVault",
	"subnet %[1]s/s %[5]s table=gone nsg=gone", "subnet %[1]s/s 0.0.0.0/0 table=t",
	"table t %[5]s=%[4]s 0.0.0.0/0=%[4]s", "table t 0.0.0.0/0=VirtualNetworkGateway", "table t AzureCloud=%[4]s %[5]s=None",
	"table t no-bgp %[5]s=VnetLocal Nonsense=Internet", "table t 0.0.0.0/0=Nonsense",
	"nsg g deny:out:*:%[5]s:VirtualNetwork:x-9", "nsg g allow:in:tcp:Internet:%[4]s-10.255.0.0:* deny:in:*:*:AzureKeyVault.:*",
	"firewall f1 %[2]s %[4]s", "firewall f2 wan %[4]s snat dns allow=*:%[5]s:*", "gateway p2s %[2]s %[5]s", "gateway vpn %[1]s %[5]s",
	"hub wan %[5]s vnets=%[1]s,%[2]s private=%[3]s internet=%[3]s", "hub wan %[5]s vnets=%[1]s", "hub wan2 %[5]s vnets=%[1]s private=f2",
	"site east %[5]s to=%[1]s,%[2]s", "site west 0.0.0.0/0 to=%[2]s,wan", "site east %[5]s to=east",
	"vault v %[4]s", "endpoint pe %[1]s/s %[4]s v", "endpoint pe2 %[2]s %[4]s gone status=Pending", "resolver r %[2]s %[4]s",
	"host h1 %[2]s %[4]s dns forwards", "host h2 %[1]s %[4]s forwards snat", "host h3 %[1]s %[4]s proxy=443 runs=function",
	"host h1 p2s %[4]s", "host h2 east %[4]s behind=%[3]s", "host h3 internet %[4]s dns", "host h3 gone %[4]s also=2001:db8::1",
}

// oddBase is sound; the lines after it take the place of some of its own.
const oddBase = `
vnet a 10.0.0.0/16
vnet b 10.1.0.0/16 52.168.0.0/16
vnet c 10.0.0.0/15
subnet a/s 10.0.0.0/16 table=t
table t 10.1.0.0/16=10.0.1.1
peering a>b
peering b>a
host h1 a 10.0.0.1
host h2 a 10.0.1.1 forwards
host h3 b 10.1.0.1 dns
`

// oddWorld makes a World out of random lines, with ids that dangle, spaces
// that overlap and routes that loop, and flows in it.
func oddWorld(seed uint64) (*world.World, *notation, []Flow) {
	r := rand.New(rand.NewPCG(seed, 2))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	addr := func() string {
		return pick("10.0.0.1", "10.0.1.1", "10.1.0.1", "10.1.1.1", "192.168.0.1", "52.168.109.101", "168.63.129.16", "8.8.8.8", "127.0.0.1", "2001:db8::9")
	}
	var text strings.Builder
	text.WriteString(oddBase)
	for range 1 + r.IntN(20) {
		fmt.Fprintf(&text, oddLines[r.IntN(len(oddLines))]+"%[6]s\n", pick("a", "b", "c"), pick("a", "b", "c", "wan", "gone"),
			pick("f1", "f2", "h1", "h2", "h3", "gone"), addr(), pick("10.0.0.0/24", "10.1.0.0/16", "0.0.0.0/0", "192.168.0.0/16", "52.0.0.0/8"), "")
	}
	w, n, _ := build(text.String()) // its faults are wanted
	var flows []Flow
	for _, from := range []string{"h1", "h2", "h3", "f1", "f2", "r", "a", "gone"} {
		f := Flow{From: n.origin(w, from), Proto: Protocol(pick("tcp", "udp", "sctp")), SNI: pick("", "v.vault.azure.net")}
		f.To = netip.AddrPortFrom(netip.MustParseAddr(addr()), []uint16{443, 53, 0}[r.IntN(3)])
		flows = append(flows, f)
	}
	return w, n, append(flows, Flow{}, Flow{From: flows[0].From})
}

// checkTotal holds what every Decision must keep to.
func checkTotal(t *testing.T, w *world.World, f Flow) {
	t.Helper()
	d := Decide(w, f)
	switch {
	case d.Outcome == fact.Unseen:
		t.Errorf("%+v: no outcome", f)
	case (d.Outcome == fact.OK) != (d.Reason == fact.NoReason):
		t.Errorf("%+v: %s: an outcome other than ok has a reason, ok has none", f, describe(d))
	case (d.Outcome == fact.OK || d.Outcome == fact.Stalled) && d.Target.Kind == Nothing:
		t.Errorf("%+v: %s: arrives nowhere", f, describe(d))
	case d.Outcome == fact.OK && d.Target.Kind != AtFrontEnd && d.Target.Kind != AtPublicDNS && d.Target.ID == "":
		t.Errorf("%+v: %s: arrives at nobody", f, describe(d))
	case len(d.Via) > maxHops+1:
		t.Errorf("%+v: %s: %d hops", f, describe(d), len(d.Via))
	case !reflect.DeepEqual(d, Decide(w, f)):
		t.Errorf("%+v: %s: decided otherwise the second time", f, describe(d))
	}
}

func FuzzDecide(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w, _, flows := oddWorld(seed)
		for _, flow := range flows {
			checkTotal(t, w, flow)
		}
	})
}

// TestOddWorlds also makes sure that the random worlds are worth the name:
// every reason that a flow can fail for turns up in them.
func TestOddWorlds(t *testing.T) {
	seen := make(map[fact.Reason]int)
	for seed := range uint64(3000) {
		w, _, flows := oddWorld(seed)
		for _, flow := range flows {
			checkTotal(t, w, flow)
			seen[Decide(w, flow).Reason]++
		}
	}
	for _, r := range []fact.Reason{
		fact.NoReason, fact.NoPath, fact.PeeringState, fact.PathNotRead, fact.ByNSG, fact.ByRoute, fact.ByFirewall, fact.LostReply,
		fact.NobodyThere, fact.PortClosed, fact.EndpointDead, fact.AzureOutside, fact.PlatformOutside,
	} {
		if seen[r] == 0 {
			t.Errorf("no flow fails for %q: %v", r, seen)
		}
	}
}

// TestUnconnected holds that a VNet that nothing is connected to changes
// nothing for anybody else.
func TestUnconnected(t *testing.T) {
	const island = "vnet island 172.30.0.0/16 10.1.0.0/16\nhost robinson island 172.30.0.4 dns\n"
	for _, text := range []string{hubAndSpoke, firewalled, forwarding, virtualHub} {
		w, n, err := build(text)
		wider, _, also := build(text + island)
		if err != nil || also != nil {
			t.Fatal(err, also)
		}
		for _, from := range []string{"app", "laptop", "dc"} {
			for to := range strings.FieldsSeq("10.1.2.3 10.1.0.4:53 10.5.0.4:53 52.168.109.101 172.30.0.4:53 168.63.129.16:53") {
				flow := n.parseFlow(w, from+" > "+to)
				if a, b := Decide(w, flow), Decide(wider, flow); !reflect.DeepEqual(a, b) {
					t.Errorf("%s > %s: %s, and with an island %s", from, to, describe(a), describe(b))
				}
			}
		}
	}
}

// BenchmarkDecide is what a prediction asks most.
func BenchmarkDecide(b *testing.B) {
	large := new(strings.Builder)
	large.WriteString(hubAndSpoke)
	for i := range 100 {
		fmt.Fprintf(large, "vnet v%d 10.%d.0.0/16\npeering hub>v%[1]d\npeering v%[1]d>hub\nhost h%[1]d v%[1]d 10.%[2]d.0.4\n", i, 100+i)
	}
	for _, c := range []struct{ name, world, flow string }{
		{"endpoint in the peered hub", hubAndSpoke, "app > 10.1.2.3"},
		{"endpoint, hub with 100 spokes", large.String(), "app > 10.1.2.3"},
		{"DNS server in the hub", hubAndSpoke, "app > 10.1.0.4:53/udp"},
		{"Azure DNS", hubAndSpoke, "app > 168.63.129.16:53/udp"},
		{"public front end", hubAndSpoke, "app > 52.168.109.101"},
		{"through a firewall", firewalled, "app > 52.168.109.101"},
		{"from a site", hubAndSpoke, "laptop > 10.1.2.3"},
	} {
		b.Run(c.name, func(b *testing.B) {
			w, n, err := build(c.world)
			if err != nil {
				b.Fatal(err)
			}
			flow := n.parseFlow(w, c.flow)
			b.ReportAllocs()
			for b.Loop() {
				if Decide(w, flow).Outcome != fact.OK {
					b.Fatal("not ok")
				}
			}
		})
	}
}
