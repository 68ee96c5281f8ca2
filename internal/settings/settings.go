// Package settings reads what a machine's own settings say about reaching a
// host: its hosts file, its resolver configuration, its proxy variables; and names
// what a machine's programs run on. It makes values out of text and decides
// nothing.
package settings

import (
	"net/netip"
	"strings"

	"pldoctor/internal/dnsname"
)

// A HostsEntry is one name of one line of a hosts file.
type HostsEntry struct {
	Name dnsname.Name `json:"name"`
	Addr netip.Addr   `json:"addr"`
	Line int          `json:"line"` // counted from 1
}

// ParseHosts reads a hosts file (hosts(5)). Lines that are not well-formed are
// passed over, as resolvers do.
func ParseHosts(text string) []HostsEntry {
	var entries []HostsEntry
	line := 0
	for row := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) { // Windows editors write a byte order mark
		line++
		row, _, _ = strings.Cut(row, "#")
		fields := strings.Fields(row)
		if len(fields) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, field := range fields[1:] {
			if name, err := dnsname.Parse(field); err == nil {
				entries = append(entries, HostsEntry{name, addr.Unmap(), line})
			}
		}
	}
	return entries
}

// A ResolvConf is what resolv.conf(5) says.
type ResolvConf struct {
	Servers []netip.Addr
	Search  []string
	Ndots   int // 0 means the default, 1
}

// ParseResolvConf reads resolv.conf(5). What it does not know it passes over.
func ParseResolvConf(text string) ResolvConf {
	var c ResolvConf
	for row := range strings.Lines(text) {
		fields := strings.Fields(row)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") || strings.HasPrefix(fields[0], ";") {
			continue
		}
		switch fields[0] {
		case "nameserver":
			if addr, err := netip.ParseAddr(fields[1]); err == nil && len(c.Servers) < maxServers {
				c.Servers = append(c.Servers, addr)
			}
		case "search":
			c.Search = fields[1:]
		case "domain":
			c.Search = fields[1:2]
		case "options":
			c.Ndots = ndots(fields[1:], c.Ndots)
		}
	}
	return c
}

// maxServers is MAXNS of resolv.h: a resolver library reads no more.
const maxServers = 3

func ndots(options []string, n int) int {
	for _, option := range options {
		if digits, ok := strings.CutPrefix(option, "ndots:"); ok {
			if v, ok := smallNumber(digits); ok {
				n = v
			}
		}
	}
	return n
}

// maxNdots is RES_MAXNDOTS of resolv.h: a larger number counts as this one.
const maxNdots = 15

// smallNumber reads a number of ndots.
func smallNumber(s string) (n int, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), maxNdots)
	}
	return n, s != ""
}
