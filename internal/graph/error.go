package graph

import "fmt"

// Codes of errors, as Resource Graph puts them below InvalidQuery.
const (
	ParserFailure   = "ParserFailure"              // the text is no query
	InvalidLanguage = "InvalidQueryLanguage"       // it is Kusto's, and not of the subset
	DisallowedTable = "DisallowedLogicalTableName" // a table that there is not
	Semantic        = "SemanticError"              // a column or function that there is not, or a value of the wrong type
	TooLarge        = "ResponsePayloadTooLarge"    // more than is evaluated
)

// An Error says what is wrong with a query.
type Error struct {
	Code     string
	Line     int    // counted from 1; -1 where it is of no one place
	Position int    // in the line, counted from 0 in characters; -1 likewise
	Token    string // what stands there
	Expected string // what should stand there, of a ParserFailure
	Message  string // in place of the code
}

func (e *Error) Error() string {
	text := e.Code
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Line > 0 {
		text += fmt.Sprintf(" at line %d, position %d", e.Line, e.Position)
	}
	if e.Token != "" {
		text += fmt.Sprintf(", token %q", e.Token)
	}
	if e.Expected != "" {
		text += ", expected " + e.Expected
	}
	return text
}

// semantic is an error of what a token means.
func semantic(t token, format string, args ...any) *Error {
	return &Error{Code: Semantic, Line: t.line, Position: t.position, Token: t.text, Message: fmt.Sprintf(format, args...)}
}

// unsupported is a part of Kusto that Resource Graph does not have.
func unsupported(t token) *Error {
	return &Error{Code: InvalidLanguage, Line: -1, Position: -1, Token: t.text}
}
