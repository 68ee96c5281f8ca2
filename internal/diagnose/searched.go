package diagnose

import (
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// unsearched is what was seen without the search list where that cannot be the
// reason. A name that is not tried with it first gets there only where it does
// not exist itself, which is what is wrong then; and where a server has an
// address for it, the program's comes from elsewhere, be it the same as the one
// of a name of the list.
func unsearched(o *fact.Observation, host dnsname.Name) *fact.Observation {
	if o == nil || o.Journey.Resolver.Via != fact.ViaSearch || o.SearchedFirst(host) {
		return o
	}
	i := slices.IndexFunc(o.Servers, func(v fact.ServerView) bool {
		return v.Role == fact.RoleConfigured && v.Host.Outcome != fact.Unseen
	})
	if i < 0 {
		return o
	}
	bare := *o
	if o.Servers[i].Host.Outcome == fact.OK {
		bare.Journey.Resolver = fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaProgram}
		return &bare
	}
	bare.Journey = fact.Journey{
		Name: o.Journey.Name, Proxy: o.Journey.Proxy, Answer: o.Servers[i].Host,
		Resolver: fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: o.Servers[i].Server},
	}
	return &bare
}
