package fact

import (
	"net/netip"

	"pldoctor/internal/service"
)

// A Verdict is the path that a request takes.
type Verdict string

// The verdicts of a report.
const (
	Private         Verdict = "private"
	ServiceEndpoint Verdict = "service-endpoint"
	Public          Verdict = "public"
	NotReached      Verdict = "unreachable" // no HTTP answer from a vault
	Undetermined    Verdict = "undetermined"
)

// An Access is what the vault says to the client on that path.
type Access string

// What a vault can say.
const (
	AccessAllowed         Access = "allowed"
	AccessRefusedNetwork  Access = "refused-network"
	AccessRefusedIdentity Access = "refused-identity"
	AccessUntested        Access = "untested"
)

// Verdict is a function of the journey alone.
func (j Journey) Verdict() Verdict {
	switch {
	case j.Exchange.Outcome == OK:
		return j.Exchange.path(j.Connect.Addr)
	case j.Proxy.Outcome == ProxyUnusable, j.Exchange.Outcome == NoInfo: // what a program makes of it, nobody has seen
		return Undetermined
	case j.failed():
		return NotReached
	}
	return Undetermined
}

// path tells the ways into a vault apart by what the vault itself says, and
// where an older version of the service does not say it, by the two addresses:
// a service endpoint goes to a public address with a private source.
func (x *ExchangeHop) path(destination netip.Addr) Verdict {
	switch x.Conn {
	case service.ConnPrivateLink:
		return Private
	case service.ConnSubnet:
		return ServiceEndpoint
	case service.ConnIPv4, service.ConnIPv6:
		return Public
	case service.ConnUnsaid:
	}
	switch to, from := Classify(destination), Classify(x.Source); {
	case from == PublicAddr:
		return Public
	case to == PrivateAddr && from == PrivateAddr:
		return Private
	case to == PublicAddr && from == PrivateAddr:
		return ServiceEndpoint
	}
	return Undetermined
}

// failed tells whether some hop was looked at and went wrong.
func (j *Journey) failed() bool {
	for _, o := range [...]Outcome{
		j.Name.Outcome, j.Proxy.Outcome, j.Resolver.Outcome, j.Answer.Outcome,
		j.Connect.Outcome, j.TLS.Outcome, j.Exchange.Outcome,
	} {
		if o != Unseen && o != OK && o != PrivatelinkName {
			return true
		}
	}
	return false
}

// Accessed says what the vault says to the client.
func (j Journey) Accessed() Access {
	switch j.Access.Outcome {
	case OK:
		return AccessAllowed
	case RefusedNetwork:
		return AccessRefusedNetwork
	case RefusedIdentity:
		return AccessRefusedIdentity
	}
	return AccessUntested
}

var (
	carrierGradeNAT = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	reserved        = netip.MustParsePrefix("240.0.0.0/4")   // RFC 1112
	thisNetwork     = netip.MustParsePrefix("0.0.0.0/8")     // RFC 1122
)

// AzureDNS is the address at which every VNet reaches Azure-provided DNS,
// learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
var AzureDNS = netip.AddrFrom4([4]byte{168, 63, 129, 16})

// Classify tells private addresses from public ones by their ranges alone. A
// VNet may use any range: where the configuration is known, it decides.
func Classify(a netip.Addr) AddrClass {
	a = a.Unmap()
	switch {
	case !a.IsValid():
		return NoAddr
	case a == AzureDNS, a.IsLoopback(), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified(),
		reserved.Contains(a), thisNetwork.Contains(a):
		return SpecialAddr
	case a.IsPrivate(), carrierGradeNAT.Contains(a):
		return PrivateAddr
	}
	return PublicAddr
}
