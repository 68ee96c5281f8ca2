package resolve

import (
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// Serve returns what a server answers. It is one step: whom the server asks in
// turn, it asks through ask, one question at a time.
func Serve(w *world.World, s Server, q Question, ask Ask) Reply {
	switch s.Kind {
	case NoServer:
	case AzureServer:
		return azureDNS(w, s.ID, q, ask)
	case InboundServer:
		if r, ok := w.Lookup(s.ID).(*world.Resolver); ok {
			return azureDNS(w, r.VNet, q, ask)
		}
	case FirewallServer:
		if f, ok := w.Firewall(s.ID); ok {
			return firewallProxy(f, q, ask)
		}
	case HostServer:
		if h, ok := w.Host(s.ID); ok && h.DNS != nil {
			return hostDNS(w, h, q, ask)
		}
	case PublicServer:
		p := asPublic(w, s.ID)
		return chase(q.Name, func(n dnsname.Name) step { return p.look(n, q.Type) })
	case UnreadServer:
		return Reply{By: s.ID, Reason: fact.ServerNotRead}
	}
	return Reply{Outcome: fact.Timeout, By: s.ID, Reason: fact.ServerNotReached}
}

// A step is what one name of a chain leads to: an alias to go on with, or,
// where alias.To is zero, the end of the chain.
type step struct {
	alias Alias
	end   Reply
	after time.Duration // what finding the alias took; of an end it is in the reply
}

// maxChain is how many aliases a server follows before it gives up; real ones
// stop between 8 (Windows) and 17 (BIND).
const maxChain = 16

// chase follows the aliases that look finds, from name to the end of the chain.
func chase(name dnsname.Name, look func(dnsname.Name) step) Reply {
	var chain []Alias
	var after time.Duration
	for range maxChain {
		s := look(name)
		if s.alias.To.IsZero() {
			s.end.After += after
			s.end.Chain = append(chain, s.end.Chain...)
			return s.end
		}
		if chain == nil {
			chain = make([]Alias, 0, 4) // the longest public chain has three
		}
		chain, after, name = append(chain, s.alias), after+s.after, s.alias.To
	}
	return Reply{Outcome: fact.ServFail, Chain: chain, After: after}
}

// forward asks servers in order until one answers. A server that fails, or
// answers SERVFAIL or REFUSED, is passed over; when all do, the answer is
// SERVFAIL, for the reason of the first.
func forward(ask Ask, to []netip.Addr, q Question, within time.Duration, self world.ID) Reply {
	failed := Reply{Outcome: fact.ServFail}
	for _, server := range to {
		r := ask(server, q, within)
		failed.After += r.After
		if answers(r.Outcome) {
			r.After, r.Truncated, r.NoTCP = failed.After, false, false
			return r
		}
		if failed.Reason == fact.NoReason {
			failed.Reason, failed.By = r.Reason, r.By
		}
	}
	if failed.Reason == fact.NoReason {
		failed.Reason = fact.ServerNotReached
	}
	if failed.By == "" {
		failed.By = self
	}
	return failed
}

// answers tells whether an outcome is one that an asker takes, rather than ask
// the next server. Unseen is taken: what comes of it is unknown as well.
func answers(o fact.Outcome) bool {
	switch o {
	case fact.OK, fact.NXDomain, fact.NoData, fact.Unseen:
		return true
	}
	return false
}

// managedWait is how long a service of Azure's own waits for a server that it
// forwards to. Azure documents that it skips a server which did not answer
// lately, not how long it waits; it is taken as short enough for the asker to
// hear of the next one
// (learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets, "Rule
// processing").
const managedWait = 2 * time.Second

// firewallProxy is the DNS proxy of Azure Firewall: it passes questions on to
// the servers of its settings, else to Azure DNS as its own VNet has it.
func firewallProxy(f *world.Firewall, q Question, ask Ask) Reply {
	servers := f.DNSServers
	if len(servers) == 0 {
		servers = []netip.Addr{world.AzureDNS}
	}
	return forward(ask, servers, q, managedWait, f.ID)
}

// addresses makes the end of a chain of a name that exists: its addresses of
// the type asked for, or NODATA.
func addresses(addrs []netip.Addr, t world.RecordType, ttl, negative uint32) Reply {
	if addrs = family(addrs, t); len(addrs) > 0 {
		return Reply{Outcome: fact.OK, Addrs: addrs, TTL: ttl}
	}
	return Reply{Outcome: fact.NoData, TTL: negative}
}

// family returns the addresses that a record of a type can hold; the slice
// itself when all can.
func family(addrs []netip.Addr, t world.RecordType) []netip.Addr {
	n := 0
	for _, a := range addrs {
		if holds(t, a) {
			n++
		}
	}
	if n == len(addrs) {
		return addrs
	}
	var some []netip.Addr
	for _, a := range addrs {
		if holds(t, a) {
			some = append(some, a)
		}
	}
	return some
}

func holds(t world.RecordType, a netip.Addr) bool {
	return t == world.TypeA && a.Is4() || t == world.TypeAAAA && a.Is6()
}
