package diagnose

import (
	"slices"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// unsearched is what was seen without the answer that the search list led to
// after the vault's name had been found not to exist: that it does not is what
// is wrong.
func unsearched(o *fact.Observation, host dnsname.Name) *fact.Observation {
	if o == nil || o.Journey.Resolver.Via != fact.ViaSearch || o.SearchedFirst(host) {
		return o
	}
	i := slices.IndexFunc(o.Servers, func(v fact.ServerView) bool {
		return v.Role == fact.RoleConfigured && v.Host.Outcome != fact.Unseen
	})
	if i < 0 || o.Servers[i].Host.Outcome == fact.OK {
		return o
	}
	bare := *o
	bare.Journey = fact.Journey{
		Name: o.Journey.Name, Proxy: o.Journey.Proxy, Answer: o.Servers[i].Host,
		Resolver: fact.ResolverHop{Outcome: fact.OK, Via: fact.ViaDNS, Server: o.Servers[i].Server},
	}
	return &bare
}
