package lab

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A lane carries bytes, or datagrams, one way and takes its time about it. It
// waits on channels and timers only, so that a bubble of testing/synctest can
// tell when everybody waits.
type lane struct {
	delay   time.Duration
	packets bool // one Read takes one Write
	narrow  bool // segments as large as Ethernet's vanish

	mu      sync.Mutex
	queue   []segment
	queued  int   // bytes in queue
	end     error // what the reader is told from endAt on, having read the rest
	endAt   time.Time
	lost    bool  // what is written arrives nowhere
	done    bool  // the writer closed
	refused error // what the writer is told, the reader having closed
	left    error // what the reader is told, having closed
	readBy  time.Time
	writeBy time.Time
	changed chan struct{} // closed at the next change; nil when nobody waits
}

// A segment is what one Write sent. A zero time means that it is there.
type segment struct {
	data []byte
	at   time.Time
}

const (
	window = 1 << 20 // bytes that a lane holds before writers wait
	// narrowLimit is the payload that still gets through a path that drops
	// full-sized segments and the ICMP messages that would tell (RFC 2923).
	narrowLimit = 1300
)

// now is the clock of the machines in a lab: real time, or the virtual time of
// the bubble that the lab runs in.
func now() time.Time { return time.Now() }

// arrival is when something sent now is there.
func (l *lane) arrival() time.Time {
	if l.delay == 0 {
		return time.Time{}
	}
	return now().Add(l.delay)
}

func (l *lane) read(b []byte) (int, error) {
	for {
		l.mu.Lock()
		n, wake, err := l.take(b)
		if n > 0 || err != nil || len(b) == 0 {
			l.mu.Unlock()
			return n, err
		}
		changed := l.change()
		l.mu.Unlock()
		await(changed, wake)
	}
}

// take moves what has arrived into b. When that is nothing, wake is the time
// at which to look again, zero for not before something changes.
func (l *lane) take(b []byte) (n int, wake time.Time, err error) {
	if l.left != nil {
		return 0, wake, l.left
	}
	if late(l.readBy) {
		return 0, wake, os.ErrDeadlineExceeded
	}
	switch {
	case len(l.queue) > 0 && !ahead(l.queue[0].at):
		return l.pop(b), wake, nil
	case len(l.queue) > 0:
		wake = l.queue[0].at
	case l.end != nil && !ahead(l.endAt):
		return 0, wake, l.end
	case l.end != nil:
		wake = l.endAt
	}
	return 0, sooner(wake, l.readBy), nil
}

func (l *lane) pop(b []byte) int {
	first := &l.queue[0]
	n := copy(b, first.data)
	if first.data = first.data[n:]; len(first.data) > 0 && !l.packets {
		l.queued -= n
	} else {
		l.queued -= n + len(first.data)
		l.queue = l.queue[1:]
	}
	l.wake()
	return n
}

func (l *lane) write(b []byte) (n int, err error) {
	for {
		l.mu.Lock()
		k, err := l.put(b[n:])
		if n += k; n == len(b) || err != nil {
			l.mu.Unlock()
			return n, err
		}
		changed, wake := l.change(), l.writeBy
		l.mu.Unlock()
		await(changed, wake)
	}
}

// put queues as much of b as there is room for. A datagram is queued or lost.
func (l *lane) put(b []byte) (int, error) {
	switch {
	case l.done:
		return 0, net.ErrClosed
	case l.refused != nil:
		return 0, l.refused
	case late(l.writeBy):
		return 0, os.ErrDeadlineExceeded
	}
	// TCP delivers in order: behind a lost segment nothing arrives any more.
	if l.narrow && len(b) > narrowLimit && !l.packets {
		l.lost = true
	}
	if l.lost || l.packets && (l.queued+len(b) > window || l.narrow && len(b) > narrowLimit) {
		return len(b), nil
	}
	n := min(len(b), window-l.queued)
	if n > 0 {
		l.queue = append(l.queue, segment{append([]byte(nil), b[:n]...), l.arrival()})
		l.queued += n
		l.wake()
	}
	return n, nil
}

// finish ends the lane at its writer's end: the reader is told why once it has
// read what was under way. On a stream that word can be lost like all others.
func (l *lane) finish(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return
	}
	if l.done = true; !l.lost || l.packets {
		l.end, l.endAt = why, l.arrival()
	}
	l.wake()
}

// leave ends the lane at its reader's end: writers are told that the far side
// is gone.
func (l *lane) leave(reader error, writer syscall.Errno) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left != nil {
		return
	}
	if l.left, l.queue, l.queued = reader, nil, 0; !l.lost {
		l.refused = os.NewSyscallError("write", writer)
	}
	l.wake()
}

// lose makes everything written from now on vanish.
func (l *lane) lose() {
	l.mu.Lock()
	l.lost = true
	l.mu.Unlock()
}

func (l *lane) setDeadline(which *time.Time, t time.Time) {
	l.mu.Lock()
	*which = t
	l.wake()
	l.mu.Unlock()
}

// change returns a channel that is closed when something changes.
func (l *lane) change() <-chan struct{} {
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

func (l *lane) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// await returns when changed is closed or, unless it is zero, the time has come.
func await(changed <-chan struct{}, at time.Time) {
	if at.IsZero() {
		<-changed
		return
	}
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
}

func ahead(t time.Time) bool { return !t.IsZero() && t.After(now()) }
func late(t time.Time) bool  { return !t.IsZero() && !t.After(now()) }

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
