package attach

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Machine is a command that runs as if on a host.
type Machine struct {
	cmd  *exec.Cmd
	line *net.UnixConn // to its first process, whose end it is when this ends
	link io.ReadWriteCloser

	background bool // hears no signals

	done   chan struct{} // closed when the first process is gone
	err    error         // what it ended with
	reaped sync.Once
}

// Descriptors that the first process is handed.
const (
	lineFD = 3 + iota // a socket: what it reports, and signals for the command
	planFD            // a pipe: the plan
)

// A plan is what the first process is to do.
type plan struct {
	Options Options
	Devices []string // to try, in their order
}

// A report is what the first process says.
type report struct {
	Device string // of the link, whose file comes with this report
	MAC    net.HardwareAddr
	// Why nothing comes of it, else.
	Failed    string
	What      string // was tried
	Errno     syscall.Errno
	Forbidden bool
	Status    int // of a command that cannot be run
}

// Start runs the command. It returns once the command has started, and the link
// is there to be served.
func Start(o Options) (*Machine, error) {
	if len(o.Command) == 0 {
		return nil, errNoCommand
	}
	p := plan{Options: o, Devices: Devices()}
	if o.Device != "" {
		p.Devices = []string{o.Device}
	}
	p.Options.In, p.Options.Out, p.Options.Err = nil, nil, nil
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	m := &Machine{background: o.Server, done: make(chan struct{})}
	if err := m.spawn(o, text); err != nil {
		return nil, err
	}
	if err := m.hear(); err != nil {
		m.Kill()
		_, _ = m.Wait()
		return nil, err
	}
	return m, nil
}

// spawn starts the first process of the namespaces.
func (m *Machine) spawn(o Options, text []byte) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "line"), os.NewFile(uintptr(pair[1]), "line")
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	line, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	m.line = line.(*net.UnixConn) //nolint:forcetypeassert // it was made as one
	planned, plans, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _, _ = planned.Close(), plans.Close() }()
	for _, ids := range mappings() {
		m.cmd = command(o, ids)
		m.cmd.ExtraFiles = []*os.File{theirs, planned}
		if err = m.launch(); err == nil || !forbidden(err) {
			break
		}
	}
	switch {
	case err == nil:
		_, err = plans.Write(text) // a child that is gone reports itself by what it does not say
		return ignoring(err, syscall.EPIPE)
	case forbidden(err):
		return &ForbiddenError{"making namespaces for users, mounts, processes and the network", err}
	}
	return fmt.Errorf("starting the lab's host: %w", err)
}

func ignoring(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// command is this program, run anew as the first process of its namespaces.
func command(o Options, ids idMap) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", o.Init...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.In, o.Out, o.Err
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:                    o.Server,
		Cloneflags:                 unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS,
		Pdeathsig:                  syscall.SIGKILL,
		UidMappings:                ids.users,
		GidMappings:                ids.groups,
		GidMappingsEnableSetgroups: ids.all,
	}
	return cmd
}

// launch starts the process and waits for its end, on one thread: the process
// is killed when the thread ends that started it, prctl(2).
func (m *Machine) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := m.cmd.Start()
		started <- err
		if err == nil {
			m.err = m.cmd.Wait()
			close(m.done)
		}
	}()
	return <-started
}

// hear reads the two reports of a first process: what the link is, and that the
// command runs.
func (m *Machine) hear() error {
	file, r, err := m.next()
	if err != nil {
		return err
	}
	if file == nil {
		return errors.New("the lab's host has no link")
	}
	m.link = file
	if r.Device == veth {
		m.link = &frames{file, r.MAC}
	}
	_, _, err = m.next()
	return err
}

// next reads a report, with the file that came with it, if any.
func (m *Machine) next() (*os.File, report, error) {
	var r report
	text, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	n, oob, _, _, err := m.line.ReadMsgUnix(text, rights)
	if err != nil || n == 0 {
		<-m.done
		return nil, r, fmt.Errorf("the lab's host ended before its command began: %v", m.cmd.ProcessState)
	}
	if err := json.Unmarshal(text[:n], &r); err != nil {
		return nil, r, err
	}
	return received(rights[:oob]), r, r.failure()
}

// received is the file in a control message.
func received(oob []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "link")
}

func (r report) failure() error {
	if r.Failed == "" {
		return nil
	}
	err := errors.New(r.Failed)
	if r.Errno != 0 {
		err = fmt.Errorf("%s: %w", strings.TrimSuffix(r.Failed, ": "+r.Errno.Error()), r.Errno)
	}
	switch {
	case r.Status != 0:
		return &CommandError{r.Status, errors.New(r.Failed)}
	case r.Forbidden:
		return &ForbiddenError{r.What, err}
	}
	return fmt.Errorf("%s: %w", r.What, err)
}

// Link is the far end of the host's link, for the caller to serve and to close:
// each Read takes one IP packet, each Write sends one.
func (m *Machine) Link() io.ReadWriteCloser { return m.link }

// passed are the signals that the command is handed.
var passed = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
}

// Wait waits for the end of the command and returns its exit status, or 128 and
// the number of the signal that ended it. Signals to this process are handed to
// the command meanwhile, but for those of its terminal, which have come to it.
func (m *Machine) Wait() (int, error) {
	signals := make(chan os.Signal, len(passed))
	if !m.background {
		signal.Notify(signals, passed...)
		defer signal.Stop(signals)
	}
	defer m.reaped.Do(func() { _ = m.line.Close() })
	for {
		select {
		case s := <-signals:
			if n, ok := s.(syscall.Signal); ok && (!fromTerminal(n) || !inForeground()) {
				_, _ = m.line.Write([]byte{byte(n)})
			}
		case <-m.done:
			return m.status()
		}
	}
}

func (m *Machine) status() (int, error) {
	var exit *exec.ExitError
	if m.err != nil && !errors.As(m.err, &exit) {
		return 0, m.err
	}
	if w, ok := m.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return signalled + int(w.Signal()), nil
	}
	return m.cmd.ProcessState.ExitCode(), nil
}

// signalled is what a shell adds to the number of a signal that ended a command.
const signalled = 128

// Kill ends the machine, with all that runs on it.
func (m *Machine) Kill() { _ = m.cmd.Process.Kill() }

// fromTerminal tells whether a terminal sends that signal, to all processes in
// its foreground.
func fromTerminal(s syscall.Signal) bool { return s == syscall.SIGINT || s == syscall.SIGQUIT }

// inForeground tells whether this process is in the foreground of a terminal.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer func() { _ = tty.Close() }()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// forbidden tells whether an error is a system's refusal to make namespaces:
// EPERM and EACCES by a policy, ENOSPC and EUSERS by user.max_user_namespaces
// of 0 (user_namespaces(7)), EINVAL and ENOSYS by a kernel without them.
func forbidden(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
