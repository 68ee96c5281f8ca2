package machine

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/env"
)

// flat is what a parser read, in one line: servers, domains, search list.
func flat(r env.Resolvers) string {
	return fmt.Sprint(r.Servers, " ", r.Split, " ", r.Search)
}

func TestAhosts(t *testing.T) {
	const text = `fd00::5         STREAM fabrikam.vault.azure.net
fd00::5         DGRAM
10.1.2.3        STREAM
10.1.2.3        DGRAM
10.1.2.3        RAW
nonsense
`
	if got := fmt.Sprint(parseAhosts(text)); got != "[fd00::5 10.1.2.3]" {
		t.Error(got)
	}
}

// TestConnections reads the tables of a little-endian machine, which all that
// this runs on are: connections that are established, and no others.
func TestConnections(t *testing.T) {
	const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20537 1 0000000000000000 100 0 0 10 0
   1: 0605040A:C350 656DA834:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000000000000000 20 4 30 10 -1
   2: 0605040A:C351 656DA834:01BB 06 00000000:00000000 00:00000000 00000000  1000        0 0 3 0000000000000000
   3: B80D01200000000067452301EFCDAB89:C352 B80D0120000000000000000001000000:01BB 01 00000000:00000000 00:00000000 00000000
   4: 0000000000000000FFFF00000605040A:C353 0000000000000000FFFF000003020 10A:01BB 01
   5: 0000000000000000FFFF00000605040A:C353 0000000000000000FFFF00000302010A:01BB 01
   6: x y:z 01
   7: x 0302010A 01
`
	if got := fmt.Sprint(parseConnections(text)); got != "[52.168.109.101:443 [2001:db8::1]:443 10.1.2.3:443]" {
		t.Error(got)
	}
}

func TestResolvectl(t *testing.T) {
	r := env.Resolvers{Servers: []netip.Addr{netip.MustParseAddr("127.0.0.53")}}
	uplinks(&r, resolvectlDNS, resolvectlDomain)
	const want = "[127.0.0.53] map[corp.example.:[10.0.0.4 fe80::1%2] " +
		"vault.azure.net.:[10.8.0.1] vaultcore.azure.net.:[10.8.0.1 10.0.0.4]] []"
	if got := flat(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(r.Uplinks); got != "[1.1.1.1 10.0.0.4 fe80::1%2 10.8.0.1]" {
		t.Error(got)
	}
}

// The VPN on tun0 has the vaults' names, and shares those of the private zones
// with eth1; docker0 has a domain and nobody to ask.
const (
	resolvectlDNS = `Global: 1.1.1.1#cloudflare-dns.com
Link 2 (eth0): 10.0.0.4 fe80::1%2
Link 3 (docker0):
Link 4 (tun0): 10.8.0.1
Link 5 (eth1): 10.0.0.4
`
	resolvectlDomain = `Global:
Link 2 (eth0): corp.example ~.
Link 3 (docker0): ~docker.internal
Link 4 (tun0): ~Vault.azure.net ~vaultcore.azure.net.
Link 5 (eth1): ~vaultcore.azure.net
`
)

const scutil = `DNS configuration

resolver #1
  search domain[0] : corp.example
  search domain[1] : example
  nameserver[0] : 192.168.1.1
  nameserver[1] : fe80::1%en0
  if_index : 15 (en0)
  flags    : Request A records
  reach    : 0x00020002 (Reachable,Directly Reachable Address)

resolver #2
  domain   : local
  options  : mdns
  timeout  : 5
  order    : 300000

resolver #3
  domain   : Vault.azure.net.
  nameserver[0] : 10.0.0.4
  nameserver[1] : 10.0.0.5
  flags    : Supplemental, Request A records

DNS configuration (for scoped queries)

resolver #1
  nameserver[0] : 8.8.8.8
  if_index : 15 (en0)
  flags    : Scoped, Request A records
`

func TestScutil(t *testing.T) {
	const want = "[192.168.1.1 fe80::1%en0] map[vault.azure.net.:[10.0.0.4 10.0.0.5]] [corp.example example]"
	if got := flat(parseScutil(scutil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

const windows = "server 10.0.0.4\r\nserver 10.0.0.5\r\nserver fec0:0:0:ffff::1\r\nserver 10.0.0.4\r\n" +
	"search corp.example\r\nsplit .vault.azure.net 10.1.0.4 10.1.0.5\r\nsplit .broken\r\nsplit . 10.2.0.4\r\nserver\r\n"

func TestWindows(t *testing.T) {
	const want = "[10.0.0.4 10.0.0.5 10.2.0.4] map[vault.azure.net.:[10.1.0.4 10.1.0.5]] [corp.example]"
	if got := flat(parseWindows(windows)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzParsers holds all parsers to this: they never panic and return addresses
// once each, under domains with a final dot.
func FuzzParsers(f *testing.F) {
	f.Add(scutil)
	f.Add("0: 0605040A:C350 656DA834:01BB 01\n")
	f.Add(windows)
	f.Add(resolvectlDNS)
	f.Add(resolvectlDomain)
	f.Add("10.1.2.3 STREAM x\nLink 2 (eth0): 10.0.0.4\n")
	f.Add("resolver #1\nnameserver[0] : ::ffff:10.0.0.1\ndomain : ...\nsplit .. 1.1.1.1 1.1.1.1")
	f.Fuzz(func(t *testing.T, text string) {
		once(t, parseAhosts(text))
		parseConnections(text)
		var resolved env.Resolvers
		uplinks(&resolved, resolvectlDNS, text)
		uplinks(&resolved, text, resolvectlDomain)
		for _, r := range []env.Resolvers{parseScutil(text), parseWindows(text), resolved} {
			once(t, r.Servers)
			once(t, r.Uplinks)
			for domain, servers := range r.Split {
				if once(t, servers); len(servers) == 0 || domain == "." || !strings.HasSuffix(domain, ".") {
					t.Fatalf("split %q: %v", domain, servers)
				}
			}
		}
	})
}

func once(t *testing.T, list []netip.Addr) {
	t.Helper()
	seen := make(map[netip.Addr]bool)
	for _, a := range list {
		if seen[a] || !a.IsValid() {
			t.Fatalf("%v in %v", a, list)
		}
		seen[a] = true
	}
}
