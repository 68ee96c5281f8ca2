package arm

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"pldoctor/internal/world"
)

// firewall puts a firewall: its settings and rules are its policy's, where it has
// one, else its own.
func (e *encoder) firewall(f *world.Firewall) {
	path := pathOf(f.Meta)
	properties := object{}
	if strings.Contains(string(f.VNet), "/virtualhubs/") {
		properties["virtualHub"] = ref(f.VNet)
		public := []any{}
		if f.Public.IsValid() {
			public = append(public, object{"address": f.Public.String()})
		}
		properties["hubIPAddresses"] = object{"privateIPAddress": address(f.Address), "publicIPs": object{"addresses": public}}
	} else {
		config := object{"subnet": subnetOf(f.VNet, "azurefirewallsubnet"), "privateIPAddress": address(f.Address)}
		if f.Public.IsValid() {
			public := group(path, typePublicIP, f.Name()+"-ip")
			config["publicIPAddress"] = object{"id": public}
			e.put(world.At(public), "", object{"ipAddress": f.Public.String()})
		}
		properties["ipConfigurations"] = []any{object{"name": "default", "properties": config}}
	}
	if f.Policy.ID == "" {
		classic(f, properties)
	} else {
		properties["firewallPolicy"] = object{"id": pathOf(f.Policy.Meta)}
		e.policy(f)
	}
	e.put(f.Meta, "", properties)
}

// policy puts the policy of a firewall, unless another that shares it has done so.
// All rules stand in its first group: which one each came from is not kept.
func (e *encoder) policy(f *world.Firewall) {
	if e.policies[f.Policy.ID] {
		return
	}
	e.policies[f.Policy.ID] = true
	path := pathOf(f.Policy.Meta)
	e.put(f.Policy.Meta, "", object{
		"dnsSettings": object{"enableProxy": f.DNSProxy, "servers": list(f.DNSServers, address)},
		"snat":        object{"privateRanges": list(ranges(f), same)},
	})
	for i, priority := range f.Policy.Groups {
		var rules []world.FirewallRule
		if i == 0 {
			rules = f.Allow
		}
		e.put(world.At(fmt.Sprintf("%s/ruleCollectionGroups/group-%d", path, priority)), "",
			object{"priority": priority, "ruleCollections": collections(rules)})
	}
}

// ranges are those towards which a firewall keeps the source's address.
func ranges(f *world.Firewall) []string {
	if f.KeepSource == nil {
		return []string{ianaPrivate}
	}
	var texts []string
	for _, p := range f.KeepSource {
		texts = append(texts, p.String())
	}
	return texts
}

// classic adds what a firewall without a policy says itself.
func classic(f *world.Firewall, properties object) {
	additional := object{proxyKey: strconv.FormatBool(f.DNSProxy), rangesKey: strings.Join(ranges(f), ", ")}
	if len(f.DNSServers) > 0 {
		additional[serversKey] = strings.Join(texts(f.DNSServers), ",")
	}
	properties["additionalProperties"] = additional
	if f.AllowAll {
		return
	}
	network, application := []any{}, []any{}
	for i, r := range f.Allow {
		rule, ofApplications := ruleOf(r)
		c := object{"name": fmt.Sprintf("rule-%d", i+1), "properties": object{
			"priority": 100 + i, "action": object{"type": choice(r.Allow, "Allow", "Deny")}, "rules": []any{rule},
		}}
		if ofApplications {
			application = append(application, c)
			continue
		}
		rule["protocols"] = rule["ipProtocols"]
		delete(rule, "ipProtocols")
		network = append(network, c)
	}
	properties["networkRuleCollections"], properties["applicationRuleCollections"] = network, application
}

func texts(addrs []netip.Addr) []string {
	var all []string
	for _, a := range addrs {
		all = append(all, a.String())
	}
	return all
}

// collections gives each rule a collection of its own, which keeps their order.
func collections(rules []world.FirewallRule) []any {
	all := make([]any, 0, len(rules))
	for i, r := range rules {
		rule, application := ruleOf(r)
		rule["ruleType"] = choice(application, "ApplicationRule", "NetworkRule")
		all = append(all, object{
			"name": fmt.Sprintf("rule-%d", i+1), "priority": 100 + i, "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
			"action": object{"type": choice(r.Allow, "Allow", "Deny")}, "rules": []any{rule},
		})
	}
	return all
}

// ruleOf is a rule as a policy has it, and whether it is one for applications.
func ruleOf(r world.FirewallRule) (rule object, application bool) {
	rule = object{"name": r.Name, "sourceAddresses": list(r.Sources, same)}
	if len(r.FQDNs) > 0 && len(r.Destinations) == 0 {
		rule["targetFqdns"], rule["protocols"] = r.FQDNs, protocols(r)
		return rule, true
	}
	rule["destinationAddresses"], rule["destinationFqdns"] = list(r.Destinations, same), list(r.FQDNs, same)
	rule["destinationPorts"], rule["ipProtocols"] = list(r.Ports, same), list(r.Protocols, same)
	return rule, false
}

func protocols(r world.FirewallRule) []any {
	all := []any{}
	for i, protocol := range r.Protocols {
		p := object{"protocolType": protocol}
		if i < len(r.Ports) {
			if port, err := strconv.Atoi(r.Ports[i]); err == nil {
				p["port"] = port
			}
		}
		all = append(all, p)
	}
	return all
}
