//go:build !linux

package attach

import (
	"errors"
	"io"
	"runtime"
)

// A Machine is a running one. There is none on this system.
type Machine struct{}

// errSystem says what is missing.
var errSystem = errors.New("network namespaces are Linux's, and this is " + runtime.GOOS)

// Devices are the kinds of links that there are on this system: none.
func Devices() []string { return nil }

// Start fails with a ForbiddenError.
func Start(Options) (*Machine, error) {
	return nil, &ForbiddenError{"running a program on a host of a lab", errSystem}
}

// Link is nil.
func (*Machine) Link() io.ReadWriteCloser { return nil }

// Wait returns at once.
func (*Machine) Wait() (int, error) { return 0, errSystem }

// Kill does nothing.
func (*Machine) Kill() {}

// Init fails: there is nothing to be the first process of.
func Init() int { return 1 }
