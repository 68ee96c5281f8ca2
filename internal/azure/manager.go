package azure

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"pldoctor/internal/env"
	"pldoctor/internal/service"
)

// Bounds on what Azure may answer, and on how often it is asked again.
const (
	maxAnswer  = 32 << 20 // bytes; a page of Resource Graph has some megabytes
	maxPages   = 1000     // of one list
	maxRetries = 3
	maxWait    = 30 * time.Second // between two tries
)

// A manager is a client of Azure Resource Manager, which speaks for Resource
// Graph as well. It only ever reads.
type manager struct {
	endpoint *url.URL
	pipeline runtime.Pipeline
}

// newManager makes a client whose connections are those of e and whose tokens
// are e's. Say, if not nil, is told of waits and, where debug, of each request.
func newManager(e env.Env, c service.Cloud, say func(string), debug bool) (*manager, error) {
	if e.Token == nil {
		return nil, errors.New("there is no credential for Azure")
	}
	client, err := newClient(e)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpointOf(e, c)
	if err != nil {
		return nil, err
	}
	if say == nil {
		say = func(string) {}
	}
	audience := "https://" + c.ARM.Host() // that of the cloud, whatever stands in for its endpoint
	options := runtime.PipelineOptions{
		PerCall: []policy.Policy{newQuota(e.Now, say)},
		PerRetry: []policy.Policy{
			runtime.NewBearerTokenPolicy(credential{e.Token, e.Now}, []string{audience + "/.default"}, nil),
			&tracer{say: say, now: e.Now, debug: debug},
		},
	}
	return &manager{endpoint, runtime.NewPipeline("pldoctor", "", options, &policy.ClientOptions{
		Transport: bounded{client},
		Telemetry: policy.TelemetryOptions{ApplicationID: "pldoctor"},
		Retry: policy.RetryOptions{
			MaxRetries: maxRetries, TryTimeout: tryTime, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: maxWait,
		},
	})}, nil
}

// EndpointVariable names the variable that moves Azure Resource Manager, as
// Azure Stack and sovereign installations need it; Azure's own live tests call
// it so.
const EndpointVariable = "AZURE_RESOURCE_MANAGER_URL"

func endpointOf(e env.Env, c service.Cloud) (*url.URL, error) {
	text := e.Getenv(EndpointVariable)
	if text == "" {
		return &url.URL{Scheme: "https", Host: c.ARM.Host()}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s is %.120q, which is not https://HOST", EndpointVariable, text)
	}
	return &url.URL{Scheme: "https", Host: u.Host}, nil
}

// A credential gets tokens by an Env.
type credential struct {
	token func(ctx context.Context, audience string) (string, error)
	now   func() time.Time
}

// tokenUse is how long a token is used before another is asked for: those of
// Entra ID are good for an hour at least.
const tokenUse = 10 * time.Minute

// GetToken gets a token for the one scope asked for.
func (c credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.token(ctx, strings.TrimSuffix(o.Scopes[0], "/.default"))
	if err != nil {
		return azcore.AccessToken{}, &tokenError{err}
	}
	return azcore.AccessToken{Token: token, ExpiresOn: c.now().Add(tokenUse)}, nil
}

// A tokenError says why there is no token. Asking again would not help.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "no token for Azure Resource Manager: " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }
func (e *tokenError) NonRetriable() {}

// bounded is a transport whose answers end at maxAnswer.
type bounded struct{ client *http.Client }

// Do sends a request.
func (b bounded) Do(req *http.Request) (*http.Response, error) {
	resp, err := b.client.Do(req)
	if err == nil {
		resp.Body = &capped{resp.Body, maxAnswer}
	}
	return resp, err
}

type capped struct {
	io.ReadCloser
	left int64
}

var errLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errLarge
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// get reads one resource.
func (m *manager) get(ctx context.Context, path, version string) (json.RawMessage, error) {
	return m.send(ctx, http.MethodGet, m.at(path, version), nil)
}

func (m *manager) at(path, version string) string {
	u := *m.endpoint
	u.Path, u.RawQuery = path, url.Values{"api-version": {version}}.Encode()
	return u.String()
}

// A page is one answer of a list.
type page struct {
	Value []json.RawMessage `json:"value"`
	Next  string            `json:"nextLink"`
}

// list reads all pages of a list. What was read before a fault comes with it.
func (m *manager) list(ctx context.Context, path, version string) (all []json.RawMessage, err error) {
	next, seen := m.at(path, version), make(map[string]bool)
	for next != "" {
		if seen[next] || len(seen) == maxPages {
			return all, fmt.Errorf("the list of %s does not end", last(path))
		}
		seen[next] = true
		data, err := m.send(ctx, http.MethodGet, next, nil)
		if err != nil {
			return all, err
		}
		var p page
		if err := json.Unmarshal(data, &p); err != nil {
			return all, fmt.Errorf("the list of %s is malformed: %w", last(path), err)
		}
		all = append(all, p.Value...)
		if next, err = m.following(p.Next); err != nil {
			return all, err
		}
	}
	return all, nil
}

// following checks where the next page is: a token goes to no other host.
func (m *manager) following(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || !strings.EqualFold(u.Host, m.endpoint.Host) {
		return "", fmt.Errorf("the next page is said to be at %.120q, which is not %s: it is not asked for", link, m.endpoint.Host)
	}
	return link, nil
}

// send sends a request and returns the body of an answer that is good.
func (m *manager) send(ctx context.Context, method, to string, body any) (json.RawMessage, error) {
	req, err := runtime.NewRequest(ctx, method, to)
	if err != nil {
		return nil, err
	}
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(data)), "application/json"); err != nil {
			return nil, err
		}
	}
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := m.pipeline.Do(req)
	if err != nil {
		return nil, m.failed(ctx, err)
	}
	data, err := runtime.Payload(resp)
	switch {
	case err != nil:
		return nil, m.failed(ctx, err)
	case resp.StatusCode != http.StatusOK:
		return nil, refusalOf(resp.StatusCode, data)
	}
	return data, nil
}

// failed says in a line what became of a request that got no answer.
func (m *manager) failed(ctx context.Context, err error) error {
	var token *tokenError
	switch {
	case errors.As(err, &token):
		return token
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer in time: %w", m.endpoint.Host, context.DeadlineExceeded)
	case errors.Is(err, errLarge):
		return errLarge
	}
	return fmt.Errorf("%s: %s", m.endpoint.Host, cmp.Or(innermost(err), "no answer"))
}

// innermost is the text of the error at the root, which tells what happened and
// not which program's layers it went through.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
