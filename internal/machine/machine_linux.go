package machine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"

	"pldoctor/internal/env"
	"pldoctor/internal/settings"
)

const resolvPath = "/etc/resolv.conf"

func hostsPath() string { return "/etc/hosts" }

// stub is where systemd-resolved listens (systemd-resolved.service(8)).
var stub = netip.AddrFrom4([4]byte{127, 0, 0, 53})

// lookup asks getent, which goes through nsswitch.conf(5) as programs do; Go's
// own resolver does not. A machine without it, or with one that knows no
// "ahosts", has Go's.
func lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	program, err := exec.LookPath("getent")
	if err != nil || strings.HasPrefix(name, "-") {
		return resolve(ctx, name)
	}
	out, err := exec.CommandContext(ctx, program, "ahosts", name).Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		return parseAhosts(string(out)), nil
	case errors.As(err, &exit) && exit.ExitCode() == notFound:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return resolve(ctx, name)
}

// notFound is getent's status for a key that is not in the database; it is the
// same where no server answered (getent(1)).
const notFound = 2

func resolvers() (env.Resolvers, error) {
	text, err := os.ReadFile(resolvPath)
	if err != nil {
		return env.Resolvers{}, err
	}
	c := settings.ParseResolvConf(string(text))
	r := env.Resolvers{Servers: c.Servers, Search: c.Search, Ndots: c.Ndots, Source: resolvPath}
	if slices.Contains(c.Servers, stub) {
		if out, err := output("resolvectl", "dns"); err == nil {
			r.Source += uplinks(parseResolvectl(out))
		}
	}
	return r, nil
}
