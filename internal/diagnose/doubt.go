package diagnose

import (
	"slices"

	"pldoctor/internal/world"
)

// telling are the types of resources that decide where a request goes.
var telling = []string{
	"", "microsoft.keyvault/vaults", "microsoft.network/privateendpoints", "microsoft.network/privatednszones",
	"microsoft.network/virtualnetworks", "microsoft.network/networksecuritygroups", "microsoft.network/routetables",
	"microsoft.network/dnsresolvers", "microsoft.network/dnsforwardingrulesets", "microsoft.network/azurefirewalls",
	"microsoft.network/firewallpolicies", "microsoft.network/virtualnetworkgateways", "microsoft.network/virtualhubs",
}

// doubtful tells whether a part of the configuration was not read without which
// nothing can be predicted, where no probe says what really happens.
func doubtful(w *world.World) bool {
	return slices.ContainsFunc(w.Gaps(), func(g world.Gap) bool { return slices.Contains(telling, g.Type) })
}
