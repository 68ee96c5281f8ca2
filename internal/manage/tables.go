package manage

import (
	"strings"

	"pldoctor/internal/graph"
)

// graphTables tells for each type, in lower case, in which table of Resource
// Graph it stands: "Azure Resource Graph table and resource type reference" in
// learn.microsoft.com/azure/governance/resource-graph. What is not here is known
// to Resource Manager only: zone groups of private endpoints, the rules and
// links of forwarding rulesets, and what hangs on virtual hubs.
var graphTables = map[string]string{
	"microsoft.keyvault/vaults":                                        "resources",
	"microsoft.web/sites":                                              "resources",
	"microsoft.network/applicationgateways":                            "resources",
	"microsoft.network/azurefirewalls":                                 "resources",
	"microsoft.network/connections":                                    "resources",
	"microsoft.network/dnsforwardingrulesets":                          "resources",
	"microsoft.network/dnsresolvers":                                   "resources",
	"microsoft.network/dnsresolvers/inboundendpoints":                  "resources",
	"microsoft.network/dnsresolvers/outboundendpoints":                 "resources",
	"microsoft.network/firewallpolicies":                               "resources",
	"microsoft.network/loadbalancers":                                  "resources",
	"microsoft.network/localnetworkgateways":                           "resources",
	"microsoft.network/natgateways":                                    "resources",
	"microsoft.network/networkinterfaces":                              "resources",
	"microsoft.network/networksecuritygroups":                          "resources",
	"microsoft.network/networksecurityperimeters":                      "resources",
	"microsoft.network/privatednszones":                                "resources",
	"microsoft.network/privatednszones/virtualnetworklinks":            "resources",
	"microsoft.network/privateendpoints":                               "resources",
	"microsoft.network/publicipaddresses":                              "resources",
	"microsoft.network/routetables":                                    "resources",
	"microsoft.network/virtualhubs":                                    "resources",
	"microsoft.network/virtualnetworkgateways":                         "resources",
	"microsoft.network/virtualnetworks":                                "resources",
	"microsoft.network/firewallpolicies/rulecollectiongroups":          "networkresources",
	"microsoft.network/networksecurityperimeters/profiles":             "networkresources",
	"microsoft.network/networksecurityperimeters/profiles/accessrules": "networkresources",
	"microsoft.network/networksecurityperimeters/resourceassociations": "networkresources",
	"microsoft.network/privatednszones/a":                              "dnsresources",
	"microsoft.network/privatednszones/aaaa":                           "dnsresources",
	"microsoft.network/privatednszones/cname":                          "dnsresources",
	"microsoft.network/privatednszones/soa":                            "dnsresources",
}

// graphColumns are those of every table.
var graphColumns = []graph.Column{
	{Name: "id", Type: graph.String},
	{Name: "name", Type: graph.String},
	{Name: "type", Type: graph.String},
	{Name: "tenantId", Type: graph.String},
	{Name: "kind", Type: graph.String},
	{Name: "location", Type: graph.String},
	{Name: "resourceGroup", Type: graph.String},
	{Name: "subscriptionId", Type: graph.String},
	{Name: "managedBy", Type: graph.String},
	{Name: "sku", Type: graph.Dynamic},
	{Name: "plan", Type: graph.Dynamic},
	{Name: "properties", Type: graph.Dynamic},
	{Name: "tags", Type: graph.Dynamic},
	{Name: "identity", Type: graph.Dynamic},
	{Name: "zones", Type: graph.Dynamic},
	{Name: "extendedLocation", Type: graph.Dynamic},
}

// Places of columns that rows are sifted by.
const (
	columnID           = 0
	columnType         = 2
	columnSubscription = 7
)

// tabulate makes the tables, whose rows are ordered by id.
func (inv *inventory) tabulate(tenant string) map[string]graph.Table {
	tables := make(map[string]graph.Table)
	for _, name := range []string{"resources", "dnsresources", "networkresources", "resourcecontainers"} {
		tables[name] = graph.Table{Columns: graphColumns}
	}
	put := func(table string, row []any) {
		t := tables[table]
		t.Rows = append(t.Rows, row)
		tables[table] = t
	}
	for _, r := range inv.all {
		table, listed := graphTables[strings.ToLower(r.kind)]
		if !listed || r.nested {
			continue
		}
		location, _ := r.doc["location"].(string)
		managedBy, properties := "", any(r.properties())
		if table == "dnsresources" {
			managedBy, properties, location = r.path[:len(r.id.Parent())], recordRow(r), "global"
		}
		put(table, row(r.path, r.name(), r.kind, tenant, location, r.group(), r.subscription(), managedBy, properties))
	}
	for _, s := range inv.subscriptions {
		put("resourcecontainers", row("/subscriptions/"+s, displayName(s), "microsoft.resources/subscriptions", tenant, "", "", s, "",
			object{"state": "Enabled", "subscriptionPolicies": object{"quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"}}))
	}
	for _, g := range inv.groups {
		put("resourcecontainers", row(g.path(), g.name, "microsoft.resources/subscriptions/resourcegroups", tenant, g.location,
			strings.ToLower(g.name), g.subscription, "", object{"provisioningState": "Succeeded"}))
	}
	return tables
}

func row(id, name, kind, tenant, location, group, subscription, managedBy string, properties any) []any {
	return []any{
		id, name, strings.ToLower(kind), tenant, "", strings.ToLower(location), group, subscription, managedBy,
		nil, nil, properties,
		object{},
		nil, nil, nil,
	}
}

// recordRow are the properties of a record set as the table dnsresources has
// them: the records of every type are called "records".
func recordRow(r *resource) object {
	p := r.properties()
	out := object{"fqdn": p["fqdn"], "ttl": p["ttl"], "isAutoRegistered": p["isAutoRegistered"]}
	if p["metadata"] != nil {
		out["metadata"] = p["metadata"]
	}
	for key, value := range p {
		switch {
		case strings.HasSuffix(key, "Records"):
			out["records"] = value
		case strings.HasSuffix(key, "Record"):
			out["records"] = []any{value}
		}
	}
	return out
}
