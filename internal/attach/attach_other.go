//go:build !linux

package attach

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"

	"pldoctor/internal/lab"
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

// A Hand is a link on its way to another process. There is none.
type Hand struct{ MAC net.HardwareAddr }

// Hand fails.
func (*Machine) Hand() (Hand, error) { return Hand{}, errSystem }

// Close does nothing.
func (Hand) Close() error { return nil }

// Send fails.
func (Hand) Send(*net.UnixConn, []byte) error { return errSystem }

// Receive fails.
func Receive(*net.UnixConn, []byte) (int, *os.File, error) { return 0, nil, errSystem }

// Adopt returns the file.
func Adopt(file *os.File, _ net.HardwareAddr) io.ReadWriteCloser { return file }

// Refurnish fails.
func (*Machine) Refurnish(lab.Guise) error { return errSystem }

// Init fails: there is nothing to be the first process of.
func Init() int { return 1 }
