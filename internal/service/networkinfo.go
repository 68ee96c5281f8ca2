package service

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A ConnType is the way a request came to Key Vault, as the service itself
// names it in the conn_type field of x-ms-keyvault-network-info.
type ConnType string

// The values of conn_type seen in public transcripts. Older versions of the
// service leave the field out.
const (
	ConnUnsaid      ConnType = ""
	ConnPrivateLink ConnType = "PrivateLink"
	ConnSubnet      ConnType = "Subnet" // a service endpoint
	ConnIPv4        ConnType = "Ipv4"
	ConnIPv6        ConnType = "Ipv6"
)

// The values of act_addr_fam. InterNetworkV6 beside an IPv4 address is what
// both private link and service endpoints show: they carry the packet inside
// IPv6.
const (
	FamilyIPv4 = "InterNetwork"
	FamilyIPv6 = "InterNetworkV6"
)

// NetworkInfo is what the header x-ms-keyvault-network-info says: how the
// service saw the request arrive.
type NetworkInfo struct {
	Conn     ConnType
	Endpoint string     // private_endpoint: the ARM id of the endpoint used
	Subnet   string     // subnet: of a service endpoint
	Addr     netip.Addr // addr: the client's address as the service saw it
	Family   string     // act_addr_fam: InterNetwork or InterNetworkV6
}

// The fields' names on the wire.
const (
	keyConn     = "conn_type"
	keyEndpoint = "private_endpoint"
	keySubnet   = "subnet"
	keyAddr     = "addr"
	keyFamily   = "act_addr_fam"
)

// String returns the header's value as the service writes it:
//
//	conn_type=PrivateLink;private_endpoint=/subscriptions/…;addr=10.10.1.5;act_addr_fam=InterNetworkV6;
//
// A field without a value is left out. Without Conn, Endpoint and Subnet that
// is the older form, addr=10.4.5.6;act_addr_fam=InterNetworkV6; which the
// article on private link diagnostics shows.
func (n NetworkInfo) String() string {
	var addr string
	if n.Addr.IsValid() {
		addr = n.Addr.String()
	}
	var b strings.Builder
	for _, f := range [...]struct{ key, value string }{
		{keyConn, string(n.Conn)},
		{keyEndpoint, n.Endpoint},
		{keySubnet, n.Subnet},
		{keyAddr, addr},
		{keyFamily, n.Family},
	} {
		if f.value != "" {
			b.WriteString(f.key + "=" + f.value + ";")
		}
	}
	return b.String()
}

// maxHeader is the longest header value that is read, in bytes. The longest
// that the service writes holds one ARM id and stays far below.
const maxHeader = 8 << 10

// ParseNetworkInfo reads the header's value. The order of the fields, their
// case, spaces and a missing final semicolon do not matter; of a field that
// stands twice the first counts; what is not known is passed over. ok is false
// when nothing of it could be read.
func ParseNetworkInfo(s string) (n NetworkInfo, ok bool) {
	if len(s) > maxHeader {
		return NetworkInfo{}, false
	}
	for field := range strings.SplitSeq(s, ";") {
		if key, value, found := strings.Cut(field, "="); found {
			n.set(strings.ToLower(strings.TrimSpace(key)), clean(value))
		}
	}
	return n, n != NetworkInfo{}
}

func (n *NetworkInfo) set(key, value string) {
	switch key {
	case keyConn:
		first(&n.Conn, canonical(ConnType(value), ConnPrivateLink, ConnSubnet, ConnIPv4, ConnIPv6))
	case keyEndpoint:
		first(&n.Endpoint, value)
	case keySubnet:
		first(&n.Subnet, value)
	case keyAddr:
		first(&n.Addr, parseAddr(value))
	case keyFamily:
		first(&n.Family, canonical(value, FamilyIPv4, FamilyIPv6))
	}
}

// first sets a field that has no value yet.
func first[T comparable](field *T, value T) {
	var none T
	if *field == none {
		*field = value
	}
}

// canonical returns the known spelling of a value, or the value itself.
func canonical[S ~string](value S, known ...S) S {
	i := slices.IndexFunc(known, func(k S) bool { return strings.EqualFold(string(k), string(value)) })
	if i < 0 {
		return value
	}
	return known[i]
}

// parseAddr reads an address, in brackets or with a port too.
func parseAddr(s string) netip.Addr {
	if p, err := netip.ParseAddrPort(s); err == nil {
		return p.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// clean returns a value without the spaces around it, and nothing of one that
// holds what no header may hold: a terminal could take it for a command.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return s
}
