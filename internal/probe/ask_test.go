package probe

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"github.com/miekg/dns"
)

func TestDNSTransport(t *testing.T) {
	for _, tt := range []struct {
		name     string
		udp, tcp func(net.Conn)
		want     string // outcome, transport
	}{
		{"UDP", zone(privateZone...), nil, "ok udp"},
		{"truncated", truncates, framed(privateZone...), "ok tcp"},
		{"truncated, TCP refused", truncates, nil, "truncated tcp"},
		{"truncated, TCP is garbage", truncates, says("\x00\x04abcd"), "malformed tcp"},
		{"silent", silent, nil, "timeout udp"},
		{"the first datagram is lost", loses(zone(privateZone...)), nil, "ok udp"},
		{"garbage", garbles("\x00"), nil, "malformed udp"},
		{"strays before the answer", strays(3), nil, "ok udp"},
		{"strays without end", strays(1000), nil, "malformed udp"},
		{"SERVFAIL", rcode(dns.RcodeServerFailure), nil, "servfail udp"},
		{"REFUSED", rcode(dns.RcodeRefused), nil, "dns-refused udp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &host{udp: map[string]func(net.Conn){server + ":53": tt.udp}, tcp: map[string]func(net.Conn){server + ":53": tt.tcp}}
			if tt.tcp == nil {
				h.closed = []string{server + ":53"}
				h.udp, h.tcp = nil, nil
			}
			synctest.Test(t, func(t *testing.T) {
				e := h.Env()
				plain := e.Dial
				e.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if network == "udp" {
						near, far := wire()
						go serving(far, tt.udp)
						return near, nil
					}
					return plain(ctx, network, address)
				}
				l := ask(t.Context(), e, Question{Server: ip(server), Name: fabrikam, Type: typeA, Within: questionTime})
				if got := string(l.Outcome) + " " + l.Transport; got != tt.want {
					t.Errorf("got %q (%s), want %q", got, l.Error, tt.want)
				}
				if l.Took > questionTime {
					t.Errorf("took %v", l.Took)
				}
			})
		})
	}
}

func truncates(c net.Conn) {
	buffer := make([]byte, 512)
	n, _ := c.Read(buffer)
	answer := reply(buffer[:n], dns.RcodeSuccess)
	answer[2] |= 1 << 1 // TC
	_, _ = c.Write(answer)
	silent(c)
}

// loses swallows the first datagram.
func loses(serve func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 512))
		serve(c)
	}
}

func garbles(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 512))
		_, _ = c.Write([]byte(text))
		silent(c)
	}
}

// strays sends messages with the wrong id before the answer, as somebody does
// who guesses.
func strays(n int) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 512)
		k, _ := c.Read(buffer)
		answer := reply(buffer[:k], dns.RcodeSuccess, "fabrikam.vault.azure.net. 1 IN A 10.66.6.6")
		answer[0] ^= 0xff
		for range n {
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
		_, _ = c.Write(reply(buffer[:k], dns.RcodeSuccess, privateZone...))
	}
}
