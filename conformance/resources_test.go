package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/privatedns/armprivatedns"

	"pldoctor/internal/lab"
	"pldoctor/internal/manage"
)

// all reads every page of a list.
func all[P, T any](t *testing.T, pager *runtime.Pager[P], items func(P) []T) []T {
	t.Helper()
	var out []T
	for pager.More() {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, items(page)...)
	}
	return out
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestVaults(t *testing.T) {
	az := operator(t, "single-vnet", lab.Azure{Page: 1})
	vaults := must[*armkeyvault.VaultsClient](t)(armkeyvault.NewVaultsClient(subscription, az.credential, az.options))
	v := must[armkeyvault.VaultsClientGetResponse](t)(vaults.Get(t.Context(), group, vault, nil))
	p := v.Properties
	if *p.VaultURI != "https://stockvault.vault.azure.net/" || *p.PublicNetworkAccess != "Disabled" || len(p.PrivateEndpointConnections) != 1 || !*p.EnableRbacAuthorization {
		t.Errorf("vault: %v", *p.VaultURI)
	}
	if c := p.PrivateEndpointConnections[0].Properties; *c.PrivateLinkServiceConnectionState.Status != armkeyvault.PrivateEndpointServiceConnectionStatusApproved {
		t.Errorf("connection: %v", *c.PrivateLinkServiceConnectionState.Status)
	}
	inGroup := all(t, vaults.NewListByResourceGroupPager(group, nil), func(p armkeyvault.VaultsClientListByResourceGroupResponse) []*armkeyvault.Vault { return p.Value })
	inSubscription := all(t, vaults.NewListBySubscriptionPager(nil), func(p armkeyvault.VaultsClientListBySubscriptionResponse) []*armkeyvault.Vault { return p.Value })
	generic := all(t, vaults.NewListPager(nil), func(p armkeyvault.VaultsClientListResponse) []*armkeyvault.Resource { return p.Value })
	if len(inGroup) != 2 || len(inSubscription) != 2 || len(generic) != 2 {
		t.Errorf("lists of %d, %d and %d vaults, want 2", len(inGroup), len(inSubscription), len(generic))
	}
	connections := must[*armkeyvault.PrivateEndpointConnectionsClient](t)(armkeyvault.NewPrivateEndpointConnectionsClient(subscription, az.credential, az.options))
	if got := all(t, connections.NewListByResourcePager(group, vault, nil), func(p armkeyvault.PrivateEndpointConnectionsClientListByResourceResponse) []*armkeyvault.PrivateEndpointConnection {
		return p.Value
	}); len(got) != 1 {
		t.Errorf("%d connections", len(got))
	}
	links := must[*armkeyvault.PrivateLinkResourcesClient](t)(armkeyvault.NewPrivateLinkResourcesClient(subscription, az.credential, az.options))
	l := must[armkeyvault.PrivateLinkResourcesClientListByVaultResponse](t)(links.ListByVault(t.Context(), group, vault, nil))
	if len(l.Value) != 1 || *l.Value[0].Properties.RequiredZoneNames[0] != "privatelink.vaultcore.azure.net" {
		t.Errorf("private link resources: %v", l.Value)
	}
	_, err := vaults.Get(t.Context(), group, "nosuchvault", nil)
	if got := code(err); got != "404 ResourceNotFound" {
		t.Errorf("no vault: %s", got)
	}
	_, err = vaults.Get(t.Context(), "nosuchgroup", vault, nil)
	if got := code(err); got != "404 ResourceGroupNotFound" {
		t.Errorf("no group: %s", got)
	}
}

func TestNetwork(t *testing.T) {
	az := operator(t, "single-vnet", lab.Azure{})
	endpoints := must[*armnetwork.PrivateEndpointsClient](t)(armnetwork.NewPrivateEndpointsClient(subscription, az.credential, az.options))
	e := must[armnetwork.PrivateEndpointsClientGetResponse](t)(endpoints.Get(t.Context(), group, "pe-"+vault, nil))
	if c := e.Properties.PrivateLinkServiceConnections; len(c) != 1 || *c[0].Properties.GroupIDs[0] != "vault" || *e.Properties.ProvisioningState != armnetwork.ProvisioningStateSucceeded {
		t.Errorf("endpoint: %v", e.Properties)
	}
	inSubscription := all(t, endpoints.NewListBySubscriptionPager(nil), func(p armnetwork.PrivateEndpointsClientListBySubscriptionResponse) []*armnetwork.PrivateEndpoint {
		return p.Value
	})
	if len(inSubscription) != 2 {
		t.Errorf("%d endpoints, want 2", len(inSubscription))
	}
	groups := must[*armnetwork.PrivateDNSZoneGroupsClient](t)(armnetwork.NewPrivateDNSZoneGroupsClient(subscription, az.credential, az.options))
	zones := all(t, groups.NewListPager("pe-"+vault, group, nil), func(p armnetwork.PrivateDNSZoneGroupsClientListResponse) []*armnetwork.PrivateDNSZoneGroup {
		return p.Value
	})
	if len(zones) != 1 || !strings.HasSuffix(*zones[0].Properties.PrivateDNSZoneConfigs[0].Properties.PrivateDNSZoneID, "/privatelink.vaultcore.azure.net") {
		t.Errorf("zone groups: %v", zones)
	}
	vnets := must[*armnetwork.VirtualNetworksClient](t)(armnetwork.NewVirtualNetworksClient(subscription, az.credential, az.options))
	v := must[armnetwork.VirtualNetworksClientGetResponse](t)(vnets.Get(t.Context(), group, "main", nil))
	if len(v.Properties.Subnets) != 2 || *v.Properties.AddressSpace.AddressPrefixes[0] != "10.1.0.0/16" {
		t.Errorf("VNet: %v", v.Properties)
	}
	subnets := must[*armnetwork.SubnetsClient](t)(armnetwork.NewSubnetsClient(subscription, az.credential, az.options))
	s := must[armnetwork.SubnetsClientGetResponse](t)(subnets.Get(t.Context(), group, "main", "apps", nil))
	if *s.Properties.AddressPrefixes[0] != "10.1.1.0/24" {
		t.Errorf("subnet: %v", s.Properties)
	}
	if got := all(t, vnets.NewListAllPager(nil), func(p armnetwork.VirtualNetworksClientListAllResponse) []*armnetwork.VirtualNetwork { return p.Value }); len(got) != 1 {
		t.Errorf("%d VNets", len(got))
	}
}

func TestPeeringsAndFirewalls(t *testing.T) {
	az := operator(t, "internet-behind-a-firewall", lab.Azure{})
	vnets := must[*armnetwork.VirtualNetworksClient](t)(armnetwork.NewVirtualNetworksClient(subscription, az.credential, az.options))
	peerings := must[*armnetwork.VirtualNetworkPeeringsClient](t)(armnetwork.NewVirtualNetworkPeeringsClient(subscription, az.credential, az.options))
	for _, v := range all(t, vnets.NewListPager(group, nil), func(p armnetwork.VirtualNetworksClientListResponse) []*armnetwork.VirtualNetwork { return p.Value }) {
		got := all(t, peerings.NewListPager(group, *v.Name, nil), func(p armnetwork.VirtualNetworkPeeringsClientListResponse) []*armnetwork.VirtualNetworkPeering {
			return p.Value
		})
		if len(got) != len(v.Properties.VirtualNetworkPeerings) {
			t.Errorf("%s: %d peerings, and %d inside", *v.Name, len(got), len(v.Properties.VirtualNetworkPeerings))
		}
	}
	firewalls := must[*armnetwork.AzureFirewallsClient](t)(armnetwork.NewAzureFirewallsClient(subscription, az.credential, az.options))
	found := all(t, firewalls.NewListAllPager(nil), func(p armnetwork.AzureFirewallsClientListAllResponse) []*armnetwork.AzureFirewall { return p.Value })
	if len(found) != 1 || found[0].Properties.FirewallPolicy == nil {
		t.Fatalf("firewalls: %v", found)
	}
	policy := *found[0].Properties.FirewallPolicy.ID
	groups := must[*armnetwork.FirewallPolicyRuleCollectionGroupsClient](t)(armnetwork.NewFirewallPolicyRuleCollectionGroupsClient(subscription, az.credential, az.options))
	all(t, groups.NewListPager(group, policy[strings.LastIndexByte(policy, '/')+1:], nil), func(p armnetwork.FirewallPolicyRuleCollectionGroupsClientListResponse) []*armnetwork.FirewallPolicyRuleCollectionGroup {
		return p.Value
	})
	tables := must[*armnetwork.RouteTablesClient](t)(armnetwork.NewRouteTablesClient(subscription, az.credential, az.options))
	if got := all(t, tables.NewListAllPager(nil), func(p armnetwork.RouteTablesClientListAllResponse) []*armnetwork.RouteTable { return p.Value }); len(got) == 0 {
		t.Error("no route tables")
	}
}

const zone = "privatelink.vaultcore.azure.net"

func TestPrivateDNS(t *testing.T) {
	az := operator(t, "single-vnet", lab.Azure{Page: 1})
	zones := must[*armprivatedns.PrivateZonesClient](t)(armprivatedns.NewPrivateZonesClient(subscription, az.credential, az.options))
	if got := all(t, zones.NewListPager(nil), func(p armprivatedns.PrivateZonesClientListResponse) []*armprivatedns.PrivateZone { return p.Value }); len(got) != 1 || *got[0].Name != zone {
		t.Errorf("zones: %v", got)
	}
	records := must[*armprivatedns.RecordSetsClient](t)(armprivatedns.NewRecordSetsClient(subscription, az.credential, az.options))
	r := must[armprivatedns.RecordSetsClientGetResponse](t)(records.Get(t.Context(), group, zone, armprivatedns.RecordTypeA, vault, nil))
	if *r.Properties.ARecords[0].IPv4Address != "10.1.2.4" || *r.Properties.TTL != 10 || *r.Properties.Fqdn != vault+"."+zone+"." {
		t.Errorf("record: %v", r.Properties)
	}
	every := all(t, records.NewListPager(group, zone, nil), func(p armprivatedns.RecordSetsClientListResponse) []*armprivatedns.RecordSet { return p.Value })
	ofType := all(t, records.NewListByTypePager(group, zone, armprivatedns.RecordTypeA, nil), func(p armprivatedns.RecordSetsClientListByTypeResponse) []*armprivatedns.RecordSet { return p.Value })
	if len(every) != 3 || len(ofType) != 2 { // the SOA record is one of them
		t.Errorf("%d record sets, %d of them A; want 3 and 2", len(every), len(ofType))
	}
	links := must[*armprivatedns.VirtualNetworkLinksClient](t)(armprivatedns.NewVirtualNetworkLinksClient(subscription, az.credential, az.options))
	found := all(t, links.NewListPager(group, zone, nil), func(p armprivatedns.VirtualNetworkLinksClientListResponse) []*armprivatedns.VirtualNetworkLink {
		return p.Value
	})
	if len(found) != 1 || *found[0].Properties.ResolutionPolicy != armprivatedns.ResolutionPolicyDefault {
		t.Errorf("links: %v", found)
	}
	_, err := records.Get(t.Context(), group, "contoso.com", armprivatedns.RecordTypeA, vault, nil)
	if got := code(err); got != "404 ParentResourceNotFound" {
		t.Errorf("no zone: %s", got)
	}
}

// TestForbidden shows what the clients make of a right that is lacking, and of a
// subscription without any.
func TestForbidden(t *testing.T) {
	az := operator(t, "single-vnet", lab.Azure{Denied: []manage.Denial{{Action: "Microsoft.Network/privateDnsZones/*"}}})
	zones := must[*armprivatedns.PrivateZonesClient](t)(armprivatedns.NewPrivateZonesClient(subscription, az.credential, az.options))
	_, err := zones.NewListPager(nil).NextPage(t.Context())
	if got := code(err); got != "403 AuthorizationFailed" {
		t.Errorf("zones: %s", got)
	}
	hidden := operator(t, "single-vnet", lab.Azure{Hidden: []string{subscription}})
	vaults := must[*armkeyvault.VaultsClient](t)(armkeyvault.NewVaultsClient(subscription, hidden.credential, hidden.options))
	_, err = vaults.Get(t.Context(), group, vault, nil)
	if got := code(err); got != "403 AuthorizationFailed" {
		t.Errorf("vault: %s", got)
	}
}
