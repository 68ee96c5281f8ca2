package lab

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/manage"
	"pldoctor/internal/world"
)

// Azure says how Azure's management plane behaves in a lab. The zero value is
// well: no limits, and no rights that the role Reader lacks.
type Azure struct {
	Quota   bool              // Resource Graph keeps to its quota, 15 queries in 5 seconds
	Page    int               // most resources and rows on a page; 0: as Azure has it
	Lagging *world.World      // what Resource Graph still shows; nil: the World as it is
	Denied  []manage.Denial   // rights that callers lack
	Hidden  []string          // subscriptions that callers have no role on
	Outage  bool              // Resource Manager and Resource Graph answer 503
	Slow    time.Duration     // what an answer takes longer
	Request func(path string) // told each request to Resource Manager's host, by several goroutines; may be nil
}

// operator is a workstation on the internet that is no part of the World.
var operator = &world.Host{
	Meta: world.Meta{ID: world.HostID("operator's workstation"), Path: "operator's workstation"}, Network: world.Internet,
	Address: netip.AddrFrom4([4]byte{198, 51, 100, 0}), Runs: world.OnVM, Identity: world.Reader,
}

// Operator returns the workstation of somebody who looks after the World's
// resources: on the internet, signed in with the role Reader on all of them.
func (l *Lab) Operator() env.Env { return l.env(operator) }

// newPlane makes the plane of a World.
func (l *Lab) newPlane(w *world.World) *manage.Plane {
	a := l.opt.Azure
	lagging := w
	if a.Lagging != nil {
		lagging = a.Lagging
	}
	return manage.New(w, lagging, l.tenant(), manage.Policy{Denied: a.Denied, Hidden: a.Hidden, PageSize: a.Page})
}

// serveManagement is Azure Resource Manager with Azure Resource Graph behind it.
func (l *Lab) serveManagement(c *conn, a arrival) {
	l.serveTLS(c, a, []string{l.World().Service().Cloud.ARM.Host()}, l.management)
}

func (l *Lab) management(req *http.Request) answer {
	if l.opt.Azure.Request != nil {
		l.opt.Azure.Request(req.URL.RequestURI())
	}
	if l.sleep(l.ctx, l.opt.Azure.Slow) != nil {
		return answer{status: http.StatusServiceUnavailable, last: true}
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return answer{status: http.StatusBadRequest, last: true}
	}
	asked := manage.Request{
		Method: req.Method, Path: req.URL.Path, Query: req.URL.Query(), Body: body, Now: now(),
		Token: l.managementToken(req.Header.Get("Authorization")), ID: countedID(uint64(l.managed.Add(1))),
	}
	r := l.manage(asked)
	l.trace(fact.Event{
		Stage: fact.StageExchange, Kind: fact.Replied, Who: fact.Ref(l.World().Service().Cloud.ARM.Host()),
		Subject: req.Method + " " + req.URL.Path, To: fmt.Sprint(r.Status),
	})
	return answer{status: r.Status, headers: r.Headers, body: r.Body}
}

// manage answers a request, within the caller's quota.
func (l *Lab) manage(r manage.Request) manage.Response {
	if l.opt.Azure.Outage {
		return manage.Unavailable(r)
	}
	if !manage.IsQuery(r) {
		return l.now.Load().plane().Respond(r)
	}
	left, resets := quotaSize, quotaTime
	if l.opt.Azure.Quota {
		left, resets = l.quota.take(r.Token.Object, r.Now)
	}
	if left < 0 {
		return manage.Throttled(r, resets)
	}
	response := l.now.Load().plane().Respond(r)
	response.Headers = append(response.Headers, manage.QuotaHeaders(left, resets)...)
	return response
}

// managementToken reads an Authorization header.
func (l *Lab) managementToken(header string) manage.Token {
	text, present := bearer(header)
	c, parsed := parseClaims(text)
	h, known := l.principal(world.ID(c.Subject))
	if !parsed || !known {
		return manage.Token{Present: present}
	}
	reader := h.Identity == world.Reader || h.Identity == world.Administrator
	return manage.Token{
		Present: present, Valid: reader || h.Identity == world.NoRole, Reader: reader,
		Audience: c.Audience, Expires: time.Unix(c.Expires, 0), App: c.App, Object: c.Object,
	}
}

// Resource Graph's quota: learn.microsoft.com/azure/governance/resource-graph/
// concepts/guidance-for-throttled-requests.
const (
	quotaSize = 15
	quotaTime = 5 * time.Second
)

// A quota counts the queries of each caller in the caller's own window of time.
type quota struct {
	mu      sync.Mutex
	windows map[string]allowance
}

type allowance struct {
	ends time.Time
	left int
}

// take counts a query. It returns how many are left, -1 if this one is too
// many, and how long until there are more.
func (q *quota) take(caller string, at time.Time) (left int, resets time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.windows == nil {
		q.windows = make(map[string]allowance)
	}
	w := q.windows[caller]
	if !at.Before(w.ends) {
		w = allowance{at.Add(quotaTime), quotaSize}
	}
	w.left = max(w.left-1, -1)
	q.windows[caller] = w
	return w.left, w.ends.Sub(at)
}
