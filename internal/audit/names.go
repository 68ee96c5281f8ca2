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
	core, zone dnsname.Name // of the service

	held    map[string][]namesake // by the vault's name, in lower case
	singled map[string]bool       // names that a server or a rule treats in a way of their own
	globs   []string              // what firewalls let through by name
	// regional says that something tells the front ends of regions apart, by name
	// or by service tag; nothing else does.
	regional bool
}

// findNames looks for the names of vaults in zones, forwarders and firewalls.
func findNames(w *world.World, resources []world.Resource, vaults []*world.Vault) *namesOf {
	n := &namesOf{core: w.Service().Core, zone: w.Service().Zone, held: make(map[string][]namesake, len(vaults)), singled: make(map[string]bool)}
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
			n.tagged(r.Allow)
		case *world.NSG:
			for i := range r.Rules {
				n.tags(r.Rules[i].Destinations)
			}
		case *world.RouteTable:
			for i := range r.Routes {
				n.tags([]string{r.Routes[i].Tag})
			}
		case *world.Host:
			n.inHost(r)
		}
	}
	slices.Sort(n.globs)
	n.globs = slices.Compact(n.globs)
	return n
}

func (n *namesOf) tagged(rules []world.FirewallRule) {
	for i := range rules {
		n.tags(rules[i].Destinations)
	}
}

// tags looks for service tags of one region, such as AzureKeyVault.EastUS.
func (n *namesOf) tags(list []string) {
	for _, text := range list {
		if c := text + " "; strings.Contains(text, ".") && (c[0] < '0' || c[0] > '9') {
			n.regional = true
		}
	}
}

// above looks for domains that hold the names of front ends, but for that of the
// zone that private link wants.
func (n *namesOf) above(domain dnsname.Name) {
	if domain != n.zone && domain != dnsname.Root && (n.core.Under(domain) || domain.Under(n.core)) {
		n.regional = true
	}
}

func (n *namesOf) inZone(z *world.Zone) {
	n.above(z.Domain)
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
	if strings.Contains(domain.Host(), "data-prod-") {
		n.regional = true
	}
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
