package probe

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"pldoctor/internal/env"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// apiVersion is a version of Key Vault's data plane that every cloud serves.
const apiVersion = "?api-version=7.4"

// A trip is what came of an attempt, hop by hop, as far as it got.
type trip struct {
	proxy    fact.ProxyHop
	connect  fact.ConnectHop
	tls      fact.TLSHop
	exchange fact.ExchangeHop
	access   fact.AccessHop
	requests []fact.Request
}

// A traveller makes one trip.
type traveller struct {
	Attempt
	env   env.Env
	roots *x509.CertPool
	token *token // nil when none is to be presented
	trip  trip
	took  fact.Phases // of the connection, told with the first request

	issuer string // of the certificate that was trusted
}

// travel goes from the connection to the vault's answers and stops at the
// first thing that fails. A hop that ctx cut short stays unseen.
func (v *traveller) travel(ctx context.Context) trip {
	conn, err := v.open(ctx)
	if err != nil {
		v.log(v.request(fact.StageConnect, v.Path), err)
		return v.trip
	}
	defer func() { _ = conn.Close() }()
	secured, err := v.secure(ctx, conn)
	if err != nil {
		v.log(v.request(fact.StageTLS, v.Path), err)
		return v.trip
	}
	c := newChannel(secured)
	if v.health(ctx, c) && !c.over && v.Secrets && v.list(ctx, c) && !c.over && v.token != nil {
		v.read(ctx, c)
	}
	return v.trip
}

// open connects to the address, or has the proxy connect to the name.
func (v *traveller) open(ctx context.Context) (net.Conn, error) {
	defer v.time(&v.took.Connect)()
	if !v.Proxy.Direct() {
		conn, err := v.tunnel(ctx)
		v.trip.proxy = fact.ProxyHop{Outcome: outcomeOf(ctx, err), Server: v.Proxy.Server()}
		if err == nil {
			v.trip.connect.Outcome = fact.OK // whereto is the proxy's secret
		}
		return conn, err
	}
	conn, err := v.dial(ctx, netip.AddrPortFrom(v.Addr, 443))
	if outcome := outcomeOf(ctx, err); outcome != fact.Unseen {
		v.trip.connect = fact.ConnectHop{Outcome: outcome, Addr: v.Addr}
	}
	return conn, err
}

func (v *traveller) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return v.env.Dial(ctx, "tcp", to.String())
}

// secure verifies the chain against the host's own roots and the name of the
// URL, always: package tls verifies before it lets a byte through, and hands
// out the certificates that failed.
func (v *traveller) secure(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
	defer v.time(&v.took.TLS)()
	bounded, cancel := context.WithTimeout(ctx, tlsTime)
	defer cancel()
	secured := tls.Client(conn, v.tlsConfig(v.Name.Host()))
	err := secured.HandshakeContext(bounded)
	outcome := outcomeOf(ctx, err)
	if outcome == fact.Timeout { // the connection is open, and the large flights of a handshake get lost
		outcome = fact.Stalled
	}
	v.trip.tls.Outcome = outcome
	if outcome == fact.UntrustedIssuer {
		v.trip.tls.Issuer = issuerOf(err)
	}
	if err == nil { // an authority of the host's own may be a proxy's, and is worth naming
		v.issuer = shown(secured.ConnectionState().PeerCertificates[0].Issuer.String())
	}
	return secured, err
}

func (v *traveller) tlsConfig(name string) *tls.Config {
	return &tls.Config{ServerName: name, RootCAs: v.roots, Time: v.env.Now, MinVersion: tls.VersionTLS12}
}

// issuerOf names who signed a certificate that was not accepted.
func issuerOf(err error) string {
	var verify *tls.CertificateVerificationError
	if !errors.As(err, &verify) || len(verify.UnverifiedCertificates) == 0 {
		return ""
	}
	return shown(verify.UnverifiedCertificates[0].Issuer.String())
}

// health asks what a vault answers without a token, and reads from where the
// vault says it was asked. Only a vault says that.
func (v *traveller) health(ctx context.Context, c *channel) bool {
	r := v.request(fact.StageExchange, v.Path)
	got, err := v.exchange(ctx, c, &r, "")
	outcome := outcomeOf(ctx, err)
	if outcome == fact.Unseen {
		v.log(r, err)
		return false
	}
	x := fact.ExchangeHop{Outcome: outcome, Status: got.status}
	if err == nil && got.header.Get(service.HeaderNetworkInfo) == "" {
		x.Outcome = stranger(got.status)
		err = failure{x.Outcome, "answered without " + service.HeaderNetworkInfo}
	}
	if x.Outcome == fact.OK {
		x.Conn, x.Source = r.Info.Conn, r.Info.Addr
		x.Endpoint, x.Subnet = ref(r.Info.Endpoint), ref(r.Info.Subnet)
	}
	v.trip.exchange = x
	v.log(r, err)
	return x.Outcome == fact.OK
}

// stranger judges an answer without the vault's header. A status by which
// whatever stands before a vault turns a request away does not prove that there
// is no vault behind it.
func stranger(status int) fact.Outcome {
	switch {
	case status == 400, status == 408, status == 429, status >= 500:
		return fact.NoInfo
	}
	return fact.NotKeyVault
}

func ref(id string) fact.Ref { return fact.Ref(strings.ToLower(id)) }

// list asks for the secrets without a token. A vault answers 401 whatever its
// firewall thinks; a refusal for the network's sake would be news.
func (v *traveller) list(ctx context.Context, c *channel) bool {
	r := v.request(fact.StageAccess, "/secrets"+apiVersion)
	_, err := v.exchange(ctx, c, &r, "")
	switch {
	case err == nil && r.Denial.IsNetwork():
		v.trip.access = fact.AccessHop{Outcome: fact.RefusedNetwork, Denial: r.Denial}
	case err == nil && r.Denial == service.DeniedNoVault:
		v.trip.access = fact.AccessHop{Denial: r.Denial}
	}
	v.log(r, err)
	return err == nil
}

// read asks for a secret that does not exist, with a token. It is called only
// after a vault was recognised over a verified connection.
func (v *traveller) read(ctx context.Context, c *channel) {
	r := v.request(fact.StageAccess, "/secrets/pldoctor-"+strings.ToLower(rand.Text())+apiVersion)
	bearer, err := v.token.get(ctx)
	if err != nil {
		r.Error = "no token to be had: " + shown(err.Error())
		v.trip.requests = append(v.trip.requests, r)
		return
	}
	r.Token = true
	got, err := v.exchange(ctx, c, &r, bearer)
	if err == nil {
		v.trip.access = accessOf(r.Denial, got)
	}
	v.log(r, err)
}

// accessOf reads what a vault says to a token. Without the vault's header it is
// somebody else who speaks; a refusal that nobody can read decides nothing.
func accessOf(d service.Denial, got response) fact.AccessHop {
	genuine := got.header.Get(service.HeaderNetworkInfo) != ""
	found := got.status == 200 || got.status == 404
	switch {
	case !genuine, d == service.DeniedUnknown:
		return fact.AccessHop{}
	case d.IsNetwork():
		return fact.AccessHop{Outcome: fact.RefusedNetwork, Denial: d}
	case d == service.DeniedNoVault:
		return fact.AccessHop{Denial: d}
	case d != service.NotDenied:
		return fact.AccessHop{Outcome: fact.RefusedIdentity, Denial: d}
	case found:
		return fact.AccessHop{Outcome: fact.OK}
	}
	return fact.AccessHop{}
}

// exchange asks and writes into r what came back.
func (v *traveller) exchange(ctx context.Context, c *channel, r *fact.Request, bearer string) (response, error) {
	defer v.time(&r.Took.HTTP)()
	bounded, cancel := context.WithTimeout(ctx, httpTime)
	defer cancel()
	got, err := c.get(bounded, v.HostHeader, r.Path, bearer)
	if err != nil && ctx.Err() != nil {
		err = context.Canceled
	}
	r.Status = got.status
	r.Info, _ = service.ParseNetworkInfo(got.header.Get(service.HeaderNetworkInfo))
	r.RequestID = shown(got.header.Get(service.HeaderRequestID))
	r.Region = shown(got.header.Get(service.HeaderRegion))
	r.Version = shown(got.header.Get(service.HeaderServiceVersion))
	if got.status >= 300 || got.status != 0 && got.header.Get(service.HeaderNetworkInfo) == "" {
		r.Denial = service.ClassifyDenial(got.status, got.body, got.header.Get(service.HeaderWWWAuthenticate))
		r.Body = strings.ToValidUTF8(string(got.body[:min(len(got.body), keptBody)]), "\uFFFD")
	}
	return got, err
}

// request begins the record of a request.
func (v *traveller) request(stage fact.Stage, path string) fact.Request {
	r := fact.Request{Addr: v.Addr, Method: "GET", Path: path, Stage: stage, Issuer: v.issuer, Took: v.took}
	if !v.Proxy.Direct() {
		r.Proxy = v.Proxy.Server()
	}
	v.took = fact.Phases{}
	return r
}

// log ends the record of a request.
func (v *traveller) log(r fact.Request, err error) {
	r.Outcome, r.Error = Classify(err)
	if r.Stage == fact.StageConnect && v.trip.proxy.Outcome != fact.Unseen {
		r.Stage = fact.StageProxy
	}
	r.Issuer = cmp.Or(r.Issuer, issuerOf(err))
	v.trip.requests = append(v.trip.requests, r)
}

// time measures by the host's clock until what it returns is called.
func (v *traveller) time(into *time.Duration) func() {
	started := v.env.Now()
	return func() { *into = v.env.Now().Sub(started) }
}

// outcomeOf is the class of an error, Unseen where ctx is what ended it.
func outcomeOf(ctx context.Context, err error) fact.Outcome {
	if err != nil && ctx.Err() != nil {
		return fact.Unseen
	}
	outcome, _ := Classify(err)
	return outcome
}

// roots are the authorities that the host trusts. Without any, nothing is
// trusted: a nil pool would mean those of the machine that this runs on.
func roots(e env.Env) *x509.CertPool {
	pool, err := e.Roots()
	if err != nil || pool == nil {
		return x509.NewCertPool()
	}
	return pool
}
