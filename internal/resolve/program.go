package resolve

import (
	"net/netip"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// ClientTimeout is how long a resolver library waits for one server: the
// default of resolv.conf(5). It asks each server once: a second attempt at a
// server that the World says is silent changes nothing but the time.
const ClientTimeout = 5 * time.Second

// A Found is what a program on a host gets for a name.
type Found struct {
	Via     fact.Via
	Server  netip.Addr    // the one that answered, else the one asked last; none unless Via is ViaDNS
	Name    dnsname.Name  // the name that was answered: another than was asked for if the search list made it
	A, AAAA Reply         // as the resolver library asks for both
	After   time.Duration // until the program has it
}

// Program returns what a program on a host gets for a name, in the order of
// nsswitch.conf(5): the hosts file, in which an entry for the name settles both
// families, then what the host still caches, then DNS through ask, which
// carries questions from that host. Names without enough dots go through the
// search list first, others after themselves (resolv.conf(5)); the list is left
// once no server answers at all.
func Program(w *world.World, h *world.Host, name dnsname.Name, ask Ask) Found {
	if f, ok := inHostsFile(h, name); ok {
		return f
	}
	if f, ok := inCache(h, name); ok {
		return f
	}
	var spent time.Duration
	var result Found
	silent := false
	for _, candidate := range settings.Candidates(name, h.Search, h.Ndots) {
		if silent && candidate != name {
			continue
		}
		f := overDNS(ServersFor(w, h, candidate), candidate, ask)
		spent += f.After
		silent = silent || !answers(f.A.Outcome) && f.A.Outcome != fact.ServFail
		if f.A.Outcome == fact.OK || f.AAAA.Outcome == fact.OK {
			f.After = spent
			return f
		}
		if candidate == name { // what the name itself came to is what is reported
			result = f
		}
	}
	result.After = spent
	return result
}

func inHostsFile(h *world.Host, name dnsname.Name) (Found, bool) {
	var addrs []netip.Addr
	for _, e := range h.Hosts {
		if e.Name == name {
			addrs = append(addrs, e.Addr)
		}
	}
	return local(fact.ViaHostsFile, fact.FromHostsFile, h.ID, name, 0, addrs...), len(addrs) > 0
}

func inCache(h *world.Host, name dnsname.Name) (Found, bool) {
	c, ok := h.Cached[name]
	if !ok || c.TTL <= 0 {
		return Found{}, false
	}
	return local(fact.ViaCache, fact.FromCache, h.ID, name, uint32(c.TTL/time.Second), c.Addr), true
}

// local makes a Found of addresses that the host itself knows.
func local(via fact.Via, why fact.Reason, host world.ID, name dnsname.Name, ttl uint32, addrs ...netip.Addr) Found {
	f := Found{Via: via, Name: name}
	f.A, f.AAAA = addresses(addrs, world.TypeA, ttl, ttl), addresses(addrs, world.TypeAAAA, ttl, ttl)
	f.A.By, f.AAAA.By = host, host
	f.A.Reason, f.AAAA.Reason = why, why
	return f
}

// ServersFor returns the servers that a host asks for a name.
func ServersFor(w *world.World, h *world.Host, name dnsname.Name) []netip.Addr {
	if to, ok := longest(h.Split, name); ok {
		return to
	}
	return w.Nameservers(h)
}

// overDNS asks the servers in order. The next one is asked only where one
// fails, or answers SERVFAIL or REFUSED: NXDOMAIN and NODATA are answers. Both
// families are asked for at once, and one that answers decides for both.
func overDNS(servers []netip.Addr, name dnsname.Name, ask Ask) Found {
	f := Found{Via: fact.ViaDNS, Name: name}
	f.A = Reply{Outcome: fact.NoServer}
	f.AAAA = f.A
	for _, server := range servers {
		f.Server = server
		f.A = ask(server, Question{Name: name, Type: world.TypeA}, ClientTimeout)
		f.AAAA = ask(server, Question{Name: name, Type: world.TypeAAAA}, ClientTimeout)
		f.After += max(f.A.After, f.AAAA.After)
		if answers(f.A.Outcome) {
			break
		}
	}
	return f
}
