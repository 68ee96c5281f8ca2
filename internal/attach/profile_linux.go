package attach

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// profile is the variable that tells Azure's command line where it keeps who is
// signed in: learn.microsoft.com/cli/azure/azure-cli-configuration.
const profile = "AZURE_CONFIG_DIR"

// signOut gives Azure's command line a directory in memory, unless the caller
// names one: who signs in on a host of the lab does so there alone, and who is
// signed in on this machine is not on the host.
func signOut(o *Options) error {
	named := func(entry string) bool { return strings.HasPrefix(entry, profile+"=") }
	if slices.ContainsFunc(o.Environ, named) || o.Guise.Environ[profile] != "" {
		return nil
	}
	path, err := memory()
	if err != nil {
		return &step{"making a directory in memory", err}
	}
	own := map[string]string{profile: path}
	maps.Copy(own, o.Guise.Environ)
	o.Guise.Environ = own
	return nil
}

// memory makes an empty directory that is nowhere in the file system: it goes
// with this process, which outlives the command.
func memory() (string, error) {
	if err := unix.Mount("tmpfs", staging, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=700"); err != nil {
		return "", fmt.Errorf("tmpfs: %w", err)
	}
	defer func() { _ = unix.Unmount(staging, unix.MNT_DETACH) }()
	fd, err := unix.Open(staging, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd), nil
}
