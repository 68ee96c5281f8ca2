package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// remedy is what gives a machine without any credential one.
const remedy = `run "az login", use a managed identity or set AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET`

var (
	// head is how azidentity begins what it says about one credential.
	head = compiled(`(?m)^\t(\w+)Credential(?: authentication failed\.|:) *`)
	// absence is what it says where a credential is simply not there.
	absence = compiled(`^(missing environment variable AZURE_TENANT_ID|no (client ID|tenant ID|token file) specified|` +
		`managed identity timed out|169\.254\.169\.254: |executable not found)`)
	// request is how package net/http tells that a request failed, and why.
	request = compiled(`\w+ "https?://([^/"]+)[^"]*": (.*)`)
	// word is an error of RFC 6749, section 5.2.
	word = compiled(`^[a-z_]{1,40}$`)
)

// explain says in one line why there is no token. Azidentity's own errors span
// a page and quote what the authority answered, which may repeat what it was
// sent; so of an answer nothing is told but codes.
func explain(ctx context.Context, err error) error {
	tried := attempts(err.Error())
	var failed *azidentity.AuthenticationFailedError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("no credential gave one in time; tried %s", list(tried))
	case !errors.As(err, &failed):
		return fmt.Errorf("%s; tried %s", remedy, list(tried))
	}
	last := &tried[len(tried)-1] // behind one that fails, no other is tried
	reason := last.reason
	if last.reason = ""; failed.RawResponse != nil {
		reason = refusal(failed.RawResponse)
	}
	return fmt.Errorf("tried %s, which fails: %s", list(tried), reason)
}

// A try is a kind of credential and why it gave no token.
type try struct{ kind, reason string }

// attempts reads what was tried out of azidentity's text, the only place where
// it stands.
func attempts(text string) []try {
	heads := head().FindAllStringSubmatchIndex(text, -1)
	var tried []try
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		tried = append(tried, try{text[h[2]:h[3]], reasonOf(text[h[1]:end])})
	}
	if tried == nil {
		return []try{{"DefaultAzure", reasonOf(text)}}
	}
	return tried
}

// reasonOf is the first sentence about the request that failed, else of all:
// what stands further down may be an answer.
func reasonOf(text string) string {
	if m := request().FindStringSubmatch(text); m != nil {
		text = m[1] + ": " + m[2]
	}
	line, _, _ := strings.Cut(text, "\n")
	sentence, _, _ := strings.Cut(line, ". ")
	return strings.TrimRight(sentence, ".: ")
}

// list names what was tried, with the reasons that say more than that it is
// not there.
func list(tried []try) string {
	var words []string
	for _, t := range tried {
		if t.reason != "" && !absence().MatchString(t.reason) {
			t.kind += " (" + t.reason + ")"
		}
		words = append(words, t.kind)
	}
	return strings.Join(words, ", ")
}

// refusal is what whoever issues tokens answered, in codes.
func refusal(r *http.Response) string {
	var answer struct {
		Error   string `json:"error"`
		Numbers []int  `json:"error_codes"`
	}
	said := fmt.Sprintf("status %d", r.StatusCode)
	if r.Request != nil {
		said = r.Request.URL.Hostname() + " answers with " + said
	}
	body, err := runtime.Payload(r)
	if err != nil || json.Unmarshal(body, &answer) != nil {
		return said
	}
	if word().MatchString(answer.Error) {
		said += " " + answer.Error
	}
	if len(answer.Numbers) > 0 { // a page that is public says what the number means
		said += fmt.Sprintf(" (https://login.microsoftonline.com/error?code=%d)", answer.Numbers[0])
	}
	return said
}
