package cli

import (
	"errors"
	"fmt"
)

// A status is a process's exit status, the same for every command and format.
type status int

const (
	statusOK           status = iota
	statusFindings            // something is wrong; the report on stdout says what
	statusUsage               // the command line is wrong
	statusUndetermined        // it could not be found out
	statusExpired             // a wait ran out: kept for it, no command returns it yet
	statusInput               // an input could not be read
)

// meanings say to a person what each status means. One that nothing returns has
// none.
var meanings = [...]string{
	statusOK:           "nothing wrong at or above --fail-on",
	statusFindings:     "findings",
	statusUsage:        "usage: the command line is wrong",
	statusUndetermined: "could not be determined",
	statusInput:        "an input could not be read",
}

// A failure is an error with an exit status. Without an error of its own it is
// silent: what there is to say stands in the report.
type failure struct {
	status status
	err    error
}

func (f *failure) Error() string {
	if f.err == nil {
		return meanings[f.status]
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// ExitCode is the exit status. Errors of other packages may have one as well.
func (f *failure) ExitCode() int { return int(f.status) }

// usagef makes an error about the command line.
func usagef(format string, args ...any) error {
	return &failure{statusUsage, fmt.Errorf(format, args...)}
}

// statusOf maps an error to the exit status: its own where it has one. One
// that nobody foresaw leaves the question open.
func statusOf(err error) status {
	if err == nil {
		return statusOK
	}
	type exiter interface {
		error
		ExitCode() int
	}
	if e, ok := errors.AsType[exiter](err); ok {
		return status(e.ExitCode())
	}
	return statusUndetermined
}
