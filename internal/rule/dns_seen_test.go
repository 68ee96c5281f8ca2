package rule_test

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
)

const (
	ownDNS = "10.0.0.53"
	azure  = "168.63.129.16"
	public = "8.8.8.8"
)

// hop reads an answer: "52.1.1.1", "alias 10.1.2.4", "alias nxdomain", "servfail".
func hop(text string) fact.AnswerHop {
	rest, alias := strings.CutPrefix(text, "alias ")
	a := fact.AnswerHop{Alias: alias}
	if addr, err := netip.ParseAddr(rest); err == nil {
		a.Outcome, a.Addr, a.Class = fact.OK, addr, fact.Classify(addr)
		return a
	}
	a.Outcome = fact.Outcome(rest)
	return a
}

// view is what a configured server says of the hostname and of the alias's
// name; "timeout" is silence.
func view(server, host, alias string) fact.ServerView {
	v := fact.ServerView{Server: netip.MustParseAddr(server), Role: fact.RoleConfigured, Reached: fact.OK, Host: hop(host), Alias: hop(alias)}
	if host == string(fact.Timeout) {
		v.Reached, v.Host, v.Alias = fact.Timeout, fact.AnswerHop{}, fact.AnswerHop{}
	}
	return v
}

func of(role fact.ServerRole, v fact.ServerView) fact.ServerView {
	v.Role = role
	return v
}

// seenCase is the case of a client that probed without a configuration; the
// program has the first view's answer unless edit says otherwise.
func seenCase(edit func(*fact.Observation), views ...fact.ServerView) *rule.Case {
	svc, _ := service.KeyVault("AzureCloud")
	o := &fact.Observation{Servers: views}
	for _, v := range views {
		if v.Role == fact.RoleConfigured {
			o.Client.Resolvers = append(o.Client.Resolvers, v.Server)
		}
	}
	if len(views) > 0 {
		o.Journey.Resolver = fact.ResolverHop{Outcome: views[0].Reached, Via: fact.ViaDNS, Server: views[0].Server}
		o.Journey.Answer = views[0].Host
	}
	if edit != nil {
		edit(o)
	}
	c := &rule.Case{Service: svc, Vault: "fabrikam", Host: dnsname.MustParse("fabrikam.vault.azure.net"), Seen: o, Journey: o.Journey}
	return c
}

// scoped says that names like the vault's go to servers of their own, and that
// the request arrived by private link.
func scoped(o *fact.Observation) {
	o.Client.Split = []string{"corp.example.", "azure.net."}
	o.Journey.Exchange = fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink}
}

// programGot says that the resolver library gave an address, and nobody knows
// whence.
func programGot(addr string) func(*fact.Observation) {
	return func(o *fact.Observation) {
		o.Journey.Resolver = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}
		o.Journey.Answer = hop(addr)
	}
}

// searchGot says that a name of the search list has the address.
func searchGot(addr string) func(*fact.Observation) {
	return func(o *fact.Observation) {
		o.Journey.Resolver = fact.ResolverHop{
			Outcome: fact.OK, Via: fact.ViaSearch, Server: netip.MustParseAddr(ownDNS), Name: dnsname.MustParse("fabrikam.vault.azure.net.corp.example"),
		}
		o.Journey.Answer = hop(addr)
	}
}

// unchecked adds what a server says with checking disabled.
func unchecked(answer string, v fact.ServerView) fact.ServerView {
	v.Unchecked = hop(answer)
	return v
}

// others adds what came of asking a server that fails for another name.
func others(o fact.Outcome, v fact.ServerView) fact.ServerView {
	v.Others = o
	return v
}

func hostsFile(addr string) func(*fact.Observation) {
	return func(o *fact.Observation) {
		o.Journey.Resolver = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaHostsFile}
		o.Journey.Answer = hop(addr)
		o.Client.HostsFile = []fact.HostsLine{{Name: dnsname.MustParse("fabrikam.vault.azure.net"), Addr: netip.MustParseAddr(addr), Line: 3}}
		o.Client.HostsPath = "/etc/hosts"
	}
}

func overPrivateLink(access fact.Outcome, denial service.Denial) func(*fact.Observation) {
	return func(o *fact.Observation) {
		o.Journey.Connect = fact.ConnectHop{Outcome: fact.OK, Addr: o.Journey.Answer.Addr}
		o.Journey.Exchange = fact.ExchangeHop{Outcome: fact.OK, Conn: service.ConnPrivateLink}
		o.Journey.Access = fact.AccessHop{Outcome: access, Denial: denial}
	}
}

func throughProxy(o *fact.Observation) {
	o.Journey = fact.Journey{Proxy: fact.ProxyHop{Outcome: fact.OK, Server: "10.1.0.9:3128"}}
}

// TestDNSRulesOnWhatAClientSees are the cases that a client can decide, or not
// decide, by itself.
func TestDNSRulesOnWhatAClientSees(t *testing.T) {
	const pub, private, nowhere = "alias 52.168.109.101", "alias 10.1.2.4", "alias nxdomain"
	for _, tt := range []struct {
		name, code string
		c          *rule.Case
		want       rule.Status
		why        string // a part of it
	}{
		{"public answer", "PL401", seenCase(nil, view(azure, pub, pub)), rule.StatusFail, "52.168.109.101"},
		{"private answer", "PL401", seenCase(nil, view(azure, private, private)), rule.StatusPass, ""},
		{"the last address of 172.16/12", "PL401", seenCase(nil, view(azure, "alias 172.31.255.255", "")), rule.StatusPass, ""},
		{"172.32 is public, whatever the article prints", "PL401", seenCase(nil, view(azure, "alias 172.32.0.1", "")), rule.StatusFail, ""},
		{"a proxy resolves", "PL401", seenCase(throughProxy), rule.StatusNotApplicable, "proxy"},

		{"private without a token", "PL402", seenCase(nil, view(azure, private, private)), rule.StatusUnknown, "token"},
		{"admitted with a token", "PL402", seenCase(overPrivateLink(fact.OK, ""), view(azure, private, private)), rule.StatusPass, ""},
		{"a role is missing, the endpoint is right", "PL402", seenCase(overPrivateLink(fact.RefusedIdentity, service.DeniedRBAC), view(azure, private, private)), rule.StatusPass, ""},
		{"another vault's endpoint", "PL402", seenCase(overPrivateLink(fact.RefusedNetwork, service.DeniedTCP), view(azure, private, private)), rule.StatusFail, "another's"},
		{"public answer", "PL402", seenCase(nil, view(azure, pub, pub)), rule.StatusNotApplicable, ""},

		{"no alias", "PL501", seenCase(nil, view(azure, "52.168.109.101", "nxdomain")), rule.StatusFail, "approved"},
		{"alias", "PL501", seenCase(nil, view(azure, pub, pub)), rule.StatusPass, ""},
		{"no such name", "PL501", seenCase(nil, view(azure, "nxdomain", "nxdomain")), rule.StatusNotApplicable, ""},
		{"a server with a record of its own, and a public one", "PL501", seenCase(nil, view(ownDNS, "10.1.2.4", ""), of(fact.RolePublic, view(public, pub, pub))), rule.StatusPass, ""},
		{"a server with a record of its own", "PL501", seenCase(nil, view(ownDNS, "10.1.2.4", "")), rule.StatusUnknown, ""},

		{"alias, public", "PL502", seenCase(nil, view(azure, pub, pub)), rule.StatusFail, "no private zone"},
		{"alias, private", "PL502", seenCase(nil, view(azure, private, private)), rule.StatusPass, ""},
		{"no alias", "PL502", seenCase(nil, view(azure, "52.168.109.101", "")), rule.StatusNotApplicable, ""},

		{"alias, then nothing", "PL503", seenCase(nil, view(azure, nowhere, "nxdomain")), rule.StatusFail, "does not exist"},
		{"no alias, and nothing", "PL503", seenCase(nil, view(azure, "nxdomain", "nxdomain")), rule.StatusNotApplicable, ""},

		{"one private, one public", "PL504", seenCase(nil, view(ownDNS, private, private), view(public, pub, pub)), rule.StatusFail, public},
		{"two public addresses of the front ends", "PL504", seenCase(nil, view(ownDNS, pub, pub), view(public, "alias 40.71.10.202", pub)), rule.StatusPass, ""},
		{"two endpoints", "PL504", seenCase(nil, view(ownDNS, private, private), view("10.0.0.54", "alias 10.9.2.4", "")), rule.StatusFail, "10.9.2.4"},
		{"one is silent", "PL504", seenCase(nil, view(ownDNS, private, private), view(public, "timeout", "")), rule.StatusUnknown, "compare"},
		{"split DNS that leads to private link", "PL504", seenCase(scoped, view(ownDNS, private, private), view(public, pub, pub)), rule.StatusNotApplicable, "own"},
		{"only one", "PL504", seenCase(nil, view(ownDNS, private, private)), rule.StatusNotApplicable, ""},

		{"one is silent", "PL505", seenCase(nil, view(ownDNS, private, private), view("10.0.0.54", "timeout", "")), rule.StatusFail, "10.0.0.54"},
		{"all answer", "PL505", seenCase(nil, view(ownDNS, private, private)), rule.StatusPass, ""},

		{"emptied, and whole elsewhere", "PL506", seenCase(nil, view(ownDNS, "alias nodata", "nodata"), of(fact.RoleAzure, view(azure, private, private))), rule.StatusFail, ownDNS},
		{"emptied, as far as one sees", "PL506", seenCase(nil, view(ownDNS, "alias nodata", "nodata")), rule.StatusUnknown, ""},
		{"not emptied", "PL506", seenCase(nil, view(ownDNS, private, private)), rule.StatusPass, ""},

		{"an answer once it is told not to check", "PL507", seenCase(nil, unchecked("alias 10.1.2.4", view(ownDNS, "servfail", "servfail"))), rule.StatusFail, "10.1.2.4"},
		{"a name that does not exist once it is told not to check", "PL507", seenCase(nil, unchecked("alias nxdomain", view(ownDNS, "servfail", "servfail"))), rule.StatusFail, "checking disabled"},
		{"SERVFAIL whatever it is told", "PL507", seenCase(nil, unchecked("servfail", view(ownDNS, "servfail", "servfail"))), rule.StatusPass, "too"},
		{"an answer that is rejected goes round nowhere", "PL809", seenCase(nil, unchecked("alias 10.1.2.4", view(ownDNS, "servfail", "servfail"))), rule.StatusPass, "rejects"},
		{"SERVFAIL whatever it is told may be a loop", "PL809", seenCase(nil, unchecked("servfail", view(ownDNS, "servfail", "servfail"))), rule.StatusUnknown, ""},
		{"SERVFAIL may be many things", "PL507", seenCase(nil, view(ownDNS, "servfail", "servfail")), rule.StatusUnknown, "+cd"},
		{"truncated", "PL508", seenCase(nil, view(ownDNS, "truncated", "truncated")), rule.StatusFail, "TCP"},
		{"SERVFAIL for the vault's name alone may be a loop", "PL809", seenCase(nil, others(fact.NXDomain, view(ownDNS, "servfail", "servfail"))), rule.StatusUnknown, ""},
		{"SERVFAIL for every name is no loop", "PL809", seenCase(nil, others(fact.ServFail, view(ownDNS, "servfail", "servfail"))), rule.StatusPass, "every name"},
		{"nor is it with no answer at all for another", "PL809", seenCase(nil, others(fact.Timeout, view(ownDNS, "servfail", "servfail"))), rule.StatusPass, "every name"},
		{"who is not there for other names says nothing", "PL809", seenCase(nil, others(fact.DNSRefuse, view(ownDNS, "servfail", "servfail"))), rule.StatusUnknown, ""},

		{"SERVFAIL", "PL509", seenCase(nil, view(ownDNS, "servfail", "servfail")), rule.StatusFail, "(SERVFAIL)"},
		{"SERVFAIL for the vault's name alone", "PL509", seenCase(nil, others(fact.OK, view(ownDNS, "servfail", "servfail"))), rule.StatusFail, "for another name, login.microsoftonline.com, it has an answer"},
		{"SERVFAIL for every name", "PL509", seenCase(nil, others(fact.ServFail, view(ownDNS, "servfail", "servfail"))), rule.StatusFail, "no answer for another name, login.microsoftonline.com, either"},
		{"REFUSED whatever the name", "PL509", seenCase(nil, others(fact.DNSRefuse, view(ownDNS, "dns-refused", "dns-refused"))), rule.StatusFail, "either"},
		{"REFUSED by the second", "PL509", seenCase(nil, view(ownDNS, private, private), view(public, "dns-refused", "dns-refused")), rule.StatusFail, "REFUSED"},

		{"Azure DNS beside it is private", "PL801", seenCase(nil, view(ownDNS, pub, pub), of(fact.RoleAzure, view(azure, private, private))), rule.StatusFail, "Azure DNS"},
		{"Azure DNS beside it is public too", "PL801", seenCase(nil, view(ownDNS, pub, pub), of(fact.RoleAzure, view(azure, pub, pub))), rule.StatusUnknown, ""},
		{"Azure DNS itself is asked", "PL801", seenCase(nil, view(azure, pub, pub)), rule.StatusNotApplicable, ""},
		{"another server is private", "PL801", seenCase(nil, view(public, pub, pub), view(ownDNS, private, private)), rule.StatusNotApplicable, "disagree"},

		{"the alias's name is private", "PL802", seenCase(nil, view(ownDNS, pub, "10.1.2.4")), rule.StatusFail, "privatelink"},
		{"the alias's name is public", "PL802", seenCase(nil, view(ownDNS, pub, "52.168.109.101")), rule.StatusPass, ""},
		{"nobody asked for the alias's name", "PL802", seenCase(nil, view(ownDNS, pub, "")), rule.StatusUnknown, ""},
		{"the hostname gets no answer, and the alias's name a private one", "PL802", seenCase(nil, view(ownDNS, "", "10.1.2.4")), rule.StatusUnknown, "not known"},
		{"Azure DNS says the same", "PL802", seenCase(nil, view(ownDNS, pub, "10.1.2.4"), of(fact.RoleAzure, view(azure, pub, "10.1.2.4"))), rule.StatusUnknown, "Azure DNS itself"},
		{"a server that fails knows nothing of the name", "PL104", seenCase(nil, view(ownDNS, "servfail", ""), of(fact.RolePublic, view(public, "nxdomain", ""))), rule.StatusFail, "does not exist"},
		{"a server that chases aliases works", "PL802", seenCase(nil, view(ownDNS, private, "10.1.2.4")), rule.StatusPass, ""},

		{"a public address in the hosts file", "PL803", seenCase(hostsFile("52.168.109.101"), view(azure, private, private)), rule.StatusFail, "hosts file"},
		{"not the hosts file", "PL803", seenCase(nil, view(azure, private, private)), rule.StatusPass, ""},

		{"the program alone is public", "PL811", seenCase(programGot("52.168.109.101"), view(ownDNS, private, private)), rule.StatusFail, "10.1.2.4"},
		{"the program has another private address", "PL811", seenCase(programGot("10.9.9.9"), view(ownDNS, private, private)), rule.StatusFail, "10.1.2.4"},
		{"another private address, and private link behind it", "PL811", seenCase(func(o *fact.Observation) {
			programGot("10.9.9.9")(o)
			overPrivateLink("", "")(o)
		}, view(ownDNS, private, private)), rule.StatusPass, ""},
		{"a search domain answers", "PL811", seenCase(searchGot("10.9.9.9"), view(ownDNS, private, private)), rule.StatusFail, "fabrikam.vault.azure.net.corp.example"},
		{"a search domain answers publicly", "PL811", seenCase(searchGot("203.0.113.80"), view(ownDNS, private, private)), rule.StatusFail, "the search list"},
		{"a search domain answers for a name that does not exist", "PL811", seenCase(searchGot("10.9.9.9"), view(ownDNS, nowhere, nowhere)), rule.StatusPass, ""},
		{"split DNS that does its work", "PL811", seenCase(func(o *fact.Observation) { o.Client.Resolvers = o.Client.Resolvers[1:] }, view("10.8.0.1", "alias 10.1.2.5", ""), view(ownDNS, private, private)), rule.StatusPass, ""},
		{"another private address may come from a cache", "PL812", seenCase(programGot("10.9.9.9"), view(ownDNS, private, private)), rule.StatusUnknown, ""},
		{"a server that nobody configured", "PL811", seenCase(func(o *fact.Observation) { o.Client.Resolvers = o.Client.Resolvers[1:] }, view(public, pub, pub), view(ownDNS, private, private)), rule.StatusFail, public},
		{"the hosts file says so", "PL811", seenCase(hostsFile("52.168.109.101"), view(ownDNS, private, private)), rule.StatusNotApplicable, ""},
		{"a cache cannot be seen", "PL812", seenCase(programGot("52.168.109.101"), view(ownDNS, private, private)), rule.StatusUnknown, ""},

		{"silent, and nobody knows where the client is", "PL814", seenCase(nil, view(azure, "timeout", "")), rule.StatusUnknown, "outside"},
		{"a server that fails may ask it", "PL814", seenCase(nil, view(ownDNS, "servfail", "servfail")), rule.StatusUnknown, "168.63.129.16"},
		{"one that fails for the vault's name alone, too", "PL814", seenCase(nil, others(fact.OK, view(ownDNS, "servfail", "servfail"))), rule.StatusUnknown, "168.63.129.16"},
		{"one that fails for every name asks somebody else", "PL814", seenCase(nil, others(fact.ServFail, view(ownDNS, "servfail", "servfail"))), rule.StatusPass, "every name"},
		{"it answers", "PL814", seenCase(nil, view(azure, pub, pub)), rule.StatusPass, ""},
	} {
		t.Run(tt.code+"/"+tt.name, func(t *testing.T) {
			r := ruleOf(t, tt.code).Eval(tt.c)
			if r.Status != tt.want || !strings.Contains(r.Why, tt.why) {
				t.Errorf("%s: %q, want %s: …%s…", r.Status, r.Why, tt.want, tt.why)
			}
			for _, e := range r.Evidence {
				if e.Source != "probe" || e.Where == "" || e.What == "" {
					t.Errorf("evidence of a probe is %+v", e)
				}
			}
		})
	}
}
