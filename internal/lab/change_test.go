package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/world"
)

// answered is what Azure DNS says of the vault: its address and how long that
// holds, or why there is none.
func answered(t *testing.T, l *Lab) string {
	t.Helper()
	m, err := dig(on(t, l, "app"), "udp", world.AzureDNS.String(), vaultHost, dns.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	for _, rr := range m.Answer {
		if a, ok := rr.(*dns.A); ok {
			return fmt.Sprintf("%s for %d", a.A, a.Hdr.Ttl)
		}
	}
	return dns.RcodeToString[m.Rcode]
}

// recordless is the zone of the healthy world without its record.
func recordless() world.Resource {
	z := *healthy()[3].(*world.Zone)
	z.Records = nil
	return &z
}

// TestAnswersStayCached: after a change, the old answer stays until its TTL ends,
// a denial as well as an address; without caching the new one is there at once.
func TestAnswersStayCached(t *testing.T) {
	type step struct {
		after time.Duration
		want  string
	}
	for _, tt := range []struct {
		name             string
		caching          bool
		broken, repaired []step
	}{
		{
			"kept", true,
			[]step{{0, "10.1.2.3 for 10"}, {4 * time.Second, "10.1.2.3 for 6"}, {6 * time.Second, "NXDOMAIN"}},
			[]step{{0, "NXDOMAIN"}, {9 * time.Second, "NXDOMAIN"}, {time.Second, "10.1.2.3 for 10"}},
		},
		{"worked out anew", false, []step{{0, "NXDOMAIN"}}, []step{{0, "10.1.2.3 for 10"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{Caching: tt.caching})
				defer l.Close()
				if got := answered(t, l); got != "10.1.2.3 for 10" {
					t.Fatalf("before: %s", got)
				}
				well := l.World()
				for _, phase := range []struct {
					name  string
					world *world.World
					steps []step
				}{{"broken", well.With(world.Put(recordless())), tt.broken}, {"repaired", well, tt.repaired}} {
					l.Change(phase.world)
					for i, s := range phase.steps {
						time.Sleep(s.after)
						if got := answered(t, l); got != s.want {
							t.Errorf("%s, step %d: %s, want %s", phase.name, i, got, s.want)
						}
					}
				}
			})
		})
	}
}

// A session is a connection to the vault that is kept open.
type session struct {
	*tls.Conn
	r *bufio.Reader
}

func open443(t *testing.T, l *Lab, address string) *session {
	t.Helper()
	e := on(t, l, "app")
	c, err := e.Dial(context.Background(), "tcp", address+":443")
	if err != nil {
		t.Fatal(err)
	}
	roots, err := e.Roots()
	if err != nil {
		t.Fatal(err)
	}
	s := tls.Client(c, &tls.Config{ServerName: vaultHost, RootCAs: roots})
	return &session{s, bufio.NewReader(s)}
}

// ask sends a request and says what comes: a status, silence or a reset.
func (s *session) ask(t *testing.T, token string) string {
	t.Helper()
	_ = s.SetDeadline(time.Now().Add(30 * time.Second))
	_, err := fmt.Fprintf(s, "GET /secrets?api-version=7.4 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", vaultHost, token)
	var res *http.Response
	if err == nil {
		res, err = http.ReadResponse(s.r, nil)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silence"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case err != nil:
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = s.r.Discard(int(res.ContentLength))
	return fmt.Sprint(res.StatusCode)
}

// edited is one of the healthy world's resources after an edit.
func edited[R any](i int, edit func(*R)) *R {
	r := *any(healthy()[i]).(*R)
	edit(&r)
	return &r
}

// TestOpenConnections: what a change does to a connection that is open, and to
// one that would be opened then.
func TestOpenConnections(t *testing.T) {
	nsg := world.MakeID(group + "Microsoft.Network/networkSecurityGroups/nsg")
	shut := &world.NSG{Meta: world.At(group + "Microsoft.Network/networkSecurityGroups/nsg"), Rules: []world.NSGRule{
		{Name: "no", Priority: 100, Protocol: "*", Sources: []string{"*"}, Destinations: []string{privateIP + "/32", publicIP + "/32"}, DestinationPorts: []string{"*"}},
	}}
	for _, tt := range []struct {
		name    string
		address string
		changes []world.Resource
		gone    string // the resource taken out
		want    string // of the open connection
		anew    bool   // another can be opened
	}{
		{"nothing to do with it", privateIP, []world.Resource{recordless()}, "", "200", true},
		{"a network security group denies", privateIP, []world.Resource{
			shut, edited(0, func(v *world.VNet) {
				v.Subnets = []world.Subnet{{Meta: world.At(hub + "/subnets/default"), Prefixes: []netip.Prefix{prefix("10.1.0.0/16")}, NSG: nsg}}
			}),
		}, "", "200", false},
		{"a route leads nowhere", publicIP, []world.Resource{
			&world.RouteTable{Meta: world.At(table), Routes: []world.Route{{Name: "all", Prefix: prefix("0.0.0.0/0"), Hop: world.HopNone}}},
			edited(0, func(v *world.VNet) {
				v.Subnets = []world.Subnet{{Meta: world.At(hub + "/subnets/default"), Prefixes: []netip.Prefix{prefix("10.1.0.0/16")}, RouteTable: world.MakeID(table)}}
			}),
		}, "", "silence", false},
		{"the endpoint is gone", privateIP, nil, endpoint, "silence", false},
		{"the connection is rejected", privateIP, []world.Resource{
			edited(1, func(v *world.Vault) {
				c := v.Connections[0]
				c.Status = world.Rejected
				v.Connections = []world.Connection{c}
			}),
			edited(2, func(e *world.Endpoint) { e.Status = world.Rejected }),
		}, "", "403", false},
		{"the vault closes its public side", publicIP, []world.Resource{
			edited(1, func(v *world.Vault) { v.PublicAccess = world.AccessDisabled }),
		}, "", "403", true},
		{"its packets come from elsewhere", publicIP, []world.Resource{
			edited(4, func(h *world.Host) { h.PublicAddress = ip("20.9.9.9") }),
		}, "", "reset", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t, Options{RTT: rtt})
				defer l.Close()
				e := on(t, l, "app")
				token, err := e.Token(context.Background(), l.World().Service().Audience)
				if err != nil {
					t.Fatal(err)
				}
				s := open443(t, l, tt.address)
				if got := s.ask(t, token); got != "200" {
					t.Fatalf("before: %s", got)
				}
				w := l.World()
				for _, r := range tt.changes {
					w = w.With(world.Put(r))
				}
				if tt.gone != "" {
					w = w.With(world.Remove(world.MakeID(tt.gone)))
				}
				l.Change(w)
				if got := s.ask(t, token); got != tt.want {
					t.Errorf("the open connection: %s, want %s", got, tt.want)
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				c, err := e.Dial(ctx, "tcp", net.JoinHostPort(tt.address, "443"))
				if anew := err == nil; anew != tt.anew {
					t.Errorf("another can be opened: %t (%v)", anew, err)
				}
				if err == nil {
					_ = c.Close()
				}
			})
		})
	}
}

// TestHostChanges: a host's own settings are those of now.
func TestHostChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{})
		defer l.Close()
		e := on(t, l, "app")
		app := vm("app", "10.1.0.10")
		app.HostsFile, app.Environ = "10.9.9.9 x\n", map[string]string{"HTTPS_PROXY": "http://10.1.0.9:3128"}
		l.Change(l.World().With(world.Put(app)))
		text, _, err := e.HostsFile()
		if err != nil || text != app.HostsFile || e.Getenv("HTTPS_PROXY") == "" {
			t.Errorf("hosts file %q (%v), proxy %q", text, err, e.Getenv("HTTPS_PROXY"))
		}
	})
}

// TestOpenBehindInspection: a change that has nothing to do with a connection
// leaves it as it is, also where an appliance re-signs it.
func TestOpenBehindInspection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nva := vm("nva", "10.1.0.4")
		nva.Forward = &world.ForwardRole{SNAT: true, InterceptTLS: true, Issuer: "CN=NVA CA"}
		nva.PublicAddress = ip("20.9.9.9")
		l := start(t, Options{RTT: rtt}, append(behind(), nva)...)
		defer l.Close()
		e := on(t, l, "app")
		c, err := e.Dial(context.Background(), "tcp", publicIP+":443")
		if err != nil {
			t.Fatal(err)
		}
		secure := tls.Client(c, &tls.Config{ServerName: vaultHost, InsecureSkipVerify: true})
		s := &session{secure, bufio.NewReader(secure)}
		for _, when := range []string{"before", "after"} {
			if got := s.ask(t, ""); got != "401" {
				t.Errorf("%s: %s", when, got)
			}
			l.Change(l.World().With(world.Put(recordless())))
		}
	})
}

// TestDoorMoves: a host that a kernel stands in for is where it is now.
func TestDoorMoves(t *testing.T) {
	l := start(t, Options{})
	defer l.Close()
	door, err := l.Door(world.HostID("app"))
	if err != nil {
		t.Fatal(err)
	}
	from, to := netip.MustParseAddrPort("10.1.0.10:40000"), netip.MustParseAddrPort(privateIP+":443")
	if f := door.Knock("tcp", from, to); f.Fate != Accepted {
		t.Fatalf("before: %v", f.Fate)
	}
	well := l.World()
	l.Change(well.With(world.Put(edited(4, func(h *world.Host) { h.Network, h.Subnet = world.Internet, "" }))))
	if f := door.Knock("tcp", from, to); f.Fate == Accepted {
		t.Error("it reaches the endpoint from the internet")
	}
	l.Change(well)
	if f := door.Knock("tcp", from, to); f.Fate != Accepted {
		t.Errorf("back again: %v", f.Fate)
	}
}

// TestValidationBegins: a server may begin to validate in a lab where nobody did.
func TestValidationBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dc := vm("dc", "10.1.0.53")
		dc.DNS = &world.DNSRole{Forward: []world.Forward{{Domain: root, To: addrs(world.AzureDNS.String())}}}
		l := start(t, Options{}, dc)
		defer l.Close()
		validating := *dc
		validating.DNS = &world.DNSRole{Forward: dc.DNS.Forward, Validate: true}
		for _, h := range []*world.Host{dc, &validating} {
			l.Change(l.World().With(world.Put(h)))
			c, err := on(t, l, "app").Dial(context.Background(), "udp", "10.1.0.53:53")
			if err != nil {
				t.Fatal(err)
			}
			m := new(dns.Msg).SetQuestion(vaultHost+".", dns.TypeA)
			m.AuthenticatedData = true
			if _, _, err := (&dns.Client{Timeout: 10 * time.Second}).ExchangeWithConn(m, &dns.Conn{Conn: c}); err != nil {
				t.Errorf("validates: %t: %v", h.DNS.Validate, err)
			}
			_ = c.Close()
		}
	})
}
