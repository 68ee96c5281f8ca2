package redact

import (
	"strings"
)

// azureWords are the values that Azure's enumerations have under the keys kept,
// and those of this program's own, in lower case. A word that is not among them
// may be anything, and is masked like other text.
var azureWords = words(`a aaaa allow alert any applicationrule app application appgateway approved ah apim
	audit automatic azure azureservices basic blob blobstorage both cloudservices cname completed connected connecting container
	creating deleting deny default disabled disconnected dnat dnsresolver dynamic enabled enforced erroroccurred esp expressroute
	failed false file filestorage firewall firewallpolicyfilterrulecollection firewallpolicynatrulecollection free functionapp global
	http https icmp icmpv6 igmp inbound initiated inprogress internet ipsec isolated kubernetes learning linux localgateway
	managedhsm migrating mssql natrule networkrule networksecuritygroupenabled none notconnected notregistered notsupported
	nxdomainredirect nxdomainredirected operating outbound pending policybased premium privatetraffic queue registered registering registry rejected
	routebased routetableenabled running securedbyperimeter sites sqlserver standard standard_v2 static storage storagev2 succeeded
	table tcp timeout transition true udp unknown unregistered unregistering updating vault vaults vnet2vnet vnetlocal virtualappliance
	virtualnetworkgateway virtualhub vpn vpnclient waf_v2 web workflowapp xbox
	backup delete get list purge recover restore set all
	access-policy aks-pod app-service application-gateway asymmetric azure-dns azure-dns-from-outside bogus cache certificate-expired
	cloud-shell configured dns dns-refused endpoint-dead filtered forbidden-unknown forwarding-loop function getent go-resolver
	hosts-file intercepted internetwork internetworkv6 ipv4 ipv6 lookup machine malformed managed-service name-mismatch
	no-network-info no-path no-record no-server no-token no-zone-linked nobody-there nodata not-key-vault not-registered nsg nxdomain
	nxdomain-redirect ok on-behalf-of other-cloud other-machine packet-too-large path-not-read peering perimeter platform port-closed
	private private-zone privatelink privatelink-name program proxy proxy-403 proxy-407 proxy-502 proxy-unusable public public-access
	public-access-disabled public-fallback public-registry rbac refused refused-identity refused-network reset route search-list
	server-not-reached server-not-read servfail special stalled subnet system tcp-connection tls tls-failed token-not-valid truncated
	unreachable untrusted-issuer vault-firewall vault-not-found vm wildcard-record wrong-endpoint wrong-host wsl
	access answer connect exchange name resolver
	https_proxy all_proxy no_proxy connect head put post *`)

// word keeps the values of enumerations, several with commas between them too,
// as the kind of an app has them.
func (r *Redactor) word(text string) string {
	parts := strings.Split(text, ",")
	for i, part := range parts {
		if !azureWords[strings.ToLower(part)] {
			parts[i] = r.unlisted(part)
		}
	}
	return strings.Join(parts, ",")
}

// unlisted masks what is none of the values that Azure has at its place: even
// the beginning of an address, which in other text would pass for a version.
func (r *Redactor) unlisted(text string) string {
	if strings.Contains(text, ".") && number().MatchString(text) {
		return r.names.of("word", text)
	}
	return r.text(text)
}

var portsForm = compiled(`^(\*|[0-9]{1,5}(-[0-9]{1,5})?)(,[0-9]{1,5}(-[0-9]{1,5})?)*$`)

// ports keeps ports and ranges of them.
func (r *Redactor) ports(text string) string {
	if portsForm().MatchString(text) {
		return text
	}
	return r.word(text)
}

// regionWord is a part of the names of Azure's regions.
const regionWord = `north|south|east|west|central|us|uk|uae|gov|dod|virginia|texas|arizona|iowa|australia|brazil|canada|china|` +
	`europe|france|germany|india|jio|japan|korea|asia|norway|sweden|switzerland|poland|italy|israel|qatar|mexico|spain|africa|newzealand|` +
	`austria|malaysia|indonesia|chile|taiwan|belgium|denmark|stage`

var regionForm = compiled(`^(` + regionWord + `){2,5}[0-9]?(euap)?$`)

// isRegion tells the names of Azure's regions, in lower case.
func isRegion(word string) bool { return regionForm().MatchString(word) }

// region keeps the names of Azure's regions, written as people do too: "West
// Europe".
func (r *Redactor) region(text string) string {
	if isRegion(strings.ToLower(strings.ReplaceAll(text, " ", ""))) {
		return text
	}
	return r.word(text)
}

// serviceTags are those of learn.microsoft.com/azure/virtual-network/service-tags-overview
// and the word for a firewall's private ranges, in lower case.
var serviceTags = words(`* ianaprivateranges internet virtualnetwork azureloadbalancer azurecloud azureplatformdns azureplatformimds azureplatformlkm
	actiongroup apimanagement appconfiguration applicationinsightsavailability appservice appservicemanagement autonomousdevelopmentplatform
	azureactivedirectory azureactivedirectorydomainservices azureadvancedthreatprotection azurearcinfrastructure azureattestation azurebackup
	azurebotservice azurecognitivesearch azureconnectors azurecontainerappsservice azurecontainerregistry azurecosmosdb azuredatabricks
	azuredataexplorermanagement azuredataprotection azuredevops azuredigitaltwins azureeventgrid azurefrontdoor.frontend azurefrontdoor.backend
	azurefrontdoor.firstparty azurehealthcareapis azureinformationprotection azureiothub azurekeyvault azuremachinelearning azuremanagedgrafana
	azuremonitor azureopendatasets azureportal azureresourcemanager azuresignalr azuresiterecovery azurespringcloud azurestack azuretrafficmanager
	azureupdatedelivery azurewebpubsub batchnodemanagement cognitiveservicesfrontend cognitiveservicesmanagement datafactory
	datafactorymanagement dynamics365 eventhub gatewaymanager guestandhybridmanagement internetanalyzer logicapps logicappsmanagement
	microsoftcloudappsecurity microsoftcontainerregistry powerbi powerplatforminfra servicebus servicefabric sql sqlmanagement storage
	storagesyncservice windowsadmincenter windowsvirtualdesktop`)

// tagRegions are the names of regions that stand in tags alone.
var tagRegions = words(`australiac australiac2 brazilse brazilne centralfrance southfrance germanyn germanywc norwaye norwayw swedenc swedens
	switzerlandn switzerlandw uaec uaen usstagec usstagee`)

// isTag tells service tags, with a region or without.
func isTag(text string) bool {
	tag := strings.ToLower(text)
	name, region, _ := strings.Cut(tag, ".")
	return serviceTags[tag] || serviceTags[name] && (isRegion(region) || tagRegions[region])
}

// whither masks addresses, prefixes and ranges, in one text with commas or
// spaces between them too, and keeps service tags.
func (r *Redactor) whither(text string) string {
	parts := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' })
	for i, part := range parts {
		masked, ok := r.address(part)
		switch {
		case strings.HasPrefix(part, "/"):
			masked = r.id(part)
		case isTag(part):
			masked = part
		case !ok:
			masked = r.word(part)
		}
		parts[i] = masked
	}
	return strings.Join(parts, ",")
}
