package redact

import (
	"strings"
	"time"
)

// resourceKeys are the members of resources that a diagnosis may need, and what
// becomes of the strings in them. A test holds them to what package arm reads.
var resourceKeys = table(map[string]mask{
	// Objects and lists; numbers and booleans.
	`properties addressSpace dhcpOptions subnets virtualNetworkPeerings networkAcls ipRules virtualNetworkRules accessPolicies permissions
	privateEndpointConnections privateEndpoint privateLinkServiceConnectionState privateLinkServiceConnections
	manualPrivateLinkServiceConnections privateDnsZoneGroups privateDnsZoneConfigs customDnsConfigs ipConfigurations networkInterfaces
	networkInterface subnet virtualNetwork remoteVirtualNetwork networkSecurityGroup routeTable natGateway serviceEndpoints delegations
	securityRules routes publicIpAddresses publicIPAddress gatewayIPConfigurations vpnClientConfiguration vpnClientAddressPool
	firewallPolicy virtualHub hubIPAddresses publicIPs addresses basePolicy dnsSettings snat ruleCollectionGroups ruleCollections rules action
	protocols virtualNetworkConnections hubVirtualNetworkConnections routingIntent routingPolicies virtualNetworkLinks A AAAA CNAME
	aRecords aaaaRecords cnameRecord records metadata inboundEndpoints outboundEndpoints dnsResolverOutboundEndpoints forwardingRules
	targetDnsServers profiles resourceAssociations accessRules privateLinkResource profile subscriptions siteConfig outboundVnetRouting
	localNetworkAddressSpace frontendIPConfigurations virtualNetworkGateway1 virtualNetworkGateway2 localNetworkGateway2 virtualMachine sku
	sourceApplicationSecurityGroups destinationApplicationSecurityGroups
	networkRuleCollections applicationRuleCollections additionalProperties
	enableRbacAuthorization allowVirtualNetworkAccess allowForwardedTraffic allowGatewayTransit useRemoteGateways
	disableBgpRoutePropagation registrationEnabled isAutoRegistered enableProxy vnetRouteAllEnabled allTraffic applicationTraffic
	enableIPForwarding ttl port priority numberOfRecordSets numberOfVirtualNetworkLinks`: (*Redactor).text,

	`id privateLinkServiceId privateDnsZoneId virtualNetworkSubnetId nextHop`: (*Redactor).id,

	`name resourceGroup`: func(r *Redactor, text string) string { return r.names.of("name", text) },

	`type service serviceName`: (*Redactor).typed,
	`location`:                 (*Redactor).region,
	`kind publicNetworkAccess defaultAction bypass provisioningState status access direction protocol protocolType ipProtocols
	nextHopType peeringState privateEndpointNetworkPolicies gatewayType vpnType connectionType connectionStatus
	forwardingRuleState resolutionPolicy virtualNetworkLinkState registrationState accessMode groupIds Network.DNS.EnableProxy ruleType
	ruleCollectionType family tier secrets actionsRequired dnsResolverState privateIPAllocationMethod`: (*Redactor).word,

	`destinationPortRange destinationPortRanges sourcePortRange sourcePortRanges destinationPorts`: (*Redactor).ports,

	`destinations addressPrefix addressPrefixes sourceAddressPrefix sourceAddressPrefixes destinationAddressPrefix destinationAddressPrefixes
	sourceAddresses destinationAddresses privateRanges dnsServers servers customDnsServers ipAddress ipAddresses address privateIPAddress
	nextHopIpAddress gatewayIpAddress ipv4Address ipv6Address value outboundIpAddresses
	Network.DNS.Servers Network.SNAT.PrivateRanges`: (*Redactor).whither,

	`fqdn fqdns domainName cname targetFqdns destinationFqdns`: (*Redactor).domain,
	`vaultUri`: (*Redactor).url,
	`tenantId objectId resourceGuid subscriptionId`: func(r *Redactor, text string) string { return r.names.of("subscription", text) },
	`description`: (*Redactor).text,
	`creator`:     (*Redactor).creator,
})

// resourcePlain are the keys of resources under which numbers and booleans stand,
// in lower case. A test holds them to what package arm reads.
var resourcePlain = words(`enablerbacauthorization allowvirtualnetworkaccess allowforwardedtraffic allowgatewaytransit useremotegateways
	disablebgproutepropagation registrationenabled isautoregistered enableproxy vnetrouteallenabled alltraffic applicationtraffic
	enableipforwarding ttl port priority numberofrecordsets numberofvirtualnetworklinks`)

// evidenceKeys are the members of observations. A test holds them to package
// fact.
var evidenceKeys = table(map[string]mask{
	`client complete journey direct servers addresses resolver resolvers uplinks answer connect tls exchange access ndots hostsFile line scoped
	openSeen open slow alias unchecked checkingDisabled ttl tookNs token status networkInfo took connectNs tlsNs httpNs lookups requests
	addr addrs source server proxy`: (*Redactor).host,

	`host hostHeader name question chain domain search split`: (*Redactor).host,
	`network`:            func(r *Redactor, text string) string { return r.names.of("vnet", text) },
	`by endpoint subnet`: (*Redactor).id,

	`runs outcome via class reason connType conn denial role reached others type transport method stage proxySource
	family`: (*Redactor).word,
	`region`: (*Redactor).region,

	`error proxyFault body path`: (*Redactor).text,
	`version`:                    (*Redactor).version,
	`requestId`:                  func(r *Redactor, text string) string { return r.names.of("word", text) },
	`issuer`:                     (*Redactor).issuer,
	`hostsPath`:                  (*Redactor).hostsPath,
	`started`: func(r *Redactor, text string) string {
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return r.text(text)
		}
		return text
	},
})

// evidencePlain are the keys of observations under which numbers and booleans
// stand, in lower case. A test holds them to package fact.
var evidencePlain = words(`ndots line openseen complete alias status slow checkingdisabled ttl tookns token connectns tlsns httpns`)

// table spreads out rows of keys.
func table(rows map[string]mask) map[string]mask {
	keys := map[string]mask{}
	for row, m := range rows {
		for key := range strings.FieldsSeq(row) {
			keys[strings.ToLower(key)] = m
		}
	}
	return keys
}
