package machine

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"pldoctor/internal/env"
)

// TestEnv: this machine, whichever it is, fits into an Env. Nothing is sent:
// the name and the address are the machine's own.
func TestEnv(t *testing.T) {
	e := Env()
	addrs, by, err := e.Lookup(t.Context(), "localhost")
	if err != nil || by == "" || len(addrs) == 0 || !addrs[0].IsLoopback() {
		t.Errorf("localhost: %v, %v", addrs, err)
	}
	if _, path, err := e.HostsFile(); err != nil || !e.Exists(path) {
		t.Errorf("hosts file %q: %v", path, err)
	}
	if e.Exists(filepath.Join(t.TempDir(), "none")) {
		t.Error("a file that is not there exists")
	}
	for _, a := range e.Addresses() {
		if a.IsLoopback() || !a.IsValid() {
			t.Errorf("address %v", a)
		}
	}
	t.Setenv("PLDOCTOR_TEST", "1")
	if e.Getenv("PLDOCTOR_TEST") != "1" || e.Now().IsZero() || e.Token != nil {
		t.Error("environment, clock or token")
	}
	if _, err := e.Roots(); err != nil {
		t.Error(err)
	}
	resolversOf(t, e)
}

// resolversOf: a machine may have no server configured, and must then say so
// by an error or by an empty list.
func resolversOf(t *testing.T, e env.Env) {
	t.Helper()
	r, err := e.Resolvers(t.Context())
	if err == nil && r.Source == "" {
		t.Errorf("nobody knows whence %+v is", r)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Log(err)
	}
}

// TestResolversEnd: programs that tell settings end with the context.
func TestResolversEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := output(ctx, "sleep", "60"); err == nil {
		t.Error("cancelled, and the program went on")
	}
}

// TestDial: connections of this machine are those of package net.
func TestDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	c, err := Env().Dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Close(), l.Close()
	if c, err := Env().Dial(t.Context(), "tcp", address); err == nil {
		_ = c.Close()
		t.Error("connected to a closed port")
	}
}

// TestLookupEnds: a lookup heeds its context.
func TestLookupEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if addrs, _, err := Env().Lookup(ctx, "localhost"); err == nil {
		t.Errorf("cancelled, and got %v", addrs)
	}
}
