// Package world is the model of a piece of Azure and of what is connected to
// it: VNets, sites, peerings, zones, links, private endpoints, vaults, hosts.
//
// A World is made once by New, which checks it, and is then only read. With
// makes a changed copy and shares what did not change. What was not read from
// Azure is Unread, which is not the same as absent.
package world

import "strings"

// An ID names a resource: an ARM id in lower case, since ARM compares ids
// without case, or "host:NAME", "site:NAME", "internet", "foreign:NAME".
type ID string

// Internet is the network of everything that is in no VNet and no site.
const Internet ID = "internet"

// MakeID returns the ID of an ARM id as Azure wrote it.
func MakeID(path string) ID { return ID(strings.ToLower(strings.TrimSuffix(path, "/"))) }

// HostID names a machine, for which ARM has no id.
func HostID(name string) ID { return ID("host:" + strings.ToLower(name)) }

// SiteID names a network outside Azure.
func SiteID(name string) ID { return ID("site:" + strings.ToLower(name)) }

// ForeignID names a vault of another tenant.
func ForeignID(name string) ID { return ID("foreign:" + strings.ToLower(name)) }

// Name is the last part of the id, in lower case.
func (id ID) Name() string {
	if _, name, ok := strings.Cut(string(id), ":"); ok && id[0] != '/' {
		return name
	}
	return string(id[strings.LastIndexByte(string(id), '/')+1:])
}

// Parent is the id of the resource that a child resource belongs to, "" for
// one that is no child.
func (id ID) Parent() ID {
	// "", subscriptions, s, resourcegroups, g, providers, ns, type, name, type, name
	if strings.Count(string(id), "/") < 10 {
		return ""
	}
	parent := id[:strings.LastIndexByte(string(id), '/')]
	return parent[:strings.LastIndexByte(string(parent), '/')]
}

// IsHost tells whether the id names a host.
func (id ID) IsHost() bool { return strings.HasPrefix(string(id), "host:") }

// Type is the resource type of an ARM id, in lower case:
// "microsoft.network/privatednszones"; "" for other ids.
func (id ID) Type() string {
	_, rest, ok := strings.Cut(string(id), "/providers/")
	if !ok {
		return ""
	}
	parts := strings.Split(rest, "/")
	var kind strings.Builder
	kind.WriteString(parts[0])
	for i := 1; i < len(parts); i += 2 {
		kind.WriteString("/" + parts[i])
	}
	return kind.String()
}

// Segment returns what follows the segment key in an ARM id: the subscription
// after "subscriptions", the group after "resourcegroups"; "" if there is none.
func (id ID) Segment(key string) string {
	parts := strings.Split(string(id), "/")
	for i := 1; i+1 < len(parts); i += 2 {
		if parts[i] == key {
			return parts[i+1]
		}
	}
	return ""
}

// Meta is what all resources have.
type Meta struct {
	ID   ID
	Path string // the id as Azure, or the scenario, wrote it; for commands and for people
}

// At returns the Meta of an ARM id as written.
func At(path string) Meta { return Meta{ID: MakeID(path), Path: strings.TrimSuffix(path, "/")} }

// Meta lets every resource hand out its own.
func (m Meta) meta() Meta { return m }

// Name is the resource's name as it was written.
func (m Meta) Name() string {
	if m.Path == "" {
		return m.ID.Name()
	}
	return m.Path[strings.LastIndexByte(m.Path, '/')+1:]
}

// Group is the resource group as it was written.
func (m Meta) Group() string { return m.segment("resourcegroups") }

// Subscription is the subscription's id.
func (m Meta) Subscription() string { return m.segment("subscriptions") }

func (m Meta) segment(key string) string {
	_, rest, more := strings.Cut(m.Path, "/")
	for more {
		var name, value string
		name, rest, _ = strings.Cut(rest, "/")
		value, rest, more = strings.Cut(rest, "/")
		if strings.EqualFold(name, key) {
			return value
		}
	}
	return ""
}
