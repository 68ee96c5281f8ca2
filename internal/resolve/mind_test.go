package resolve

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// build makes a World of lines, and returns one of its hosts.
func build(t testing.TB, host, lines string) (*world.World, *world.Host) {
	t.Helper()
	s := newSketch(t)
	for line := range strings.Lines(lines) {
		if strings.TrimSpace(line) != "" {
			s.line(long.Replace(line))
		}
	}
	w := s.world()
	h, ok := w.Host(world.HostID(host))
	if !ok {
		t.Fatalf("no host %s", host)
	}
	return w, h
}

const forwarded = `
vnet hub 10.1.0.0/16
site office 192.168.0.0/16 to=hub
vault fabrikam region=eus at=52.168.109.101 approved
zone PL to=hub
record PL fabrikam A 10.1.2.3
host dc1 hub 10.1.0.4 dns forward=.>168.63.129.16 delay=20ms
host ns office 192.168.0.10 dns forward=VAULT>10.1.0.77+10.1.0.4 patience=1s
host laptop office 192.168.7.7 ns=192.168.0.10
`

var fabrikam = dnsname.MustParse("fabrikam.vault.azure.net")

func TestWatched(t *testing.T) {
	w, h := build(t, "laptop", forwarded)
	var seen []string
	ask := new(Mind).Of(w, route.FromHost(w, h), func(hop Hop) {
		seen = append(seen, fmt.Sprintf("%d %s > %s %s: %s %s",
			hop.Depth, hop.From.Name(), hop.To, hop.Server.Kind, hop.Reply.Outcome, hop.Reply.After))
	})
	ask(netip.MustParseAddr("192.168.0.10"), Question{Name: fabrikam, Type: world.TypeA}, ClientTimeout)
	want := []string{
		"1 ns > 10.1.0.77 : timeout 1s",
		"2 dc1 > 168.63.129.16 azure-dns: ok 0s",
		"1 ns > 10.1.0.4 host: ok 20ms",
		"0 laptop > 192.168.0.10 host: ok 1.02s",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got  %q\nwant %q", seen, want)
	}
}

// TestWhatIsAsked plays a driver that carries nothing, to see what one server
// asks by itself, and that its answer comes from what it is told.
func TestWhatIsAsked(t *testing.T) {
	w, h := build(t, "laptop", forwarded)
	ns, d := Find(w, route.FromHost(w, h), netip.MustParseAddr("192.168.0.10"), route.UDP)
	if ns.Kind != HostServer || d.Outcome != fact.OK {
		t.Fatalf("%+v, %+v", ns, d)
	}
	var asked []string
	reply := Serve(w, ns, Question{Name: fabrikam, Type: world.TypeAAAA}, func(to netip.Addr, q Question, within time.Duration) Reply {
		asked = append(asked, fmt.Sprint(to, " ", q.Name, " ", q.Type, " ", within))
		if len(asked) == 1 {
			return Reply{Outcome: fact.DNSRefuse}
		}
		return Reply{Outcome: fact.NoData, TTL: 7, Truncated: true, NoTCP: true}
	})
	want := []string{"10.1.0.77 fabrikam.vault.azure.net. AAAA 1s", "10.1.0.4 fabrikam.vault.azure.net. AAAA 1s"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
	if !reflect.DeepEqual(reply, Reply{Outcome: fact.NoData, TTL: 7}) {
		t.Errorf("got %+v", reply)
	}
}

// TestTransports: what listens for DNS does so over both, unless TCP is closed.
func TestTransports(t *testing.T) {
	w, h := build(t, "app", `
vnet hub 10.1.0.0/16
host app hub 10.1.0.9
host dc1 hub 10.1.0.4 dns
host udp hub 10.1.0.5 dns notcp`)
	for addr, want := range map[string]string{
		"168.63.129.16": "azure-dns azure-dns",
		"8.8.8.8":       "public public",
		"10.1.0.4":      "host host",
		"10.1.0.5":      "host ",
		"10.1.0.9":      " ",
	} {
		over := func(p route.Protocol) ServerKind {
			s, d := Find(w, route.FromHost(w, h), netip.MustParseAddr(addr), p)
			if (s.Kind == NoServer) == (d.Outcome == fact.OK) {
				t.Errorf("%s over %s: %+v with %+v", addr, p, s, d)
			}
			return s.Kind
		}
		if got := string(over(route.UDP) + " " + over(route.TCP)); got != want {
			t.Errorf("%s: got %q, want %q", addr, got, want)
		}
	}
}

func TestServeWithoutServer(t *testing.T) {
	w := world.Empty()
	for _, kind := range []ServerKind{NoServer, AzureServer, InboundServer, FirewallServer, HostServer, PublicServer, UnreadServer} {
		r := Serve(w, Server{Kind: kind, ID: "nobody"}, Question{Name: fabrikam, Type: world.TypeA}, nil)
		if r.Outcome == fact.OK || len(r.Addrs) > 0 {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	ask := InMind(w, route.Origin{})
	for _, to := range []netip.Addr{{}, world.AzureDNS, netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.1")} {
		if r := ask(to, Question{Name: fabrikam, Type: world.TypeA}, time.Second); answers(r.Outcome) || r.After > time.Second {
			t.Errorf("%s: %+v", to, r)
		}
	}
}

// TestAnswersAreTheWorldsOwn: filtering and appending must not reach into the
// slices that replies share with the World.
func TestAnswersAreTheWorldsOwn(t *testing.T) {
	w, h := build(t, "app", `
vnet hub 10.1.0.0/16
vault fabrikam region=eus at=52.168.109.101 approved
zone PL to=hub
record PL fabrikam A 10.1.2.3,52.168.109.7,10.1.2.4
host dc1 hub 10.1.0.4 dns forward=.>168.63.129.16 filter
host app hub 10.1.0.9`)
	ask := InMind(w, route.FromHost(w, h))
	q := Question{Name: fabrikam, Type: world.TypeA}
	if r := ask(netip.MustParseAddr("10.1.0.4"), q, ClientTimeout); len(r.Addrs) != 1 || r.Outcome != fact.OK {
		t.Errorf("filtered: %+v", r)
	}
	if r := ask(world.AzureDNS, q, ClientTimeout); len(r.Addrs) != 3 || !r.Addrs[0].IsPrivate() {
		t.Errorf("the zone's record is now %v", r.Addrs)
	}
}

// TestAllocations guards what predictions are made of: the common question
// must cost the same in a World of any size.
func TestAllocations(t *testing.T) {
	small, large := questionIn(t, 1), questionIn(t, 1000)
	a, b := testing.AllocsPerRun(100, small), testing.AllocsPerRun(100, large)
	if a != b || a > 6 {
		t.Errorf("%v allocations in a small world, %v in a large one", a, b)
	}
}

// questionIn returns the common question in a World of n vaults, each with a
// record, and n/10 VNets: a VM asks Azure DNS, whose zone is linked.
func questionIn(t testing.TB, n int) func() {
	s := newSketch(t)
	var to []string
	for i := range max(n/10, 1) {
		name := fmt.Sprintf("vnet%d", i)
		s.line(fmt.Sprintf("vnet %s 10.%d.0.0/16", name, i))
		to = append(to, name)
	}
	s.line(long.Replace("zone PL to=" + strings.Join(to, ",")))
	for i := range n {
		s.line(fmt.Sprintf("vault kv%d region=eus at=52.168.109.101 approved", i))
		s.line(long.Replace(fmt.Sprintf("record PL kv%d A 10.0.%d.%d", i, i/250, i%250)))
	}
	s.line("host app vnet0 10.0.200.4")
	w := s.world()
	h, _ := w.Host(world.HostID("app"))
	from := route.FromHost(w, h)
	q := Question{Name: dnsname.MustParse(fmt.Sprintf("kv%d.vault.azure.net", n/2)), Type: world.TypeA}
	return func() {
		if r := InMind(w, from)(world.AzureDNS, q, ClientTimeout); r.Outcome != fact.OK || !r.Private {
			t.Fatalf("%+v", r)
		}
	}
}

func BenchmarkQuestion(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ask := questionIn(b, n)
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}

func BenchmarkServe(b *testing.B) {
	w, h := build(b, "dc1", forwarded)
	s, _ := Find(w, route.FromHost(w, h), world.AzureDNS, route.UDP)
	q := Question{Name: fabrikam, Type: world.TypeA}
	b.ReportAllocs()
	for b.Loop() {
		if r := Serve(w, s, q, nil); !r.Private {
			b.Fatalf("%+v", r)
		}
	}
}

func BenchmarkProgram(b *testing.B) {
	w, h := build(b, "laptop", strings.ReplaceAll(forwarded, "10.1.0.77+", ""))
	ask := InMind(w, route.FromHost(w, h))
	b.ReportAllocs()
	for b.Loop() {
		if f := Program(w, h, fabrikam, ask); f.A.Outcome != fact.OK {
			b.Fatalf("%+v", f)
		}
	}
}
