package machine

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"

	"pldoctor/internal/env"
	"pldoctor/internal/settings"
)

const resolvPath = "/etc/resolv.conf"

// uplinksPath is where systemd-resolved lists whom it asks in turn
// (systemd-resolved.service(8)).
const uplinksPath = "/run/systemd/resolve/resolv.conf"

func hostsPath() string { return "/etc/hosts" }

// stub is where systemd-resolved listens (systemd-resolved.service(8)).
var stub = netip.AddrFrom4([4]byte{127, 0, 0, 53})

// lookup asks getent, which goes through nsswitch.conf(5) as programs do; Go's
// own resolver does not. A machine without it, or with one that knows no
// "ahosts", has Go's.
func lookup(ctx context.Context, name string) ([]netip.Addr, string, error) {
	program, err := exec.LookPath("getent")
	if err != nil || strings.HasPrefix(name, "-") {
		return fallback(ctx, name)
	}
	out, err := exec.CommandContext(ctx, program, "ahosts", name).Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, env.ByGetent, ctx.Err()
	case err == nil:
		return parseAhosts(string(out)), env.ByGetent, nil
	case errors.As(err, &exit) && exit.ExitCode() == notFound:
		return nil, env.ByGetent, errNotFound
	}
	return fallback(ctx, name)
}

func fallback(ctx context.Context, name string) ([]netip.Addr, string, error) {
	addrs, err := resolve(ctx, name)
	return addrs, env.ByGoResolver, err
}

// notFound is getent's status for a key that is not in the database (getent(1)).
// It is the same where no server answered: no NXDOMAIN, as package net would
// call it.
const notFound = 2

var errNotFound = errors.New("getent: no such host, or no server answered")

// established are the tables of proc(5) that list TCP connections: those of the
// network namespace, whoever holds them.
var established = []string{"/proc/net/tcp", "/proc/net/tcp6"}

func connections() ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, path := range established {
		text, err := os.ReadFile(path)
		switch {
		case err == nil:
			all = append(all, parseConnections(string(text))...)
		case !errors.Is(err, fs.ErrNotExist): // a kernel without IPv6 has no second one
			return nil, err
		}
	}
	return all, nil
}

func resolvers(ctx context.Context) (env.Resolvers, error) {
	text, err := os.ReadFile(resolvPath)
	if err != nil {
		return env.Resolvers{}, err
	}
	c := settings.ParseResolvConf(string(text))
	r := env.Resolvers{Servers: c.Servers, Search: c.Search, Ndots: c.Ndots, Source: resolvPath}
	if !slices.Contains(c.Servers, stub) {
		return r, nil
	}
	servers, err := output(ctx, "resolvectl", "dns")
	if err != nil { // the file knows no domains, but the servers
		if text, err := os.ReadFile(uplinksPath); err == nil {
			r.Uplinks = settings.ParseResolvConf(string(text)).Servers
		}
		return r, nil
	}
	domains, err := output(ctx, "resolvectl", "domain")
	if err != nil {
		domains = "" // the servers are worth knowing without them
	}
	uplinks(&r, servers, domains)
	return r, nil
}
