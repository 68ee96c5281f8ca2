package gate

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// Admits is the decision of a vault's network settings on a connection, which
// any request with a token is subject to: what denies it, and the resource
// whose settings say so.
//
// Traffic through a private endpoint is subject to nothing but the endpoint's
// connection, neither to the firewall nor to a perimeter. On the public side a
// perimeter that is enforced decides in place of the vault's own settings;
// publicNetworkAccess Disabled overrides the firewall; trusted services pass
// both if the firewall says so. See learn.microsoft.com/azure/key-vault/general/network-security.
func Admits(w *world.World, v *world.Vault, a Arrival) (denial service.Denial, by world.ID) {
	if a.Endpoint != "" {
		return admitsPrivate(w, v, a.Endpoint)
	}
	p, enforced := w.PerimeterOf(v.ID)
	switch {
	case enforced && contains(p.Inbound, a.Source):
		return service.NotDenied, ""
	case enforced:
		return service.DeniedPerimeter, p.ID
	case is(v, world.AccessPerimeter): // "secured by perimeter" without one is closed
		return service.DeniedPerimeter, v.ID
	case a.Trusted && v.ACL.Bypass:
		return service.NotDenied, ""
	case is(v, world.AccessDisabled):
		return service.DeniedConnection, v.ID
	case v.ACL.Deny && !lists(v.ACL, a):
		return service.DeniedFirewall, v.ID
	}
	return service.NotDenied, ""
}

// admitsPrivate decides on traffic through a private endpoint. Of one that was
// not read, in a subscription of somebody else, the vault's own list tells.
func admitsPrivate(w *world.World, v *world.Vault, endpoint world.ID) (service.Denial, world.ID) {
	e, read := w.Endpoint(endpoint)
	c, listed := v.ConnectionOf(endpoint)
	if read && e.Target == v.ID && w.Effective(e) || !read && listed && c.Effective() {
		return service.NotDenied, ""
	}
	return service.DeniedTCP, endpoint
}

// is compares publicNetworkAccess, which ARM takes as free text, without case.
func is(v *world.Vault, access world.PublicAccess) bool {
	return strings.EqualFold(string(v.PublicAccess), string(access))
}

// lists tells whether the firewall lists a client: by its subnet if it came
// through a service endpoint, which hides the public address, else by its
// address.
func lists(acl world.NetworkACL, a Arrival) bool {
	if a.Subnet != "" {
		return slices.Contains(acl.Subnets, a.Subnet)
	}
	return contains(acl.IPs, a.Source)
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}
