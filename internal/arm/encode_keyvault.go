package arm

import (
	"cmp"
	"net/netip"
	"strings"

	"pldoctor/internal/world"
)

func (e *encoder) vault(v *world.Vault) {
	if v.Foreign || v.Deleted {
		return
	}
	e.put(v.Meta, v.Location, object{
		"sku":                     object{"family": "A", "name": "standard"},
		"tenantId":                v.Tenant,
		"vaultUri":                e.vaultURI(v),
		"enableRbacAuthorization": v.RBAC,
		"accessPolicies": list(v.Reads, func(objectID string) any {
			return object{"tenantId": v.Tenant, "objectId": objectID, "permissions": object{"secrets": []string{"get"}}}
		}),
		"publicNetworkAccess": string(v.PublicAccess),
		"networkAcls": object{
			"defaultAction":       choice(v.ACL.Deny, "Deny", "Allow"),
			"bypass":              choice(v.ACL.Bypass, "AzureServices", "None"),
			"ipRules":             list(v.ACL.IPs, func(p netip.Prefix) any { return object{"value": p.String()} }),
			"virtualNetworkRules": list(v.ACL.Subnets, ref),
		},
		"privateEndpointConnections": list(v.Connections, connection),
		"provisioningState":          v.Provisioning,
	})
}

func (e *encoder) vaultURI(v *world.Vault) any {
	host, err := e.w.Service().Host(v.Name())
	if err != nil {
		return nil
	}
	return "https://" + host.Host() + "/"
}

func connection(c world.Connection) any {
	return inside(pathOf(c.Meta), "", object{
		"privateEndpoint":                   object{"id": cmp.Or(c.EndpointPath, string(c.Endpoint))},
		"privateLinkServiceConnectionState": object{"status": string(c.Status), "description": c.Description, "actionsRequired": "None"},
		"provisioningState":                 c.Provisioning,
	})
}

func (e *encoder) endpoint(p *world.Endpoint) {
	automatic, manual := []any{}, []any{}
	link := inside(pathOf(p.Meta)+"/privateLinkServiceConnections/"+p.Name(), "", object{
		"privateLinkServiceId":              cmp.Or(p.TargetPath, string(p.Target)),
		"groupIds":                          []string{p.GroupID},
		"privateLinkServiceConnectionState": object{"status": string(p.Status), "actionsRequired": "None"},
		"provisioningState":                 world.Succeeded,
	})
	if p.Manual {
		manual = append(manual, link)
	} else {
		automatic = append(automatic, link)
	}
	e.put(p.Meta, p.Location, object{
		"provisioningState":                   p.Provisioning,
		"resourceGuid":                        p.GUID,
		"subnet":                              ref(p.Subnet),
		"privateLinkServiceConnections":       automatic,
		"manualPrivateLinkServiceConnections": manual,
		"networkInterfaces":                   list(p.NICs, ref),
		"customDnsConfigs":                    e.dnsConfigs(p),
	})
	for _, id := range p.NICs {
		e.nic(id, p)
	}
	if p.ZoneGroup == "" && len(p.Zones) == 0 {
		return
	}
	e.put(world.At(pathOf(p.Meta)+"/privateDnsZoneGroups/"+cmp.Or(p.ZoneGroup, "default")), "", object{
		"provisioningState": cmp.Or(p.ZoneGroupState, world.Succeeded),
		"privateDnsZoneConfigs": list(p.Zones, func(id world.ID) any {
			return object{"name": strings.ReplaceAll(id.Name(), ".", "-"), "properties": object{"privateDnsZoneId": string(id)}}
		}),
	})
}

// dnsConfigs tells the addresses where no network interface does. Azure empties
// it once a zone group looks after DNS.
func (e *encoder) dnsConfigs(p *world.Endpoint) []any {
	if len(p.NICs) > 0 || len(p.Addresses) == 0 {
		return []any{}
	}
	config := object{"ipAddresses": list(p.Addresses, address)}
	if host, err := e.w.Service().Host(p.Target.Name()); err == nil {
		config["fqdn"] = host.Host()
	}
	return []any{config}
}

func (e *encoder) nic(id world.ID, p *world.Endpoint) {
	e.put(world.Meta{ID: id}, p.Location, object{
		"privateEndpoint": object{"id": pathOf(p.Meta)},
		"ipConfigurations": list(p.Addresses, func(a netip.Addr) any {
			return object{"name": "privateEndpointIpConfig." + a.String(), "properties": object{
				"privateIPAddress": a.String(), "privateIPAllocationMethod": "Dynamic", "subnet": ref(p.Subnet),
			}}
		}),
	})
}

func (e *encoder) provider(p *world.Provider) {
	state := map[bool]string{true: "Registered", false: "NotRegistered"}[p.Registered]
	d := inside(pathOf(p.Meta), "", object{})
	d.RegistrationState = state
	e.out = append(e.out, d)
}
