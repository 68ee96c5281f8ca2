package lab

import (
	"cmp"
	"net/http"
	"strings"

	"pldoctor/internal/manage"
	"pldoctor/internal/world"
)

func answerOf(r manage.Response) answer {
	return answer{status: r.Status, headers: r.Headers, body: r.Body}
}

// serveAuthority is Microsoft Entra ID, as far as programs that sign in need it.
func (l *Lab) serveAuthority(c *conn, a arrival) {
	l.serveTLS(c, a, []string{l.World().Service().Cloud.Authority.Host()}, func(req *http.Request) answer {
		return answerOf(l.entra(req))
	})
}

func (l *Lab) entra(req *http.Request) manage.Response {
	cloud := l.World().Service().Cloud
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	id := countedID(uint64(l.managed.Add(1)))
	known := strings.EqualFold(tenant, l.tenant()) || tenant == "common" || tenant == "organizations"
	if !known {
		return manage.Refused(http.StatusBadRequest, "invalid_tenant", 90002,
			"Tenant '"+tenant+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", id)
	}
	if r, ok := manage.Discovery(cloud, l.tenant(), req.URL.Path); ok {
		return r
	}
	if req.Method != http.MethodPost || rest != "oauth2/v2.0/token" && rest != "oauth2/token" {
		return manage.Refused(http.StatusNotFound, "invalid_request", 900561, "The endpoint only accepts POST requests for tokens.", id)
	}
	return l.grant(req, id)
}

// grant gives a token to who names an application of the lab's. Nothing in a
// lab is secret: any secret and any assertion is the right one.
func (l *Lab) grant(req *http.Request, id string) manage.Response {
	if err := req.ParseForm(); err != nil {
		return manage.Refused(http.StatusBadRequest, "invalid_request", 900144, "The request body is no form.", id)
	}
	form := req.PostForm
	app, host := form.Get("client_id"), world.ID("")
	for h := range l.World().Hosts() {
		if guid("app", h.ID) == app {
			host = h.ID
		}
	}
	if guid("app", operator.ID) == app {
		host = operator.ID
	}
	scope, _, _ := strings.Cut(form.Get("scope"), " ")
	audience := cmp.Or(strings.TrimSuffix(scope, "/.default"), form.Get("resource"))
	switch {
	case form.Get("grant_type") != "client_credentials":
		return manage.Refused(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '"+form.Get("grant_type")+"'.", id)
	case host == "":
		return manage.Refused(http.StatusBadRequest, "unauthorized_client", 700016,
			"Application with identifier '"+app+"' was not found in the directory '"+l.tenant()+"'.", id)
	case cmp.Or(form.Get("client_secret"), form.Get("client_assertion")) == "":
		return manage.Refused(http.StatusUnauthorized, "invalid_client", 7000218,
			"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", id)
	case audience == "":
		return manage.Refused(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'scope'.", id)
	}
	issued := now()
	return manage.Granted(l.issue(host, audience), audience, app, issued.Unix(), issued.Add(tokenLife).Unix(), false)
}

// serveMetadata tells a virtual machine about itself, over plain HTTP.
func (l *Lab) serveMetadata(c *conn, a arrival) {
	h, ok := l.World().Host(a.decision.Target.ID)
	if !ok {
		return
	}
	serveHTTP(c, func(req *http.Request) answer { return answerOf(l.metadata(h, req)) })
}

func (l *Lab) metadata(h *world.Host, req *http.Request) manage.Response {
	query, client := req.URL.Query(), guid("app", h.ID)
	switch {
	case !strings.EqualFold(req.Header.Get("Metadata"), "true"):
		return manage.BadInstance("Required metadata header not specified")
	case req.Header.Get("X-Forwarded-For") != "":
		return manage.BadInstance("Requests with the header X-Forwarded-For are not served")
	case req.URL.Path != "/metadata/identity/oauth2/token":
		return manage.Instance(l.World(), h, guid("vm", h.ID), req.URL.Path, query)
	case query.Get("api-version") == "":
		return manage.BadInstance("Required query variable 'api-version' is missing")
	case query.Get("resource") == "":
		return manage.BadInstance("Required query variable 'resource' is missing")
	case h.Identity == "" || h.Identity == world.NoIdentity, cmp.Or(query.Get("client_id"), client) != client:
		return manage.BadInstance("Identity not found")
	}
	issued, resource := now(), query.Get("resource")
	return manage.Granted(l.issue(h.ID, resource), resource, client, issued.Unix(), issued.Add(tokenLife).Unix(), true)
}
