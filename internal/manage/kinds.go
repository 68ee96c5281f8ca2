package manage

import (
	"maps"
	"slices"
	"strings"
)

// Types that have a word of their own here.
const (
	graphType        = "Microsoft.ResourceGraph/resources"
	zoneType         = "Microsoft.Network/privateDnsZones"
	recordsType      = "Microsoft.Network/privateDnsZones/ALL"
	connectionType   = "Microsoft.KeyVault/vaults/privateEndpointConnections"
	linkResourceType = "Microsoft.KeyVault/vaults/privateLinkResources"
)

// Versions of the interfaces, as their providers list them.
var (
	resourcesVersions = strings.Fields(`2014-04-01 2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01 2016-09-01 2017-05-10 2018-01-01
		2018-02-01 2018-05-01 2019-03-01 2019-05-01 2019-06-01 2019-07-01 2019-08-01 2019-10-01 2019-11-01 2020-01-01 2020-05-01
		2020-06-01 2020-08-01 2020-10-01 2021-01-01 2021-04-01 2022-01-01 2022-05-01 2022-09-01 2022-12-01 2023-07-01 2024-03-01
		2024-07-01 2024-11-01 2025-03-01 2025-04-01`)
	keyVaultVersions = strings.Fields(`2015-06-01 2016-10-01 2018-02-14 2019-09-01 2021-04-01-preview 2021-06-01-preview 2021-10-01
		2021-11-01-preview 2022-02-01-preview 2022-07-01 2022-11-01 2023-02-01 2023-07-01 2024-04-01-preview 2024-11-01
		2024-12-01-preview 2025-05-01 2026-02-01 2026-04-01-preview`)
	networkVersions = strings.Fields(`2018-11-01 2019-02-01 2019-04-01 2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-11-01 2019-12-01
		2020-03-01 2020-04-01 2020-05-01 2020-06-01 2020-07-01 2020-08-01 2020-11-01 2021-02-01 2021-03-01 2021-05-01 2021-08-01
		2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01 2023-02-01 2023-04-01 2023-05-01 2023-06-01 2023-09-01 2023-11-01
		2024-01-01 2024-03-01 2024-05-01 2024-07-01 2024-10-01 2025-01-01 2025-03-01 2025-05-01 2025-07-01`)
	zoneVersions      = strings.Fields(`2018-09-01 2020-01-01 2020-06-01 2024-06-01`)
	resolverVersions  = strings.Fields(`2020-04-01-preview 2022-07-01 2023-07-01-preview 2025-05-01 2025-10-01-preview`)
	perimeterVersions = append(strings.Fields(`2021-02-01-preview 2023-07-01-preview 2023-08-01-preview 2024-06-01-preview 2024-07-01 2024-10-01`), networkVersions[36:]...)
	webVersions       = strings.Fields(`2018-02-01 2018-11-01 2019-08-01 2020-06-01 2020-09-01 2020-10-01 2020-12-01 2021-01-01 2021-01-15 2021-02-01
		2021-03-01 2022-03-01 2022-09-01 2023-01-01 2023-12-01 2024-04-01 2024-11-01 2025-03-01`)
	graphVersions = strings.Fields(`2020-04-01-preview 2020-09-01-preview 2021-03-01 2021-06-01-preview 2022-10-01 2024-04-01`)
)

// A kind is a type of resources.
type kind struct {
	name     string
	versions []string
}

// kinds are the types that there are; of any other one, Resource Manager says
// that it does not exist.
var kinds = slices.Concat(
	of("Microsoft.KeyVault", keyVaultVersions, "vaults", "vaults/privateEndpointConnections", "vaults/privateLinkResources", "managedHSMs"),
	of("Microsoft.Network", zoneVersions, "privateDnsZones", "privateDnsZones/virtualNetworkLinks", "privateDnsZones/A", "privateDnsZones/AAAA",
		"privateDnsZones/CNAME", "privateDnsZones/SOA", "privateDnsZones/ALL"),
	of("Microsoft.Network", resolverVersions, "dnsResolvers", "dnsResolvers/inboundEndpoints", "dnsResolvers/outboundEndpoints",
		"dnsForwardingRulesets", "dnsForwardingRulesets/forwardingRules", "dnsForwardingRulesets/virtualNetworkLinks"),
	of("Microsoft.Network", perimeterVersions, "networkSecurityPerimeters", "networkSecurityPerimeters/profiles",
		"networkSecurityPerimeters/profiles/accessRules", "networkSecurityPerimeters/resourceAssociations"),
	of("Microsoft.Network", networkVersions, "privateEndpoints", "privateEndpoints/privateDnsZoneGroups", "networkInterfaces", "virtualNetworks",
		"virtualNetworks/subnets", "virtualNetworks/virtualNetworkPeerings", "networkSecurityGroups", "networkSecurityGroups/securityRules",
		"routeTables", "routeTables/routes", "natGateways", "publicIPAddresses", "virtualNetworkGateways", "localNetworkGateways", "connections",
		"loadBalancers", "azureFirewalls", "firewallPolicies", "firewallPolicies/ruleCollectionGroups", "virtualHubs", "virtualHubs/hubVirtualNetworkConnections",
		"virtualHubs/routingIntent", "virtualWans", "applicationGateways"),
	of("Microsoft.Web", webVersions, "sites"),
)

func of(namespace string, versions []string, types ...string) []kind {
	var all []kind
	for _, t := range types {
		all = append(all, kind{namespace + "/" + t, versions})
	}
	return all
}

var namespaces = []string{"Microsoft.KeyVault", "Microsoft.Network", "Microsoft.ResourceGraph", "Microsoft.Resources", "Microsoft.Web"}

func namespaceOf(word string) (string, bool) {
	i := slices.IndexFunc(namespaces, func(n string) bool { return strings.EqualFold(n, word) })
	if i < 0 {
		return "", false
	}
	return namespaces[i], true
}

func kindOf(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return strings.EqualFold(k.name, name) })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

func latestFirst(versions []string) []string {
	all := slices.Clone(versions)
	slices.Reverse(all)
	return all
}

// shape writes a resource as an older version of its interface has it.
func (k kind) shape(doc object, version string) object {
	if k.name != zoneType+"/virtualNetworkLinks" || version >= "2024-06-01" {
		return doc
	}
	properties, _ := doc["properties"].(object)
	older := maps.Clone(doc)
	older["properties"] = without(properties, "resolutionPolicy")
	return older
}

func without(o object, key string) object {
	c := maps.Clone(o)
	delete(c, key)
	return c
}

// badVersion refuses a version that Resource Manager itself does not have.
func badVersion(versions []string, version string) (answer, bool) {
	if slices.Contains(versions, strings.ToLower(version)) {
		return answer{}, false
	}
	return failure(400, "InvalidApiVersionParameter", "The api-version '%s' is invalid. The supported versions are '%s'.",
		version, strings.Join(latestFirst(versions), ",")), true
}
