package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A privateFile is one that only its owner may read. It is written beside the
// file that it is to be and then takes its place: until then, that one stays as
// it is, and no link leads elsewhere.
type privateFile struct {
	name string // as the user wrote it
	temp *os.File
}

// newPrivate begins a file, so that one that cannot be written is known before
// the work is done. The error is one of usage.
func newPrivate(name string) (*privateFile, error) {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, usagef("writing %s: is not a regular file", name)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".pldoctor-*") // which is O_EXCL, 0600
	if err != nil {
		return nil, usagef("writing %s: %w", name, reason(err))
	}
	return &privateFile{name, temp}, nil
}

// reason is an error without the name of a file that the user did not write.
func reason(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	if at, ok := errors.AsType[*os.LinkError](err); ok {
		return at.Err
	}
	return err
}

// finish writes the data and puts the file in its place.
func (p *privateFile) finish(data []byte) error {
	_, err := p.temp.Write(data)
	if err = errors.Join(err, p.temp.Close()); err == nil {
		err = os.Rename(p.temp.Name(), p.name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", p.name, reason(err))
	}
	return nil
}

// discard removes what was not finished; of a finished file, there is nothing.
func (p *privateFile) discard() {
	if p != nil {
		_ = p.temp.Close()
		_ = os.Remove(p.temp.Name())
	}
}
