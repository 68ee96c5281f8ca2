package change

import (
	"fmt"
	"slices"

	"pldoctor/internal/world"
)

// editSubnet puts a changed copy of a subnet into the World.
func editSubnet(w *world.World, id world.ID, change func(*world.Subnet)) *world.World {
	_, v, ok := w.Subnet(id)
	if !ok {
		return w
	}
	changed := *v
	changed.Subnets = slices.Clone(v.Subnets)
	for i := range changed.Subnets {
		if changed.Subnets[i].ID == id {
			change(&changed.Subnets[i])
		}
	}
	return put(w, &changed)
}

// subnetUpdate is the az command that changes a subnet.
func subnetUpdate(w *world.World, id world.ID, what ...string) []string {
	s, v, ok := w.Subnet(id)
	if !ok {
		return nil
	}
	return az(append([]string{"network vnet subnet update", in(v.Meta), "--vnet-name", quote(v.Name()), "--name", quote(s.Name())}, what...)...)
}

// subnetShow is the az command that shows a property of a subnet.
func subnetShow(w *world.World, id world.ID, property string) []string {
	s, v, ok := w.Subnet(id)
	if !ok {
		return nil
	}
	return az("network vnet subnet show", in(v.Meta), "--vnet-name", quote(v.Name()), "--name", quote(s.Name()), "--query", property)
}

// keyVaultEndpoint is the name of Key Vault's service endpoint.
const keyVaultEndpoint = "Microsoft.KeyVault"

// AddServiceEndpoint gives a subnet the service endpoint of Key Vault.
type AddServiceEndpoint struct{ Subnet world.ID }

// Apply adds the service endpoint.
func (c AddServiceEndpoint) Apply(w *world.World) *world.World {
	return editSubnet(w, c.Subnet, func(s *world.Subnet) {
		if !slices.Contains(s.ServiceEndpoints, keyVaultEndpoint) {
			s.ServiceEndpoints = append(slices.Clone(s.ServiceEndpoints), keyVaultEndpoint)
		}
	})
}

// Title says what is done.
func (c AddServiceEndpoint) Title(*world.World) string {
	return fmt.Sprintf("Enable the service endpoint %s on the subnet %s", keyVaultEndpoint, c.Subnet.Name())
}

// Commands enable it; the list replaces the one that stands.
func (c AddServiceEndpoint) Commands(w *world.World) []string {
	s, _, ok := w.Subnet(c.Subnet)
	if !ok {
		return nil
	}
	parts := []string{"--service-endpoints", keyVaultEndpoint}
	for _, service := range s.ServiceEndpoints {
		parts = append(parts, quote(service))
	}
	return subnetUpdate(w, c.Subnet, parts...)
}

// Verify shows the subnet's service endpoints.
func (c AddServiceEndpoint) Verify(w *world.World) []string {
	return subnetShow(w, c.Subnet, "serviceEndpoints")
}

// SetEndpointPolicies says which network policies hold for the private
// endpoints in a subnet.
type SetEndpointPolicies struct {
	Subnet   world.ID
	Policies world.Policies
}

// Apply sets the property.
func (c SetEndpointPolicies) Apply(w *world.World) *world.World {
	return editSubnet(w, c.Subnet, func(s *world.Subnet) { s.EndpointPolicies = c.Policies })
}

func (c SetEndpointPolicies) value() string {
	switch c.Policies {
	case world.Policies{NSG: true, Routes: true}:
		return "Enabled"
	case world.Policies{NSG: true}:
		return "NetworkSecurityGroupEnabled"
	case world.Policies{Routes: true}:
		return "RouteTableEnabled"
	}
	return "Disabled"
}

// Title says what is done.
func (c SetEndpointPolicies) Title(*world.World) string {
	return fmt.Sprintf("Set the private endpoint network policies of the subnet %s to %s", c.Subnet.Name(), c.value())
}

// Commands set the property.
func (c SetEndpointPolicies) Commands(w *world.World) []string {
	return subnetUpdate(w, c.Subnet, "--private-endpoint-network-policies", c.value())
}

// Verify shows the property.
func (c SetEndpointPolicies) Verify(w *world.World) []string {
	return subnetShow(w, c.Subnet, "privateEndpointNetworkPolicies")
}
