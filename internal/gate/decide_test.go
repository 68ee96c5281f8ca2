package gate_test

import (
	"net/netip"
	"testing"

	"pldoctor/internal/gate"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

func closed(v *world.Vault)       { v.PublicAccess = "disabled" } // ARM compares without case
func noBypass(v *world.Vault)     { v.ACL.Bypass = false }
func pending(v *world.Vault)      { v.Connections[0].Status = world.Pending }
func updating(v *world.Vault)     { v.Connections[0].Provisioning = "Updating" }
func deleted(v *world.Vault)      { v.Deleted = true }
func bySecured(v *world.Vault)    { v.PublicAccess = world.AccessPerimeter }
func open(v *world.Vault)         { v.ACL = world.NetworkACL{Bypass: true} }
func policies(v *world.Vault)     { v.RBAC = false }
func noConnection(v *world.Vault) { v.Connections = nil }

// TestOrder goes through the order of evaluation: each request fails, or would
// fail, for several reasons, and gets the first.
func TestOrder(t *testing.T) {
	const host = "fabrikam.vault.azure.net"
	none, invalid, noRole, reader := world.NoIdentity, world.InvalidIdentity, world.NoRole, world.Reader
	for _, c := range []struct {
		name    string
		vault   func(*world.Vault)
		arrival gate.Arrival
		request gate.Request
		status  int
		denial  service.Denial
		by      world.ID
	}{
		{"health through the firewall", nil, overInternet, at("/healthstatus", read(none)), 200, "", ""},
		{"health of a closed vault", closed, overInternet, at("/HealthStatus/", read(none)), 200, "", ""},
		{"health by address", nil, overEndpoint, at("/healthstatus", to("10.2.1.4", read(none))), 200, "", ""},
		{"health over another vault's endpoint", nil, overOtherEndpoint, at("/healthstatus", read(none)), 200, "", ""},
		{"health of a deleted vault", deleted, overInternet, at("/healthstatus", read(none)), 200, "", ""},
		{"the web server's root", nil, overEndpoint, at("/", read(reader)), 403, service.DeniedUnknown, ""},
		{"the web server's root of no vault", nil, overInternet, at("", to("x", read(none))), 403, service.DeniedUnknown, ""},
		{"an unknown path", closed, overInternet, at("/admin", read(none)), 404, "", ""},

		{"no such vault", nil, overEndpoint, to("nobody.vault.azure.net", read(reader)), 403, service.DeniedTCP, id(endpoint)},
		{"no such vault, no token", nil, overEndpoint, to("nobody.vault.azure.net", read(none)), 403, service.DeniedTCP, id(endpoint)},
		{"an address as host", nil, overInternet, to("[fd00::1]:443", read(reader)), 403, service.DeniedTCP, ""},
		{"the zone's name as host", nil, overEndpoint, to("fabrikam.privatelink.vaultcore.azure.net", read(reader)), 403, service.DeniedTCP, id(endpoint)},
		{"another cloud's name as host", nil, overEndpoint, to("fabrikam.vault.azure.cn", read(reader)), 403, service.DeniedTCP, id(endpoint)},
		{"host with port, odd case", nil, overEndpoint, to("FABRIKAM.Vault.azure.net:443", read(reader)), 200, "", ""},
		{"host with final dot", nil, overEndpoint, to(host+".", read(reader)), 200, "", ""},

		{"deleted before the token", deleted, overInternet, read(none), 404, service.DeniedNoVault, id(keyVault + "/fabrikam")},

		{"no token before the firewall", closed, overInternet, read(none), 401, service.DeniedNoToken, id(keyVault + "/fabrikam")},
		{"no token before the endpoint", nil, overOtherEndpoint, read(none), 401, service.DeniedNoToken, id(keyVault + "/fabrikam")},
		{"garbage before the firewall", closed, overInternet, read(invalid), 401, service.DeniedToken, id(keyVault + "/fabrikam")},

		{"another vault's endpoint", open, overOtherEndpoint, read(reader), 403, service.DeniedTCP, id(contosoPE)},
		{"another vault's host", nil, overEndpoint, to("contoso.vault.azure.net", read(reader)), 403, service.DeniedTCP, id(endpoint)},
		{"a pending connection", pending, overEndpoint, read(reader), 403, service.DeniedTCP, id(endpoint)},
		{"a connection being updated", updating, overEndpoint, read(reader), 403, service.DeniedTCP, id(endpoint)},
		{"a connection that is gone", noConnection, overEndpoint, read(reader), 403, service.DeniedTCP, id(endpoint)},
		{"the endpoint before the role", pending, overEndpoint, read(noRole), 403, service.DeniedTCP, id(endpoint)},
		{"an endpoint that nobody knows", nil, gate.Arrival{Endpoint: "/x"}, read(reader), 403, service.DeniedTCP, "/x"},

		{"the firewall before the role", nil, overInternet, read(noRole), 403, service.DeniedFirewall, id(keyVault + "/fabrikam")},
		{"closed before the firewall", closed, overListed, read(reader), 403, service.DeniedConnection, id(keyVault + "/fabrikam")},
		{"closed to service endpoints", closed, overSubnet, read(reader), 403, service.DeniedConnection, id(keyVault + "/fabrikam")},
		{"private link past a closed vault", closed, overEndpoint, read(reader), 200, "", ""},
		{"the neighbour's open vault", nil, overInternet, to("contoso.vault.azure.net", read(reader)), 200, "", ""},

		{"another tenant's vault", nil, overInternet, to("initech.vault.azure.net", read(reader)), 401, service.DeniedToken, "foreign:initech"},
		{"roles", nil, overEndpoint, read(noRole), 403, service.DeniedRBAC, id(keyVault + "/fabrikam")},
		{"access policies", policies, overEndpoint, read(noRole), 403, service.DeniedPolicy, id(keyVault + "/fabrikam")},
		{"a role for secrets only", nil, overEndpoint, at("/keys/k", read(reader)), 403, service.DeniedRBAC, id(keyVault + "/fabrikam")},
		{"a secret that is not there", nil, overEndpoint, read(reader), 200, "", ""},
		{"a version that is not there", nil, overEndpoint, at("/secrets/db/0123", read(reader)), 200, "", ""},
		{"the list of secrets", nil, overEndpoint, at("/secrets", read(reader)), 200, "", ""},
		{"the list of versions", nil, overEndpoint, at("/secrets/db/versions", read(reader)), 200, "", ""},
		{"a secret to be set", nil, overEndpoint, with("PUT", read(reader)), 403, service.DeniedRBAC, id(keyVault + "/fabrikam")},
		{"set by an administrator", nil, overEndpoint, with("PUT", read(world.Administrator)), 200, "", ""},
		{"an administrator's key", nil, overEndpoint, at("/keys/k", read(world.Administrator)), 200, "", ""},
		{"an administrator on the internet", nil, overInternet, with("PUT", read(world.Administrator)), 403, service.DeniedFirewall, id(keyVault + "/fabrikam")},
		{"an administrator without a way to do it", nil, overEndpoint, with("PATCH", at("/secrets", read(world.Administrator))), 404, "", ""},
	} {
		got := gate.Decide(estate(t, fabrikam(c.vault)), c.arrival, c.request)
		if got.Status != c.status || got.Denial != c.denial || got.By != c.by {
			t.Errorf("%s: %d %q by %q, want %d %q by %q", c.name, got.Status, got.Denial, got.By, c.status, c.denial, c.by)
		}
	}
}

func TestDenyGarbageToken(t *testing.T) {
	w := estate(t, fabrikam(nil)).WithAssumptions(world.Assumptions{DenyGarbageToken: true})
	for name, c := range map[string]struct {
		arrival gate.Arrival
		want    service.Denial
	}{
		"refused for the network first": {overInternet, service.DeniedFirewall},
		"then for itself":               {overEndpoint, service.DeniedToken},
	} {
		if got := gate.Decide(w, c.arrival, read(world.InvalidIdentity)); got.Denial != c.want {
			t.Errorf("%s: %q, want %q", name, got.Denial, c.want)
		}
	}
}

func TestAdmits(t *testing.T) {
	trusted := gate.Arrival{Source: unknown, Trusted: true}
	mapped := gate.Arrival{Source: netip.MustParseAddr("::ffff:20.1.2.3")}
	hidden := gate.Arrival{Source: listed, Subnet: id(otherSubnet)}
	both := func(v *world.Vault) { closed(v); noBypass(v) }
	for _, c := range []struct {
		name    string
		vault   func(*world.Vault)
		arrival gate.Arrival
		want    service.Denial
	}{
		{"listed address", nil, overListed, ""},
		{"listed address in IPv6 form", nil, mapped, ""},
		{"address not listed", nil, overInternet, service.DeniedFirewall},
		{"IPv6 is never listed", nil, gate.Arrival{Source: netip.MustParseAddr("2001:db8::1")}, service.DeniedFirewall},
		{"listed subnet", nil, overSubnet, ""},
		{"subnet not listed", nil, overOtherSubnet, service.DeniedFirewall},
		{"a service endpoint hides the listed address", nil, hidden, service.DeniedFirewall},
		{"no firewall", open, overInternet, ""},
		{"trusted service", nil, trusted, ""},
		{"trusted service past closed public access", closed, trusted, ""},
		{"trusted service without bypass", noBypass, trusted, service.DeniedFirewall},
		{"trusted service without bypass, closed", both, trusted, service.DeniedConnection},
		{"private link", both, overEndpoint, ""},
		{"secured by a perimeter that is not there", bySecured, overListed, service.DeniedPerimeter},
		{"private link past a perimeter", bySecured, overEndpoint, ""},
	} {
		v := fabrikam(c.vault)
		if got, _ := gate.Admits(estate(t, v), v, c.arrival); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestUnreadEndpoint has endpoints that nobody could read: the vault's own list
// tells which of them it lets in.
func TestUnreadEndpoint(t *testing.T) {
	for _, c := range []struct {
		name  string
		vault func(*world.Vault)
		want  service.Denial
	}{
		{"approved", nil, ""},
		{"pending", pending, service.DeniedTCP},
		{"not on the list", noConnection, service.DeniedTCP},
	} {
		v := fabrikam(c.vault)
		w := estate(t, v).With(world.Remove(id(endpoint)))
		if got, _ := gate.Admits(w, v, overEndpoint); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPerimeter(t *testing.T) {
	v := fabrikam(open)
	p := &world.Perimeter{
		Meta: world.At(network + "/networkSecurityPerimeters/P"), Inbound: []netip.Prefix{netip.MustParsePrefix("20.1.2.0/24")},
	}
	enforced, learning := *p, *p
	enforced.Resources, learning.Learning = []world.ID{v.ID}, []world.ID{v.ID}
	for _, c := range []struct {
		name      string
		perimeter world.Perimeter
		arrival   gate.Arrival
		want      service.Denial
		by        world.ID
	}{
		{"enforced, inside", enforced, overListed, "", ""},
		{"enforced, outside an open vault", enforced, overInternet, service.DeniedPerimeter, p.ID},
		{"enforced, trusted service", enforced, gate.Arrival{Source: unknown, Trusted: true}, service.DeniedPerimeter, p.ID},
		{"enforced, private link", enforced, overEndpoint, "", ""},
		{"learning leaves it to the vault", learning, overInternet, "", ""},
	} {
		denial, by := gate.Admits(estate(t, v, &c.perimeter), v, c.arrival)
		if denial != c.want || by != c.by {
			t.Errorf("%s: %q by %q, want %q by %q", c.name, denial, by, c.want, c.by)
		}
	}
}

func TestNetworkInfo(t *testing.T) {
	six := gate.Arrival{Source: netip.MustParseAddr("2001:db8::1")}
	for _, c := range []struct {
		arrival        gate.Arrival
		current, older string
	}{
		{
			overEndpoint,
			"conn_type=PrivateLink;private_endpoint=" + endpoint + ";addr=10.2.0.4;act_addr_fam=InterNetworkV6;",
			"addr=10.2.0.4;act_addr_fam=InterNetworkV6;",
		},
		{
			overSubnet,
			"conn_type=Subnet;subnet=" + appSubnet + ";addr=10.2.0.4;act_addr_fam=InterNetworkV6;",
			"addr=10.2.0.4;act_addr_fam=InterNetworkV6;",
		},
		{
			overInternet,
			"conn_type=Ipv4;addr=203.0.113.9;act_addr_fam=InterNetwork;",
			"addr=203.0.113.9;act_addr_fam=InterNetwork;",
		},
		{six, "conn_type=Ipv6;addr=2001:db8::1;act_addr_fam=InterNetworkV6;", "addr=2001:db8::1;act_addr_fam=InterNetworkV6;"},
	} {
		w := estate(t, fabrikam(nil))
		old := w.WithAssumptions(world.Assumptions{OldNetworkInfo: true})
		for _, r := range []gate.Request{read(world.NoIdentity), read(world.Reader), at("/healthstatus", read(world.NoIdentity))} {
			if got := gate.Decide(w, c.arrival, r).Info.String(); got != c.current {
				t.Errorf("%s: %s, want %s", r.Path, got, c.current)
			}
			if got := gate.Decide(old, c.arrival, r).Info.String(); got != c.older {
				t.Errorf("%s: %s, want %s", r.Path, got, c.older)
			}
		}
	}
}
