package world

import (
	"errors"
	"strings"
	"testing"
)

// TestProblems holds faults of parts against what is said of them.
func TestProblems(t *testing.T) {
	subnet := hub().Subnets[0].ID
	host := func(edit func(*Host)) *Host {
		h := &Host{Meta: machine("app"), Network: hub().ID, Address: ip("10.1.2.4")}
		edit(h)
		return h
	}
	outside := hub()
	outside.Subnets[0].Prefixes = nets("10.1.0.0/15", "10.1.2.0/24")
	pool := &Gateway{Meta: At(group + "Microsoft.Network/virtualNetworkGateways/gw"), Pool: nets("172.20.0.0/24")}
	node := &Host{Meta: machine("node"), Network: hub().ID, Address: ip("10.1.2.9")}
	pod := &Host{Meta: machine("pod"), Behind: node.ID}

	for name, tt := range map[string]struct {
		parts []Resource
		want  string // joined by " | "; "" where all is well
	}{
		"nothing":                    {},
		"all is well":                {parts: []Resource{hub(), host(func(h *Host) { h.Subnet = subnet }), node, pod}},
		"in a pool":                  {parts: []Resource{pool, host(func(h *Host) { h.Network, h.Address = pool.ID, ip("172.20.0.7") })}},
		"on the internet":            {parts: []Resource{host(func(h *Host) { h.Network = Internet })}},
		"no id":                      {parts: []Resource{&NSG{}}, want: "id is missing"},
		"an id that stands twice":    {parts: []Resource{node, hub(), &Host{Meta: Meta{ID: "host:node", Path: "NODE"}, Network: hub().ID, Address: node.Address}}, want: "NODE: id stands twice"},
		"no address space":           {parts: []Resource{&VNet{Meta: hub().Meta}}, want: hub().Path + ": addressSpace.addressPrefixes is empty"},
		"a subnet outside":           {parts: []Resource{outside}, want: hub().Subnets[0].Path + ": addressPrefix 10.1.0.0/15 is outside the VNet's address space"},
		"an endpoint outside":        {parts: []Resource{hub(), &Endpoint{Meta: At("/pe"), Subnet: subnet, Addresses: nil}, &Endpoint{Meta: At("/pe2"), Subnet: subnet, Addresses: hosts("10.1.3.4", "fd00:9::1")}}, want: "/pe2: privateIPAddress 10.1.3.4 is outside its subnet"},
		"an endpoint's unread VNet":  {parts: []Resource{&Endpoint{Meta: At("/pe"), Subnet: subnet, Addresses: hosts("10.9.9.9")}}},
		"a zone without a name":      {parts: []Resource{&Zone{Meta: At("/zone")}}, want: "/zone: name is no DNS name"},
		"a site on nothing":          {parts: []Resource{&Site{Meta: Meta{ID: SiteID("office"), Path: "office"}, ConnectedTo: []ID{"hub"}}}, want: "office: connectedTo names hub, which is neither a VNet nor a virtual hub"},
		"a host nowhere":             {parts: []Resource{host(func(h *Host) { h.Network = "spoke" })}, want: "app: in names spoke, which is no VNet, site or gateway"},
		"a host outside":             {parts: []Resource{hub(), host(func(h *Host) { h.Address = ip("10.2.0.4") })}, want: "app: address 10.2.0.4 is outside hub"},
		"a host without an address":  {parts: []Resource{hub(), &Host{Meta: machine("app"), Network: hub().ID}}, want: "app: address is missing"},
		"a host in the wrong subnet": {parts: []Resource{hub(), host(func(h *Host) { h.Subnet, h.Address = subnet, ip("10.1.3.4") })}, want: "app: subnet doors does not hold 10.1.3.4"},
		"a pod behind nothing":       {parts: []Resource{pod}, want: "pod: behind names host:node, which is no machine of its own"},
		"a pod behind a pod":         {parts: []Resource{hub(), node, pod, &Host{Meta: machine("inner"), Behind: pod.ID}}, want: "inner: behind names host:pod, which is no machine of its own"},
		"two faults":                 {parts: []Resource{&Zone{Meta: At("/a")}, &Zone{Meta: At("/b")}}, want: "/a: name is no DNS name | /b: name is no DNS name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Parts{Resources: tt.parts})
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), "\n", " | ")
				if _, ok := errors.AsType[*Problem](err); !ok {
					t.Errorf("%T is no *Problem", err)
				}
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	if _, err := New(Parts{Cloud: "AzureMars"}); err == nil || !strings.HasPrefix(err.Error(), `cloud "AzureMars" is not one of [AzureCloud `) {
		t.Errorf("unknown cloud: %v", err)
	}
}
