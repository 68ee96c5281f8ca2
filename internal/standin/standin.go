// Package standin starts the real programs of a scenario that stand in for hosts
// of its lab, each on a machine of its own that has the host's addresses.
package standin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"pldoctor/internal/attach"
	"pldoctor/internal/edge"
	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// Options say how to start programs.
type Options struct {
	Init    []string // as attach.Options has it
	Environ []string // of the caller
	// Within bounds how long the programs take until they serve; 0 means 20
	// seconds.
	Within time.Duration
}

// patience is how long programs take at most until they serve, unless somebody
// says otherwise: BIND on a busy machine takes seconds.
const patience = 20 * time.Second

// anchors is the file, beside the program's own, of the keys by which a validator
// knows the lab's public DNS.
const anchors = "trust-anchors.key"

// again is after what time a program that does not serve yet is asked anew.
const again = 25 * time.Millisecond

// A Crew is the programs of one lab. Close ends them.
type Crew struct{ members []*member }

// A member is one program.
type member struct {
	host    *world.Host
	exec    scenario.Exec
	machine *attach.Machine
	edge    *edge.Edge
	said    tail
	ended   chan struct{}
	status  int
}

// Start starts every program of a scenario, and returns once they all serve. The
// error is a *attach.ForbiddenError where the system makes no namespaces.
func Start(ctx context.Context, l *lab.Lab, s *scenario.Scenario, o Options) (*Crew, error) {
	if o.Within <= 0 {
		o.Within = patience
	}
	ctx, cancel := context.WithTimeout(ctx, o.Within)
	defer cancel()
	c := &Crew{}
	for _, name := range s.Hosts { // in the order of the file
		e, ok := s.Exec[name]
		if !ok {
			continue
		}
		host, _ := s.World.Host(world.HostID(name))
		m := &member{host: host, exec: e, ended: make(chan struct{})}
		if err := m.start(l, o); err != nil {
			c.Close()
			return nil, fmt.Errorf("host %s: %w", name, err)
		}
		c.members = append(c.members, m)
	}
	if err := c.await(ctx); err != nil {
		c.Close()
		return nil, err
	}
	for _, m := range c.members {
		l.StandIn(m.host.ID, m.edge.Dial)
	}
	return c, nil
}

// Close ends the programs. Of a nil Crew, there are none.
func (c *Crew) Close() {
	if c == nil {
		return
	}
	for _, m := range c.members {
		m.machine.Kill()
	}
	for _, m := range c.members {
		<-m.ended
		m.edge.Close()
	}
}

// start starts the program, and serves its link.
func (m *member) start(l *lab.Lab, o Options) error {
	path, err := find(m.exec.Command[0])
	if err != nil {
		return fmt.Errorf("%s is not installed; Debian's package is %s", m.exec.Command[0], m.exec.Package)
	}
	guise, err := l.Guise(m.host.ID)
	if err != nil {
		return err
	}
	door, err := l.Door(m.host.ID)
	if err != nil {
		return err
	}
	files := map[string]string{anchors: l.TrustAnchors()}
	maps.Copy(files, m.exec.Files)
	m.machine, err = attach.Start(attach.Options{
		Guise: guise, Command: append([]string{path}, m.exec.Command[1:]...), Environ: o.Environ, Init: o.Init,
		Server: true, Files: files, Out: &m.said, Err: &m.said,
	})
	if err != nil {
		return err
	}
	go func() {
		m.status, _ = m.machine.Wait()
		close(m.ended)
	}()
	if m.edge, err = edge.New(door, m.machine.Link(), edge.Options{}); err != nil {
		m.machine.Kill()
		<-m.ended
	}
	return err
}

// elsewhere is where servers are that an ordinary user's PATH does not lead to.
var elsewhere = []string{"/usr/sbin", "/usr/local/sbin", "/sbin"}

func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	for _, dir := range elsewhere {
		if err == nil || filepath.Base(program) != program {
			break
		}
		path, err = exec.LookPath(filepath.Join(dir, program))
	}
	if errors.Is(err, exec.ErrDot) {
		return "", os.ErrNotExist
	}
	return path, err
}

// await waits until all programs serve.
func (c *Crew) await(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make([]error, len(c.members))
	for i, m := range c.members {
		all.Go(func() { errs[i] = m.await(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (m *member) await(ctx context.Context) error {
	for {
		try, cancel := context.WithTimeout(ctx, 20*again)
		err := lab.StandIn(m.edge.Dial).Ready(try, m.host)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-m.ended:
			return m.failed(fmt.Sprintf("ended with status %d before it served", m.status))
		case <-ctx.Done():
			return m.failed("does not serve: " + err.Error())
		case <-time.After(again):
		}
	}
}

// failed says what became of the program, and what it said last.
func (m *member) failed(what string) error {
	text := fmt.Sprintf("host %s: %s %s", m.host.Name(), m.exec.Command[0], what)
	if said := strings.TrimSpace(m.said.String()); said != "" {
		text += "; it said last:\n" + said
	}
	return errors.New(text)
}
