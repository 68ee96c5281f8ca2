package attach

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Init is the first process of a machine's namespaces: it makes the link, lays
// the host's files over those of the system, runs the command, and returns its
// exit status. The caller exits with that. When it ends, or the one that
// started it does, the kernel ends all that runs there.
func Init() int {
	signal.Notify(make(chan os.Signal, 1), passed...) // they come by the line
	file := os.NewFile(lineFD, "line")
	unix.CloseOnExec(lineFD)
	unix.CloseOnExec(planFD)
	conn, err := net.FileConn(file)
	if err != nil {
		return 1 // nobody started this to be a machine
	}
	line, ok := conn.(*net.UnixConn)
	if !ok {
		return 1
	}
	_ = file.Close()
	process, err := boot(line)
	if err != nil {
		tell(line, reportOf(err), -1)
		return 1
	}
	tell(line, report{}, -1)
	go obey(line, process.Pid)
	return reap(process.Pid)
}

// boot makes the machine and starts its command.
func boot(line *net.UnixConn) (*os.Process, error) {
	var p plan
	if err := json.NewDecoder(os.NewFile(planFD, "plan")).Decode(&p); err != nil {
		return nil, err
	}
	d, err := makeLink(p)
	if err != nil {
		return nil, err
	}
	tell(line, report{Device: d.kind, MAC: d.mac}, d.fd)
	_ = unix.Close(d.fd)
	bundle, err := furnish(p.Options.Guise)
	if err != nil {
		return nil, err
	}
	if err := signOut(&p.Options); err != nil {
		return nil, err
	}
	if err := serverRoom(p.Options); err != nil {
		return nil, &step{"making the directory that a server starts in", err}
	}
	return start(p.Options, bundle)
}

// start starts the command.
func start(o Options, bundle string) (*os.Process, error) {
	path, err := exec.LookPath(o.Command[0])
	if err == nil {
		var process *os.Process
		attr := &os.ProcAttr{Env: environ(o.Environ, o.Guise.Environ, bundle), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}
		if o.Server {
			attr.Dir, attr.Sys = staging, nobody()
		}
		if process, err = os.StartProcess(path, o.Command, attr); err == nil {
			return process, nil
		}
	}
	status := 126
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		status = 127
	}
	return nil, &CommandError{status, err}
}

// tell sends a report, with a file unless fd is negative.
func tell(line *net.UnixConn, r report, fd int) {
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	_, _, _ = line.WriteMsgUnix(text, rights, nil)
}

// A step is something that could not be done.
type step struct {
	what string
	err  error
}

func (s *step) Error() string { return s.what + ": " + s.err.Error() }

func (s *step) Unwrap() error { return s.err }

// reportOf puts an error into words that go through a line.
func reportOf(err error) report {
	r := report{Failed: err.Error(), What: "making the lab's host"}
	if s, ok := errors.AsType[*step](err); ok {
		r.What, r.Failed = s.what, s.err.Error()
	}
	if c, ok := errors.AsType[*CommandError](err); ok {
		r.Status = c.Status
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		r.Errno, r.Forbidden = errno, forbidden(errno) && r.Status == 0
	}
	return r
}

// obey hands signals to the command. Its end is that of whoever started the
// machine, and so the machine's.
func obey(line *net.UnixConn, pid int) {
	b := make([]byte, 1)
	for {
		if n, err := line.Read(b); err != nil || n == 0 {
			_ = syscall.Kill(-1, syscall.SIGKILL)
			return
		}
		_ = syscall.Kill(pid, syscall.Signal(b[0]))
	}
}

// reap waits for the command, and meanwhile for every process that has lost its
// parent, as the first process of a system has to.
func reap(pid int) int {
	for {
		var status unix.WaitStatus
		switch ended, err := unix.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 1
		case ended != pid:
		case status.Signaled():
			return signalled + int(status.Signal())
		case status.Exited():
			return status.ExitStatus()
		}
	}
}
