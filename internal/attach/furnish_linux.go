package attach

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pldoctor/internal/lab"
)

const (
	resolvPath   = "/etc/resolv.conf"
	hostsPath    = "/etc/hosts"
	nsswitchPath = "/etc/nsswitch.conf"
	// staging is a directory that every system has. For a moment it is a file
	// system in memory, in the machine only.
	staging = "/tmp"
)

// nsswitch has names resolved as the host's files say. Whatever else a system
// asks (resolved, mDNS, nscd) is outside of the lab.
const nsswitch = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nservices: files\nprotocols: files\n"

// bundles are where systems keep the authorities that they trust, those that
// crypto/x509 looks at.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// services answer names by sockets in the file system, which a network
// namespace does not hold back.
var services = []string{"/run/nscd", "/run/systemd/resolve", "/run/dbus", "/run/avahi-daemon"}

// furnish makes the system look like the host's, for this mount namespace only,
// and returns where the authorities are that it trusts.
func furnish(g lab.Guise) (bundle string, err error) {
	if err := unix.Sethostname([]byte(g.Hostname)); err != nil {
		return "", &step{"setting the host's name", err}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", &step{"making mounts private", err}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return "", &step{"mounting /proc", err}
	}
	targets := resolved(laid(g))
	hide()
	if err := lay(targets); err != nil {
		return "", &step{"laying the host's files over those of the system", err}
	}
	for _, path := range bundles {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return inMemory(g.Roots)
}

// laid are the files of a host that stand in for those of the system.
func laid(g lab.Guise) map[string][]byte {
	files := map[string][]byte{
		resolvPath: []byte(g.ResolvConf), hostsPath: []byte(g.HostsFile), nsswitchPath: []byte(nsswitch),
	}
	for _, path := range bundles {
		files[path] = g.Roots
	}
	return files
}

// resolved are the files that paths lead to, which may be symbolic links. A
// path that leads nowhere is left out.
func resolved(files map[string][]byte) map[string][]byte {
	targets := make(map[string][]byte)
	for path, content := range files {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			targets[target] = content
		}
	}
	return targets
}

// hide lays an empty directory over each of the services.
func hide() {
	for _, path := range services {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			_ = unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64k,mode=755")
		}
	}
}

// lay lays files with a content over those that are there. They are made in a
// file system in memory that nothing else sees and that goes at once.
func lay(files map[string][]byte) error {
	if err := unix.Mount("tmpfs", staging, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	defer func() { _ = unix.Unmount(staging, unix.MNT_DETACH) }()
	n := 0
	for target, content := range files {
		n++
		source := filepath.Join(staging, fmt.Sprint(n))
		if err := os.WriteFile(source, content, 0o644); err != nil {
			return err
		}
		if err := revive(target); err != nil {
			return err
		}
		if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	return nil
}

// revive makes a file anew that was in a directory which is hidden now: that of
// resolv.conf, with systemd-resolved.
func revive(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, hidden := range services {
		if strings.HasPrefix(path, hidden+"/") {
			return os.WriteFile(path, nil, 0o644)
		}
	}
	return nil
}

// inMemory keeps a file in this process, which outlives the command.
func inMemory(content []byte) (string, error) {
	fd, err := unix.MemfdCreate("authorities", unix.MFD_CLOEXEC)
	if err != nil {
		return "", &step{"making a file in memory", err}
	}
	if _, err := unix.Write(fd, content); err != nil {
		return "", &step{"making a file in memory", err}
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd), nil
}
