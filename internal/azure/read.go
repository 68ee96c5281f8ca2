package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"pldoctor/internal/env"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// Bounds on a reading.
const (
	maxRounds     = 3   // of requests that need the answers of those before
	maxFlying     = 24  // requests at a time
	maxZoneGroups = 500 // endpoints whose zone groups are asked for, each by itself
)

// Read reads what Azure tells of a scope, by Resource Graph first and Azure
// Resource Manager for what that lacks. It only reads. What could not be read
// is in the snapshot's Unread; the error is for where nothing could be: no
// credential, no connection, or a token that is not accepted.
//
// Requests go out together as far as they do not need each other's answers: a
// token apart, it takes as long as three of them.
func Read(ctx context.Context, e env.Env, s Scope) (snapshot.Snapshot, error) {
	m, err := newManager(e, s.Service.Cloud, s.Say, s.Debug)
	if err != nil {
		return snapshot.Snapshot{}, err
	}
	r := &reading{manager: m, scope: s, rows: make(map[world.ID]row), ordered: make(map[world.ID]bool), grown: make(map[world.ID]bool), gone: make(map[world.ID]bool), refused: make(map[world.ID]error)}
	taken := e.Now()
	if err := r.ask(ctx, s.queries()); err != nil {
		return snapshot.Snapshot{}, err
	}
	for range maxRounds - 1 {
		if !r.follow(ctx) {
			break
		}
	}
	return snapshot.Snapshot{Cloud: s.Service.Cloud.Name, Taken: taken, Resources: r.resources(), Unread: r.gaps()}, nil
}

// A reading is what has been read so far.
type reading struct {
	manager *manager
	scope   Scope

	mu      sync.Mutex
	rows    map[world.ID]row
	order   []world.ID
	ordered map[world.ID]bool // what is in it
	grown   map[world.ID]bool // what has been asked for
	gone    map[world.ID]bool // what Azure Resource Manager does not find
	unread  []snapshot.Unread

	refused map[world.ID]error // why Azure Resource Manager does not tell
}

// A row is a resource, and what of it is needed to go on.
type row struct {
	raw  json.RawMessage
	kind string // its type, lower case
	body body
}

// A body is the part of resources that leads on to others. What is of another
// shape stays empty; package arm says what is wrong with it.
type body struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Properties properties `json:"properties"`
}

// ask sends questions to Resource Graph, all at once. It fails where all fail.
func (r *reading) ask(ctx context.Context, questions []query) error {
	failures := make([]error, len(questions))
	together(len(questions), func(i int) {
		rows, err := r.manager.query(ctx, questions[i].text)
		r.add(rows, "")
		if failures[i] = err; err != nil {
			for _, kind := range questions[i].types {
				r.miss(kind, "", err)
			}
		}
	})
	if slices.Contains(failures, nil) {
		return nil
	}
	return failures[0]
}

// together runs n functions, some at a time, and waits for them.
func together(n int, do func(i int)) {
	var wg sync.WaitGroup
	room := make(chan struct{}, maxFlying)
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			do(i)
		})
	}
	wg.Wait()
}

// add keeps resources. Under is the type of those that have come as children
// without saying so.
func (r *reading) add(raws []json.RawMessage, kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, raw := range raws {
		var b body
		_ = json.Unmarshal(raw, &b) // see body
		id := world.MakeID(b.ID)
		if id == "" || r.gone[id] { // Resource Graph may still hold it
			continue
		}
		if _, known := r.rows[id]; !known && !r.ordered[id] {
			r.order, r.ordered[id] = append(r.order, id), true
		}
		r.rows[id] = row{raw, cmp.Or(strings.ToLower(b.Type), kind, id.Type()), b}
	}
}

// miss notes what could not be read, and apart from why the permission that is
// lacking: who reads the note puts the two together.
func (r *reading) miss(kind string, near world.ID, err error) {
	u := snapshot.Unread{Type: kind, Near: near, Why: err.Error()}
	if refused, ok := errors.AsType[*Refusal](err); ok {
		u.Permission, u.Why = refused.Action, strings.TrimSuffix(u.Why, refused.lack())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.unread, u) {
		r.unread = append(r.unread, u)
	}
}

// follow asks for what the resources read so far lead to. It tells whether
// there was anything.
func (r *reading) follow(ctx context.Context) bool {
	tasks := slices.Concat(r.balancers(ctx), r.interfaces(ctx), r.strangers(ctx), r.growth(ctx), r.fresh(ctx), r.providers(ctx), r.absent(ctx))
	together(len(tasks), func(i int) { tasks[i]() })
	return len(tasks) > 0
}

// growth asks for the children that Resource Graph does not hold.
func (r *reading) growth(ctx context.Context) (tasks []func()) {
	groups := 0
	for _, id := range r.order {
		resource := r.rows[id]
		if r.grown[id] || children[resource.kind] == nil || !r.ours(resource) {
			continue
		}
		r.grown[id] = true
		if resource.kind == endpointType {
			if groups++; groups > maxZoneGroups {
				r.miss(zoneGroupType, "", fmt.Errorf("there are more than %d endpoints", maxZoneGroups))
				continue
			}
		}
		for _, c := range children[resource.kind] {
			tasks = append(tasks, func() { r.grow(ctx, resource, c) })
		}
	}
	return tasks
}

// grow asks for the children of one kind of one resource.
func (r *reading) grow(ctx context.Context, parent row, c child) {
	rows, err := r.manager.list(ctx, parent.body.ID+"/"+c.name, c.version)
	r.add(rows, parent.kind+"/"+strings.ToLower(c.name))
	if err != nil && !notFound(err) {
		r.miss(parent.kind+"/"+strings.ToLower(c.name), world.MakeID(parent.body.ID), err)
	}
}

// ours tells whether a private endpoint leads to the vault in question; other
// resources are.
func (r *reading) ours(resource row) bool {
	if resource.kind != endpointType || r.scope.Vault == "" {
		return true
	}
	p := resource.body.Properties
	return slices.ContainsFunc(slices.Concat(p.Links, p.ManualLinks), func(s nested[linkService]) bool {
		return strings.EqualFold(world.MakeID(s.Properties.To).Name(), r.scope.Vault)
	})
}
