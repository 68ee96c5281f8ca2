package arm

import (
	"fmt"
	"net/netip"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

func (e *encoder) zone(z *world.Zone) {
	e.put(z.Meta, "global", object{
		"numberOfRecordSets": len(z.Records) + 1, "numberOfVirtualNetworkLinks": len(z.Links), "provisioningState": world.Succeeded,
	})
	for _, l := range z.Links {
		vnet := l.VNetPath
		if vnet == "" {
			vnet = string(l.VNet)
		}
		e.put(l.Meta, "global", object{
			"virtualNetwork": object{"id": vnet}, "registrationEnabled": l.Registration,
			"resolutionPolicy":        choice(l.Redirect, "NxDomainRedirect", "Default"),
			"virtualNetworkLinkState": choice(l.InProgress, "InProgress", "Completed"),
			"provisioningState":       world.Succeeded,
		})
	}
	for _, r := range z.Records {
		e.record(z.Domain, r)
	}
}

func (e *encoder) record(zone dnsname.Name, r world.Record) {
	p := object{"ttl": r.TTL, "isAutoRegistered": r.Auto}
	fqdn := zone.String()
	if r.Label != "@" {
		fqdn = r.Label + "." + fqdn
	}
	p["fqdn"] = fqdn
	if r.Creator != "" {
		p["metadata"] = object{"creator": r.Creator}
	}
	switch r.Type {
	case world.TypeCNAME:
		p["cnameRecord"] = object{"cname": r.Alias.Host()}
	case world.TypeAAAA:
		p["aaaaRecords"] = list(r.Addrs, func(a netip.Addr) any { return object{"ipv6Address": a.String()} })
	default:
		p["aRecords"] = list(r.Addrs, func(a netip.Addr) any { return object{"ipv4Address": a.String()} })
	}
	e.put(r.Meta, "", p)
}

func (e *encoder) resolver(r *world.Resolver) {
	e.put(r.Meta, "", object{"virtualNetwork": ref(r.VNet), "dnsResolverState": "Connected"})
	for i, a := range r.Inbound {
		config := object{"privateIpAddress": a.String(), "privateIpAllocationMethod": "Static"}
		if v, ok := e.w.VNet(r.VNet); ok {
			if s, ok := v.SubnetOf(a); ok {
				config["subnet"] = object{"id": pathOf(s.Meta)}
			}
		}
		e.put(world.At(fmt.Sprintf("%s/inboundEndpoints/inbound-%04d", pathOf(r.Meta), i+1)), "",
			object{"ipConfigurations": []any{config}})
	}
	for _, id := range r.Outbound {
		e.put(world.Meta{ID: id}, "", object{})
	}
}

func (e *encoder) ruleset(r *world.Ruleset) {
	e.put(r.Meta, "", object{"dnsResolverOutboundEndpoints": list(r.Outbound, ref)})
	for _, rule := range r.Rules {
		e.put(rule.Meta, "", object{
			"domainName": rule.Domain.String(), "forwardingRuleState": choice(rule.Enabled, "Enabled", "Disabled"),
			"targetDnsServers": list(rule.Targets, func(t netip.AddrPort) any {
				return object{"ipAddress": t.Addr().String(), "port": t.Port()}
			}),
		})
	}
	for _, id := range r.VNets {
		e.put(world.At(pathOf(r.Meta)+"/virtualNetworkLinks/"+childName(id)), "", object{"virtualNetwork": ref(id)})
	}
}

func (e *encoder) perimeter(p *world.Perimeter) {
	path := pathOf(p.Meta)
	profile := path + "/profiles/default"
	e.put(p.Meta, "", object{})
	e.put(world.At(profile), "", object{})
	e.put(world.At(profile+"/accessRules/inbound"), "", object{
		"direction": "Inbound", "addressPrefixes": list(p.Inbound, prefix),
		"subscriptions": list(p.Inside, func(s string) any { return object{"id": "/subscriptions/" + s} }),
	})
	for _, mode := range []struct {
		name      string
		resources []world.ID
	}{{"Enforced", p.Resources}, {"Learning", p.Learning}} {
		for i, id := range mode.resources {
			e.put(world.At(fmt.Sprintf("%s/resourceAssociations/%s-%04d", path, strings.ToLower(mode.name), i+1)), "", object{
				"privateLinkResource": ref(id), "profile": object{"id": profile}, "accessMode": mode.name,
			})
		}
	}
}
