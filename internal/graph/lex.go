package graph

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A tokenKind is the kind of a token.
type tokenKind uint8

const (
	end tokenKind = iota
	word
	number
	text   // a string; the token's text is what it holds
	symbol // and operators such as "!in~"
	illegal
)

// A token is a word of a query.
type token struct {
	kind     tokenKind
	text     string
	line     int // from 1
	position int // from 0, in characters
	from, to int // bytes of the query
}

func (t token) is(symbols ...string) bool {
	return t.kind == symbol && slices.Contains(symbols, t.text)
}

// A lexer cuts a query into tokens.
type lexer struct {
	src         string
	at          int
	line, start int // start: where the line begins
}

// symbols, the longer before those that they begin with.
var symbols = []string{"==", "!=", "=~", "!~", "<=", ">=", "..", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", ";", ".", ":", "|"}

func lex(src string) []token {
	l := &lexer{src: src, line: 1}
	var all []token
	for {
		t := l.next()
		all = append(all, t)
		if t.kind == end || t.kind == illegal {
			return all
		}
	}
}

func (l *lexer) next() token {
	l.space()
	t := token{line: l.line, position: utf8.RuneCountInString(l.src[l.start:l.at]), from: l.at}
	rest := l.src[l.at:]
	if rest == "" {
		t.kind, t.text, t.to = end, "<EOF>", l.at
		return t
	}
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case wordStart(r):
		l.word(&t)
	case r == '!' && len(rest) > 1 && wordStart(rune(rest[1])):
		l.at++
		l.word(&t)
		t.kind, t.text = symbol, "!"+t.text
	case r >= '0' && r <= '9':
		l.number(&t)
	case r == '\'' || r == '"' || r == '@' && len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"'):
		l.string(&t)
	default:
		l.symbol(&t, rest, size)
	}
	t.to = l.at
	return t
}

// space passes over blanks and comments.
func (l *lexer) space() {
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case c == '\n':
			l.at++
			l.line, l.start = l.line+1, l.at
		case c == ' ' || c == '\t' || c == '\r':
			l.at++
		case strings.HasPrefix(l.src[l.at:], "//"):
			length := strings.IndexByte(l.src[l.at:], '\n')
			if length < 0 {
				length = len(l.src) - l.at
			}
			l.at += length
		default:
			return
		}
	}
}

func wordStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

func wordPart(r rune) bool { return wordStart(r) || unicode.IsDigit(r) }

// word reads a name; "in~" is one too.
func (l *lexer) word(t *token) {
	rest := l.src[l.at:]
	length := len(rest)
	if i := strings.IndexFunc(rest, func(r rune) bool { return !wordPart(r) }); i >= 0 {
		length = i
	}
	if rest[:length] == "in" && strings.HasPrefix(rest[length:], "~") {
		length++
	}
	t.kind, t.text = word, rest[:length]
	l.at += length
}

// number reads digits, with a fraction where digits follow the point.
func (l *lexer) number(t *token) {
	digits := func() {
		for l.at < len(l.src) && l.src[l.at] >= '0' && l.src[l.at] <= '9' {
			l.at++
		}
	}
	from := l.at
	digits()
	if rest := l.src[l.at:]; len(rest) > 1 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9' {
		l.at++
		digits()
	}
	t.kind, t.text = number, l.src[from:l.at]
}

// escapes are those of a string that is not verbatim.
var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"'}

// string reads a string literal: with backslash escapes or, behind "@",
// verbatim with its quotation mark doubled.
func (l *lexer) string(t *token) {
	from, verbatim := l.at, l.src[l.at] == '@'
	if verbatim {
		l.at++
	}
	quote := l.src[l.at]
	var b strings.Builder
	for l.at++; l.at < len(l.src) && l.src[l.at] != '\n'; l.at++ {
		c, next := l.src[l.at], byte(0)
		if l.at+1 < len(l.src) {
			next = l.src[l.at+1]
		}
		switch {
		case c == '\\' && !verbatim && escapes[next] != 0:
			b.WriteByte(escapes[next])
			l.at++
		case c == quote && verbatim && next == quote:
			b.WriteByte(quote)
			l.at++
		case c == quote:
			l.at++
			t.kind, t.text = text, b.String()
			return
		default:
			b.WriteByte(c)
		}
	}
	t.kind, t.text = illegal, l.src[from:l.at]
}

func (l *lexer) symbol(t *token, rest string, size int) {
	for _, s := range symbols {
		if strings.HasPrefix(rest, s) {
			t.kind, t.text = symbol, s
			l.at += len(s)
			return
		}
	}
	t.kind, t.text = illegal, rest[:size]
	l.at += size
}
