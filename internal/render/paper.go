package render

import (
	"strings"
	"unicode/utf8"
)

// A paper takes text, line by line, within a width.
type paper struct {
	strings.Builder
	style Style
}

func newPaper(s Style) *paper {
	if s.Width == 0 {
		s.Width = 80
	}
	return &paper{style: s}
}

// An ink is an ANSI colour; the zero ink is none.
type ink string

const (
	plain  ink = ""
	bold   ink = "1"
	red    ink = "31"
	green  ink = "32"
	yellow ink = "33"
	dim    ink = "2"
)

func (p *paper) ink(i ink, s string) string {
	if !p.style.Color || i == plain || s == "" {
		return s
	}
	return "\x1b[" + string(i) + "m" + s + "\x1b[0m"
}

// line writes one line as it is.
func (p *paper) line(s string) {
	p.WriteString(strings.TrimRight(s, " "))
	p.WriteByte('\n')
}

// head writes a heading, with an empty line before it.
func (p *paper) head(s string) {
	p.line("")
	p.line(p.ink(bold, s))
}

// para writes text wrapped at the width, each line behind an indent.
func (p *paper) para(indent, text string) {
	for _, l := range wrap(text, p.style.Width-utf8.RuneCountInString(indent)) {
		p.line(indent + l)
	}
}

// item writes text wrapped behind a label of its own, in a column of that
// width; a label that does not fit gets a line for itself.
func (p *paper) item(label string, width int, text string) {
	lines := wrap(text, p.style.Width-width)
	lead := label + strings.Repeat(" ", max(0, width-visible(label)))
	if len(lines) == 0 || visible(strings.TrimRight(label, " ")) >= width {
		p.line(label)
		lead = strings.Repeat(" ", width)
	}
	for _, l := range lines {
		p.line(lead + l)
		lead = strings.Repeat(" ", width)
	}
}

// visible counts the columns of a text without its colours.
func visible(s string) int {
	n, escape := 0, false
	for _, c := range s {
		switch {
		case c == '\x1b':
			escape = true
		case escape:
			escape = c != 'm'
		default:
			n++
		}
	}
	return n
}

// wrap breaks text at spaces so that no line is longer than width, unless a
// single word is. What could do harm to a terminal is escaped.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		word = Safe(word)
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// command writes a shell command, broken before its options with backslashes so
// that it can be copied. What could do harm to a terminal is escaped.
func (p *paper) command(indent, text string) {
	width := p.style.Width - len(indent) - 2
	line, lead := "", indent
	for _, part := range parts(Safe(text)) {
		switch {
		case line == "":
			line = part
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(part) > width:
			p.line(lead + line + " \\")
			line, lead = part, indent+"  "
			width = p.style.Width - len(lead) - 2
		default:
			line += " " + part
		}
	}
	if line != "" {
		p.line(lead + line)
	}
}

// parts cuts a command before each option, which keeps its value; quoted text
// stays in one piece.
func parts(command string) []string {
	var list []string
	quote, start := byte(0), 0
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case c == '\\' && quote != '\'':
			i++ // what follows is itself
		case c == quote:
			quote = 0
		case quote != 0:
		case c == '\'' || c == '"':
			quote = c
		case c == ' ' && strings.HasPrefix(command[i+1:], "--"):
			list = append(list, command[start:i])
			start = i + 1
		}
	}
	return append(list, command[start:])
}
