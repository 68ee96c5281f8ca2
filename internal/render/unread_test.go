package render

import (
	"strings"
	"testing"

	"pldoctor/internal/diagnose"
)

// TestUnread: what could not be read at one place stands together.
func TestUnread(t *testing.T) {
	var r diagnose.Report
	for _, u := range [][3]string{
		{"a/rules", "/a/one", "403: lacks A/rules/read"},
		{"microsoft.b/c", "", "no answer"},
		{"a/links", "/a/one", "403: lacks A/links/read"},
		{"a/links/x", "/a/one", "403: lacks A/links/read"},
		{"a", "/a/one", "no answer"},
		{"a", "/a/two", "403: lacks A/rules/read"},
	} {
		r.Facts.Unread = append(r.Facts.Unread, diagnose.Unread{Type: u[0], Near: u[1], Why: u[2]})
	}
	const want = `
Of the configuration, this could not be read
  /a/one: 403: lacks A/rules/read, A/links/read; no answer.
  b/c: no answer.
  /a/two: 403: lacks A/rules/read.
`
	var b strings.Builder
	if err := Text(&b, r, Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), want) {
		t.Error(b.String())
	}
}
