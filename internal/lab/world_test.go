package lab

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/env"
	"pldoctor/internal/world"
)

const group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/"

const (
	hub      = group + "Microsoft.Network/virtualNetworks/hub"
	zonePath = group + "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	endpoint = group + "Microsoft.Network/privateEndpoints/pe"
	vault    = group + "Microsoft.KeyVault/vaults/fabrikam"

	vaultHost = "fabrikam.vault.azure.net"
	publicIP  = "52.168.109.101"
	privateIP = "10.1.2.3"
)

func ip(s string) netip.Addr       { return netip.MustParseAddr(s) }
func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// healthy is a hub with an endpoint, a zone that is linked and holds its
// record, an office connected to it, and a client in each.
func healthy() []world.Resource {
	return []world.Resource{
		&world.VNet{
			Meta: world.At(hub), Prefixes: []netip.Prefix{prefix("10.1.0.0/16")},
			Subnets: []world.Subnet{{Meta: world.At(hub + "/subnets/default"), Prefixes: []netip.Prefix{prefix("10.1.0.0/16")}}},
		},
		&world.Vault{
			Meta: world.At(vault), Location: "eastus", RBAC: true, PublicAddresses: []netip.Addr{ip(publicIP)}, Region: "eus",
			PublicAccess: world.AccessEnabled,
			Connections: []world.Connection{{
				Meta: world.At(vault + "/privateEndpointConnections/c"), Endpoint: world.MakeID(endpoint),
				Status: world.Approved, Provisioning: world.Succeeded,
			}},
		},
		&world.Endpoint{
			Meta: world.At(endpoint), Subnet: world.MakeID(hub + "/subnets/default"), Provisioning: world.Succeeded,
			Target: world.MakeID(vault), Status: world.Approved, GroupID: "vault", Addresses: []netip.Addr{ip(privateIP)},
		},
		&world.Zone{
			Meta: world.At(zonePath), Domain: dnsname.MustParse("privatelink.vaultcore.azure.net"),
			Links:   []world.Link{{Meta: world.At(zonePath + "/virtualNetworkLinks/hub"), VNet: world.MakeID(hub)}},
			Records: []world.Record{{Meta: world.At(zonePath + "/A/fabrikam"), Label: "fabrikam", Type: world.TypeA, TTL: 10, Addrs: []netip.Addr{ip(privateIP)}}},
		},
		vm("app", "10.1.0.10"),
		&world.Host{Meta: world.Meta{ID: world.HostID("laptop"), Path: "laptop"}, Network: world.Internet, Address: ip("203.0.113.7"), Identity: world.Reader},
	}
}

func vm(name, address string) *world.Host {
	return &world.Host{
		Meta: world.Meta{ID: world.HostID(name), Path: name}, Network: world.MakeID(hub),
		Subnet: world.MakeID(hub + "/subnets/default"), Address: ip(address), Runs: world.OnVM, Identity: world.Reader,
	}
}

// start makes the healthy world live, with some resources in place of its own.
// The caller closes it, inside its bubble.
func start(t testing.TB, opt Options, changes ...world.Resource) *Lab {
	t.Helper()
	w, err := world.New(world.Parts{Resources: healthy()})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range changes {
		w = w.With(world.Put(r))
	}
	return Start(w, opt)
}

func on(t testing.TB, l *Lab, host string) env.Env {
	t.Helper()
	e, err := l.Env(world.HostID(host))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// dig asks one question.
func dig(e env.Env, network, server, name string, qtype uint16) (*dns.Msg, error) {
	c, err := e.Dial(context.Background(), network, server+":53")
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	r, _, err := (&dns.Client{Net: network, Timeout: 10 * time.Second}).ExchangeWithConn(m, &dns.Conn{Conn: c})
	return r, err
}

// get sends GET path to an address, for the vault, and returns the response
// once its body is read.
func get(e env.Env, address, path string, dial func(ctx context.Context, network, addr string) (net.Conn, error)) (*http.Response, error) {
	roots, err := e.Roots()
	if err != nil {
		return nil, err
	}
	if dial == nil {
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return e.Dial(ctx, "tcp", address+":443") }
	}
	t := &http.Transport{
		DialContext: dial, DisableKeepAlives: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{RootCAs: roots, CurvePreferences: []tls.CurveID{tls.X25519}},
	}
	req, err := http.NewRequest(http.MethodGet, "https://"+vaultHost+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body := make([]byte, 4096)
	n, _ := res.Body.Read(body)
	res.Header.Set("Test-Body", string(body[:n]))
	return res, nil
}

var root = dnsname.Root

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, s := range list {
		all = append(all, ip(s))
	}
	return all
}
