package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pldoctor/internal/snapshot"
)

// openSnapshot reads a file of what was collected or exported.
func openSnapshot(name string) (*snapshot.Snapshot, error) {
	file := filepath.Clean(name)
	data, err := fs.ReadFile(plain{os.DirFS(filepath.Dir(file))}, filepath.Base(file))
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s cannot be read: %w", name, err)}
	}
	s, err := snapshot.Decode(data)
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s: %w", name, err)}
	}
	return &s, nil
}
