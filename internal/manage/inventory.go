package manage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"pldoctor/internal/arm"
	"pldoctor/internal/graph"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A resource is one that has an id of its own.
type resource struct {
	id     world.ID
	path   string
	kind   string // the type as Resource Manager writes it
	doc    object
	nested bool // stands inside its parent as well
}

func (r resource) subscription() string { return r.id.Segment("subscriptions") }
func (r resource) group() string        { return r.id.Segment("resourcegroups") }
func (r resource) name() string         { return r.path[strings.LastIndexByte(r.path, '/')+1:] }

// properties are never nil.
func (r resource) properties() object {
	p, _ := r.doc["properties"].(object)
	return p
}

// An inventory is all resources of a World as they look from outside.
type inventory struct {
	all           []*resource // ordered by id
	byID          map[world.ID]*resource
	byType        map[string][]*resource // by type in lower case
	children      map[world.ID][]*resource
	subscriptions []string
	groups        []group
	tables        map[string]graph.Table
	service       service.Service
}

// A group is a resource group.
type group struct{ subscription, name, location string }

func newInventory(w *world.World, tenant string) *inventory {
	inv := &inventory{
		service: w.Service(),
		byID:    make(map[world.ID]*resource), byType: make(map[string][]*resource), children: make(map[world.ID][]*resource),
	}
	for _, raw := range arm.Encode(plugged(w)) {
		inv.add(parse(raw), false)
	}
	inv.addStarts()
	slices.SortFunc(inv.all, func(a, b *resource) int { return cmp.Compare(a.id, b.id) })
	for _, r := range inv.all {
		inv.byType[strings.ToLower(r.kind)] = append(inv.byType[strings.ToLower(r.kind)], r)
		if parent := r.id.Parent(); parent != "" {
			inv.children[parent] = append(inv.children[parent], r)
		}
	}
	inv.scopes()
	inv.tables = inv.tabulate(tenant)
	return inv
}

func parse(raw []byte) object {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var doc object
	if err := d.Decode(&doc); err != nil {
		panic(err) // package arm wrote it
	}
	return doc
}

// nestedTypes are the children that stand inside their parents and can be asked
// for by themselves as well.
var nestedTypes = []string{
	"microsoft.keyvault/vaults/privateendpointconnections",
	"microsoft.network/virtualnetworks/subnets", "microsoft.network/virtualnetworks/virtualnetworkpeerings",
	"microsoft.network/networksecuritygroups/securityrules", "microsoft.network/routetables/routes",
}

func (inv *inventory) add(doc object, nested bool) {
	path, _ := doc["id"].(string)
	kind, _ := doc["type"].(string)
	r := &resource{id: world.MakeID(path), path: path, kind: kind, doc: doc, nested: nested}
	if path == "" || inv.byID[r.id] != nil {
		return
	}
	if r.properties() == nil {
		doc["properties"] = object{}
	}
	if !nested {
		complete(r)
	}
	inv.all, inv.byID[r.id] = append(inv.all, r), r
	for _, value := range r.properties() {
		elements, _ := value.([]any)
		for _, element := range elements {
			child, _ := element.(object)
			if kind, _ := child["type"].(string); slices.Contains(nestedTypes, strings.ToLower(kind)) {
				inv.add(child, true)
			}
		}
	}
}

// complete puts in what every resource of its provider has and a World does not
// hold.
func complete(r *resource) {
	kind := strings.ToLower(r.kind)
	if strings.HasPrefix(kind, "microsoft.network/") && !isRecord(r.kind) && r.properties()["provisioningState"] == nil {
		r.properties()["provisioningState"] = string(world.Succeeded)
	}
	if r.id.Parent() == "" && r.doc["tags"] == nil {
		r.doc["tags"] = object{}
	}
}

// addStarts puts the record of each private zone in with which it begins. Its
// values are those that public transcripts show.
func (inv *inventory) addStarts() {
	for _, r := range slices.Clone(inv.all) {
		if !strings.EqualFold(r.kind, "Microsoft.Network/privateDnsZones") {
			continue
		}
		inv.add(object{
			"id": r.path + "/SOA/@", "name": "@", "type": r.kind + "/SOA",
			"properties": object{"fqdn": r.name() + ".", "ttl": 3600, "isAutoRegistered": false, "soaRecord": object{
				"host": "azureprivatedns.net", "email": "azureprivatedns-host.microsoft.com", "serialNumber": 1,
				"refreshTime": 3600, "retryTime": 300, "expireTime": 2419200, "minimumTtl": 10,
			}},
		}, false)
	}
}

// scopes finds the subscriptions and resource groups.
func (inv *inventory) scopes() {
	for _, r := range inv.all {
		s, g := r.subscription(), r.group()
		if s != "" && !slices.Contains(inv.subscriptions, s) {
			inv.subscriptions = append(inv.subscriptions, s)
		}
		same := func(have group) bool { return have.subscription == s && strings.EqualFold(have.name, g) }
		if g == "" || slices.ContainsFunc(inv.groups, same) {
			continue
		}
		location, _ := r.doc["location"].(string)
		if location == "" || location == "global" {
			location = "eastus"
		}
		inv.groups = append(inv.groups, group{s, world.Meta{Path: r.path}.Group(), location})
	}
}

func (g group) path() string { return "/subscriptions/" + g.subscription + "/resourceGroups/" + g.name }

func (g group) doc() object {
	return object{
		"id": g.path(), "name": g.name, "type": "Microsoft.Resources/resourceGroups", "location": g.location, "tags": object{},
		"properties": object{"provisioningState": "Succeeded"},
	}
}
