// Package machine is this machine as an env.Env. It alone may touch the
// system's dialer, resolver, programs and clock.
package machine

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"pldoctor/internal/env"
)

// Env returns this machine. Token is nil: nothing here gets access tokens.
func Env() env.Env {
	var dialer net.Dialer
	return env.Env{
		Dial:        dialer.DialContext,
		Lookup:      lookup,
		Resolvers:   resolvers,
		HostsFile:   hostsFile,
		Getenv:      os.Getenv,
		Addresses:   addresses,
		Connections: connections,
		Exists:      exists,
		Roots:       x509.SystemCertPool,
		Now:         time.Now,
	}
}

func hostsFile() (text, path string, err error) {
	path = hostsPath()
	b, err := os.ReadFile(path)
	return string(b), path, err
}

// addresses are those of all interfaces but the loopback ones.
func addresses() []netip.Addr {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range found {
		ip, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if addr, ok := netip.AddrFromSlice(ip.IP); ok && !addr.Unmap().IsLoopback() {
			list = append(list, addr.Unmap())
		}
	}
	return list
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// resolve asks by way of package net.
func resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

// programTime bounds how long another program may take to tell a setting.
const programTime = 4 * time.Second

// output runs a program that tells a setting of the machine.
func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, programTime)
	defer cancel()
	b, err := exec.CommandContext(ctx, name, args...).Output()
	return string(b), err
}
