package settings

import "pldoctor/internal/dnsname"

// Candidates returns the names that a resolver library tries for a name, in
// order: with fewer dots than ndots (0 means the default, 1), the search list
// comes first and the name itself last, else the other way round
// (resolv.conf(5)).
func Candidates(name dnsname.Name, search []string, ndots int) []dnsname.Name {
	names := make([]dnsname.Name, 0, 4)
	plain := name.Dots() >= max(ndots, 1)
	if plain {
		names = append(names, name)
	}
	for _, domain := range search {
		if n, err := dnsname.Parse(name.String() + domain); err == nil {
			names = append(names, n)
		}
	}
	if !plain {
		names = append(names, name)
	}
	return names
}
