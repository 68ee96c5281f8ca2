package gate_test

import (
	"net/netip"
	"testing"

	"pldoctor/internal/gate"
	"pldoctor/internal/world"
)

const (
	group    = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/Prod"
	network  = group + "/providers/Microsoft.Network"
	keyVault = group + "/providers/Microsoft.KeyVault/vaults"

	appSubnet   = network + "/virtualNetworks/Spoke/subnets/App"
	otherSubnet = network + "/virtualNetworks/Spoke/subnets/Other"
	endpoint    = network + "/privateEndpoints/PE-Fabrikam"
	contosoPE   = network + "/privateEndpoints/PE-Contoso"

	tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
)

var (
	client  = netip.MustParseAddr("10.2.0.4")
	listed  = netip.MustParseAddr("20.1.2.3")
	unknown = netip.MustParseAddr("203.0.113.9")
)

func id(path string) world.ID { return world.MakeID(path) }

// fabrikam is the vault that the tests change: it has an approved endpoint, and
// its firewall admits one subnet and one address.
func fabrikam(change func(*world.Vault)) *world.Vault {
	v := &world.Vault{
		Meta: world.At(keyVault + "/Fabrikam"), Location: "West Europe", Tenant: tenant, RBAC: true,
		PublicAccess: world.AccessEnabled,
		ACL: world.NetworkACL{
			Deny: true, Bypass: true, Subnets: []world.ID{id(appSubnet)},
			IPs: []netip.Prefix{netip.MustParsePrefix("20.1.2.0/24")},
		},
		Connections: []world.Connection{{
			Meta:     world.At(keyVault + "/Fabrikam/privateEndpointConnections/c"),
			Endpoint: id(endpoint), Status: world.Approved, Provisioning: world.Succeeded,
		}},
	}
	if change != nil {
		change(v)
	}
	return v
}

// contoso is a neighbour with an endpoint of its own, initech one of another
// tenant.
func estate(t testing.TB, v *world.Vault, more ...world.Resource) *world.World {
	t.Helper()
	vnet := &world.VNet{
		Meta: world.At(network + "/virtualNetworks/Spoke"), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")},
		Subnets: []world.Subnet{
			{Meta: world.At(appSubnet), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24")}},
			{Meta: world.At(otherSubnet), Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.1.0/24")}},
		},
	}
	contoso := &world.Vault{
		Meta: world.At(keyVault + "/contoso"), Location: "eastus", Tenant: tenant,
		Connections: []world.Connection{{
			Meta:     world.At(keyVault + "/contoso/privateEndpointConnections/c"),
			Endpoint: id(contosoPE), Status: world.Approved, Provisioning: world.Succeeded,
		}},
	}
	initech := &world.Vault{Meta: world.Meta{ID: world.ForeignID("initech"), Path: "initech"}, Foreign: true}
	pe := func(path string, target *world.Vault, last byte) *world.Endpoint {
		return &world.Endpoint{
			Meta: world.At(path), Subnet: id(otherSubnet), Provisioning: world.Succeeded, Target: target.ID,
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 2, 1, last})},
		}
	}
	w, err := world.New(world.Parts{Resources: append(more,
		v, contoso, initech, vnet, pe(endpoint, v, 4), pe(contosoPE, contoso, 5))})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// The ways in.
var (
	overEndpoint      = gate.Arrival{Endpoint: id(endpoint), Source: client}
	overOtherEndpoint = gate.Arrival{Endpoint: id(contosoPE), Source: client}
	overSubnet        = gate.Arrival{Subnet: id(appSubnet), Source: client}
	overOtherSubnet   = gate.Arrival{Subnet: id(otherSubnet), Source: netip.MustParseAddr("10.2.1.9")}
	overListed        = gate.Arrival{Source: listed}
	overInternet      = gate.Arrival{Source: unknown}
)

// read is a request for a secret.
func read(who world.Identity) gate.Request {
	return gate.Request{
		Method: "GET", Host: "fabrikam.vault.azure.net", Path: "/secrets/db",
		Token: who != world.NoIdentity, Identity: who,
	}
}

func to(host string, r gate.Request) gate.Request {
	r.Host = host
	return r
}

func at(path string, r gate.Request) gate.Request {
	r.Path = path
	return r
}

// respond decides a request and writes the response.
func respond(w *world.World, a gate.Arrival, r gate.Request, id gate.RequestID, date string) gate.Response {
	return gate.Decide(w, a, r).Write(id, date)
}
