// Package manage says what Azure's management plane answers: Azure Resource
// Manager and Azure Resource Graph about the resources of a World, and the
// instance metadata service about one of its machines.
//
// Shapes and texts are those of learn.microsoft.com/rest/api/resources,
// learn.microsoft.com/rest/api/azure-resourcegraph and of the issues on GitHub
// that quote them. Everything is read only, for a caller with the role Reader.
package manage

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pldoctor/internal/gate"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A Policy is what stands between a caller and the resources.
type Policy struct {
	Denied   []Denial
	Hidden   []string // subscriptions that the caller has no role on
	PageSize int      // most resources and rows on a page; 0: as Azure has it
}

// A Denial takes one right from the caller: Resource Manager refuses, and
// Resource Graph leaves the rows out without a word.
type Denial struct {
	Action string   // "Microsoft.Network/privateDnsZones/read", compared without case; may end in "*"
	Scope  world.ID // at or below which; "" for everywhere
}

// A Token is what a request says of its caller.
type Token struct {
	Present, Valid bool
	Audience       string
	Expires        time.Time
	App, Object    string // ids of the application and of its object in the tenant
	Reader         bool   // has the role Reader on everything
}

// A Request is one to Azure Resource Manager's host.
type Request struct {
	Method string
	Path   string // decoded
	Query  url.Values
	Body   []byte
	Token  Token
	ID     string // what the response will call the request
	Now    time.Time
}

// A Response is what comes back.
type Response struct {
	Status  int
	Headers []gate.Header
	Body    string
}

// A Plane answers for one World.
type Plane struct {
	cloud  service.Cloud
	tenant string
	policy Policy
	now    *inventory // as Resource Manager sees the resources
	graph  *inventory // as Resource Graph does
}

// New makes the plane of a World. Lagging is the World as Resource Graph still
// shows it, which follows changes late; it may be w.
func New(w, lagging *world.World, tenant string, p Policy) *Plane {
	plane := &Plane{cloud: w.Service().Cloud, tenant: tenant, policy: p, now: newInventory(w, tenant)}
	plane.graph = plane.now
	if lagging != w {
		plane.graph = newInventory(lagging, tenant)
	}
	return plane
}

// Respond answers one request.
func (p *Plane) Respond(r Request) Response {
	a := p.answer(r)
	stamp := r.Now.UTC().Format("20060102T150405Z")
	headers := []gate.Header{{Name: "Cache-Control", Value: "no-cache"}, {Name: "Pragma", Value: "no-cache"}}
	if a.body != nil {
		headers = append(headers, gate.Header{Name: "Content-Type", Value: "application/json; charset=utf-8"})
	}
	headers = append(headers, gate.Header{Name: "Expires", Value: "-1"})
	headers = append(headers, a.headers...)
	headers = append(headers,
		gate.Header{Name: "x-ms-request-id", Value: r.ID},
		gate.Header{Name: "x-ms-correlation-request-id", Value: r.ID},
		gate.Header{Name: "x-ms-routing-request-id", Value: "WESTEUROPE:" + stamp + ":" + r.ID},
		gate.Header{Name: "Strict-Transport-Security", Value: "max-age=31536000; includeSubDomains"},
		gate.Header{Name: "X-Content-Type-Options", Value: "nosniff"},
		gate.Header{Name: "Date", Value: r.Now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")})
	return Response{a.status, headers, text(a.body)}
}

// An answer is a response without what all responses have.
type answer struct {
	status  int
	headers []gate.Header
	body    any // nil: none
}

func ok(body any) answer { return answer{status: 200, body: body} }

type object = map[string]any

// text writes JSON; numbers keep the form in which they came.
func text(body any) string {
	if body == nil {
		return ""
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(err) // strings, numbers, booleans, lists and objects of them
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// failure is an error in Resource Manager's words.
func failure(status int, code, format string, args ...any) answer {
	return answer{status: status, body: object{"error": object{"code": code, "message": fmt.Sprintf(format, args...)}}}
}

// missing is a failure that Resource Manager itself finds, before a provider is asked.
func missing(code, format string, args ...any) answer {
	a := failure(404, code, format, args...)
	a.headers = []gate.Header{{Name: "x-ms-failure-cause", Value: "gateway"}}
	return a
}

// answer routes a request.
func (p *Plane) answer(r Request) answer {
	if a, refused := p.unauthenticated(r); refused {
		return a
	}
	version := r.Query.Get("api-version")
	if version == "" {
		return failure(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	}
	parts := strings.Split(strings.Trim(r.Path, "/"), "/")
	switch strings.ToLower(parts[0]) {
	case "subscriptions":
		return p.subscriptionScope(r, parts[1:])
	case "tenants":
		if a, bad := badVersion(resourcesVersions, version); bad {
			return a
		}
		return ok(object{"value": []any{object{"id": "/tenants/" + p.tenant, "tenantId": p.tenant, "tenantCategory": "Home"}}})
	case "providers":
		if strings.EqualFold(strings.Join(parts, "/"), "providers/"+graphType) {
			return p.query(r)
		}
	}
	return missing("NotFound", "The requested path '%s' was not found.", r.Path)
}
