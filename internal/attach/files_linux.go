package attach

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// memories are the directories that a command with files has in memory: where it
// starts, and where servers keep what they remember and log.
var memories = []string{staging, "/var"}

// stock makes the directory that a command with files starts in.
func stock(files map[string]string) error {
	if files == nil {
		return nil
	}
	for _, path := range memories {
		if err := unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for name, content := range files {
		path := filepath.Join(staging, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// startIn is the directory that a command starts in, "" for the caller's.
func startIn(o Options) string {
	if o.Files == nil {
		return ""
	}
	return staging
}
