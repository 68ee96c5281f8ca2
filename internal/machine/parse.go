package machine

import (
	"encoding/binary"
	"encoding/hex"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/env"
)

// parseAhosts reads what "getent ahosts" prints: a line for each address and
// socket type, in the order in which programs try them.
func parseAhosts(text string) []netip.Addr {
	var list []netip.Addr
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			list = appendAddr(list, fields[0])
		}
	}
	return list
}

// parseConnections reads /proc/net/tcp and tcp6 (proc(5)) and returns the far
// ends of the connections that are established:
//
//	sl  local_address rem_address   st …
//	 0: 0602000A:C350 656DA834:01BB 01 …
func parseConnections(text string) []netip.AddrPort {
	const far, state, isOpen = 2, 3, "01"
	var list []netip.AddrPort
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) <= state || fields[state] != isOpen {
			continue
		}
		if to, ok := parseHexAddr(fields[far]); ok {
			list = append(list, to)
		}
	}
	return list
}

// parseHexAddr reads an address of /proc/net/tcp: in words of 32 bits, each as the
// machine holds it, then the port.
func parseHexAddr(text string) (netip.AddrPort, bool) {
	host, digits, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	port, err2 := strconv.ParseUint(digits, 16, 16)
	if err != nil || err2 != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	a, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), ok
}

// uplinks notes whom systemd-resolved asks in turn, by what "resolvectl dns" and
// "resolvectl domain" print:
//
//	Global: 1.1.1.1#cloudflare-dns.com
//	Link 2 (eth0): 10.0.0.4 fe80::1%2
//
//	Global:
//	Link 2 (eth0): corp.example ~vault.azure.net ~.
//
// A link's servers are asked for the names in its domains, be they search
// domains or, with a tilde, routing domains alone (systemd-resolved.service(8)).
// "~." makes them those for all names that no other link has.
func uplinks(r *env.Resolvers, dns, domain string) {
	r.Source += ", resolvectl"
	perLink := make(map[string][]netip.Addr)
	for link, fields := range links(dns) {
		for _, field := range fields {
			server, _, _ := strings.Cut(field, "#") // the name for DNS over TLS
			perLink[link] = appendAddr(perLink[link], server)
		}
		r.Uplinks = appendAll(r.Uplinks, perLink[link])
	}
	for link, fields := range links(domain) {
		for _, field := range fields {
			if name := strings.TrimPrefix(field, "~"); strings.Trim(name, ".") != "" {
				split(r, name, perLink[link])
			}
		}
	}
}

// links yields the lines of resolvectl: whom each is about, and its words.
func links(text string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for line := range strings.Lines(text) {
			link, words, ok := strings.Cut(line, ":")
			if ok && !yield(strings.TrimSpace(link), strings.Fields(words)) {
				return
			}
		}
	}
}

// parseScutil reads what "scutil --dns" prints. A resolver that has a domain
// serves that domain alone. What is said for scoped queries concerns programs
// that bind themselves to an interface.
func parseScutil(text string) env.Resolvers {
	r := env.Resolvers{Source: "scutil --dns"}
	text, _, _ = strings.Cut(text, "DNS configuration (for scoped queries)")
	for _, block := range strings.Split(text, "resolver #")[1:] {
		var domain string
		var servers []netip.Addr
		var search []string
		for line := range strings.Lines(block) {
			key, value, _ := strings.Cut(line, " : ")
			key, _, _ = strings.Cut(strings.TrimSpace(key), "[")
			value = strings.TrimSpace(value)
			switch strings.TrimSpace(key) {
			case "domain":
				domain = value
			case "nameserver":
				servers = appendAddr(servers, value)
			case "search domain":
				search = append(search, value)
			}
		}
		if domain == "" {
			r.Servers, r.Search = appendAll(r.Servers, servers), append(r.Search, search...)
			continue
		}
		split(&r, domain, servers)
	}
	return r
}

// parseWindows reads what the script of machine_windows.go prints: "server ADDRESS", "search
// DOMAIN" and, for the name resolution policy table, "split NAMESPACE ADDRESS…".
func parseWindows(text string) env.Resolvers {
	r := env.Resolvers{Source: "Get-DnsClientServerAddress"}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "server":
			r.Servers = appendAddr(r.Servers, fields[1])
		case "search":
			r.Search = append(r.Search, fields[1])
		case "split":
			var servers []netip.Addr
			for _, server := range fields[2:] {
				servers = appendAddr(servers, server)
			}
			split(&r, fields[1], servers)
		}
	}
	return r
}

// split notes that a domain has servers of its own. A resolver without servers,
// as multicast DNS has none, and one for all names, ".", are none of those.
func split(r *env.Resolvers, domain string, servers []netip.Addr) {
	domain = strings.ToLower(strings.Trim(domain, "."))
	if len(servers) == 0 {
		return
	}
	if domain == "" {
		r.Servers = appendAll(r.Servers, servers)
		return
	}
	if r.Split == nil {
		r.Split = make(map[string][]netip.Addr)
	}
	r.Split[domain+"."] = appendAll(r.Split[domain+"."], servers)
}

// siteLocal addresses, fec0:0:0:ffff::1 to 3, are what Windows writes where an
// interface has no IPv6 server; RFC 3879 abolished them.
var siteLocal = netip.MustParsePrefix("fec0::/10")

// appendAddr appends an address that is one, unless it is there already.
func appendAddr(list []netip.Addr, text string) []netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil || siteLocal.Contains(a.WithZone("")) {
		return list
	}
	return appendAll(list, []netip.Addr{a.Unmap()})
}

func appendAll(list, more []netip.Addr) []netip.Addr {
	for _, a := range more {
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}
