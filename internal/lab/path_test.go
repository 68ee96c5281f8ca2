package lab

import (
	"crypto/x509"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

const (
	clients = hub + "/subnets/clients"
	table   = group + "Microsoft.Network/routeTables/rt"
)

// behind is the app in a subnet whose route table sends it all through 10.1.0.4.
func behind() []world.Resource {
	v := *healthy()[0].(*world.VNet)
	v.Subnets = []world.Subnet{
		{Meta: world.At(hub + "/subnets/default"), Prefixes: []netip.Prefix{prefix("10.1.0.0/17")}},
		{Meta: world.At(clients), Prefixes: []netip.Prefix{prefix("10.1.128.0/17")}, RouteTable: world.MakeID(table)},
	}
	app := vm("app", "10.1.128.10")
	app.Subnet = world.MakeID(clients)
	return []world.Resource{
		&v, app,
		&world.RouteTable{Meta: world.At(table), Routes: []world.Route{{
			Name: "all", Prefix: prefix("0.0.0.0/0"), Hop: world.HopAppliance, Address: ip("10.1.0.4"),
		}}},
	}
}

// TestApplianceIntercepts: the certificate is the appliance's, the answer the
// vault's, and what the client sees takes no more time.
func TestApplianceIntercepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nva := vm("nva", "10.1.0.4")
		nva.Forward = &world.ForwardRole{SNAT: true, InterceptTLS: true, Issuer: "CN=NVA CA"}
		nva.PublicAddress = ip("20.9.9.9")
		l := start(t, Options{RTT: rtt}, append(behind(), nva)...)
		defer l.Close()
		e := on(t, l, "app")
		began := time.Now()
		_, err := get(e, publicIP, "/healthstatus", nil)
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) || unknown.Cert.Issuer.String() != "CN=NVA CA" {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took != 2*rtt {
			t.Errorf("took %v", took)
		}
		e.Roots = func() (*x509.CertPool, error) { return l.auth.roots([]string{"CN=NVA CA"}) }
		res, err := get(e, publicIP, "/healthstatus", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("x-ms-keyvault-network-info"); got != "conn_type=Ipv4;addr=20.9.9.9;act_addr_fam=InterNetwork;" {
			t.Errorf("the vault saw %s", got)
		}
	})
}

// TestFirewallReadsTheName: it lets the connection open, and resets it when the
// client's hello names what no rule allows.
func TestFirewallReadsTheName(t *testing.T) {
	for fqdn, stopped := range map[string]bool{"*.vault.azure.net": false, "*.example.com": true} {
		synctest.Test(t, func(t *testing.T) {
			firewall := &world.Firewall{
				Meta: world.At(group + "Microsoft.Network/azureFirewalls/fw"), VNet: world.MakeID(hub), Address: ip("10.1.0.4"), Public: ip("20.9.9.9"),
				Allow: []world.FirewallRule{{Name: "r", Allow: true, Sources: []string{"*"}, FQDNs: []string{fqdn}, Ports: []string{"443"}, Protocols: []string{"Https"}}},
			}
			l := start(t, Options{RTT: rtt}, append(behind(), firewall)...)
			defer l.Close()
			c := dialTLS(t, on(t, l, "app"), publicIP)
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if err := c.Handshake(); (err != nil) != stopped || stopped && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%s: %v", fqdn, err)
			}
			_ = c.Close()
		})
	}
}

// TestTrace: the lab tells what its machines do.
func TestTrace(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	l := start(t, Options{Trace: func(e fact.Event) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, strings.TrimSpace(strings.Join([]string{string(e.Kind), string(e.Who), e.Subject}, " ")))
	}}, server("dns", "10.1.0.53", world.DNSRole{Forward: forwardTo("168.63.129.16")}))
	e := on(t, l, "app")
	if _, err := dig(e, "udp", "10.1.0.53", vaultHost, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := get(e, privateIP, "/healthstatus", nil); err != nil {
		t.Fatal(err)
	}
	l.Close()
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(seen, "\n")
	for _, want := range []string{"routed  10.1.0.53:53", "asked host:dns " + vaultHost, "answered host:dns " + vaultHost, "replied " + string(world.MakeID(endpoint)) + " GET /healthstatus"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among\n%s", want, all)
		}
	}
}
