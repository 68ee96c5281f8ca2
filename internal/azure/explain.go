package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// remedy is what gives a machine without any credential one.
const remedy = `run "az login", use a managed identity, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET`

var (
	// attempt is the first line that azidentity says about one credential.
	attempt = regexp.MustCompile(`(?m)^\t(\w+)Credential(?: authentication failed\.|:) *(.*)$`)
	// request is how package net/http begins an error, of which the host is enough.
	request = regexp.MustCompile(`\w+ "https?://([^/"]+)[^"]*"`)
	// code is a reason of Entra ID.
	code = regexp.MustCompile(`\bAADSTS(\d+)\b`)
	// word is an error of RFC 6749, section 5.2.
	word = regexp.MustCompile(`^[a-z_]{1,40}$`)
)

// explain says in one line why there is no token. Azidentity's own errors span
// a page and quote what the authority answered, which may repeat what it was
// sent; so of an answer nothing is told but codes.
func explain(ctx context.Context, err error) error {
	text := err.Error()
	var kinds []string
	var reason string
	for _, m := range attempt.FindAllStringSubmatch(text, -1) {
		kinds, reason = append(kinds, m[1]), m[2]
	}
	tried := "tried " + strings.Join(kinds, ", ")
	var failed *azidentity.AuthenticationFailedError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("no credential gave one in time; %s", tried)
	case !errors.As(err, &failed):
		return fmt.Errorf("%s%s; %s", remedy, codes(text), tried)
	case failed.RawResponse != nil:
		reason = refusal(failed.RawResponse)
	}
	return fmt.Errorf("%s fails: %s; %s", kinds[len(kinds)-1], sentence(reason), tried)
}

// codes are the reasons that the text of an error mentions, told apart.
func codes(text string) string {
	if found := code.FindString(text); found != "" {
		return " (" + found + ")"
	}
	return ""
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
	if word.MatchString(answer.Error) {
		said += " " + answer.Error
	}
	if len(answer.Numbers) > 0 { // a page that is public says what the number means
		said += fmt.Sprintf(" (https://login.microsoftonline.com/error?code=%d)", answer.Numbers[0])
	}
	return said
}

// sentence is the first one of a text, with the URLs of requests cut down to
// their hosts.
func sentence(text string) string {
	first, _, _ := strings.Cut(request.ReplaceAllString(text, "$1"), ". ")
	return strings.TrimSuffix(first, ".")
}
