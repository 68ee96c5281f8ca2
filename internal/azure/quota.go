package azure

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A quota keeps requests to Resource Graph within what Azure allows a user: 15
// requests in 5 seconds, told with each answer
// (learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests).
// It waits before a request that would be refused, where others would ask, be
// refused and ask again.
type quota struct {
	now func() time.Time
	say func(string)

	mu     sync.Mutex
	left   int           // requests that may still be sent before reset
	reset  time.Time     // zero: nothing is known
	flying int           // requests sent that have not come back, counted in left or not
	told   time.Time     // the reset that was last announced
	news   chan struct{} // closed when one comes back
}

// firstQuota is what Azure allows, until it says otherwise.
const firstQuota = 15

func newQuota(now func() time.Time, say func(string)) *quota {
	return &quota{now: now, say: say, left: firstQuota, news: make(chan struct{})}
}

// Do sends a request once there is room for it.
func (q *quota) Do(req *policy.Request) (*http.Response, error) {
	if !isGraph(req.Raw()) {
		return req.Next()
	}
	if err := q.await(req.Raw().Context()); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	q.learn(resp)
	return resp, err
}

// await returns once a request may be sent, and counts it.
func (q *quota) await(ctx context.Context) error {
	for {
		wait, spent, news := q.take()
		if wait <= 0 {
			return nil
		}
		if spent {
			q.announce(wait)
			news = nil // nothing that comes back makes room
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-news:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func isGraph(r *http.Request) bool { return strings.EqualFold(r.URL.Path, graphPath) }

// announce tells of a wait, once for all requests that wait together.
func (q *quota) announce(wait time.Duration) {
	q.mu.Lock()
	first := q.told != q.reset
	q.told = q.reset
	q.mu.Unlock()
	if first {
		q.say(fmt.Sprintf("Resource Graph allows no more requests for now: waiting %.0f s", math.Ceil(wait.Seconds())))
	}
}

// take takes one request of what is left, or says how long there is none: at
// the most where requests are still on their way, for sure where all is spent.
func (q *quota) take() (wait time.Duration, spent bool, news <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	if !q.reset.IsZero() && !now.Before(q.reset) {
		q.left, q.reset = firstQuota, time.Time{}
	}
	if q.left-q.flying > 0 {
		q.flying++
		return 0, false, nil
	}
	reset := q.reset
	if reset.IsZero() { // all are on their way, and none has come back
		reset = now.Add(graphWindow)
	}
	return reset.Sub(now), q.left == 0, q.news
}

// graphWindow is the time for which Azure counts requests.
const graphWindow = 5 * time.Second

// learn reads what Azure says is left.
func (q *quota) learn(resp *http.Response) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flying--
	close(q.news)
	q.news = make(chan struct{})
	if resp == nil {
		return
	}
	left, err := strconv.Atoi(resp.Header.Get("x-ms-user-quota-remaining"))
	after, ok := clockTime(resp.Header.Get("x-ms-user-quota-resets-after"))
	if err != nil || !ok {
		return
	}
	if q.left = min(q.left, max(0, left)); q.reset.IsZero() { // answers may overtake one another
		q.reset = q.now().Add(after)
	}
}

// clockTime reads "00:00:05".
func clockTime(text string) (time.Duration, bool) {
	var h, m, s int
	if n, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); n != 3 || err != nil || h < 0 || m < 0 || s < 0 || h > 24 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second, true
}

// A tracer tells of the waits that Azure asks for and, for debugging, of each
// request: where to, how long and what came, and nothing of its headers and
// bodies.
type tracer struct {
	say   func(string)
	now   func() time.Time
	debug bool
}

// Do sends a request, and says what came of it.
func (t *tracer) Do(req *policy.Request) (*http.Response, error) {
	start := t.now()
	resp, err := req.Next()
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		t.say("Azure is asked too often and wants a pause of " + pause(resp.Header))
	}
	if !t.debug {
		return resp, err
	}
	line := fmt.Sprintf("%s %s%s", req.Raw().Method, req.Raw().URL.Host, req.Raw().URL.Path)
	took := t.now().Sub(start).Round(time.Millisecond)
	if err != nil {
		t.say(fmt.Sprintf("%s: %s after %v", line, innermost(err), took))
		return resp, err
	}
	t.say(fmt.Sprintf("%s: %d after %v, request %.60q", line, resp.StatusCode, took, resp.Header.Get("x-ms-request-id")))
	return resp, err
}

func pause(h http.Header) string {
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s >= 0 {
		return fmt.Sprintf("%d s", s)
	}
	return "some seconds"
}
