package live

import (
	"context"
	"net"
	"os"
	"sync"
	"time"

	"pldoctor/internal/attach"
	"pldoctor/internal/edge"
	"pldoctor/internal/lab"
)

// A Server is a lab that listens.
type Server struct {
	desk       *Desk
	lab        *lab.Lab
	conditions edge.Conditions
	listener   *net.UnixListener

	stop   context.CancelFunc
	calls  sync.WaitGroup // that are being answered
	guests sync.WaitGroup // of these, those that serve a link
}

const (
	// attention is how long a process may take to say what it wants, and to hear
	// what it is told.
	attention = 5 * time.Second
	// farewell is how long a guest may take to end when the lab does.
	farewell = 5 * time.Second
)

// A ready is what a guest says of its link, which comes with it.
type ready struct{ MAC net.HardwareAddr }

// Listen takes a name for a lab. The conditions are those of every host's link.
func Listen(name string, d *Desk, c edge.Conditions) (*Server, error) {
	l, err := listen(name)
	if err != nil {
		return nil, err
	}
	return &Server{desk: d, lab: d.lab, conditions: c, listener: l}, nil
}

// Serve answers until the context ends or somebody asks for the end. Then every
// host's link is cut, which ends what runs there.
func (s *Server) Serve(ctx context.Context) error {
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	context.AfterFunc(ctx, func() { _ = s.listener.Close() })
	defer s.calls.Wait()
	for {
		c, err := s.listener.AcceptUnix()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.stop()
			return err
		}
		s.calls.Go(func() { s.answer(ctx, c) })
	}
}

// answer answers one process.
func (s *Server) answer(ctx context.Context, c *net.UnixConn) {
	defer func() { _ = c.Close() }()
	pid, err := peer(c)
	if err != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(attention))
	var r Request
	file, err := receive(c, &r)
	if file != nil {
		_ = file.Close()
	}
	switch {
	case err != nil:
	case r.Verb == Enter:
		_ = c.SetReadDeadline(time.Time{})
		s.guests.Add(1)
		defer s.guests.Done()
		defer context.AfterFunc(ctx, func() {
			_ = c.CloseWrite()
			time.AfterFunc(farewell, func() { _ = c.Close() })
		})()
		s.host(c, r, pid)
	case r.Verb == Down:
		_ = send(c, Reply{Text: "the lab has ended\n"})
		s.stop()
		_ = s.listener.Close()
		s.guests.Wait() // the caller waits for the end of c
	default:
		_ = send(c, s.desk.Do(r))
	}
}

// host serves the link of a guest, until one of both ends.
func (s *Server) host(c *net.UnixConn, r Request, pid int) {
	g := &Guest{Command: r.Command, Process: pid, Tell: func(r Reply) {
		_ = c.SetWriteDeadline(time.Now().Add(attention))
		_ = send(c, r)
	}}
	guise, err := s.desk.Come(r.Host, g)
	if err != nil {
		_ = send(c, Reply{Failed: true, Text: err.Error()})
		return
	}
	defer s.desk.Leave(g)
	if send(c, Reply{Guise: &guise}) != nil {
		return
	}
	var has ready
	file, err := receive(c, &has)
	if err != nil || file == nil {
		return
	}
	e, err := s.attach(g, file, has)
	if err != nil {
		_ = send(c, Reply{Failed: true, Text: err.Error()})
		return
	}
	defer e.Close()
	_ = send(c, Reply{})
	_, _ = c.Read(make([]byte, 1)) // a guest says no more; its end is what comes
}

func (s *Server) attach(g *Guest, file *os.File, has ready) (*edge.Edge, error) {
	door, err := s.lab.Door(g.Host)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return edge.New(door, attach.Adopt(file, has.MAC), edge.Options{Conditions: s.conditions})
}
