package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/render"
)

// The voice of the tool. Whatever goes to the error stream, save a usage text,
// goes through here:
//
//   - every line begins with "pldoctor: ", goes on in lower case and ends
//     without a full stop;
//   - it says what went wrong first, and what to do in a line of its own;
//   - it names things as the user wrote them, and what could drive a terminal
//     as the escapes that JSON has for it.

// say writes a message to the error stream. An error stream that cannot be
// written to leaves nobody to be told so.
func (a *App) say(format string, args ...any) {
	text := strings.TrimSuffix(fmt.Sprintf(format, args...), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		_, _ = fmt.Fprintf(a.Err, "pldoctor: %s\n", render.Safe(line))
	}
}

// hint says what a long wait is about.
func (a *App) hint(text string) { a.say("%s", text) }

// conclude tells the user of an error of c, unless it is a silent one, and
// returns the exit status.
func (a *App) conclude(c Command, err error) int {
	s := statusOf(err)
	f, ok := errors.AsType[*failure](err)
	switch {
	case err == nil, ok && f.err == nil:
		return int(s)
	case errors.Is(err, context.Canceled):
		a.say("interrupted")
	default:
		a.say("%v", err)
	}
	if s == statusUsage {
		topic := strings.TrimPrefix(c.Name, helpCommand.Name) // whose own manual is no help
		a.say("run %q to see how", strings.TrimSpace("pldoctor help "+topic))
	}
	return int(s)
}

// didYouMean proposes the name that word, in whatever case, was probably meant
// to be, as the end of a sentence; "" when none is near.
func didYouMean(word string, names []string) string {
	word = strings.ToLower(word)
	best, least := "", min(2, len(word)/2)+1
	for _, name := range names {
		d := dnsname.Distance(word, strings.ToLower(name))
		if len(word) > 1 && strings.HasPrefix(strings.ToLower(name), word) {
			d = 1
		}
		if d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
