package machine

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"

	"pldoctor/internal/env"
)

func hostsPath() string {
	return filepath.Join(os.Getenv("SystemRoot"), "System32", "drivers", "etc", "hosts")
}

// lookup asks the system's library, which Go calls on Windows.
func lookup(ctx context.Context, name string) ([]netip.Addr, string, error) {
	addrs, err := resolve(ctx, name)
	return addrs, env.BySystem, err
}

// resolvers asks PowerShell for the servers of the connected interfaces, the
// preferred interface first, and for the name resolution policy table.
func resolvers(ctx context.Context) (env.Resolvers, error) {
	out, err := output(ctx, "powershell", "-NoProfile", "-NonInteractive", "-Command", windowsScript)
	if err != nil {
		return env.Resolvers{}, err
	}
	return parseWindows(out), nil
}

// windowsScript prints a line for each setting; see parseWindows.
const windowsScript = `$ErrorActionPreference = 'SilentlyContinue'
Get-NetIPInterface -ConnectionState Connected | Sort-Object InterfaceMetric |
  ForEach-Object { (Get-DnsClientServerAddress -InterfaceIndex $_.ifIndex -AddressFamily $_.AddressFamily).ServerAddresses } |
  ForEach-Object { "server $_" }
(Get-DnsClientGlobalSetting).SuffixSearchList | ForEach-Object { "search $_" }
Get-DnsClientNrptPolicy -Effective | Where-Object NameServers |
  ForEach-Object { $p = $_; $p.Namespace | ForEach-Object { "split $_ $($p.NameServers -join ' ')" } }`

// connections is nil: Windows tells of connections through netstat alone.
var connections func() ([]netip.AddrPort, error)
