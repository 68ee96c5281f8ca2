package machine

import (
	"context"
	"net/netip"

	"pldoctor/internal/env"
)

func hostsPath() string { return "/etc/hosts" }

// lookup asks the system's library, which Go calls on macOS even without cgo.
func lookup(ctx context.Context, name string) ([]netip.Addr, string, error) {
	addrs, err := resolve(ctx, name)
	return addrs, env.BySystem, err
}

// resolvers asks scutil(8): resolv.conf does not tell of scoped resolvers.
func resolvers(ctx context.Context) (env.Resolvers, error) {
	out, err := output(ctx, "/usr/sbin/scutil", "--dns")
	if err != nil {
		return env.Resolvers{}, err
	}
	return parseScutil(out), nil
}

// connections is nil: macOS tells of connections through netstat(1) alone.
var connections func() ([]netip.AddrPort, error)
