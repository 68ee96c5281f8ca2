package machine

import (
	"net"
	"net/netip"
	"slices"
	"testing"
)

// TestConnectionsHere: a connection of this machine to itself is told, by its far
// end.
func TestConnectionsHere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := Env().Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	to := netip.MustParseAddrPort(l.Addr().String())
	if open, err := Env().Connections(); err != nil || !slices.Contains(open, to) {
		t.Errorf("no connection to %s among %v, %v", to, open, err)
	}
}
