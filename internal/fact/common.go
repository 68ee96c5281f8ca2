package fact

import (
	"net/netip"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
)

// What a probe does and what a prediction says it would see have to agree on
// the following; so it stands here, once.

// Bounds on what others may make a probe do.
const (
	MaxServers = 8 // configured DNS servers that are asked
	MaxLearnt  = 6 // addresses that are tried because some answer held them
	MaxSearch  = 6 // search domains that are asked: MAXDNSRCH of resolv.h
)

// Answered tells the outcomes of an answer from those of the way to a server.
func (o Outcome) Answered() bool {
	switch o {
	case OK, NXDomain, NoData, ServFail, DNSRefuse, Truncated, Malformed:
		return true
	}
	return false
}

// Failure tells the answers that say no more than that there is none.
func (o Outcome) Failure() bool { return o == ServFail || o == DNSRefuse }

// Dialable tells whether a vault can have an address: others are reported and
// never dialled.
func Dialable(a netip.Addr) bool {
	class := Classify(a)
	return class == PrivateAddr || class == PublicAddr
}

// ClassOf is the class of an answer's address. In the public DNS the vault's name
// in the private zone is an alias of another: an address that stands under that
// name itself comes from a private zone, and a VNet may use any range.
func ClassOf(a netip.Addr, underAlias bool) AddrClass {
	class := Classify(a)
	if underAlias && class == PublicAddr {
		return PrivateAddr
	}
	return class
}

// NameOf tells the vault's hostname from its name in the private zone and from
// another cloud's names.
func NameOf(s service.Service, host dnsname.Name) NameHop {
	hop := NameHop{Outcome: OK, Host: host}
	switch {
	case host.Parent() == s.Suffix:
		return hop
	case host.Under(s.Zone):
		hop.Outcome = PrivatelinkName
		return hop
	}
	for _, other := range service.KeyVaults() {
		if other.Cloud.Name != s.Cloud.Name && (host.Under(other.Suffix) || host.Under(other.Core)) {
			hop.Outcome = OtherCloud
		}
	}
	return hop
}
