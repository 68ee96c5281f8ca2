package azure

import (
	"encoding/json"
	"slices"
	"strings"
)

// Role is the definition of a custom role for Azure that allows what Read asks
// for, and nothing else (learn.microsoft.com/azure/role-based-access-control/custom-roles).
// Reader, which is built in, allows it too.
func Role() ([]byte, error) {
	return json.MarshalIndent(map[string]any{
		"Name":             "pldoctor reader",
		"IsCustom":         true,
		"Description":      "Reads what decides the path to key vaults: their connections and firewalls, private endpoints, private DNS, and the networks between. No secrets, no keys, no certificates.",
		"Actions":          actions(),
		"NotActions":       []string{},
		"DataActions":      []string{},
		"NotDataActions":   []string{},
		"AssignableScopes": []string{"/subscriptions/00000000-0000-0000-0000-000000000000"},
	}, "", "  ")
}

// spelled are the types that are read as Azure's operations spell them, which
// compares them without case
// (learn.microsoft.com/azure/role-based-access-control/resource-provider-operations).
var spelled = []string{
	"Microsoft.KeyVault/vaults", "Microsoft.Network/applicationGateways", "Microsoft.Network/azureFirewalls",
	"Microsoft.Network/connections", "Microsoft.Network/dnsForwardingRulesets", "Microsoft.Network/dnsForwardingRulesets/forwardingRules",
	"Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks", "Microsoft.Network/dnsResolvers",
	"Microsoft.Network/dnsResolvers/inboundEndpoints", "Microsoft.Network/dnsResolvers/outboundEndpoints",
	"Microsoft.Network/firewallPolicies", "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
	"Microsoft.Network/loadBalancers", "Microsoft.Network/localNetworkGateways", "Microsoft.Network/natGateways", "Microsoft.Network/networkInterfaces",
	"Microsoft.Network/networkSecurityGroups", "Microsoft.Network/networkSecurityPerimeters",
	"Microsoft.Network/networkSecurityPerimeters/profiles", "Microsoft.Network/networkSecurityPerimeters/profiles/accessRules",
	"Microsoft.Network/networkSecurityPerimeters/resourceAssociations", "Microsoft.Network/privateDnsZones",
	"Microsoft.Network/privateDnsZones/A", "Microsoft.Network/privateDnsZones/AAAA", "Microsoft.Network/privateDnsZones/CNAME",
	"Microsoft.Network/privateDnsZones/virtualNetworkLinks", "Microsoft.Network/privateEndpoints",
	"Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "Microsoft.Network/publicIPAddresses",
	"Microsoft.Network/routeTables", "Microsoft.Network/virtualHubs", "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections",
	"Microsoft.Network/virtualHubs/routingIntent", "Microsoft.Network/virtualNetworkGateways", "Microsoft.Network/virtualNetworks",
	"Microsoft.Web/sites",
}

// actions are the permissions that the questions of Read need, by the types
// that they are about.
func actions() (all []string) {
	types := slices.Clone(plugTypes)
	for _, q := range (Scope{App: "app"}).queries() {
		types = append(types, q.types...)
	}
	for parent, kinds := range children {
		for _, c := range kinds {
			types = append(types, parent+"/"+strings.ToLower(c.name))
		}
	}
	for _, name := range spelled {
		if slices.Contains(types, strings.ToLower(name)) {
			all = append(all, name+"/read")
		}
	}
	return append(all, "Microsoft.Resources/subscriptions/providers/read")
}
