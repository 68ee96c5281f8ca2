package attach

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"pldoctor/internal/lab"
)

// A Hand is a link on its way to another process.
type Hand struct {
	MAC net.HardwareAddr // the host's, where the link carries frames; nil where it carries packets

	file *os.File
}

// Hand gives the link away: what Link returned is of no use any more. The Hand
// is sent, and then closed.
func (m *Machine) Hand() (Hand, error) {
	switch l := m.link.(type) {
	case *os.File:
		return Hand{file: l}, nil
	case *frames:
		return Hand{MAC: l.mac, file: l.File}, nil
	}
	return Hand{}, errors.New("the lab's host has no link")
}

// Close lets go of the link here.
func (h Hand) Close() error { return h.file.Close() }

// Send sends a message and the link to another process.
func (h Hand) Send(to *net.UnixConn, message []byte) error {
	raw, err := h.file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		_, _, failed = to.WriteMsgUnix(message, unix.UnixRights(int(fd)), nil)
	})
	return errors.Join(err, failed)
}

// Receive reads a message, and the file that came with it if there is one. It
// returns io.EOF at the end, as a Read does.
func Receive(from *net.UnixConn, message []byte) (n int, file *os.File, err error) {
	rights := make([]byte, unix.CmsgSpace(4))
	n, oob, _, _, err := from.ReadMsgUnix(message, rights)
	switch {
	case err != nil:
		return 0, nil, err
	case n == 0:
		return 0, nil, io.EOF
	}
	return n, received(rights[:oob]), nil
}

// Adopt makes a link of a file that another process sent.
func Adopt(file *os.File, mac net.HardwareAddr) io.ReadWriteCloser {
	if mac == nil {
		return file
	}
	return &frames{file, mac}
}

// Refurnish lays the files of a host whose settings have changed over those that
// Start laid: DNS servers, hosts file, authorities. What programs hold already,
// such as variables and addresses, they keep.
func (m *Machine) Refurnish(g lab.Guise) error {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", m.cmd.Process.Pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("the host's files: %w", err)
	}
	defer func() { _ = unix.Close(root) }()
	var failed []error
	for path, content := range laid(g) {
		if err := overwrite(root, path, content); err != nil && !errors.Is(err, syscall.ENOENT) {
			failed = append(failed, fmt.Errorf("%s: %w", path, err))
		}
	}
	return errors.Join(failed...)
}

// overwrite writes a file that furnish laid, and no other: below another root, a
// path may lead to one of the system's.
func overwrite(root int, path string, content []byte) error {
	fd, err := unix.Openat2(root, path, &unix.OpenHow{Flags: unix.O_WRONLY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(fd), path)
	defer func() { _ = file.Close() }()
	var system unix.Statfs_t
	if err := unix.Fstatfs(fd, &system); err != nil {
		return err
	}
	if system.Type != unix.TMPFS_MAGIC {
		return errors.New("is the system's own")
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.Write(content)
	return err
}
