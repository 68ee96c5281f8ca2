package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"pldoctor/internal/attach"
)

// network is that of the sockets: messages, in order, with an end.
const network = "unixpacket"

// address is where a lab of a name listens: a name in the kernel, which is no
// file and goes with its socket (unix(7), "abstract").
func address(name string) *net.UnixAddr {
	return &net.UnixAddr{Net: network, Name: fmt.Sprintf("@pldoctor-lab-%d-%s", os.Geteuid(), name)}
}

// listen takes the name.
func listen(name string) (*net.UnixListener, error) {
	l, err := net.ListenUnix(network, address(name))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &RunsError{name}
	}
	return l, err
}

// call opens a connection to who serves a lab.
func call(name string) (*net.UnixConn, error) {
	c, err := net.DialUnix(network, nil, address(name))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, &AbsentError{name}
	}
	if err != nil {
		return nil, err
	}
	if _, err := peer(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// peer is the process at the far end, which has to be this user's.
func peer(c *net.UnixConn) (pid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var who *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) { who, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, err
	}
	switch {
	case failed != nil:
		return 0, failed
	case int(who.Uid) != os.Geteuid():
		return 0, fmt.Errorf("the lab is that of another user (%d)", who.Uid)
	}
	return int(who.Pid), nil
}

// most is the largest message, in bytes.
const most = 128 << 10

// send sends a value.
func send(c *net.UnixConn, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = c.Write(text)
	}
	return err
}

// receive reads a value, and the file that came with it if there is one.
func receive(c *net.UnixConn, v any) (*os.File, error) {
	text := make([]byte, most)
	n, file, err := attach.Receive(c, text)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text[:n], v); err != nil {
		if file != nil {
			_ = file.Close()
		}
		return nil, err
	}
	return file, nil
}

// ended tells whether an error is the far end's being gone.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}
