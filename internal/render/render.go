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
	"unicode/utf16"
	"unicode/utf8"

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

// JSON writes the report as one JSON document, in which control and invisible
// characters are escaped.
func JSON(w io.Writer, r diagnose.Report, _ Style) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, Safe(strings.TrimSuffix(line, "\n"))+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Safe makes text from a network harmless to a terminal: control and invisible
// characters are written as the escapes that JSON has for them.
func Safe(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if unicode.IsPrint(c) {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, c) {
			fmt.Fprintf(&b, "\\u%04x", unit)
		}
	}
	return b.String()
}
