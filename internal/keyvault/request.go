package keyvault

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds on requests. Azure limits the value of a secret to 25 KB.
const (
	maxBody   = 64 << 10
	maxSecret = 25 << 10
	maxName   = 127
	maxTags   = 15
	maxTag    = 512
	maxPage   = 25
)

// apiVersions are those that clients of today and of years ago ask for, the
// latest last: the changelogs of Azure's clients for Key Vault name them.
var apiVersions = strings.Fields("2015-06-01 2016-10-01 7.0-preview 7.0 7.1-preview 7.1 7.2-preview 7.2 7.3-preview 7.3 " +
	"7.4-preview.1 7.4 7.5-preview.1 7.5 7.6-preview.1 7.6-preview.2 7.6 2025-06-01-preview 2025-07-01 2026-04-01")

// check is what every request is held to.
func (r Request) check() error {
	switch version := r.Query.Get("api-version"); {
	case version == "":
		return badParameter("api-version must be specified")
	case !slices.Contains(apiVersions, version):
		return badParameter("The specified version (%s) is not recognized. Consider using the latest supported version (%s).",
			version, apiVersions[len(apiVersions)-1])
	case len(r.Body) > maxBody:
		return &fault{413, "RequestEntityTooLarge", "", "The request body is larger than 65536 bytes."}
	case r.Name != "" && !isName(r.Name):
		return badParameter("The request URI contains an invalid name: %s", r.Name)
	}
	return nil
}

// isName tells whether an object may have that name: 1 to 127 of 0-9, a-z, A-Z
// and -.
func isName(s string) bool {
	odd := func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}
	return len(s) <= maxName && !strings.ContainsFunc(s, odd)
}

// pageSize is how many items a page of a list may have.
func (r Request) pageSize() (int, error) {
	text := r.Query.Get("maxresults")
	if text == "" {
		return maxPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPage {
		return 0, badParameter("Invalid maxresults '%s'. The value must be between 1 and %d.", text, maxPage)
	}
	return n, nil
}

// A document is what bodies of requests hold; each operation looks at some of it.
type document struct {
	Value       *string           `json:"value"`
	ContentType *string           `json:"contentType"`
	Attributes  settable          `json:"attributes"`
	Tags        map[string]string `json:"tags"`

	Type      string   `json:"kty"`
	Size      int      `json:"key_size"`
	Curve     string   `json:"crv"`
	Exponent  int      `json:"public_exponent"`
	KeyOps    []string `json:"key_ops"`
	Algorithm string   `json:"alg"`
	Digest    *string  `json:"digest"`

	Policy    *policy `json:"policy"`
	Password  string  `json:"pwd"`
	Cancelled *bool   `json:"cancellation_requested"`
}

// settable are the attributes that a client may set. Times are Unix times.
type settable struct {
	Enabled *bool  `json:"enabled"`
	From    *int64 `json:"nbf"`
	Until   *int64 `json:"exp"`
}

// parse reads the body of a request.
func (r Request) parse() (document, error) {
	var d document
	if len(r.Body) == 0 {
		return d, badParameter("The request body must be specified.")
	}
	if err := r.read(&d); err != nil {
		return d, err
	}
	return d, d.check()
}

func (r Request) read(into any) error {
	if !utf8.Valid(r.Body) || json.Unmarshal(r.Body, into) != nil {
		return badParameter("The request body is not a JSON object of the type that %s takes.", r.Operation)
	}
	return nil
}

// check holds what several operations take to the bounds of all.
func (d document) check() error {
	if len(d.Tags) > maxTags {
		return badParameter("There are more than %d tags.", maxTags)
	}
	for name, value := range d.Tags {
		if len(name) > maxTag || len(value) > maxTag {
			return badParameter("A tag's name or value is longer than %d characters.", maxTag)
		}
	}
	if d.Attributes.From != nil && d.Attributes.Until != nil && *d.Attributes.From > *d.Attributes.Until {
		return badParameter("The attribute 'nbf' must not be later than 'exp'.")
	}
	return nil
}

// attributes are those of a version. The levels of recovery are those of
// learn.microsoft.com/rest/api/keyvault/keys/get-key/get-key#deletionrecoverylevel.
type attributes struct {
	Enabled  bool   `json:"enabled"`
	From     *int64 `json:"nbf,omitempty"`
	Until    *int64 `json:"exp,omitempty"`
	Created  int64  `json:"created"`
	Updated  int64  `json:"updated"`
	Recovery string `json:"recoveryLevel"`
	Days     int    `json:"recoverableDays"`
}

// recoverableDays is how long a deleted object can be recovered: Azure's
// default.
const recoverableDays = 90

func newAttributes(s settable, now time.Time) attributes {
	a := attributes{Enabled: true, Created: now.Unix(), Recovery: "Recoverable+Purgeable", Days: recoverableDays}
	a.set(s, now)
	return a
}

// set changes what the client says and leaves the rest.
func (a *attributes) set(s settable, now time.Time) {
	if s.Enabled != nil {
		a.Enabled = *s.Enabled
	}
	if s.From != nil {
		a.From = s.From
	}
	if s.Until != nil {
		a.Until = s.Until
	}
	a.Updated = now.Unix()
}
