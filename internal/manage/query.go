package manage

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pldoctor/internal/gate"
	"pldoctor/internal/graph"
)

// rowsPage is the most rows of one answer, and how many there are unless the
// request says less.
const rowsPage = 1000

// A queryRequest is the body of a request to Resource Graph.
type queryRequest struct {
	Subscriptions    []string `json:"subscriptions"`
	ManagementGroups []string `json:"managementGroups"`
	Query            string   `json:"query"`
	Options          struct {
		Top          *int   `json:"$top"`
		Skip         int    `json:"$skip"`
		SkipToken    string `json:"$skipToken"`
		ResultFormat string `json:"resultFormat"`
	} `json:"options"`
}

// query answers Resource Graph.
func (p *Plane) query(r Request) answer {
	version := r.Query.Get("api-version")
	if !slices.Contains(graphVersions, strings.ToLower(version)) {
		return failure(400, "NoRegisteredProviderFound", "No registered resource provider found for location '' and API version '%s' for type 'resources'. The supported api-versions are '%s'.",
			version, strings.Join(graphVersions, ", "))
	}
	if r.Method != "POST" {
		return failure(405, "MethodNotAllowed", "The requested resource does not support http method '%s'.", r.Method)
	}
	var q queryRequest
	if err := json.Unmarshal(r.Body, &q); err != nil {
		return failure(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%s'.", err)
	}
	if strings.TrimSpace(q.Query) == "" {
		return graphFailure(r, 400, "BadRequest", object{"code": "InvalidQuery", "message": "The query must not be empty."})
	}
	among, allowed := p.queried(r.Token, q.Subscriptions)
	if !allowed {
		return graphFailure(r, 403, "AccessDenied", object{"code": "AccessDenied", "message": "The client has no access to the subscriptions of the query."})
	}
	t, err := graph.Run(q.Query, func(name string) (graph.Table, bool) { return p.table(r.Token, among, name) })
	if err != nil {
		return queryFailure(r, err)
	}
	return p.rows(r, q, t)
}

// queried are the subscriptions to look into: those that are named, of those
// that the caller has a role on.
func (p *Plane) queried(t Token, named []string) (among map[string]bool, allowed bool) {
	among = make(map[string]bool)
	for _, s := range p.visible(t, p.graph) {
		if len(named) == 0 || slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, s) }) {
			among[s] = true
		}
	}
	return among, len(named) == 0 || len(among) > 0
}

// table returns the rows that a caller may read.
func (p *Plane) table(t Token, among map[string]bool, name string) (graph.Table, bool) {
	all, known := p.graph.tables[name]
	if !known {
		return graph.Table{}, false
	}
	out := graph.Table{Columns: all.Columns}
	for _, row := range all.Rows {
		subscription, _ := row[columnSubscription].(string)
		kind, _ := row[columnType].(string)
		id, _ := row[columnID].(string)
		if among[subscription] && (len(p.policy.Denied) == 0 || p.allows(t, kind+"/read", id)) {
			out.Rows = append(out.Rows, row)
		}
	}
	return out, true
}

// rows writes a page of a result. There is a next page only where the rows have
// ids to go on from.
func (p *Plane) rows(r Request, q queryRequest, t graph.Table) answer {
	size := rowsPage
	if top := q.Options.Top; top != nil {
		if *top < 1 || *top > rowsPage {
			return graphFailure(r, 400, "BadRequest", object{"code": "InvalidParameterValue", "message": fmt.Sprintf("$top has to be from 1 to %d.", rowsPage)})
		}
		size = *top
	}
	if p.policy.PageSize > 0 {
		size = min(size, p.policy.PageSize)
	}
	from, valid := offset(q.Options.SkipToken)
	if !valid || q.Options.Skip < 0 {
		return graphFailure(r, 400, "BadRequest", object{"code": "InvalidSkipToken", "message": "The skip token is invalid."})
	}
	if q.Options.SkipToken == "" {
		from = q.Options.Skip
	}
	from = min(from, len(t.Rows))
	to := min(from+size, len(t.Rows))
	body := object{"totalRecords": len(t.Rows), "count": to - from, "facets": []any{}, "resultTruncated": "false"}
	switch more := to < len(t.Rows); {
	case more && t.Column("id") >= 0:
		body["$skipToken"] = token(to)
	case more:
		body["resultTruncated"] = "true"
	}
	page := graph.Table{Columns: t.Columns, Rows: t.Rows[from:to]}
	body["data"] = objects(page)
	if strings.EqualFold(q.Options.ResultFormat, "table") {
		body["data"] = tabular(page)
	}
	return ok(body)
}

func objects(t graph.Table) []any {
	all := make([]any, 0, len(t.Rows))
	for _, row := range t.Rows {
		o := make(object, len(row))
		for i, c := range t.Columns {
			o[c.Name] = row[i]
		}
		all = append(all, o)
	}
	return all
}

// jsonTypes are Resource Graph's names of types.
var jsonTypes = map[graph.Type]string{
	graph.String: "string", graph.Long: "integer", graph.Real: "number", graph.Bool: "boolean", graph.Dynamic: "object",
}

func tabular(t graph.Table) object {
	var columns []any
	for _, c := range t.Columns {
		columns = append(columns, object{"name": c.Name, "type": jsonTypes[c.Type]})
	}
	rows := make([]any, 0, len(t.Rows))
	for _, row := range t.Rows {
		rows = append(rows, row)
	}
	return object{"columns": columns, "rows": rows}
}

// queryFailure is what Resource Graph says of a query that is wrong.
func queryFailure(r Request, err error) answer {
	details := []any{object{
		"code":    "InvalidQuery",
		"message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.",
	}}
	if e, ok := errors.AsType[*graph.Error](err); ok {
		d := object{"code": e.Code, "message": e.Code, "line": e.Line, "characterPositionInLine": e.Position, "token": e.Token}
		if e.Message != "" {
			d["message"] = e.Message
		}
		if e.Expected != "" {
			d["expectedToken"] = e.Expected
		}
		details = append(details, d)
	}
	return graphFailure(r, 400, "BadRequest", details...)
}

func graphFailure(r Request, status int, code string, details ...any) answer {
	return answer{status: status, body: object{"error": object{
		"code": code, "details": details,
		"message": fmt.Sprintf("Please provide below info when asking for support: timestamp = %s, correlationId = %s.",
			r.Now.UTC().Format("2006-01-02T15:04:05.0000000Z"), r.ID),
	}}}
}

// Throttled is the answer of Resource Graph to a caller whose quota is used up
// until after. Azure documents the quota in "Guidance for throttled requests in
// Azure Resource Graph".
func Throttled(r Request, after time.Duration) Response {
	a := graphFailure(r, 429, "RateLimiting", object{
		"code":    "RateLimiting",
		"message": "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.",
	})
	seconds := int((after + time.Second - 1) / time.Second)
	return Response{a.status, append(QuotaHeaders(0, after),
		gate.Header{Name: "Content-Type", Value: "application/json; charset=utf-8"},
		gate.Header{Name: "Retry-After", Value: fmt.Sprint(max(1, seconds))},
		gate.Header{Name: "x-ms-request-id", Value: r.ID}), text(a.body)}
}

// Unavailable is the answer while the management plane is down.
func Unavailable(r Request) Response {
	a := failure(503, "ServerTimeout", "The request timed out. Diagnostic information: timestamp '%s', request correlation id '%s'.",
		r.Now.UTC().Format("20060102T150405Z"), r.ID)
	return Response{a.status, []gate.Header{
		{Name: "Content-Type", Value: "application/json; charset=utf-8"}, {Name: "x-ms-request-id", Value: r.ID},
	}, text(a.body)}
}

// QuotaHeaders tell how many queries a caller has left, and when it gets more.
func QuotaHeaders(left int, after time.Duration) []gate.Header {
	seconds := int((after + time.Second - 1) / time.Second)
	return []gate.Header{
		{Name: "x-ms-user-quota-remaining", Value: fmt.Sprint(left)},
		{Name: "x-ms-user-quota-resets-after", Value: fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)},
	}
}

// IsQuery tells whether a request counts against Resource Graph's quota.
func IsQuery(r Request) bool {
	return strings.EqualFold(strings.Trim(r.Path, "/"), "providers/"+graphType)
}
