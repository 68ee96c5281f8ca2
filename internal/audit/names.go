package audit

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// A namesake is a record of a private zone in whose whole name some label is a
// vault's name; without a record, a zone whose own name is.
type namesake struct {
	zone   *world.Zone
	record *world.Record
}

// namesOf is where names of vaults stand in a world.
type namesOf struct {
	held    map[string][]namesake // by the vault's name, in lower case
	singled map[string]bool       // names that a server or a rule treats in a way of their own
	globs   []string              // what firewalls let through by name
}

// findNames looks for the names of vaults in zones, forwarders and firewalls.
func findNames(resources []world.Resource, vaults []*world.Vault) *namesOf {
	n := &namesOf{held: make(map[string][]namesake, len(vaults)), singled: make(map[string]bool)}
	for _, v := range vaults {
		name := strings.ToLower(v.Name())
		if _, twice := n.held[name]; twice {
			n.singled[name] = true
		}
		n.held[name] = nil
	}
	for _, r := range resources {
		switch r := r.(type) {
		case *world.Zone:
			n.inZone(r)
		case *world.Ruleset:
			for i := range r.Rules {
				n.single(r.Rules[i].Domain)
			}
		case *world.Firewall:
			for i := range r.Allow {
				n.globs = append(n.globs, r.Allow[i].FQDNs...)
			}
		case *world.Host:
			n.inHost(r)
		}
	}
	slices.Sort(n.globs)
	n.globs = slices.Compact(n.globs)
	return n
}

func (n *namesOf) inZone(z *world.Zone) {
	own := strings.Split(z.Domain.Host(), ".")
	for _, label := range own {
		n.hold(label, namesake{z, nil})
	}
	for i := range z.Records {
		r := &z.Records[i]
		for label := range strings.SplitSeq(r.Label, ".") {
			n.hold(label, namesake{z, r})
		}
		for _, label := range own {
			n.hold(label, namesake{z, r})
		}
	}
}

func (n *namesOf) hold(label string, where namesake) {
	label = strings.ToLower(label)
	if list, known := n.held[label]; known {
		n.held[label] = append(list, where)
	}
}

func (n *namesOf) inHost(h *world.Host) {
	if h.DNS == nil {
		return
	}
	for _, f := range h.DNS.Forward {
		n.single(f.Domain)
	}
	for name := range h.DNS.Records {
		n.single(name)
	}
}

// single marks the vaults whose names are labels of a domain.
func (n *namesOf) single(domain dnsname.Name) {
	for label := range strings.SplitSeq(domain.Host(), ".") {
		if _, known := n.held[label]; known {
			n.singled[label] = true
		}
	}
}

// let is which of the firewalls' names are a host's.
func (n *namesOf) let(host string) string {
	var b strings.Builder
	for i, glob := range n.globs {
		suffix, wild := strings.CutPrefix(glob, "*")
		if strings.EqualFold(glob, host) || wild && len(host) >= len(suffix) && strings.EqualFold(host[len(host)-len(suffix):], suffix) {
			fmt.Fprintf(&b, "%d,", i)
		}
	}
	return b.String()
}
