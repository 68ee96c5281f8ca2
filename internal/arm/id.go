package arm

import (
	"slices"
	"strings"
	"unicode"
)

// Types that references lead to.
const (
	typeVault    = "Microsoft.KeyVault/vaults"
	typeEndpoint = "Microsoft.Network/privateEndpoints"
	typeNIC      = "Microsoft.Network/networkInterfaces"
	typeMachine  = "Microsoft.Compute/virtualMachines"
	typeVNet     = "Microsoft.Network/virtualNetworks"
	typeSubnet   = "Microsoft.Network/virtualNetworks/subnets"
	typeNSG      = "Microsoft.Network/networkSecurityGroups"
	typeTable    = "Microsoft.Network/routeTables"
	typeNAT      = "Microsoft.Network/natGateways"
	typePublicIP = "Microsoft.Network/publicIPAddresses"
	typeFirewall = "Microsoft.Network/azureFirewalls"
	typePolicy   = "Microsoft.Network/firewallPolicies"
	typeHub      = "Microsoft.Network/virtualHubs"
	typeZone     = "Microsoft.Network/privateDnsZones"
	typeGateway  = "Microsoft.Network/virtualNetworkGateways"
	typeLocal    = "Microsoft.Network/localNetworkGateways"
	typeOutbound = "Microsoft.Network/dnsResolvers/outboundEndpoints"
)

// path makes the id of a resource from its type and name, which for a child
// is "parent/child".
func (o Options) path(resourceType, name string) (path string, ok bool) {
	namespace, types, _ := strings.Cut(resourceType, "/")
	kinds, names := strings.Split(types, "/"), strings.Split(name, "/")
	if len(kinds) != len(names) || o.Group == "" {
		return "", false
	}
	var b strings.Builder
	b.WriteString("/subscriptions/" + o.Subscription + "/resourceGroups/" + o.Group + "/providers/" + namespace)
	for i := range kinds {
		b.WriteString("/" + kinds[i] + "/" + names[i])
	}
	path = b.String()
	return path, wellFormed(path)
}

// wellFormed tells whether path is the id of a resource in a group.
func wellFormed(path string) bool {
	if strings.ContainsFunc(path, unicode.IsControl) {
		return false
	}
	parts := strings.Split(path, "/")
	if len(parts) < 9 || len(parts)%2 == 0 || parts[0] != "" {
		return false
	}
	return !slices.Contains(parts[1:], "") &&
		strings.EqualFold(parts[1], "subscriptions") && strings.EqualFold(parts[3], "resourceGroups") &&
		strings.EqualFold(parts[5], "providers")
}

// typeOf returns the type that an id tells: "Microsoft.Network/virtualNetworks".
func typeOf(path string) string {
	at := strings.LastIndex(strings.ToLower(path), "/providers/")
	if at < 0 {
		return ""
	}
	parts := strings.Split(path[at+len("/providers/"):], "/")
	kind := []string{parts[0]}
	for i := 1; i < len(parts); i += 2 {
		kind = append(kind, parts[i])
	}
	return strings.Join(kind, "/")
}
