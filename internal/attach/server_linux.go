package attach

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// memories are the directories that a server has in memory: where it starts, and
// where servers keep what they remember, log and share.
var memories = []string{staging, "/var", "/dev/shm"}

// openPorts is the setting of a network namespace that says from which port on
// anybody may listen, ip(7).
const openPorts = "/proc/sys/net/ipv4/ip_unprivileged_port_start"

// serverRoom makes room for a server.
func serverRoom(o Options) error {
	if !o.Server {
		return nil
	}
	for _, path := range memories {
		if err := unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for name, content := range o.Files {
		path := filepath.Join(staging, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(openPorts, []byte("0"), 0)
}

// nobody is the user that a server is: several refuse to be root, and where the
// caller is an ordinary user there is no other one to change to. A user namespace
// of its own makes root's files the server's.
func nobody() *syscall.SysProcAttr {
	ids := []syscall.SysProcIDMap{{ContainerID: 65534, HostID: 0, Size: 1}}
	return &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids}
}
