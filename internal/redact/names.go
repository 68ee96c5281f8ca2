package redact

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A kind is what a name is of: its masks begin with it.
type kind string

// kinds are in the order in which they win where one name is of several.
var kinds = []kind{
	"vault", "endpoint", "vnet", "subnet", "host", "site", "nic", "nsg", "table", "gateway", "firewall", "policy", "hub", "resolver",
	"ruleset", "perimeter", "app", "appgateway", "connection", "peering", "link", "group", "subscription", "name", "label", "word",
}

// kindOf says what the names of a type of resource, or under a key, are; by the
// last part of the type, in lower case.
var kindOf = map[string]kind{
	"subscriptions": "subscription", "resourcegroups": "group",
	"vaults": "vault", "privateendpoints": "endpoint", "virtualnetworks": "vnet", "subnets": "subnet",
	"networkinterfaces": "nic", "networksecuritygroups": "nsg", "routetables": "table",
	"virtualnetworkgateways": "gateway", "azurefirewalls": "firewall", "firewallpolicies": "policy", "virtualhubs": "hub",
	"dnsresolvers": "resolver", "dnsforwardingrulesets": "ruleset", "networksecurityperimeters": "perimeter",
	"sites": "app", "applicationgateways": "appgateway", "privateendpointconnections": "connection",
	"virtualnetworkpeerings": "peering", "virtualnetworklinks": "link", "localnetworkgateways": "site", "virtualmachines": "host",
}

// kept are names that Azure gives, or that say nothing.
var kept = map[string]bool{
	"": true, "@": true, "*": true, "default": true, "internet": true, "localhost": true, "this machine": true,
	"gatewaysubnet": true, "azurefirewallsubnet": true, "azurefirewallmanagementsubnet": true,
	"azurebastionsubnet": true, "routeserversubnet": true,
}

var guidForm = compiled(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// guids are masked by what looks like one.
const guids kind = "guid"

const (
	noGUID   = "00000000-0000-0000-0000-000000000000"
	guidMask = "aaaaaaaa-0000-0000-0000-%012d"
)

// names says what stands for what. While it is learning, it only notes which
// names there are.
type names struct {
	learning bool
	kind     map[string]kind   // of a name in lower case
	mask     map[string]string // of a name in lower case
	count    map[kind]int
}

func newNames() names {
	return names{kind: map[string]kind{}, mask: map[string]string{}, count: map[kind]int{}}
}

// of returns what stands for a name, whatever its case.
func (n *names) of(k kind, name string) string {
	lower := strings.ToLower(name)
	switch {
	case kept[lower] || lower == noGUID:
		return name
	case guidForm().MatchString(lower):
		k = guids
	}
	if masked, known := n.mask[lower]; known {
		return masked
	}
	if before, known := n.kind[lower]; !known || rank(k) < rank(before) {
		n.kind[lower] = k
	}
	if n.learning {
		return name
	}
	n.count[k]++
	n.mask[lower] = masked(k, n.count[k], 1)
	return n.mask[lower]
}

// has tells whether a name is known.
func (n *names) has(name string) bool { return n.kind[strings.ToLower(name)] != "" }

func rank(k kind) int { return slices.Index(kinds, k) }

func masked(k kind, number, digits int) string {
	if k == guids {
		return fmt.Sprintf(guidMask, number)
	}
	return fmt.Sprintf("%s-%0*d", k, digits, number)
}

// number gives masks to what was learnt, in the order of the names.
func (n *names) number() {
	fresh := map[kind][]string{}
	for name, k := range n.kind {
		if n.mask[name] == "" {
			fresh[k] = append(fresh[k], name)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(fresh)) {
		slices.SortFunc(fresh[k], func(a, b string) int {
			if k == "group" { // in ids, more always follows
				a, b = a+"/", b+"/"
			}
			return cmp.Compare(a, b)
		})
		digits := len(strconv.Itoa(n.count[k] + len(fresh[k])))
		for _, name := range fresh[k] {
			n.count[k]++
			n.mask[name] = masked(k, n.count[k], digits)
		}
	}
}
