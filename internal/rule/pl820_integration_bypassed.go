package rule

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL820: App Service connects outside the VNet.
var pl820 = &Rule{
	Code: "PL820", Slug: "integration-bypassed", Severity: Error, Owner: OwnerClient, Stage: fact.StageName,
	Title: "the App Service app is not integrated with a VNet, or its routing leaves the vault's address outside it",
	Doc: Doc{
		Symptom: "An app on App Service or Functions gets 403 `ForbiddenByConnection` or `ForbiddenByFirewall`, and the vault sees one of the platform's public addresses; key vault references stay unresolved. Where only some ranges are routed into the VNet, connections to the private address time out.",
		Cause:   "Without VNet integration an app connects from App Service's own network and asks its DNS. With it, but without routing all traffic, only private ranges (RFC 1918) go through the VNet: an endpoint in other space stays outside. A private endpoint of the app is for requests to it, not from it.",
		Apart:   "With PL101 the VNet that the app is in has no way to the endpoint; with PL603 the zone is not linked to that VNet, with PL801 its DNS servers do not ask Azure. An app whose routing leaves the address outside sees a time-out as with any closed path: see PL706; with PL819 the proxy that it uses can't be reached, and where a DNS server is left outside that one is silent, as with PL802 one whose way to a public resolver is cut.",
		Fix:     "Whoever owns the app integrates it with a subnet of a VNet that reaches the endpoint, and routes all its outbound traffic through it.",
		Verify: []string{
			"nameresolver <vault>.vault.azure.net   # in the app's console; nslookup in apps on Linux",
			"az webapp config show --resource-group <group> --name <app> --query vnetRouteAllEnabled   # false: private ranges (RFC 1918) only",
			"az webapp vnet-integration list --resource-group <group> --name <app> --output table   # nothing",
		},
		Article: "1, Confirm that your client runs at the virtual network",
		Errata:  "The article lists App Service among the clients that it covers, and does not say that an app has to be integrated with the VNet first.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/app-service/overview-vnet-integration",
			"https://learn.microsoft.com/azure/app-service/app-service-key-vault-references",
		},
	},
	Eval: func(c *Case) Result {
		switch runs := c.runs(); {
		case runs == "":
			return Unknown("on what the client runs is not known")
		case !onAppService(runs):
			return NotApplicable("the client does not run on App Service")
		case c.arrives() || c.Journey.Verdict() == fact.ServiceEndpoint:
			return Pass("the app's requests leave through its VNet")
		case c.World == nil || c.Client == nil:
			return Unknown("whether the app is integrated with a VNet is not known without the configuration")
		case c.onForeignGround():
			return Fail(fmt.Sprintf("the app %s is not integrated with a VNet: it connects from App Service's own network, which reaches no private endpoint", c.who()),
				read(c.who(), "no VNet integration"))
		case c.leftOutside():
			return Fail(fmt.Sprintf("the app %s routes only the private ranges of RFC 1918 through its VNet, and %s is in none of them: App Service connects to it from outside", c.who(), c.label(c.Journey.Connect.Addr)),
				read(c.who(), "VNet integration without routing all traffic"))
		}
		if r, unread := c.NotRead(endpointType); unread && !c.Client.RouteAll {
			return r
		}
		return Pass("the app is integrated with " + c.place())
	},
	Breaks: func(s Site) []Break {
		if _, inVNet := s.vnet(); !inVNet || s.Client.Behind != "" {
			return nil
		}
		breaks := []Break{{change.RunAs{Host: s.Client.ID, Runs: s.appService()}, change.SetIntegration{Host: s.Client.ID}}}
		subnet, known := s.subnet()
		if door, ok := s.Door(); ok && known && !door.Addresses[0].IsPrivate() { // which takes more than the integration
			bypass := Break{change.RunAs{Host: s.Client.ID, Runs: s.appService()}, change.SetIntegration{Host: s.Client.ID, Subnet: subnet.ID}}
			breaks = append(breaks, bypass)
			if added, ok := s.newServer(forwarding(world.AzureDNS), "forwards to Azure DNS"); ok && !added.Addr.IsPrivate() { // which is bypassed, too
				breaks = append(breaks, append(Break{added, change.SetVNetDNS{VNet: added.Network, Servers: []netip.Addr{added.Addr}}}, bypass...))
			}
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Client == nil {
			return nil
		}
		subnet, ok := c.homeSubnet()
		if ok {
			return []change.Change{change.SetIntegration{Host: c.Client.ID, Subnet: subnet.ID, RouteAll: true}}
		}
		ids := slices.Collect(c.nearVNets())
		if door, ok := c.bestFarDoor(); ok {
			ids = append([]world.ID{door.Endpoint.VNet()}, ids...)
		}
		for _, id := range ids {
			v, ok := c.World.VNet(id)
			if !ok {
				continue
			}
			if room, ok := c.roomForApp(v); ok {
				return []change.Change{change.SetIntegration{Host: c.Client.ID, Subnet: room, RouteAll: true}}
			}
		}
		return nil
	},
}

// appService is the kind of app that the client is, or could be.
func (s Site) appService() world.Runs {
	if onAppService(s.Client.Runs) {
		return s.Client.Runs
	}
	return world.OnAppService
}

// leftOutside tells whether the app's connection to a private endpoint does not
// go through its VNet, because the address is in no range of RFC 1918.
func (c *Case) leftOutside() bool {
	h := c.Journey.Connect
	return h.Reason == fact.PlatformOutside || c.Journey.Resolver.Reason == fact.PlatformOutside ||
		!c.Client.RouteAll && c.IsEndpointAddress(h.Addr) && !h.Addr.IsPrivate()
}

// roomForApp is a subnet for App Service's VNet integration: one delegated to
// it, else one that nothing is in, since private endpoints keep it out
// (learn.microsoft.com/azure/app-service/overview-vnet-integration).
func (c *Case) roomForApp(v *world.VNet) (world.ID, bool) {
	var open []world.ID
	for i := range v.Subnets {
		s := &v.Subnets[i]
		switch {
		case slices.ContainsFunc(s.Delegations, func(d string) bool { return strings.EqualFold(d, "Microsoft.Web/serverFarms") }):
			return s.ID, true
		case len(s.Delegations) == 0 && !slices.Contains(keptByAzure, s.ID.Name()) && !c.occupied(s.ID):
			open = append(open, s.ID)
		}
	}
	if len(open) == 0 {
		return "", false
	}
	return open[0], true
}

// occupied tells whether something that the configuration knows is in a subnet.
func (c *Case) occupied(subnet world.ID) bool {
	for e := range c.World.EndpointsIn(subnet.Parent()) {
		if e.Subnet == subnet {
			return true
		}
	}
	for h := range c.World.Hosts() {
		if h.Subnet == subnet && h.ID != c.Client.ID {
			return true
		}
	}
	return false
}
