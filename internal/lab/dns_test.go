package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// server is a machine in the hub that serves DNS.
func server(name, address string, role world.DNSRole) *world.Host {
	h := vm(name, address)
	h.DNS = &role
	return h
}

func forwardTo(to ...string) []world.Forward {
	return []world.Forward{{Domain: root, To: addrs(to...)}}
}

// show writes a message as the tests compare it: rcode and flags, then what
// stands in its sections, without its tabs.
func show(m *dns.Msg) string {
	lines := []string{dns.RcodeToString[m.Rcode]}
	for flag, set := range map[string]bool{"tc": m.Truncated, "aa": m.Authoritative, "no-ra": !m.RecursionAvailable} {
		if set {
			lines[0] += " " + flag
		}
	}
	for _, rr := range slices.Concat(m.Answer, m.Ns) {
		lines = append(lines, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	return strings.Join(lines, "\n")
}

const (
	aliasRR   = "fabrikam.vault.azure.net. 60 IN CNAME fabrikam.privatelink.vaultcore.azure.net."
	privateRR = "fabrikam.privatelink.vaultcore.azure.net. 10 IN A 10.1.2.3"
	publicRRs = "fabrikam.privatelink.vaultcore.azure.net. 60 IN CNAME data-prod-eus.vaultcore.azure.net.\n" +
		"data-prod-eus.vaultcore.azure.net. 60 IN CNAME data-prod-eus-region.vaultcore.azure.net.\n" +
		"data-prod-eus-region.vaultcore.azure.net. 60 IN A 52.168.109.101"
	privateSOA = "privatelink.vaultcore.azure.net. 3600 IN SOA azureprivatedns.net. azureprivatedns-host.microsoft.com. 1 3600 300 2419200 10"
	publicSOA  = "vault.azure.net. 3600 IN SOA ns1-01.azure-dns.com. azuredns-hostmaster.microsoft.com. 1 3600 300 2419200 300"
)

// TestAnswers: what servers put on the wire, themselves or for one another.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		from, network, server, name string
		qtype                       uint16
		want                        string
		took                        time.Duration
	}{
		"private":               {"app", "udp", "168.63.129.16", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + privateRR, rtt},
		"private over TCP":      {"app", "tcp", "168.63.129.16", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + privateRR, rtt},
		"AAAA is NODATA":        {"app", "udp", "168.63.129.16", vaultHost, dns.TypeAAAA, "NOERROR\n" + aliasRR + "\n" + privateSOA, rtt},
		"MX of the last name":   {"app", "udp", "168.63.129.16", "fabrikam.privatelink.vaultcore.azure.net", dns.TypeMX, "NOERROR\n" + privateSOA, rtt},
		"CNAME":                 {"app", "udp", "168.63.129.16", vaultHost, dns.TypeCNAME, "NOERROR\n" + aliasRR, rtt},
		"not in the zone":       {"app", "udp", "168.63.129.16", "other.privatelink.vaultcore.azure.net", dns.TypeA, "NXDOMAIN\n" + privateSOA, rtt},
		"no such vault":         {"app", "udp", "168.63.129.16", "other.vault.azure.net", dns.TypeA, "NXDOMAIN\n" + publicSOA, rtt},
		"public":                {"laptop", "udp", "8.8.8.8", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + publicRRs, rtt},
		"letter case is kept":   {"laptop", "udp", "8.8.8.8", "OTHER.vault.azure.net", dns.TypeA, "NXDOMAIN\n" + publicSOA, rtt},
		"forwarded":             {"app", "udp", "10.1.0.53", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + privateRR, 2 * rtt},
		"forwarded denial":      {"app", "udp", "10.1.0.53", "other.privatelink.vaultcore.azure.net", dns.TypeA, "NXDOMAIN\n" + privateSOA, 2 * rtt},
		"truncated":             {"app", "udp", "10.1.0.54", vaultHost, dns.TypeA, "NOERROR tc", 2 * rtt},
		"truncated, over TCP":   {"app", "tcp", "10.1.0.54", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + publicRRs, 2 * rtt},
		"behind one that cuts":  {"app", "udp", "10.1.0.55", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + publicRRs, 6 * rtt},
		"a loop":                {"app", "udp", "10.1.0.56", vaultHost, dns.TypeA, "SERVFAIL", resolve.MaxDepth * rtt},
		"a fork that loops":     {"app", "udp", "10.1.0.58", vaultHost, dns.TypeA, "SERVFAIL", -1},
		"slow":                  {"app", "udp", "10.1.0.60", vaultHost, dns.TypeA, "NOERROR\n" + aliasRR + "\n" + publicRRs, 2*rtt + time.Second},
		"upstream that is dead": {"app", "udp", "10.1.0.61", vaultHost, dns.TypeA, "SERVFAIL", 2*time.Second + rtt},
		"its own record":        {"app", "udp", "10.1.0.62", "intranet.corp.example", dns.TypeA, "NOERROR\nintranet.corp.example. 3600 IN A 10.9.9.9", rtt},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{RTT: rtt},
					server("forwarder", "10.1.0.53", world.DNSRole{Forward: forwardTo("168.63.129.16")}),
					server("cutting", "10.1.0.54", world.DNSRole{Truncates: true, Forward: forwardTo("8.8.8.8")}),
					server("patient", "10.1.0.55", world.DNSRole{Forward: forwardTo("10.1.0.54")}),
					server("ping", "10.1.0.56", world.DNSRole{Forward: forwardTo("10.1.0.57")}),
					server("pong", "10.1.0.57", world.DNSRole{Forward: forwardTo("10.1.0.56")}),
					server("fork", "10.1.0.58", world.DNSRole{Forward: forwardTo("10.1.0.59", "10.1.0.56", "10.1.0.58")}),
					server("prong", "10.1.0.59", world.DNSRole{Forward: forwardTo("10.1.0.58", "10.1.0.57", "10.1.0.59")}),
					server("slow", "10.1.0.60", world.DNSRole{Delay: time.Second, Forward: forwardTo("8.8.8.8")}),
					server("dead end", "10.1.0.61", world.DNSRole{UpstreamTimeout: 2 * time.Second, Forward: forwardTo("10.1.0.200")}),
					server("own", "10.1.0.62", world.DNSRole{Records: map[dnsname.Name][]netip.Addr{dnsname.MustParse("intranet.corp.example"): addrs("10.9.9.9")}}))
				defer l.Close()
				began := time.Now()
				m, err := dig(on(t, l, c.from), c.network, c.server, c.name, c.qtype)
				if err != nil {
					t.Fatal(err)
				}
				took, want := time.Since(began), c.took
				if c.network == "tcp" {
					want += rtt
				}
				if took != want && c.took >= 0 {
					t.Errorf("took %v, want %v", took, want)
				}
				if got := show(m); got != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
				if m.Question[0].Name != c.name+"." {
					t.Errorf("question %v", m.Question)
				}
			})
		})
	}
}

// TestPrograms: a program waits for its slower question, not for one
// after the other, and gets what is left when a server is silent.
func TestPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world.Host)
		name   string
		want   string
		took   time.Duration
	}{
		"DNS":           {func(*world.Host) {}, vaultHost, "[10.1.2.3]", rtt},
		"an address":    {func(*world.Host) {}, "10.7.7.7", "[10.7.7.7]", 0},
		"search list":   {func(h *world.Host) { h.Search = []string{"vault.azure.net"} }, "fabrikam", "[10.1.2.3]", rtt},
		"hosts file":    {func(h *world.Host) { h.Hosts = settings.ParseHosts("10.9.9.9 " + vaultHost) }, vaultHost, "[10.9.9.9]", 0},
		"second server": {func(h *world.Host) { h.Nameservers = addrs("10.1.0.200", "168.63.129.16") }, vaultHost, "[10.1.2.3]", resolve.ClientTimeout + rtt},
		"cache": {func(h *world.Host) {
			h.Cached = map[dnsname.Name]world.CachedAnswer{dnsname.MustParse(vaultHost): {Addr: ip(publicIP), TTL: time.Hour}}
		}, vaultHost, "[52.168.109.101]", 0},
		"no such name": {func(*world.Host) {}, "other.vault.azure.net", "lookup other.vault.azure.net on 168.63.129.16:53: no such host", rtt},
		"no name":      {func(*world.Host) {}, "a b", "lookup a b: no such host", 0},
		"silence": {
			func(h *world.Host) { h.Nameservers = addrs("10.1.0.200") }, vaultHost,
			"lookup " + vaultHost + " on 10.1.0.200:53: i/o timeout", resolve.ClientTimeout,
		},
		"refused": {
			func(h *world.Host) { h.Nameservers = addrs("10.1.0.20") }, vaultHost,
			"lookup " + vaultHost + " on 10.1.0.20:53: connection refused", rtt,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := vm("app", "10.1.0.10")
				c.change(app)
				l := start(t, Options{RTT: rtt}, app, vm("server", "10.1.0.20"))
				defer l.Close()
				began := time.Now()
				found, _, err := on(t, l, "app").Lookup(t.Context(), c.name)
				got := fmt.Sprint(found)
				if err != nil {
					got = err.Error()
				}
				if took := time.Since(began); got != c.want || took != c.took {
					t.Errorf("got %s after %v, want %s after %v", got, took, c.want, c.took)
				}
			})
		})
	}
}

func TestLookupStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := vm("app", "10.1.0.10")
		app.Nameservers = addrs("10.1.0.200")
		l := start(t, Options{}, app)
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, _, err := on(t, l, "app").Lookup(ctx, vaultHost)
		var failure *net.DNSError
		if took := time.Since(began); !errors.As(err, &failure) || !failure.IsTimeout || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestServersRemember: a server that caches answers from memory, with what is
// left of the TTL, and forgets.
func TestServersRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{RTT: rtt}, server("dns", "10.1.0.53", world.DNSRole{Cache: time.Hour, Forward: forwardTo("8.8.8.8")}))
		defer l.Close()
		e := on(t, l, "app")
		for i, c := range []struct {
			wait, took time.Duration
			ttl        uint32
		}{{0, 2 * rtt, 60}, {0, rtt, 60}, {50 * time.Second, rtt, 10}, {10 * time.Second, 2 * rtt, 60}} {
			time.Sleep(c.wait)
			began := time.Now()
			m, err := dig(e, "udp", "10.1.0.53", vaultHost, dns.TypeA)
			if err != nil {
				t.Fatal(err)
			}
			if took, ttl := time.Since(began), m.Answer[0].Header().Ttl; took != c.took || ttl != c.ttl {
				t.Errorf("question %d took %v, TTL %d; want %v, %d", i, took, ttl, c.took, c.ttl)
			}
		}
	})
}

// TestIPv6AndLoopback: a machine asks the server that it runs itself, which
// forwards; the zone holds an address of either family.
func TestIPv6AndLoopback(t *testing.T) {
	zone := *healthy()[3].(*world.Zone)
	zone.Records = append(slices.Clone(zone.Records), world.Record{
		Meta: world.At(zonePath + "/AAAA/fabrikam"), Label: "fabrikam", Type: world.TypeAAAA, TTL: 10, Addrs: addrs("fd00::3"),
	})
	own := server("app", "10.1.0.10", world.DNSRole{Forward: forwardTo("168.63.129.16")})
	own.Nameservers = addrs("127.0.0.1")
	l := start(t, Options{}, own, &zone)
	defer l.Close()
	found, _, err := on(t, l, "app").Lookup(t.Context(), vaultHost)
	if err != nil || !slices.Equal(found, addrs(privateIP, "fd00::3")) {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := on(t, l, "app").Dial(t.Context(), "tcp", "127.0.0.1:443"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a port of its own that is closed: %v", err)
	}
}

// TestTCPRefused: a server that truncates and refuses TCP.
func TestTCPRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{}, server("dns", "10.1.0.53", world.DNSRole{Truncates: true, NoTCP: true}),
			server("behind", "10.1.0.54", world.DNSRole{Forward: forwardTo("10.1.0.53")}))
		defer l.Close()
		e := on(t, l, "app")
		if _, err := dig(e, "tcp", "10.1.0.53", vaultHost, dns.TypeA); err == nil {
			t.Error("TCP/53 is open")
		}
		m, err := dig(e, "udp", "10.1.0.54", vaultHost, dns.TypeA)
		if err != nil || m.Rcode != dns.RcodeServerFailure {
			t.Errorf("%v, %v", m, err)
		}
	})
}

// TestOddQuestions: a server says what is wrong with a question, or drops what
// is none, and goes on.
func TestOddQuestions(t *testing.T) {
	l := start(t, Options{})
	defer l.Close()
	question := dns.Question{Name: vaultHost + ".", Qtype: dns.TypeA, Qclass: dns.ClassINET}
	chaos := question
	chaos.Qclass = dns.ClassCHAOS
	future := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	future.SetVersion(1)
	for name, c := range map[string]struct {
		m     dns.Msg
		rcode int
	}{
		"update":         {dns.Msg{MsgHdr: dns.MsgHdr{Opcode: dns.OpcodeUpdate}, Question: []dns.Question{question}}, dns.RcodeNotImplemented},
		"no question":    {dns.Msg{}, dns.RcodeFormatError},
		"two questions":  {dns.Msg{Question: []dns.Question{question, question}}, dns.RcodeFormatError},
		"another class":  {dns.Msg{Question: []dns.Question{chaos}}, dns.RcodeRefused},
		"EDNS 1":         {dns.Msg{Question: []dns.Question{question}, Extra: []dns.RR{future}}, dns.RcodeBadVers},
		"no host's name": {dns.Msg{Question: []dns.Question{{Name: `a\032b.vault.azure.net.`, Qtype: dns.TypeA, Qclass: dns.ClassINET}}}, dns.RcodeNameError},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := on(t, l, "app").Dial(t.Context(), "udp", "168.63.129.16:53")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			write(t, conn, []byte("junk"))
			c.m.Id = 7
			if err := send(conn, &c.m); err != nil {
				t.Fatal(err)
			}
			m, err := receive(conn, make([]byte, maxPacket))
			if err != nil || m.Id != 7 || !m.Response || m.Rcode != c.rcode {
				t.Errorf("got %v, %v, want %s", m, err, dns.RcodeToString[c.rcode])
			}
		})
	}
}

// FuzzMessages: whatever reply is put on the wire reads back as itself, and
// whatever message comes does not hurt.
func FuzzMessages(f *testing.F) {
	packed, err := query(1, resolve.Question{Name: dnsname.MustParse(vaultHost), Type: world.TypeA}).Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, "other.privatelink.vaultcore.azure.net", uint32(10), uint8(0))
	f.Add([]byte("junk"), "a", uint32(0), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, alias string, ttl uint32, kind uint8) {
		m := new(dns.Msg)
		if m.Unpack(text) != nil || m.Response {
			return
		}
		q, rcode := questionOf(m)
		if rcode != dns.RcodeSuccess || q.Type != world.TypeA {
			return
		}
		to, err := dnsname.Parse(alias)
		if err != nil || to == q.Name {
			return
		}
		outcomes := []fact.Outcome{fact.OK, fact.NoData, fact.NXDomain, fact.ServFail, fact.DNSRefuse}
		r := resolve.Reply{Outcome: outcomes[int(kind)%len(outcomes)], TTL: ttl%3600 + 1, Chain: []resolve.Alias{{To: to, TTL: ttl}}}
		if r.Outcome == fact.OK {
			r.Addrs = addrs(privateIP)
		}
		l := Start(world.Empty(), Options{})
		defer l.Close()
		wire, err := l.message(m, q, r).Pack()
		if err != nil {
			t.Fatal(err)
		}
		back := new(dns.Msg)
		if err := back.Unpack(wire); err != nil {
			t.Fatal(err)
		}
		got := replyOf(back, q)
		if r.Outcome == fact.ServFail || r.Outcome == fact.DNSRefuse {
			r.Chain, r.TTL = nil, 0
		}
		if got.Outcome != r.Outcome || got.TTL != r.TTL || !slices.Equal(got.Chain, r.Chain) || !slices.Equal(got.Addrs, r.Addrs) {
			t.Errorf("sent %+v, read %+v", r, got)
		}
	})
}
