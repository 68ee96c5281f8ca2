package probe

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
)

// heard writes a record down: "program 10.1.2.3" is what programs are told,
// "10.0.0.1 10.1.2.3" an A answer through the alias, "10.0.0.1 direct 10.1.2.3"
// one without, "10.0.0.1 nxdomain" one without addresses. AAAA answers hold
// none. "hosts 10.1.2.3" is a line of the hosts file. What a server says after
// "slow" takes it long.
func heard(t *testing.T, servers string, lines ...string) record {
	t.Helper()
	p := MakePlan(target(t), Options{}).Asking(env.Resolvers{Servers: addrs(strings.Fields(servers)...)}, false)
	r := newRecord(p)
	for _, line := range lines {
		who, rest, _ := strings.Cut(line, " ")
		switch who {
		case "program":
			fill(&r.program, rest)
			r.told = true
		case "hosts":
			r.plan.Hosts = append(r.plan.Hosts, fact.HostsLine{Name: fabrikam, Addr: ip(rest), Line: 1})
		default:
			r.listen(ip(who), rest)
		}
	}
	return r
}

func (r record) listen(server netip.Addr, said string) {
	said, slow := strings.CutPrefix(said, "slow ")
	said, direct := strings.CutPrefix(said, "direct ")
	for i, q := range r.plan.Questions {
		if q.Server != server {
			continue
		}
		l := &r.lookups[i]
		fill(l, said)
		if slow {
			l.Took = fact.SlowAnswer
		}
		if l.Outcome == fact.OK && q.Type == typeAAAA {
			l.Outcome, l.Addrs = fact.NoData, nil
		}
		if q.Name == fabrikam && !direct && l.Outcome.Answered() {
			l.Chain = []dnsname.Name{fabrikamAlias}
		}
		public := len(l.Addrs) > 0 && fact.Classify(l.Addrs[0]) == fact.PublicAddr
		if public && (!direct || q.Name == fabrikamAlias) { // the public DNS goes on from there
			l.Chain = append(l.Chain, dnsname.MustParse("data-prod-eus.vaultcore.azure.net"))
		}
	}
}

func fill(l *fact.Lookup, said string) {
	first, _, _ := strings.Cut(said, " ")
	if _, err := netip.ParseAddr(first); err != nil {
		l.Outcome = fact.Outcome(said)
		return
	}
	l.Outcome, l.Addrs = fact.OK, addrs(strings.Fields(said)...)
}

func TestResolution(t *testing.T) {
	type (
		by   = fact.ResolverHop
		told = fact.AnswerHop
	)
	const first, second = "10.0.0.1", "10.0.0.2"
	dns := func(server string, o fact.Outcome) by {
		return by{Outcome: o, Via: fact.ViaDNS, Server: ip(server)}
	}
	private := told{Outcome: fact.OK, Alias: true, Class: fact.PrivateAddr, Addr: ip(endpoint)}
	public := told{Outcome: fact.OK, Alias: true, Class: fact.PublicAddr, Addr: ip(frontEnd)}
	without := func(a told) told { a.Alias = false; return a }
	both := first + " " + second

	for _, tt := range []struct {
		name     string
		servers  string
		lines    []string
		resolver by
		answer   told
	}{
		{"private", first, []string{"program 10.1.2.3", "10.0.0.1 10.1.2.3"}, dns(first, fact.OK), private},
		{"public", first, []string{"program 52.168.109.101", "10.0.0.1 52.168.109.101"}, dns(first, fact.OK), public},
		{"without the alias", first, []string{"program 52.168.109.101", "10.0.0.1 direct 52.168.109.101"}, dns(first, fact.OK), without(public)},
		{"another front end in turn", first, []string{"program 52.168.109.101", "10.0.0.1 20.1.1.1"}, dns(first, fact.OK), public},
		{"the library's order", first, []string{"program fd00::1 10.1.2.3", "10.0.0.1 10.1.2.3"}, dns(first, fact.OK), told{Outcome: fact.OK, Alias: true, Class: fact.PrivateAddr, Addr: ip("fd00::1")}},
		{"the second says so", both, []string{"program 10.1.2.3", "10.0.0.1 52.168.109.101", "10.0.0.2 10.1.2.3"}, dns(second, fact.OK), private},
		{"the first is dead", both, []string{"program 10.1.2.3", "10.0.0.1 timeout", "10.0.0.2 10.1.2.3"}, dns(second, fact.OK), private},
		{"the first was not heard yet", both, []string{"program 10.1.2.3", "10.0.0.2 10.1.2.3"}, by{}, without(private)},
		{"hosts file", first, []string{"program 10.9.9.9", "hosts 10.9.9.9", "10.0.0.1 10.1.2.3"}, by{Outcome: fact.OK, Via: fact.ViaHostsFile}, told{Outcome: fact.OK, Class: fact.PrivateAddr, Addr: ip("10.9.9.9")}},
		{"hosts file that is not followed", first, []string{"program 10.1.2.3", "hosts 10.9.9.9", "10.0.0.1 10.1.2.3"}, dns(first, fact.OK), private},
		{"nobody knows whence", first, []string{"program 52.168.109.101", "10.0.0.1 10.1.2.3"}, by{Outcome: fact.OK, Via: fact.ViaProgram}, without(public)},
		{"loopback", first, []string{"program 127.0.0.1", "10.0.0.1 127.0.0.1"}, dns(first, fact.OK), told{Outcome: fact.OK, Alias: true, Class: fact.SpecialAddr, Addr: ip("127.0.0.1")}},

		{"NXDOMAIN", first, []string{"program nxdomain", "10.0.0.1 nxdomain"}, dns(first, fact.OK), told{Outcome: fact.NXDomain, Alias: true}},
		{"no data, which libraries hide", first, []string{"program nxdomain", "10.0.0.1 nodata"}, dns(first, fact.OK), told{Outcome: fact.NoData, Alias: true}},
		{"SERVFAIL, which libraries hide", first, []string{"program nxdomain", "10.0.0.1 servfail"}, dns(first, fact.OK), told{Outcome: fact.ServFail, Alias: true}},
		{"truncated", first, []string{"program servfail", "10.0.0.1 truncated"}, dns(first, fact.OK), told{Outcome: fact.Truncated, Alias: true}},
		{"silent", first, []string{"program nxdomain", "10.0.0.1 timeout"}, dns(first, fact.Timeout), told{}},
		{"silent, and the library still tries", first, []string{"10.0.0.1 timeout"}, dns(first, fact.Timeout), told{}},
		{"refused", first, []string{"program refused", "10.0.0.1 refused"}, dns(first, fact.Refused), told{}},
		{"both silent", both, []string{"program timeout", "10.0.0.1 timeout", "10.0.0.2 refused"}, dns(first, fact.Timeout), told{}},
		{"the second denies it", both, []string{"program nxdomain", "10.0.0.1 timeout", "10.0.0.2 nxdomain"}, dns(second, fact.OK), told{Outcome: fact.NXDomain, Alias: true}},
		{"the first denies it", both, []string{"program nxdomain", "10.0.0.1 nxdomain", "10.0.0.2 10.1.2.3"}, dns(first, fact.OK), told{Outcome: fact.NXDomain, Alias: true}},
		{"the library fails by itself", first, []string{"program nxdomain", "10.0.0.1 10.1.2.3"}, by{Outcome: fact.OK, Via: fact.ViaProgram}, told{Outcome: fact.NXDomain}},
		{"the library does not say, a server does", first, []string{"program ", "10.0.0.1 nxdomain"}, dns(first, fact.OK), told{Outcome: fact.NXDomain, Alias: true}},
		{"the library does not say, the server is silent", first, []string{"program ", "10.0.0.1 timeout"}, dns(first, fact.Timeout), told{}},
		{"the library does not say, the server answers", first, []string{"program ", "10.0.0.1 10.1.2.3"}, by{}, told{}},
		{"no server", "", []string{"program timeout"}, by{Outcome: fact.NoServer}, told{}},
		{"nothing finished", first, nil, by{}, told{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resolver, answer := heard(t, tt.servers, tt.lines...).resolution()
			if resolver != tt.resolver {
				t.Errorf("resolver %+v, want %+v", resolver, tt.resolver)
			}
			if answer != tt.answer {
				t.Errorf("answer %+v, want %+v", answer, tt.answer)
			}
		})
	}
}

func TestResolversUnknown(t *testing.T) {
	r := heard(t, "", "program nxdomain")
	r.plan.ResolversUnknown = true
	resolver, answer := r.resolution()
	if resolver.Outcome == fact.NoServer || answer.Outcome != fact.NXDomain {
		t.Errorf("%+v %+v: what nobody could read was taken for none", resolver, answer)
	}
}

func TestServerViews(t *testing.T) {
	for _, tt := range []struct{ said, want string }{
		{"slow servfail", "reached ok slowly, host servfail alias, alias servfail"},
		{"10.1.2.3", "reached ok, host ok private 10.1.2.3 alias, alias ok private 10.1.2.3"},
		{"direct 52.168.109.101", "reached ok, host ok public 52.168.109.101, alias ok public 52.168.109.101"},
		{"127.0.0.1", "reached ok, host ok special 127.0.0.1 alias, alias ok special 127.0.0.1"},
		{"nxdomain", "reached ok, host nxdomain alias, alias nxdomain"},
		{"malformed", "reached ok, host malformed alias, alias malformed"},
		{"truncated", "reached ok, host truncated alias, alias truncated"},
		{"timeout", "reached timeout, host , alias "},
		{"unreachable", "reached unreachable, host , alias "},
		{"", "reached , host , alias "},
	} {
		view := heard(t, "10.0.0.1", "10.0.0.1 "+tt.said).servers()[0]
		reached := string(view.Reached)
		if view.Slow {
			reached += " slowly"
		}
		got := "reached " + reached + ", host " + hopText(view.Host) + ", alias " + hopText(view.Alias)
		if got != tt.want {
			t.Errorf("%q:\ngot  %s\nwant %s", tt.said, got, tt.want)
		}
	}
}

func hopText(h fact.AnswerHop) string {
	text := string(h.Outcome)
	if h.Addr.IsValid() {
		text += " " + string(h.Class) + " " + h.Addr.String()
	}
	if h.Alias {
		text += " alias"
	}
	return text
}

// TestHeardPartly: one family that failed does not hide the other.
func TestHeardPartly(t *testing.T) {
	r := heard(t, "10.0.0.1", "program 10.1.2.3", "10.0.0.1 10.1.2.3")
	for i, q := range r.plan.Questions {
		if q.Type == typeAAAA {
			r.lookups[i].Outcome = fact.Timeout
		}
	}
	if h := r.heard(ip("10.0.0.1"), fabrikam); h.outcome != fact.OK {
		t.Errorf("A answered, AAAA timed out: %q", h.outcome)
	}
	r = heard(t, "10.0.0.1", "10.0.0.1 nodata")
	for i, q := range r.plan.Questions {
		if q.Type == typeAAAA && q.Server == ip("10.0.0.1") {
			r.lookups[i].Outcome, r.lookups[i].Addrs = fact.OK, addrs("fd00::5")
		}
	}
	if view := r.servers()[0]; view.Host.Outcome != fact.OK || view.Host.Addr != ip("fd00::5") {
		t.Errorf("IPv6 only: %+v", view.Host)
	}
}

var arrived = trip{
	connect:  fact.ConnectHop{Outcome: fact.OK, Addr: ip(endpoint)},
	tls:      fact.TLSHop{Outcome: fact.OK},
	exchange: fact.ExchangeHop{Outcome: fact.OK, Status: 200, Conn: service.ConnPrivateLink, Source: ip("10.4.5.6")},
}

func TestProven(t *testing.T) {
	known := []string{"program 10.1.2.3", "10.0.0.1 10.1.2.3"}
	r := heard(t, "10.0.0.1", known...)
	if r.proven() {
		t.Error("proven before the vault was asked")
	}
	r.trips[r.plan.ByName(ip(endpoint))] = arrived
	if !r.proven() {
		t.Errorf("not proven: %+v", r.journey())
	}
	r = heard(t, "10.0.0.1", known[:1]...)
	r.trips[r.plan.ByName(ip(endpoint))] = arrived
	if r.proven() {
		t.Error("proven although nobody knows yet who told the address")
	}
}

// TestBehindProxy: the address of the connection is the proxy's secret, and
// the two ways are told apart.
func TestBehindProxy(t *testing.T) {
	r := heard(t, "10.0.0.1", "program 10.1.2.3", "10.0.0.1 10.1.2.3")
	r.plan.Proxy = settings.Proxy{Host: "squid", Port: "3128", Variable: "HTTPS_PROXY"}
	outside := arrived
	outside.proxy = fact.ProxyHop{Outcome: fact.OK, Server: "squid:3128"}
	outside.connect.Addr = netip.Addr{}
	outside.exchange.Conn, outside.exchange.Source = service.ConnUnsaid, ip("20.1.2.3")
	r.trips[r.plan.ByProxy()], r.trips[r.plan.ByName(ip(endpoint))] = outside, arrived

	j, direct := r.journey(), r.direct()
	if j.Verdict() != fact.Public || j.Proxy.Server != "squid:3128" || j.Resolver != (fact.ResolverHop{}) || j.Answer != (fact.AnswerHop{}) {
		t.Errorf("through the proxy: %q %+v", j.Verdict(), j)
	}
	if direct.Verdict() != fact.Private || direct.Proxy != (fact.ProxyHop{}) {
		t.Errorf("past the proxy: %q %+v", direct.Verdict(), direct)
	}
	delete(r.trips, r.plan.ByProxy())
	if j := r.journey(); j.Proxy.Server == "" || j.Verdict() != fact.Undetermined {
		t.Errorf("unfinished: %+v", j)
	}
}
