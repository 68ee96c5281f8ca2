// Package render turns reports into text for people and machines. It decides
// nothing, and what came from a network is escaped.
package render

//go:generate go run ./gen

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"pldoctor/internal/diagnose"
)

// A Style is how text is set.
type Style struct {
	Color bool
	Width int // columns; 0 means 80
}

// A Format writes a report.
type Format func(io.Writer, diagnose.Report, Style) error

// formats is the table of output formats.
var formats = map[string]Format{"text": Text, "json": JSON}

// Formats returns the names of the output formats, in order.
func Formats() []string {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ByName returns an output format.
func ByName(name string) (Format, error) {
	f, ok := formats[name]
	if !ok {
		return nil, fmt.Errorf("unknown format %q; there are %s", name, strings.Join(Formats(), ", "))
	}
	return f, nil
}

// JSON writes the report as one JSON document.
func JSON(w io.Writer, r diagnose.Report, _ Style) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Safe makes text from a network harmless to a terminal: control and invisible
// characters are written as escapes.
func Safe(s string) string {
	var b strings.Builder
	for _, c := range s {
		if unicode.IsPrint(c) {
			b.WriteRune(c)
			continue
		}
		fmt.Fprintf(&b, "\\u%04x", c)
	}
	return b.String()
}
