package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// lookWith is look on a host whose Env is not quite h's.
func lookWith(t *testing.T, h *host, edit func(*env.Env)) (seen fact.Observation) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := h.Env()
		edit(&e)
		seen = Run(t.Context(), e, target(t), Options{})
		time.Sleep(time.Minute) // for servers that are slow to notice
	})
	return seen
}

// unless answers SERVFAIL, or, with checking disabled, the other code with the
// records.
func unless(code int, lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 512)
		n, _ := c.Read(buffer)
		var q dns.Msg
		if q.Unpack(buffer[:n]) == nil && q.CheckingDisabled {
			_, _ = c.Write(reply(buffer[:n], code, lines...))
			return
		}
		_, _ = c.Write(reply(buffer[:n], dns.RcodeServerFailure))
	}
}

// TestCheckingDisabled: only a configured server that fails is asked once more,
// and what it then says stands beside its failure.
func TestCheckingDisabled(t *testing.T) {
	for name, tt := range map[string]struct {
		server func(net.Conn)
		want   fact.AnswerHop
		asked  bool
	}{
		"validates":      {unless(dns.RcodeSuccess, privateZone...), fact.AnswerHop{Outcome: fact.OK, Alias: true, Class: fact.PrivateAddr, Addr: ip(endpoint)}, true},
		"denies":         {unless(dns.RcodeNameError, privateZone[0]), fact.AnswerHop{Outcome: fact.NXDomain, Alias: true}, true},
		"fails":          {rcode(dns.RcodeServerFailure), fact.AnswerHop{Outcome: fact.ServFail}, true},
		"refuses":        {rcode(dns.RcodeRefused), fact.AnswerHop{}, false},
		"answers":        {zone(privateZone...), fact.AnswerHop{}, false},
		"does not exist": {zone(), fact.AnswerHop{}, false},
		"is silent":      {silent, fact.AnswerHop{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := healthy(t)
			h.udp[server+":53"], h.udp[azure+":53"] = tt.server, rcode(dns.RcodeServerFailure)
			seen, _ := look(t, h, Options{}, nil)
			configured, _ := seen.ServerAs(fact.RoleConfigured)
			other, _ := seen.ServerAs(fact.RoleAzure)
			if configured.Unchecked != tt.want || other.Unchecked != (fact.AnswerHop{}) {
				t.Errorf("%+v, of Azure DNS %+v", configured.Unchecked, other.Unchecked)
			}
			again := slices.DeleteFunc(seen.Lookups, func(l fact.Lookup) bool { return !l.CD })
			if (len(again) == 1) != tt.asked || len(again) > 1 {
				t.Errorf("asked again: %+v", again)
			}
		})
	}
}

// forOther answers the question for the cloud's authority with a code and for all
// others with failure.
func forOther(failure, code int, lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 512)
		n, _ := c.Read(buffer)
		var q dns.Msg
		if q.Unpack(buffer[:n]) == nil && q.Question[0].Name == otherName {
			_, _ = c.Write(reply(buffer[:n], code, lines...))
			return
		}
		_, _ = c.Write(reply(buffer[:n], failure))
	}
}

const otherName = "login.microsoftonline.com."

// TestOtherName: only a configured server that fails or refuses is asked for a
// name that is not the service's, and that once.
func TestOtherName(t *testing.T) {
	for name, tt := range map[string]struct {
		server        func(net.Conn)
		want          fact.Outcome
		serves, fails bool
	}{
		"fails for the vault": {forOther(dns.RcodeServerFailure, dns.RcodeSuccess, otherName+" 60 IN A 192.0.2.1"), fact.OK, true, false},
		"knows no such name":  {forOther(dns.RcodeServerFailure, dns.RcodeNameError), fact.NXDomain, true, false},
		"refuses the vault":   {forOther(dns.RcodeRefused, dns.RcodeSuccess), fact.NoData, true, false},
		"fails for all":       {rcode(dns.RcodeServerFailure), fact.ServFail, false, true},
		"refuses all":         {rcode(dns.RcodeRefused), fact.DNSRefuse, false, true},
		"is there for some":   {forOther(dns.RcodeServerFailure, dns.RcodeRefused), fact.DNSRefuse, false, false},
		"answers":             {zone(privateZone...), fact.Unseen, false, false},
		"knows of no vault":   {zone(), fact.Unseen, false, false},
		"is silent":           {silent, fact.Unseen, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := healthy(t)
			h.udp[server+":53"], h.udp[azure+":53"] = tt.server, rcode(dns.RcodeServerFailure)
			seen, _ := look(t, h, Options{}, nil)
			v, _ := seen.ServerAs(fact.RoleConfigured)
			other, _ := seen.ServerAs(fact.RoleAzure)
			if v.Others != tt.want || v.ServesOthers() != tt.serves || v.FailsForAll() != tt.fails || other.Others != fact.Unseen {
				t.Errorf("%q, serves %v, fails %v; of Azure DNS %q", v.Others, v.ServesOthers(), v.FailsForAll(), other.Others)
			}
			asked := slices.DeleteFunc(seen.Lookups, func(l fact.Lookup) bool { return l.Question.String() != otherName })
			if len(asked) > 1 || (len(asked) == 1) != (tt.want != fact.Unseen) {
				t.Errorf("asked %+v", asked)
			}
		})
	}
}

// TestSearchList: where programs get what no server says of the name, the names
// of the search list are asked for.
func TestSearchList(t *testing.T) {
	const ingress, other = "10.1.0.99", "10.1.0.98"
	corp := dnsname.MustParse("fabrikam.vault.azure.net.corp.example")
	wildcard := append(slices.Clone(privateZone), "fabrikam.vault.azure.net.corp.example. 300 IN A "+ingress)
	for name, tt := range map[string]struct {
		got    string
		ndots  int
		search []string
		split  map[string][]netip.Addr
		want   fact.ResolverHop
		asked  int
	}{
		"the domain's answer":         {ingress, 5, []string{"svc.example", "corp.example"}, nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaSearch, Server: ip(server), Name: corp}, 4},
		"whatever ndots says":         {ingress, 0, []string{"corp.example"}, nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaSearch, Server: ip(server), Name: corp}, 2},
		"nobody's":                    {other, 5, []string{"corp.example"}, nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}, 2},
		"the name's own":              {endpoint, 5, []string{"corp.example"}, nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: ip(server)}, 0},
		"there is no list":            {ingress, 5, nil, nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}, 0},
		"the domain has its server":   {ingress, 5, []string{"corp.example"}, map[string][]netip.Addr{"corp.example.": addrs("10.0.0.54")}, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaSearch, Server: ip("10.0.0.54"), Name: corp}, 2},
		"a domain stands twice":       {other, 5, []string{"corp.example", "corp.example"}, nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}, 2},
		"more domains than are asked": {other, 5, strings.Fields("a b c d e f g h corp.example"), nil, fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}, 12},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := healthy(t)
			h.addrs = []string{tt.got}
			h.udp[server+":53"], h.udp["10.0.0.54:53"] = zone(wildcard...), zone(wildcard...)
			seen := lookWith(t, h, func(e *env.Env) {
				e.Resolvers = func(context.Context) (env.Resolvers, error) {
					return env.Resolvers{Servers: addrs(server), Search: tt.search, Ndots: tt.ndots, Split: tt.split}, nil
				}
			})
			if got := seen.Journey.Resolver; got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			asked := slices.DeleteFunc(seen.Lookups, func(l fact.Lookup) bool { return l.Question == fabrikam || l.Question == fabrikamAlias })
			if len(asked) != tt.asked {
				t.Errorf("asked %d: %+v", len(asked), asked)
			}
		})
	}
}

// TestOpenConnections: connections of programs to the region's front ends are
// told from others; where nothing tells the front ends, nobody claims to know.
func TestOpenConnections(t *testing.T) {
	front := append(slices.Clone(privateZone), "data-prod-eus-region.vaultcore.azure.net. 60 IN A "+frontEnd)
	ends := func(list ...string) (all []netip.AddrPort) {
		for _, s := range list {
			all = append(all, netip.MustParseAddrPort(s))
		}
		return all
	}
	for name, tt := range map[string]struct {
		open   []netip.AddrPort
		region string
		want   []netip.Addr
		known  bool
		asked  bool
	}{
		"none":                {nil, "eastus", nil, true, false},
		"to the front end":    {ends("203.0.113.9:443", frontEnd+":443", "[::ffff:52.168.109.101]:443"), "eastus", addrs(frontEnd), true, true},
		"to others":           {ends("203.0.113.9:443"), "eastus", nil, true, true},
		"to the endpoint":     {ends(endpoint + ":443"), "eastus", nil, true, false},
		"to another port":     {ends(frontEnd + ":22"), "eastus", nil, true, false},
		"the region unknown":  {ends(frontEnd + ":443"), "atlantis", nil, false, true},
		"the region unspoken": {ends(frontEnd + ":443"), "", nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, v := healthy(t)
			if tt.region != "" {
				v.info = viaPrivateLink + "\r\n" + service.HeaderRegion + ": " + tt.region
			}
			h.udp[server+":53"] = zone(front...)
			seen := lookWith(t, h, func(e *env.Env) { e.Connections = func() ([]netip.AddrPort, error) { return tt.open, nil } })
			if got := seen.Client; !slices.Equal(got.Open, tt.want) || got.OpenSeen != tt.known {
				t.Errorf("open %v, known %v", got.Open, got.OpenSeen)
			}
			asked := slices.ContainsFunc(seen.Lookups, func(l fact.Lookup) bool { return l.Question != fabrikam && l.Question != fabrikamAlias })
			if asked != tt.asked || h.hasDialed(frontEnd) || h.hasDialed("203.0.113.9") {
				t.Errorf("asked %v, dialled %v", asked, h.dialed)
			}
		})
	}
	h, _ := healthy(t)
	if seen, _ := look(t, h, Options{}, nil); seen.Client.OpenSeen {
		t.Error("a host that does not tell has no connections")
	}
}
