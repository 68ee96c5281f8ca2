package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pldoctor/internal/snapshot"
)

// openSnapshot reads a file of what was collected or exported.
func openSnapshot(name string) (*snapshot.Snapshot, error) {
	data, err := readPlain(name)
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s cannot be read: %w", name, err)}
	}
	s, err := snapshot.Decode(data)
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s: %w", name, err)}
	}
	return &s, nil
}

// readPlain reads a regular file of a bounded size. What is wrong with it names
// it as the user wrote it.
func readPlain(name string) ([]byte, error) {
	file := filepath.Clean(name)
	data, err := fs.ReadFile(plain{os.DirFS(filepath.Dir(file))}, filepath.Base(file))
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = &fs.PathError{Op: at.Op, Path: name, Err: at.Err}
	}
	return data, err
}
