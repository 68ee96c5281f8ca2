package azure

import (
	"fmt"
	"net/netip"
	"strings"

	"pldoctor/internal/service"
)

// A Scope says what is to be read of Azure.
type Scope struct {
	Service service.Service
	Vault   string       // its name; "" for every vault of the estate
	ID      string       // its ARM id, where that is known
	Near    []netip.Addr // addresses of the client, and of DNS servers that it asks: whose network interfaces they are matters
	App     string       // the name of the App Service app that the client is, else ""

	Say   func(string) // told, if not nil, of waits and of progress
	Debug bool         // Say is told of each request, too
}

// A query is one question to Resource Graph, and the types that it reads.
type query struct {
	types []string
	text  string
}

// columns are the parts of a resource that are read: tags and the like are
// nobody's business.
const columns = " | project id, name, type, location, properties | order by id asc"

// Types of resources, in lower case, as Resource Graph writes them.
const (
	vaultType     = "microsoft.keyvault/vaults"
	endpointType  = "microsoft.network/privateendpoints"
	nicType       = "microsoft.network/networkinterfaces"
	balancerType  = "microsoft.network/loadbalancers"
	zoneType      = "microsoft.network/privatednszones"
	vnetType      = "microsoft.network/virtualnetworks"
	perimeterType = "microsoft.network/networksecurityperimeters"
	firewallType  = "microsoft.network/azurefirewalls"
	gatewayType   = "microsoft.network/virtualnetworkgateways"
	resolverType  = "microsoft.network/dnsresolvers"
	rulesetType   = "microsoft.network/dnsforwardingrulesets"
	zoneGroupType = endpointType + "/privatednszonegroups"
)

// networkTypes are those that decide where packets and questions go. Each list
// is one question: there is a quota on how many may be asked, and an answer of
// more than 1000 rows takes several.
var networkTypes = [][]string{
	{vnetType},
	{"microsoft.network/networksecuritygroups", "microsoft.network/routetables"},
	{
		"microsoft.network/natgateways", "microsoft.network/dnsresolvers",
		"microsoft.network/dnsresolvers/inboundendpoints", "microsoft.network/dnsresolvers/outboundendpoints",
		"microsoft.network/dnsforwardingrulesets", "microsoft.network/azurefirewalls", "microsoft.network/firewallpolicies",
		"microsoft.network/virtualhubs", "microsoft.network/virtualnetworkgateways", "microsoft.network/localnetworkgateways",
		"microsoft.network/connections", "microsoft.network/applicationgateways", perimeterType,
	},
}

// queries are the first questions, which need no answers of others.
func (s Scope) queries() []query {
	all := []query{s.vaults(), s.endpoints(), s.zones(), s.records(), s.neighbours(), {
		types: []string{"microsoft.network/publicipaddresses"},
		text: "resources | where type =~ 'microsoft.network/publicipaddresses'" +
			" | where isnotempty(tostring(properties.natGateway.id)) or tostring(properties.ipConfiguration.id) contains '/azureFirewalls/'" + columns,
	}}
	for _, types := range networkTypes {
		all = append(all, query{types, "resources | where type in~ (" + quoted(types...) + ")" + columns})
	}
	if s.App != "" {
		all = append(all, query{
			[]string{"microsoft.web/sites"},
			"resources | where type =~ 'microsoft.web/sites' and name =~ " + quoted(s.App) + columns,
		})
	}
	return all
}

func (s Scope) vaults() query {
	text := "resources | where type =~ '" + vaultType + "'"
	if s.Vault != "" {
		text += " and name =~ " + quoted(s.Vault)
	}
	return query{[]string{vaultType}, text + columns}
}

// endpoints asks for those that lead to the vault, or to any vault. It goes by
// the vault's name, since its id is not known yet: another type of resource of
// that name does no harm.
func (s Scope) endpoints() query {
	text := "resources | where type =~ '" + endpointType + "'" +
		" | extend to = strcat(tostring(properties.privateLinkServiceConnections), tostring(properties.manualPrivateLinkServiceConnections))" +
		" | where to contains '/Microsoft.KeyVault/vaults/" + s.Vault + closing(s.Vault) + "'"
	return query{[]string{endpointType}, text + columns}
}

// closing ends a name in JSON.
func closing(name string) string {
	if name == "" {
		return ""
	}
	return `"`
}

// zoneOf is the name of the private DNS zone that an id belongs to.
const zoneOf = " | extend zone = tolower(tostring(split(id, '/')[8]))"

// zones asks for the zones that could hold the vault's names, rightly or not,
// and for their links.
func (s Scope) zones() query {
	types := []string{zoneType, zoneType + "/virtualnetworklinks"}
	return query{types, "resources | where type in~ (" + quoted(types...) + ")" + zoneOf + s.whereZone() + columns}
}

// whereZone selects zones by name: all that have "vault" in it, so that a
// mistaken name is seen too, and those above the vault's names.
func (s Scope) whereZone() string {
	var above []string
	for name := s.Service.Suffix.Parent(); !name.IsZero() && name.Host() != ""; name = name.Parent() {
		above = append(above, name.Host())
	}
	return " | where zone contains 'vault' or zone in (" + quoted(above...) + ")"
}

// recordTypes are the types of record sets that matter to a hostname.
var recordTypes = []string{zoneType + "/a", zoneType + "/aaaa", zoneType + "/cname"}

const recordColumns = " | project id, name, type, properties | order by id asc"

// records asks for what those zones say of the vault, be it by a wildcard.
func (s Scope) records() query {
	text := "dnsresources | where type in~ (" + quoted(recordTypes...) + ")" + zoneOf + s.whereZone()
	if s.Vault != "" {
		text += " | extend label = tolower(tostring(split(id, '/')[10]))" +
			" | where label == " + quoted(s.Vault) + " or label startswith " + quoted(s.Vault+".") +
			" or label == '@' or label startswith '*'"
	}
	return query{recordTypes, text + recordColumns}
}

// neighbours asks for a first page of what those zones say of other vaults: it
// tells who else lives by a zone, and a zone that is empty from one that is not.
func (s Scope) neighbours() query {
	return query{nil, "dnsresources | where type in~ (" + quoted(recordTypes...) + ")" + zoneOf + s.whereZone() +
		fmt.Sprintf(" | project id, name, type, properties | take %d", graphPage)}
}

// plugTypes are what stands at addresses in VNets.
var plugTypes = []string{nicType, balancerType}

// interfaces asks for network interfaces by their ids, and for them and for the
// frontends of load balancers by addresses.
func interfaces(ids []string, addrs []netip.Addr) query {
	var tests []string
	if len(ids) > 0 {
		tests = append(tests, "id in~ ("+quoted(ids...)+")")
	}
	for _, a := range addrs {
		tests = append(tests, fmt.Sprintf(`plugs contains '"%s"'`, a))
	}
	return query{plugTypes, "resources | where type in~ (" + quoted(plugTypes...) + ")" +
		" | extend plugs = strcat(tostring(properties.ipConfigurations), tostring(properties.frontendIPConfigurations))" +
		" | where " + strings.Join(tests, " or ") + columns}
}

// endpointsNamed asks for private endpoints by their ids.
func endpointsNamed(ids []string) query {
	return query{[]string{endpointType}, "resources | where type =~ '" + endpointType + "' | where id in~ (" + quoted(ids...) + ")" + columns}
}

// endpointsAt asks for private endpoints by the addresses that they themselves
// tell.
func endpointsAt(addrs []netip.Addr) query {
	var tests []string
	for _, a := range addrs {
		tests = append(tests, fmt.Sprintf(`tostring(properties.customDnsConfigs) contains '"%s"'`, a))
	}
	return query{[]string{endpointType}, "resources | where type =~ '" + endpointType + "' | where " + strings.Join(tests, " or ") + columns}
}

// endpointInterfaces asks for the network interfaces of all private endpoints.
func endpointInterfaces() query {
	return query{[]string{nicType}, "resources | where type =~ '" + nicType + "' | where isnotempty(tostring(properties.privateEndpoint.id))" + columns}
}

// quoted writes strings of Kusto's query language.
func quoted(words ...string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(w) + "'")
	}
	return b.String()
}

// A child is a kind of resources that Resource Graph does not hold, for which
// Azure Resource Manager is asked at their parent
// (MicrosoftDocs/azure-docs, articles/governance/resource-graph/reference/supported-tables-resources.md).
type child struct{ name, version string }

// Versions of the APIs that are asked.
const (
	vaultVersion    = "2024-11-01"
	networkVersion  = "2025-01-01"
	resolverVersion = "2022-07-01"
	providerVersion = "2021-04-01"
	zoneVersion     = "2024-06-01"
)

var children = map[string][]child{
	endpointType: {{"privateDnsZoneGroups", networkVersion}},
	"microsoft.network/dnsforwardingrulesets": {
		{"forwardingRules", resolverVersion}, {"virtualNetworkLinks", resolverVersion},
	},
	"microsoft.network/firewallpolicies": {{"ruleCollectionGroups", networkVersion}},
	"microsoft.network/virtualhubs": {
		{"hubVirtualNetworkConnections", networkVersion}, {"routingIntent", networkVersion},
	},
	perimeterType:               {{"profiles", networkVersion}, {"resourceAssociations", networkVersion}},
	perimeterType + "/profiles": {{"accessRules", networkVersion}},
}
