package edge

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// Conditions are what a link does to packets.
type Conditions struct {
	Latency time.Duration // of a round trip
	Loss    float64       // the share of packets that is lost, 0 to 1, each way
}

// A line carries packets one way, in their order.
type line struct {
	deliver func([]byte) // is not called twice at a time
	now     atomic.Pointer[Conditions]
	queue   chan delayed
	waiting atomic.Int64 // in queue, or being delivered from it
}

type delayed struct {
	packet []byte
	due    time.Time
}

func newLine(deliver func([]byte)) *line {
	return &line{deliver: deliver, queue: make(chan delayed, queued)}
}

func (l *line) set(c Conditions) { l.now.Store(&c) }

// send takes a packet on its way. Without delay that is all; else the packet
// waits in the queue, and is lost where that is full.
func (l *line) send(b []byte) {
	c := l.now.Load()
	if c.Loss > 0 && rand.Float64() < c.Loss {
		return
	}
	if c.Latency <= 0 && l.waiting.Load() == 0 {
		l.deliver(b)
		return
	}
	l.waiting.Add(1)
	select {
	case l.queue <- delayed{slices.Clone(b), time.Now().Add(c.Latency / 2)}:
	default:
		l.waiting.Add(-1)
	}
}

// run delivers what waits.
func (l *line) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var d delayed
		select {
		case d = <-l.queue:
		case <-ctx.Done():
			return
		}
		timer.Reset(time.Until(d.due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		l.deliver(d.packet)
		l.waiting.Add(-1)
	}
}
