package lab

import (
	"slices"
	"sync"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/world"
)

// A cache is what the DNS servers of a lab remember.
type cache struct {
	mu      sync.Mutex
	entries map[cacheKey]cached
}

type cacheKey struct {
	server   world.ID
	question resolve.Question
}

type cached struct {
	reply  resolve.Reply
	stored time.Time
	until  time.Time
}

// get returns what a server still knows, its TTLs less by the time that has
// gone by.
func (c *cache) get(server world.ID, q resolve.Question, at time.Time) (resolve.Reply, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[cacheKey{server, q}]
	if !ok || !at.Before(e.until) {
		return resolve.Reply{}, false
	}
	aged := uint32(at.Sub(e.stored) / time.Second)
	r := e.reply
	r.TTL -= min(r.TTL, aged)
	r.Chain = slices.Clone(r.Chain)
	for i := range r.Chain {
		r.Chain[i].TTL -= min(r.Chain[i].TTL, aged)
	}
	return r, true
}

// put keeps an answer for as long as each of its TTLs allows, but for no more
// than most. Failures are not kept.
func (c *cache) put(server world.ID, q resolve.Question, r resolve.Reply, most time.Duration, at time.Time) {
	switch r.Outcome {
	case fact.OK, fact.NXDomain, fact.NoData:
	default:
		return
	}
	ttl := r.TTL
	for _, alias := range r.Chain {
		ttl = min(ttl, alias.TTL)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[cacheKey]cached)
	}
	until := at.Add(min(most, time.Duration(ttl)*time.Second))
	c.entries[cacheKey{server, q}] = cached{r, at, until}
}
