package redact

import "strings"

// namespaces are Azure's resource providers that have to do with networks and
// with what uses them, without "Microsoft." before.
var namespaces = words(`apimanagement app appconfiguration appplatform authorization automation azureactivedirectory azurecosmosdb batch cache
	cdn cognitiveservices compute containerinstance containerregistry containerservice databricks datafactory dbformysql dbforpostgresql devices
	devcenter documentdb eventgrid eventhub fabric healthcareapis insights keyvault kusto logic machinelearningservices managedidentity managedservices
	management migrate monitor netapp network operationalinsights portal powerplatform purview recoveryservices relay resourcegraph resources
	search servicebus servicefabric servicenetworking signalrservice sql storage storage.global storagesync streamanalytics synapse web`)

// typeNames are the parts of resource types, and what actions do with them.
var typeNames = words(`a aaaa accesspolicies accessrules action agentpools applicationgateways applicationrulecollections applicationsecuritygroups
	appservice aroclusters assignedto azurefirewalls backendaddresspools bastionhosts clusters cname config configurations connections containerapps
	containergroups controllers ddosprotectionplans delete deployments dedicatedhsms diagnosticsettings dnsforwardingrulesets dnsresolvers dnszones
	effectivenetworksecuritygroups effectiveroutetable environments expressroutecircuits expressroutegateways expressrouteports factories
	firewallpolicies flexibleservers forwardingrules frontendipconfigurations functions gatewayipconfigurations hostingenvironments hubroutetables
	hubvirtualnetworkconnections inboundendpoints integrationaccounts ipconfigurations ipgroups join keys links listsecrets loadbalancers
	loadbalancingrules localnetworkgateways managedclusters managedenvironments managedhsms managedinstances managementgroups mx namespaces
	natgateways natrulecollections networkinterfaces networkmanagers networkprofiles networkrulecollections networksecuritygroups
	networksecurityperimeters networkvirtualappliances networkwatchers operations outboundendpoints p2svpngateways peerings privatednszonegroups
	privatednszones privateendpointconnectionproxies privateendpointconnections privateendpoints privateendpointnetworkpolicies
	privatelinkresources privatelinkservices privatelinkserviceconnections profiles providers ptr publicipaddresses publicipprefixes read
	register registries resolvers resourceassociations resourcegroups resources roleassignments roledefinitions routefilters routemaps routes
	routetables routingintent rulecollectiongroups secrets securityrules serverfarms servers service serviceassociationlinks
	serviceendpointpolicies services singleservers sites slots soa srv storageaccounts subnets subscriptions tenants trafficmanagerprofiles txt
	userassignedidentities vaults virtualappliances virtualhubs virtualmachines virtualmachinescalesets virtualnetworkconnections
	virtualnetworkgatewayconnections virtualnetworkgateways virtualnetworklinks virtualnetworkpeerings virtualnetworks virtualnetworktaps virtualwans
	volumes vpnconnections vpngateways vpnserverconfigurations vpnsites webapplicationfirewallpolicies workspaces write`)

// typed keeps types of resources, and actions on them; under the same keys,
// rules have words.
func (r *Redactor) typed(text string) string {
	namespace, types, found := strings.Cut(text, "/")
	if !found && !isMicrosofts(namespace) {
		return r.word(text)
	}
	parts := []string{r.namespace(namespace)}
	for part := range strings.SplitSeq(types, "/") {
		if found {
			parts = append(parts, r.typeName(part))
		}
	}
	return strings.Join(parts, "/")
}

// namespace keeps the names of Microsoft's resource providers.
func (r *Redactor) namespace(text string) string {
	if isMicrosofts(text) {
		return text
	}
	return r.names.of("name", text)
}

func isMicrosofts(namespace string) bool {
	name, ok := strings.CutPrefix(strings.ToLower(namespace), "microsoft.")
	return ok && namespaces[name]
}

// typeName keeps a part of a type.
func (r *Redactor) typeName(text string) string {
	if typeNames[strings.ToLower(text)] {
		return text
	}
	return r.names.of("word", text)
}
