package live

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"pldoctor/internal/attach"
)

// Ask asks the lab of a name. Of Down, it returns when the lab is gone.
func Ask(name string, r Request) (Reply, error) {
	c, err := call(name)
	if err != nil {
		return Reply{}, err
	}
	defer func() { _ = c.Close() }()
	answer, err := exchange(c, r)
	if r.Verb == Down {
		_, _ = c.Read(make([]byte, 1))
	}
	return answer, err
}

func exchange(c *net.UnixConn, r Request) (Reply, error) {
	var answer Reply
	if err := send(c, r); err != nil {
		return answer, gone(err)
	}
	_, err := receive(c, &answer)
	return answer, gone(err)
}

// gone makes an error of the lab's end.
func gone(err error) error {
	if err != nil && ended(err) {
		return &EndedError{}
	}
	return err
}

// Stay runs a command on a host of the lab of a name, to its end, and returns
// its exit status. The options' Guise is the lab's. With an EndedError the lab
// was gone first, and nothing of the host is left.
func Stay(name, host string, o attach.Options) (int, error) {
	c, err := call(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	answer, err := exchange(c, Request{Verb: Enter, Host: host, Command: strings.Join(o.Command, " ")})
	switch {
	case err != nil:
		return 0, err
	case answer.Guise == nil:
		return 0, &RefusedError{answer.Text}
	}
	o.Guise = *answer.Guise
	m, err := attach.Start(o)
	if err != nil {
		return 0, err
	}
	if err := handOver(c, m); err != nil {
		m.Kill()
		_, _ = m.Wait()
		return 0, gone(err)
	}
	var over atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		follow(c, m)
		over.Store(true)
		m.Kill()
	}()
	status, err := m.Wait()
	lost := over.Load()
	_ = c.CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(attention))
	<-done // the lab knows that nobody is there any more
	if lost {
		return 0, &EndedError{}
	}
	return status, err
}

// handOver gives the link to the lab.
func handOver(c *net.UnixConn, m *attach.Machine) error {
	h, err := m.Hand()
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	text, err := json.Marshal(ready{h.MAC})
	if err != nil {
		return err
	}
	if err := h.Send(c, text); err != nil {
		return err
	}
	for {
		var answer Reply
		switch _, err := receive(c, &answer); {
		case err != nil:
			return err
		case answer.Failed:
			return errors.New(answer.Text)
		case answer.Guise == nil:
			return nil
		}
		_ = m.Refurnish(*answer.Guise)
	}
}

// follow keeps the host's files as the lab says, until the lab ends.
func follow(c *net.UnixConn, m *attach.Machine) {
	for {
		var now Reply
		if _, err := receive(c, &now); err != nil {
			return
		}
		if now.Guise != nil {
			_ = m.Refurnish(*now.Guise) // it may have ended meanwhile
		}
	}
}
