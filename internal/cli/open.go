package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pldoctor/internal/doctor"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// openScenario opens a scenario by its name or file.
func openScenario(name string) (*scenario.Scenario, error) {
	if slices.Contains(scenario.Names(), name) {
		return asInput(scenario.Load(name))
	}
	data, err := readPlain(name)
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s is neither a scenario that ships (lab list) nor a file that can be read: %w", name, err)}
	}
	return asInput(scenario.Parse(name, data, beside{plain{os.DirFS(filepath.Dir(name))}}))
}

// openHost opens a scenario and finds the host of that name in it, or its first
// client.
func openHost(lab, from string) (*scenario.Scenario, *world.Host, error) {
	s, err := openScenario(lab)
	if err != nil {
		return nil, nil, err
	}
	host := s.DefaultHost()
	if from != "" {
		h, ok := s.World.Host(world.HostID(from))
		if !ok {
			return nil, nil, usagef("the scenario %s has no host %q; there are %s", s.Name, from, strings.Join(s.Hosts, ", "))
		}
		host = h
	}
	if host == nil {
		return nil, nil, usagef("the scenario %s has no client to diagnose from", s.Name)
	}
	return s, host, nil
}

// targetIn reads which vault is meant, in the scenario's cloud if no other is
// named.
func targetIn(s *scenario.Scenario, vault, cloud string) (doctor.Target, error) {
	t, err := doctor.ParseTarget(vault, cmp.Or(cloud, s.World.Service().Cloud.Name))
	if err != nil {
		return t, &failure{statusUsage, err}
	}
	if s.IsUnsupported(t.Vault) {
		return t, usagef("%s is a managed HSM, which is not supported yet", t.Vault)
	}
	return t, nil
}

// maxFile bounds a file of a scenario: a Resource Graph page has at most a
// megabyte, and this is some hundred.
const maxFile = 128 << 20

// plain opens regular files of a bounded size and nothing else: a directory says
// little, a pipe waits, and a device never ends.
type plain struct{ fs.FS }

// Open opens a file, unless it is none.
func (p plain) Open(name string) (fs.File, error) {
	info, err := fs.Stat(p.FS, name) // before it is opened, which for a pipe waits
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is a directory")}
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is not a regular file")}
	case info.Size() > maxFile:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("has more than %d MiB", maxFile>>20)}
	}
	file, err := p.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return bounded{file, io.LimitReader(file, maxFile)}, nil
}

// bounded is a file of which no more is read, however it grows.
type bounded struct {
	fs.File
	limit io.Reader
}

func (b bounded) Read(p []byte) (int, error) { return b.limit.Read(p) }

// asInput marks an error as one of an input.
func asInput(s *scenario.Scenario, err error) (*scenario.Scenario, error) {
	if err != nil {
		return nil, &failure{statusInput, err}
	}
	return s, nil
}

// beside is the directory of a scenario's file, and behind it the parts that
// ship, so that a file that began as one of "lab show" finds what it names.
type beside struct{ directory fs.FS }

// Open opens a file of the directory, else one that ships.
func (b beside) Open(name string) (fs.File, error) {
	file, err := b.directory.Open(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if shipped, missing := scenario.Shipped().Open(name); missing == nil {
		return shipped, nil
	}
	return nil, err
}
