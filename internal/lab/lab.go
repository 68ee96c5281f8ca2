// Package lab makes a World live inside the process: its hosts open
// connections, its DNS servers answer messages, its vaults terminate TLS and
// speak HTTP, its proxies tunnel. No socket is opened. Where a packet goes, what a server
// answers and what a vault says is decided by the packages route, resolve and
// gate; this package puts their decisions on the wire.
//
// A connection is a pair of buffered lanes with the addresses that each side
// would see, and fails with the errors that a kernel would give. Everything
// waits on channels and timers, so under testing/synctest the time of a lab is
// virtual and exact.
package lab

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/keyvault"
	"pldoctor/internal/world"
)

// Options are the settings of a Lab. The zero value is a lab whose wires are
// infinitely fast.
type Options struct {
	// RTT is what one round trip takes between any two machines. A DNS
	// exchange over UDP, a TCP connect, a TLS 1.3 handshake and an HTTP
	// exchange take one each.
	RTT time.Duration
	// Authority issues the certificates; nil means one that all labs of the
	// process share, made when it is first needed.
	Authority *Authority
	// RequestID makes the value of x-ms-request-id of the nth response of the
	// vaults, n counting from 1; nil means a GUID that counts, so that
	// transcripts are reproducible.
	RequestID func(n uint64) string
	// Azure says how Azure's management plane behaves; its zero value is well.
	Azure Azure
	// Caching has the DNS servers that Azure and the internet run keep an answer
	// for its TTL, as all do that people meet. Without it they work out each one
	// anew, which is the same until the World changes.
	Caching bool
	// Trace, if not nil, is told what happens. Several goroutines call it.
	Trace func(fact.Event)
}

// A Lab is a live World. Close ends it.
type Lab struct {
	now    atomic.Pointer[present]
	opt    Options
	auth   *Authority
	cache  cache
	quota  quota
	signer func() *signer // made when it is first asked

	ports, ids, requests, managed atomic.Uint32

	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup // of every goroutine

	mu       sync.Mutex
	closed   bool
	conns    map[*conn]arrival            // by their far ends
	vaults   map[world.ID]*keyvault.Vault // what was asked for its content so far
	standIns map[world.ID]StandIn
}

// shared is the authority of labs that were given none.
var shared = sync.OnceValue(func() *Authority {
	a, err := NewAuthority()
	if err != nil {
		panic(err) // the templates are this package's own
	}
	return a
})

// Start makes w live. Nothing runs until a host opens a connection.
func Start(w *world.World, opt Options) *Lab {
	l := &Lab{opt: opt, auth: opt.Authority, conns: make(map[*conn]arrival), vaults: make(map[world.ID]*keyvault.Vault)}
	if l.auth == nil {
		l.auth = shared()
	}
	if l.opt.RequestID == nil {
		l.opt.RequestID = countedID
	}
	l.now.Store(l.presently(w))
	l.signer = sync.OnceValue(func() *signer { return newSigner(w) })
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// Close cuts every connection and returns when no goroutine of the lab runs
// any more. It may be called twice.
func (l *Lab) Close() {
	l.mu.Lock()
	l.closed = true
	open := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	l.stop()
	for _, c := range open {
		c.kill()
	}
	l.wg.Wait()
}

func (l *Lab) trace(e fact.Event) {
	if l.opt.Trace != nil {
		l.opt.Trace(e)
	}
}
