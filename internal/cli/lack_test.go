package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"pldoctor/internal/doctor"
	"pldoctor/internal/snapshot"
)

// TestLacks: the vaults and the parts that a file lacks, the first ones by name.
func TestLacks(t *testing.T) {
	s := snapshot.Snapshot{
		Resources: []json.RawMessage{
			json.RawMessage(`{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/Fabrikam"}`),
			json.RawMessage(`{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/contoso"}`),
		},
		Unread: []snapshot.Unread{
			{Type: "microsoft.network/privatednszones", Near: "/subscriptions/s", Why: "it is forbidden", Permission: "Microsoft.Network/privateDnsZones/read"},
			{Why: "no answer"},
			{Why: "b"},
			{Why: "c"},
			{Why: "d"},
			{Why: "e"},
			{Why: "f"},
		},
	}
	targets := []doctor.Target{{Vault: "fabrikam"}, {Vault: "contoso"}}
	for _, tt := range []struct {
		name   string
		isRead bool
		unread int
		want   string
	}{
		{"nothing was read", false, 7, ""},
		{"no gaps", true, 0, "pldoctor: contoso is not among the resources: there is no such vault, or this account may not read it\n"},
		{"many gaps", true, 7, `pldoctor: contoso is not among the resources: there is no such vault, or this account may not read it
pldoctor: parts that could not be read, and count as unknown: 7
pldoctor:   microsoft.network/privatednszones at /subscriptions/s: it is forbidden; it takes Microsoft.Network/privateDnsZones/read
pldoctor:   all types: no answer
pldoctor:   all types: b
pldoctor:   all types: c
pldoctor:   all types: d
pldoctor:   and 2 more, which the file names under "unread"
`},
	} {
		var errs strings.Builder
		part := s
		part.Unread = s.Unread[:tt.unread]
		(&collection{isRead: tt.isRead}).lacks(&App{Streams: Streams{Err: &errs}}, part, targets)
		if errs.String() != tt.want {
			t.Errorf("%s: %s", tt.name, errs.String())
		}
	}
}
