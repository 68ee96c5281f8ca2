package conformance

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/dnsresolver/armdnsresolver"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// shipped is the operator in one of the scenarios that ship, and where the
// resources of a type are there.
func shipped(t *testing.T, name, resourceType string) (az azure, subscription, group string) {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.World.Resources() {
		if m := world.MetaOf(r); m.ID.Type() == resourceType {
			return signIn(t, start(t, s.World, lab.Azure{}).Operator()), m.Subscription(), m.Group()
		}
	}
	t.Fatalf("%s has no %s", name, resourceType)
	return azure{}, "", ""
}

func TestResolver(t *testing.T) {
	az, subscription, group := shipped(t, "healthy-private-resolver", "microsoft.network/dnsresolvers")
	resolvers := must[*armdnsresolver.DNSResolversClient](t)(armdnsresolver.NewDNSResolversClient(subscription, az.credential, az.options))
	found := all(t, resolvers.NewListPager(nil), func(p armdnsresolver.DNSResolversClientListResponse) []*armdnsresolver.DNSResolver { return p.Value })
	if len(found) == 0 || *found[0].Properties.DNSResolverState != armdnsresolver.DNSResolverStateConnected {
		t.Fatalf("resolvers: %v", found)
	}
	inbound := must[*armdnsresolver.InboundEndpointsClient](t)(armdnsresolver.NewInboundEndpointsClient(subscription, az.credential, az.options))
	ends := all(t, inbound.NewListPager(group, *found[0].Name, nil), func(p armdnsresolver.InboundEndpointsClientListResponse) []*armdnsresolver.InboundEndpoint {
		return p.Value
	})
	if len(ends) == 0 || ends[0].Properties.IPConfigurations[0].PrivateIPAddress == nil {
		t.Errorf("inbound endpoints: %v", ends)
	}
	rulesets := must[*armdnsresolver.DNSForwardingRulesetsClient](t)(armdnsresolver.NewDNSForwardingRulesetsClient(subscription, az.credential, az.options))
	rules := must[*armdnsresolver.ForwardingRulesClient](t)(armdnsresolver.NewForwardingRulesClient(subscription, az.credential, az.options))
	links := must[*armdnsresolver.VirtualNetworkLinksClient](t)(armdnsresolver.NewVirtualNetworkLinksClient(subscription, az.credential, az.options))
	sets := all(t, rulesets.NewListPager(nil), func(p armdnsresolver.DNSForwardingRulesetsClientListResponse) []*armdnsresolver.DNSForwardingRuleset {
		return p.Value
	})
	if len(sets) == 0 {
		t.Error("no rulesets")
	}
	for _, set := range sets {
		if got := all(t, rules.NewListPager(group, *set.Name, nil), func(p armdnsresolver.ForwardingRulesClientListResponse) []*armdnsresolver.ForwardingRule {
			return p.Value
		}); len(got) == 0 || len(got[0].Properties.TargetDNSServers) == 0 {
			t.Errorf("%s: rules %v", *set.Name, got)
		}
		if got := all(t, links.NewListPager(group, *set.Name, nil), func(p armdnsresolver.VirtualNetworkLinksClientListResponse) []*armdnsresolver.VirtualNetworkLink {
			return p.Value
		}); len(got) == 0 {
			t.Errorf("%s: no links", *set.Name)
		}
	}
}

func TestVirtualWAN(t *testing.T) {
	az, subscription, group := shipped(t, "healthy-virtual-wan", "microsoft.network/virtualhubs")
	hubs := must[*armnetwork.VirtualHubsClient](t)(armnetwork.NewVirtualHubsClient(subscription, az.credential, az.options))
	found := all(t, hubs.NewListPager(nil), func(p armnetwork.VirtualHubsClientListResponse) []*armnetwork.VirtualHub { return p.Value })
	if len(found) == 0 {
		t.Fatal("no hubs")
	}
	connections := must[*armnetwork.HubVirtualNetworkConnectionsClient](t)(armnetwork.NewHubVirtualNetworkConnectionsClient(subscription, az.credential, az.options))
	if got := all(t, connections.NewListPager(group, *found[0].Name, nil), func(p armnetwork.HubVirtualNetworkConnectionsClientListResponse) []*armnetwork.HubVirtualNetworkConnection {
		return p.Value
	}); len(got) == 0 || got[0].Properties.RemoteVirtualNetwork == nil {
		t.Errorf("connections: %v", got)
	}
	intents := must[*armnetwork.RoutingIntentClient](t)(armnetwork.NewRoutingIntentClient(subscription, az.credential, az.options))
	all(t, intents.NewListPager(group, *found[0].Name, nil), func(p armnetwork.RoutingIntentClientListResponse) []*armnetwork.RoutingIntent { return p.Value })
}
