package route

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// A serviceTag is a group of addresses that Azure names. The names are those
// of learn.microsoft.com/azure/virtual-network/service-tags-overview.
type serviceTag struct {
	name string
	// bits is how long the prefixes behind the tag count as, where routes
	// compete. Azure publishes many for each, and changes them.
	bits  int
	group tagGroup
}

// A tagGroup is what is behind a service tag.
type tagGroup uint8

const (
	connectedSpace tagGroup = iota
	internetSpace
	platform // 168.63.129.16, which is also where load balancers probe from
	metadata
	frontEnds
	management
	authority
	everything // of Azure's
)

var serviceTags = [...]serviceTag{
	{"VirtualNetwork", 0, connectedSpace},
	{"Internet", 0, internetSpace},
	{"AzureLoadBalancer", 32, platform},
	{"AzurePlatformDNS", 32, platform},
	{"AzurePlatformIMDS", 32, metadata},
	{"AzureKeyVault", 24, frontEnds},
	{"AzureResourceManager", 24, management},
	{"AzureActiveDirectory", 24, authority},
	{"AzureCloud", 16, everything},
}

// tagged tells whether a is behind a service tag, with or without a region, as
// a subnet sees it, and how long its prefix counts as.
func (r router) tagged(tag string, at *place, a netip.Addr) (bits int, ok bool) {
	name, region, regional := strings.Cut(tag, ".")
	i := slices.IndexFunc(serviceTags[:], func(t serviceTag) bool { return strings.EqualFold(t.name, name) })
	if i < 0 {
		return 0, false
	}
	bits = serviceTags[i].bits
	if regional {
		bits++
	}
	switch serviceTags[i].group {
	case connectedSpace:
		ok = r.connected(at, a)
	case internetSpace:
		ok = !isPrivate(a) && !r.near(at, a)
	case platform:
		ok = a == world.AzureDNS
	case metadata:
		ok = a == world.InstanceMetadata
	case frontEnds:
		ok = r.frontEndIn(region, a)
	case management:
		ok = a == world.ManagementAddress
	case authority:
		ok = a == world.AuthorityAddress
	case everything:
		ok = planes[a] != Nothing && !regional || r.frontEndIn(region, a)
	}
	return bits, ok
}

// near tells whether a is in the space that the VNet knows a way to: its own,
// that of peered VNets, and what its gateways and virtual hub lead to. A
// default route that it learned is none.
func (r router) near(at *place, a netip.Addr) bool {
	if at.vnet == nil {
		return isPrivate(a)
	}
	return r.space(at, a).via != nowhere || r.beyond(at.vnet, a).bits > 0
}

// connected is the tag VirtualNetwork: it also holds 168.63.129.16 and the
// prefixes of the subnet's user-defined routes, 0.0.0.0/0 included.
func (r router) connected(at *place, a netip.Addr) bool {
	if a == world.AzureDNS || r.near(at, a) {
		return true
	}
	table, ok := r.table(at)
	if !ok {
		return false
	}
	for i := range table.Routes {
		if table.Routes[i].Tag == "" && table.Routes[i].Prefix.Contains(a) {
			return true
		}
	}
	return false
}

// frontEndIn tells whether a is the front end of a vault in a region.
func (r router) frontEndIn(region string, a netip.Addr) bool {
	for v := range r.w.VaultsAt(a) {
		if region == "" || strings.EqualFold(v.Location, region) {
			return true
		}
	}
	return false
}

// covers tells whether one of the words of a rule covers a: "*", an address, a
// prefix, a range, or a service tag. No words at all cover everything.
func (r router) covers(words []string, at *place, a netip.Addr) bool {
	for _, word := range words {
		if r.cover(word, at, a) {
			return true
		}
	}
	return len(words) == 0
}

func (r router) cover(word string, at *place, a netip.Addr) bool {
	switch {
	case isAny(word):
		return true
	case strings.Contains(word, "/"):
		p, err := netip.ParsePrefix(word)
		return err == nil && p.Contains(a)
	case word[0] >= '0' && word[0] <= '9' || strings.Contains(word, ":"):
		first, last, ranged := strings.Cut(word, "-")
		if !ranged {
			last = first
		}
		from, err := netip.ParseAddr(first)
		to, bad := netip.ParseAddr(last)
		return err == nil && bad == nil && from.BitLen() == a.BitLen() && !a.Less(from) && !to.Less(a)
	}
	_, ok := r.tagged(word, at, a)
	return ok
}

func isAny(word string) bool { return word == "*" || word == "" || strings.EqualFold(word, "Any") }

// onPort tells whether one of the words of a rule, "443", "400-500" or "*",
// covers a port. No words at all cover every port.
func onPort(words []string, port uint16) bool {
	for _, word := range words {
		first, last, ranged := strings.Cut(word, "-")
		if !ranged {
			last = first
		}
		from, err := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
		to, bad := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
		if isAny(word) || err == nil && bad == nil && from <= uint64(port) && uint64(port) <= to {
			return true
		}
	}
	return len(words) == 0
}
