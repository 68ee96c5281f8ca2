package arm

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// An item is a resource while it is read.
type item struct {
	world.Meta
	d     *decoder
	opt   Options // completed by the resource's own columns
	index int     // of the input's resource that it stands in
	at    string  // where it stands in that one, with a final dot; "" for itself
	root  node
	props node
}

func (it *item) fail(field, format string, args ...any) {
	id := it.Path
	it.d.faults.add(Error{id, it.index, it.at + field, fmt.Sprintf(format, args...)})
}

// A reader takes what is needed out of one resource.
type reader func(*decoder, *item)

// readers is the table of types. Whatever can be nested stands here too: a
// child is read in the same way wherever it stands.
var readers = map[string]reader{
	"microsoft.keyvault/vaults":                                        (*decoder).vault,
	"microsoft.keyvault/vaults/privateendpointconnections":             (*decoder).connection,
	"microsoft.network/privateendpoints":                               (*decoder).endpoint,
	"microsoft.network/privateendpoints/privatednszonegroups":          (*decoder).zoneGroup,
	"microsoft.network/networkinterfaces":                              (*decoder).nic,
	"microsoft.network/loadbalancers":                                  (*decoder).loadBalancer,
	"microsoft.network/virtualnetworks":                                (*decoder).vnet,
	"microsoft.network/virtualnetworks/subnets":                        (*decoder).subnet,
	"microsoft.network/virtualnetworks/virtualnetworkpeerings":         (*decoder).peering,
	"microsoft.network/networksecuritygroups":                          (*decoder).nsg,
	"microsoft.network/networksecuritygroups/securityrules":            (*decoder).securityRule,
	"microsoft.network/routetables":                                    (*decoder).routeTable,
	"microsoft.network/routetables/routes":                             (*decoder).route,
	"microsoft.network/natgateways":                                    (*decoder).natGateway,
	"microsoft.network/publicipaddresses":                              (*decoder).publicIP,
	"microsoft.network/virtualnetworkgateways":                         (*decoder).gateway,
	"microsoft.network/azurefirewalls":                                 (*decoder).firewall,
	"microsoft.network/firewallpolicies":                               (*decoder).policy,
	"microsoft.network/firewallpolicies/rulecollectiongroups":          (*decoder).ruleGroup,
	"microsoft.network/virtualhubs":                                    (*decoder).hub,
	"microsoft.network/virtualhubs/hubvirtualnetworkconnections":       (*decoder).hubConnection,
	"microsoft.network/virtualhubs/routingintent":                      (*decoder).routingIntent,
	"microsoft.network/privatednszones":                                (*decoder).zone,
	"microsoft.network/privatednszones/virtualnetworklinks":            (*decoder).zoneLink,
	"microsoft.network/privatednszones/a":                              (*decoder).recordA,
	"microsoft.network/privatednszones/aaaa":                           (*decoder).recordAAAA,
	"microsoft.network/privatednszones/cname":                          (*decoder).recordCNAME,
	"microsoft.network/dnsresolvers":                                   (*decoder).resolver,
	"microsoft.network/dnsresolvers/inboundendpoints":                  (*decoder).inboundEndpoint,
	"microsoft.network/dnsresolvers/outboundendpoints":                 (*decoder).outboundEndpoint,
	"microsoft.network/dnsforwardingrulesets":                          (*decoder).ruleset,
	"microsoft.network/dnsforwardingrulesets/forwardingrules":          (*decoder).forwardingRule,
	"microsoft.network/dnsforwardingrulesets/virtualnetworklinks":      (*decoder).rulesetLink,
	"microsoft.network/networksecurityperimeters":                      (*decoder).perimeter,
	"microsoft.network/networksecurityperimeters/resourceassociations": (*decoder).association,
	"microsoft.network/networksecurityperimeters/profiles":             (*decoder).profile,
	"microsoft.network/networksecurityperimeters/profiles/accessrules": (*decoder).accessRule,
	"microsoft.network/localnetworkgateways":                           (*decoder).localGateway,
	"microsoft.network/connections":                                    (*decoder).vpnConnection,
	"microsoft.network/applicationgateways":                            (*decoder).appGateway,
	"microsoft.web/sites":                                              (*decoder).webApp,
}

const (
	managedHSM       = "microsoft.keyvault/managedhsms"
	keyVaultProvider = "microsoft.keyvault" // of a subscription, as "az provider show" returns it
)

// A decoder gathers resources, and the children that will be put into them.
type decoder struct {
	opt    Options
	res    Result
	faults faults
	top    map[world.ID]int // of res.Resources

	connections  brood[world.Connection]
	zoneGroups   brood[zoneGroup]
	subnets      brood[subnet]
	peerings     brood[world.Peering]
	nsgRules     brood[world.NSGRule]
	routes       brood[world.Route]
	ruleGroups   brood[ruleGroup]
	hubVNets     brood[world.ID]
	intents      brood[intent]
	links        brood[world.Link]
	records      brood[world.Record]
	inbound      brood[[]netip.Addr]
	outbound     brood[world.ID]
	forwarding   brood[world.ForwardingRule]
	rulesetVNets brood[world.ID]
	associations brood[association]
	accessRules  brood[accessRule]

	// What is looked up by id when all is read.
	nics      map[world.ID][]netip.Addr // also by the id of the private endpoint
	publicIPs map[world.ID]netip.Addr
	nats      map[world.ID]world.ID // to a public address
	policies  map[world.ID]policy
	firewalls map[world.ID]firewallRefs
	locals    []world.ID // in the order of the input
	local     map[world.ID]localGateway
	tunnels   map[world.ID][]world.ID // from a local network gateway to gateways of VNets
}

func newDecoder(opt Options) *decoder {
	return &decoder{
		opt: opt, faults: faults{seen: make(map[Error]bool)}, res: Result{From: make(map[world.ID]int)},
		top: make(map[world.ID]int), nics: make(map[world.ID][]netip.Addr), publicIPs: make(map[world.ID]netip.Addr),
		nats: make(map[world.ID]world.ID), policies: make(map[world.ID]policy), firewalls: make(map[world.ID]firewallRefs),
		local: make(map[world.ID]localGateway), tunnels: make(map[world.ID][]world.ID),
	}
}

// resource reads one resource of the input.
func (d *decoder) resource(index int, v any) {
	it := &item{d: d, opt: d.opt, index: index}
	it.root = node{v, "", it}
	if _, ok := v.(map[string]any); !ok {
		it.fail("", "is %s, not a resource", kindOf(v))
		return
	}
	if d.opt.Group != "" {
		it.opt.Subscription = it.root.get("subscriptionId").or(node{d.opt.Subscription, "", it}).str()
		it.opt.Group = it.root.get("resourceGroup").or(node{d.opt.Group, "", it}).str()
	}
	kind, path := it.root.get("type").str(), it.root.get("id").str()
	if path == "" && kind != "" && d.opt.Group != "" {
		name := it.root.get("name").str()
		made, ok := it.opt.path(kind, name)
		if !ok && readers[strings.ToLower(kind)] != nil {
			it.fail("name", "is %.80q, from which no id of a %s can be made", name, kind)
			return
		}
		path = made
	}
	if kind == "" {
		kind = typeOf(path)
	}
	it.Meta = world.At(path)
	switch lower := strings.ToLower(kind); {
	case lower == managedHSM:
		d.res.Unsupported = append(d.res.Unsupported, path)
	case lower == keyVaultProvider:
		d.provider(it)
	case readers[lower] == nil && kind != "":
		d.res.Unknown = append(d.res.Unknown, path)
	case path == "":
		it.fail("id", "is missing")
	case !wellFormed(path):
		it.fail("id", "is no resource id")
	case !strings.EqualFold(typeOf(path), kind):
		it.fail("type", "is %.80q, which is not the type of the id", kind)
	default:
		d.read(it, readers[lower])
	}
}

func (d *decoder) read(it *item, read reader) {
	it.props = it.root.get("properties")
	d.res.From[it.ID] = it.index
	read(d, it)
}

// nested reads the children under a key of the parent's properties. An element
// without properties of its own is a reference to a child.
func (d *decoder) nested(parent *item, key, segment string, read reader) {
	for _, n := range parent.props.get(key).list() {
		child := &item{d: d, opt: parent.opt, index: parent.index, at: parent.at + n.path + "."}
		child.Meta = parent.Meta // until it is known, faults name the parent
		child.root = node{n.v, "", child}
		if child.root.get("properties").absent() {
			continue
		}
		path := child.root.get("id").str()
		if path == "" {
			path = parent.Path + "/" + segment + "/" + child.root.get("name").str()
		}
		m := world.At(path)
		if !wellFormed(path) || m.ID.Parent() != parent.ID {
			child.fail("id", "is no child of the resource")
			continue
		}
		child.Meta, child.at = m, ""
		d.read(child, read)
	}
}

// put keeps a resource. Exports overlap: the same resource may come again.
func (d *decoder) put(it *item, r world.Resource) {
	at, twice := d.top[it.ID]
	if !twice {
		d.top[it.ID] = len(d.res.Resources)
		d.res.Resources = append(d.res.Resources, r)
		return
	}
	if !reflect.DeepEqual(d.res.Resources[at], r) {
		it.fail("id", "stands twice, with different contents")
	}
}

// result puts the children into their parents.
func (d *decoder) result() (Result, error) {
	for _, r := range d.res.Resources {
		d.assemble(r)
	}
	d.sites()
	d.unplug()
	for _, b := range []interface{ left() []string }{
		&d.connections, &d.zoneGroups, &d.subnets, &d.peerings, &d.nsgRules, &d.routes, &d.hubVNets, &d.intents, &d.links,
		&d.records, &d.inbound, &d.outbound, &d.forwarding, &d.rulesetVNets, &d.associations, &d.accessRules,
	} {
		d.res.Orphans = append(d.res.Orphans, b.left()...)
	}
	slices.Sort(d.res.Orphans)
	return d.res, d.faults.join()
}

func (d *decoder) assemble(r world.Resource) {
	switch r := r.(type) {
	case *world.Vault:
		r.Connections = d.connections.of(r.ID)
	case *world.Endpoint:
		d.finishEndpoint(r)
	case *world.VNet:
		d.finishVNet(r)
	case *world.NSG:
		r.Rules = d.nsgRules.of(r.ID)
		slices.SortStableFunc(r.Rules, func(a, b world.NSGRule) int { return a.Priority - b.Priority })
	case *world.RouteTable:
		r.Routes = d.routes.of(r.ID)
	case *world.Firewall:
		d.finishFirewall(r)
	case *world.Hub:
		d.finishHub(r)
	case *world.Zone:
		r.Links, r.Records = d.links.of(r.ID), d.records.of(r.ID)
	case *world.Resolver:
		r.Inbound, r.Outbound = slices.Concat(d.inbound.of(r.ID)...), d.outbound.of(r.ID)
	case *world.Ruleset:
		r.Rules, r.VNets = d.forwarding.of(r.ID), d.rulesetVNets.of(r.ID)
	case *world.Perimeter:
		d.finishPerimeter(r)
	}
}

// A brood holds the children of one kind by their parents, in the order of the
// input. One that comes again takes the first one's place.
type brood[T any] struct {
	at   map[world.ID]int // in its parent's
	kids map[world.ID][]kid[T]
}

type kid[T any] struct {
	path  string
	value T
}

func (b *brood[T]) add(parent world.ID, m world.Meta, value T) {
	if b.at == nil {
		b.at, b.kids = make(map[world.ID]int), make(map[world.ID][]kid[T])
	}
	if i, again := b.at[m.ID]; again {
		b.kids[parent][i] = kid[T]{m.Path, value}
		return
	}
	b.at[m.ID] = len(b.kids[parent])
	b.kids[parent] = append(b.kids[parent], kid[T]{m.Path, value})
}

// of hands a parent its children.
func (b *brood[T]) of(parent world.ID) []T {
	all := b.peek(parent)
	delete(b.kids, parent)
	return all
}

// peek shows the children of a parent that others may ask for too.
func (b *brood[T]) peek(parent world.ID) []T {
	var all []T
	for _, k := range b.kids[parent] {
		all = append(all, k.value)
	}
	return all
}

// left are the children that no parent has come for.
func (b *brood[T]) left() []string {
	var paths []string
	for _, kids := range b.kids {
		for _, k := range kids {
			paths = append(paths, k.path)
		}
	}
	return paths
}
