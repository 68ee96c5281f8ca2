package lab

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

const rtt = 10 * time.Millisecond

// TestCosts: one round trip each for DNS over UDP, TCP, TLS 1.3 and HTTP.
func TestCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, Options{RTT: rtt})
		defer l.Close()
		e := on(t, l, "app")
		began := time.Now()
		m, err := dig(e, "udp", "168.63.129.16", vaultHost, dns.TypeA)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != rtt {
			t.Errorf("DNS took %v", took)
		}
		want := "fabrikam.privatelink.vaultcore.azure.net.\t10\tIN\tA\t10.1.2.3"
		if n := len(m.Answer); n != 2 || m.Answer[1].String() != want {
			t.Errorf("answer %v", m.Answer)
		}
		began = time.Now()
		res, err := get(e, privateIP, "/healthstatus", nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 3*rtt {
			t.Errorf("GET took %v", took)
		}
		const info = "conn_type=PrivateLink;private_endpoint=" + endpoint + ";addr=10.1.0.10;act_addr_fam=InterNetworkV6;"
		if got := res.Header.Get("x-ms-keyvault-network-info"); res.StatusCode != 200 || got != info {
			t.Errorf("%d %q", res.StatusCode, got)
		}
	})
}
