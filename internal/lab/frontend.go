package lab

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"pldoctor/internal/fact"
	"pldoctor/internal/gate"
	"pldoctor/internal/keyvault"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// serveVault is Key Vault's front end, which all vaults of a region share and
// which private endpoints lead to as well.
func (l *Lab) serveVault(c *conn, a arrival) {
	l.serveTLS(c, a, l.World().Service().CertificateNames(), func(req *http.Request) answer { return l.vault(req, a) })
}

// serveTLS is an HTTPS server of Azure's own that is known by these names.
func (l *Lab) serveTLS(c *conn, a arrival, names []string, respond func(*http.Request) answer) {
	if by := a.decision.Resigner; by != "" {
		l.intercept(c, a, by, func(c *conn, a arrival) { l.serveTLS(c, a, names, respond) })
		return
	}
	settings, err := l.auth.server(names)
	if err != nil {
		return
	}
	t := tls.Server(c, l.inspected(settings, c, a))
	serveHTTP(t, respond)
	_ = t.Close()
}

// vault answers one request.
func (l *Lab) vault(req *http.Request, a arrival) answer {
	from := gate.Arrival{Source: a.decision.Source, Subnet: a.decision.ServiceSubnet}
	if a.decision.Target.Kind == route.AtEndpoint {
		from.Endpoint = a.decision.Target.ID
	}
	asked := gate.Request{Method: req.Method, Host: req.Host, Path: req.URL.Path}
	asked.Token, asked.Identity, asked.Caller = l.presented(req.Header.Get("Authorization"))
	id := gate.RequestID(l.opt.RequestID(uint64(l.requests.Add(1))))
	at := now()
	d := gate.Decide(l.World(), from, asked)
	if call, admitted := d.Admitted(); admitted {
		d = d.Answer(l.content(d.Vault, call, req, at))
	}
	r := d.Write(id, at.UTC().Format(http.TimeFormat))
	l.trace(fact.Event{
		Stage: fact.StageExchange, Kind: fact.Replied, Who: fact.Ref(a.decision.Target.ID),
		Subject: req.Method + " " + req.URL.Path, To: fmt.Sprint(r.Status),
	})
	return answer{status: r.Status, headers: r.Headers, body: r.Body}
}

// content has a vault do what was admitted. What vaults hold is the lab's, and
// not the World's.
func (l *Lab) content(v *world.Vault, call gate.Call, req *http.Request, at time.Time) (status int, body string) {
	text, err := io.ReadAll(req.Body)
	if err != nil {
		return http.StatusBadRequest, ""
	}
	return l.vaultContent(v).Answer(keyvault.Request{
		Operation: string(call.Operation), Name: call.Name, Version: call.Version,
		Query: req.URL.Query(), Body: text, Now: at,
	})
}

// vaultContent is what a vault holds: nothing when it is first asked.
func (l *Lab) vaultContent(v *world.Vault) *keyvault.Vault {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, asked := l.vaults[v.ID]
	if !asked {
		host := strings.ToLower(v.Name()) + "." + l.World().Service().Suffix.Host()
		held = keyvault.New(host, rand.Reader)
		l.vaults[v.ID] = held
	}
	return held
}

// inspected has the firewalls on the way look at the name in the client's
// hello, which they see only once the connection is open.
func (l *Lab) inspected(settings *tls.Config, c *conn, a arrival) *tls.Config {
	if len(a.decision.Via) == 0 {
		return settings
	}
	return &tls.Config{MinVersion: settings.MinVersion, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		f := a.flow
		f.SNI = hello.ServerName
		switch _, d := l.decide(f); d.Outcome {
		case fact.OK, fact.Stalled:
			return settings, nil
		case fact.Timeout:
			c.silence()
		default:
			c.abort()
		}
		return nil, errors.New("stopped on the way")
	}}
}

// intercept is an appliance on the way that re-signs TLS. It stands on the
// way, so the rest of the way adds no time.
func (l *Lab) intercept(c *conn, a arrival, by world.ID, serve handler) {
	rest := a
	rest.decision.Resigner, rest.inner = "", true
	near, far := newPair("tcp", c.peer, a.flow.To, c.peer, 0, false)
	if l.run(far, rest, serve) {
		l.resign(c, near, l.issuer(by), a.flow.To.Addr().String(), "")
	}
}

// issuer is the distinguished name in which a machine signs.
func (l *Lab) issuer(id world.ID) string {
	h, ok := l.World().Host(id)
	switch {
	case ok && h.Forward != nil && h.Forward.Issuer != "":
		return h.Forward.Issuer
	case ok && h.Proxy != nil && h.Proxy.Issuer != "":
		return h.Proxy.Issuer
	}
	return "CN=" + id.Name()
}

// countedID makes GUIDs that count.
func countedID(n uint64) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", n)
}
