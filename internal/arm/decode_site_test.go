package arm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/world"
)

// TestSites: of a network behind VPN gateways Azure tells the address space and
// which VNets it is connected to.
func TestSites(t *testing.T) {
	const group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"
	var all []string
	add := func(kind, name, properties string) {
		all = append(all, fmt.Sprintf(`{"id":"%s%s/%s","type":"Microsoft.Network/%s","properties":{%s}}`, group, kind, name, kind, properties))
	}
	for _, hub := range []string{"one", "two"} {
		add("virtualNetworks", hub, `"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}`)
		add("virtualNetworkGateways", hub+"-gw", `"ipConfigurations":[{"properties":{"subnet":{"id":"`+group+"virtualNetworks/"+hub+`/subnets/GatewaySubnet"}}}]`)
		add("localNetworkGateways", hub+"-office", `"localNetworkAddressSpace":{"addressPrefixes":["192.168.0.0/16","172.30.0.0/16"]},"gatewayIpAddress":"203.0.113.9"`)
		add("connections", hub, `"virtualNetworkGateway1":{"id":"`+group+"virtualNetworkGateways/"+hub+`-gw"},"localNetworkGateway2":{"id":"`+group+"localNetworkGateways/"+hub+`-office"}`)
	}
	add("localNetworkGateways", "unconnected", `"localNetworkAddressSpace":{"addressPrefixes":["192.168.0.0/24"]}`)
	add("connections", "between-vnets", `"virtualNetworkGateway1":{"id":"`+group+`virtualNetworkGateways/one-gw"},"virtualNetworkGateway2":{"id":"`+group+`virtualNetworkGateways/two-gw"}`)
	r, err := Decode([]byte("["+strings.Join(all, ",")+"]"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var sites []string
	for _, x := range r.Resources {
		if s, ok := x.(*world.Site); ok {
			var to []string
			for _, id := range s.ConnectedTo {
				to = append(to, id.Name())
			}
			sites = append(sites, fmt.Sprintf("%s %v %v %v", s.Name(), s.Prefixes, to, s.PublicAddress))
		}
	}
	if want := []string{"one-office [172.30.0.0/16 192.168.0.0/16] [one two] 203.0.113.9"}; !slices.Equal(sites, want) {
		t.Errorf("%q, want %q", sites, want)
	}
}
