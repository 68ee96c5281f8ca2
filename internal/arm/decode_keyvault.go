package arm

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/world"
)

func (d *decoder) vault(it *item) {
	p := it.props
	v := &world.Vault{
		Meta:     it.Meta,
		Location: it.root.get("location").str(),
		Tenant:   p.get("tenantId").str(),
		RBAC:     p.get("enableRbacAuthorization").boolean(false),
		Reads:    readersOf(p.get("accessPolicies")),
		PublicAccess: world.PublicAccess(p.get("publicNetworkAccess").oneOf(string(world.AccessEnabled),
			string(world.AccessEnabled), string(world.AccessDisabled), string(world.AccessPerimeter))),
		ACL:          networkACL(p.get("networkAcls")),
		Provisioning: p.provisioning(),
	}
	v.Region = v.ShortRegion()
	v.PublicAddresses = []netip.Addr{v.DefaultFrontEnd()}
	d.put(it, v)
	d.nested(it, "privateEndpointConnections", "privateEndpointConnections", (*decoder).connection)
}

// provisioning reads the provisioning state out of properties.
func (n node) provisioning() string {
	return cmp.Or(n.get("provisioningState").str(), world.Succeeded)
}

// networkACL reads the vault's firewall. None at all allows all; a bypass that
// is left out is AzureServices.
func networkACL(n node) world.NetworkACL {
	return world.NetworkACL{
		Deny:   n.get("defaultAction").oneOf("Allow", "Allow", "Deny") == "Deny",
		Bypass: n.get("bypass").oneOf("AzureServices", "AzureServices", "None") == "AzureServices",
		IPs:    valid(each(n.get("ipRules"), func(rule node) netip.Prefix { return rule.get("value").prefix() })),
		Subnets: each(n.get("virtualNetworkRules"), func(rule node) world.ID {
			return rule.get("id").required().loose(typeSubnet).ID
		}),
	}
}

// readersOf are the object ids that an access policy lets get secrets.
func readersOf(policies node) []string {
	var ids []string
	for _, policy := range policies.list() {
		may := policy.get("permissions", "secrets").strs()
		if slices.ContainsFunc(may, func(p string) bool { return strings.EqualFold(p, "get") || strings.EqualFold(p, "all") }) {
			ids = append(ids, policy.get("objectId").str())
		}
	}
	return ids
}

func (d *decoder) connection(it *item) {
	p := it.props
	endpoint := p.get("privateEndpoint", "id").ref(typeEndpoint)
	state := p.get("privateLinkServiceConnectionState")
	d.connections.add(it.ID.Parent(), it.Meta, world.Connection{
		Meta:         it.Meta,
		Endpoint:     endpoint.ID,
		EndpointPath: endpoint.Path,
		Status:       state.get("status").connectionStatus(world.Pending),
		Provisioning: p.provisioning(),
		Description:  state.get("description").str(),
	})
}

// connectionStatus reads a status. Nobody has approved what has none.
func (n node) connectionStatus(absent world.ConnectionStatus) world.ConnectionStatus {
	return world.ConnectionStatus(n.oneOf(string(absent), string(world.Pending), string(world.Approved),
		string(world.Rejected), string(world.Disconnected)))
}

func (d *decoder) endpoint(it *item) {
	p := it.props
	connection, manual := p.get("privateLinkServiceConnections").first(), false
	if connection.absent() {
		connection, manual = p.get("manualPrivateLinkServiceConnections").first(), true
	}
	if connection.absent() {
		p.get("privateLinkServiceConnections").fail("is empty, and so is manualPrivateLinkServiceConnections")
	}
	wants := connection.get("properties")
	status := world.Approved
	if manual {
		status = world.Pending
	}
	target := wants.get("privateLinkServiceId").required().loose(typeVault)
	e := &world.Endpoint{
		Meta:         it.Meta,
		Location:     it.root.get("location").str(),
		GUID:         p.get("resourceGuid").str(),
		Subnet:       p.get("subnet", "id").required().ref(typeSubnet).ID,
		Provisioning: p.provisioning(),
		Target:       target.ID,
		TargetPath:   target.Path,
		Manual:       manual,
		Status:       wants.get("privateLinkServiceConnectionState", "status").connectionStatus(status),
		Addresses:    configuredAddresses(p),
		NICs:         ids(p.get("networkInterfaces"), typeNIC),
	}
	if groups := wants.get("groupIds").strs(); len(groups) > 0 {
		e.GroupID = groups[0]
	}
	d.put(it, e)
	d.nested(it, "privateDnsZoneGroups", "privateDnsZoneGroups", (*decoder).zoneGroup)
}

// ids reads a list of {"id": …}.
func ids(n node, resourceType string) []world.ID {
	return each(n, func(e node) world.ID { return e.get("id").required().ref(resourceType).ID })
}

// configuredAddresses are the addresses that the endpoint itself tells: those
// of its DNS configuration, which a zone group empties, or static ones.
func configuredAddresses(p node) (all addressSet) {
	for _, config := range p.get("customDnsConfigs").list() {
		all = all.with(config.get("ipAddresses").addrs()...)
	}
	if len(all) > 0 {
		return all
	}
	for _, config := range p.get("ipConfigurations").list() {
		all = all.with(config.get("properties", "privateIPAddress").addr())
	}
	return all
}

type zoneGroup struct {
	name  string
	state string
	zones []world.ID
}

func (d *decoder) zoneGroup(it *item) {
	zones := each(it.props.get("privateDnsZoneConfigs"), func(config node) world.ID {
		return config.get("properties", "privateDnsZoneId").required().ref(typeZone).ID
	})
	state := it.props.get("provisioningState").str()
	if strings.EqualFold(state, world.Succeeded) {
		state = ""
	}
	d.zoneGroups.add(it.ID.Parent(), it.Meta, zoneGroup{it.Name(), state, zones})
}

// finishEndpoint puts in what stands in other resources.
func (d *decoder) finishEndpoint(e *world.Endpoint) {
	for _, group := range d.zoneGroups.of(e.ID) {
		e.ZoneGroup, e.ZoneGroupState, e.Zones = group.name, group.state, group.zones
	}
	var all addressSet
	for _, id := range e.NICs {
		all = all.with(d.nics[id]...)
	}
	all = all.with(d.nics[e.ID]...)
	if len(all) > 0 {
		e.Addresses = all
	}
}

// provider reads whether a subscription has the provider of key vaults.
func (d *decoder) provider(it *item) {
	if it.ID != world.ProviderIn(it.Subscription()).ID {
		it.fail("id", "is not that of a subscription's provider %s", world.KeyVaultProvider)
		return
	}
	d.res.From[it.ID] = it.index
	state := it.root.get("registrationState").oneOf("Registered", "Registered", "NotRegistered", "Registering", "Unregistering", "Unregistered")
	d.put(it, &world.Provider{Meta: it.Meta, Registered: state == "Registered"})
}
