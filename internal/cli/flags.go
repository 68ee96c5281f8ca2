package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// newFlags returns an empty set for a command's flags. It prints nothing of
// its own.
func newFlags() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// parse reads the flags out of args and returns the operands. Flags may stand
// before, between and behind the operands; "--" ends them. The error is one of
// usage, or the wish for help that a -h is.
func parse(fs *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		switch err := fs.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			return nil, &helpWish{flags: fs}
		case err != nil:
			return nil, &failure{statusUsage, err}
		}
		rest := fs.Args()
		read := args[:len(args)-len(rest)]
		ended := len(read) > 0 && read[len(read)-1] == "--"
		if ended || len(rest) == 0 {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}

// expect checks that there is one operand for each of names.
func expect(operands []string, names ...string) error {
	switch n := len(operands); {
	case n < len(names):
		return usagef("%s is missing", names[n])
	case n > len(names):
		return usagef("unexpected argument %q", operands[len(names)])
	}
	return nil
}

// A helpWish is what parse returns where the user asks for help: the flags as
// they have been declared.
type helpWish struct{ flags *flag.FlagSet }

func (*helpWish) Error() string { return flag.ErrHelp.Error() }

func wantsHelp(err error) (*helpWish, bool) { return errors.AsType[*helpWish](err) }

// describe lists the flags of a set that say what they are for, each with its
// default unless that is empty.
func describe(fs *flag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *flag.Flag) {
		if f.Usage == "" { // for those who work on the program
			return
		}
		dash := "--"
		if len(f.Name) == 1 {
			dash = "-"
		}
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %s\n      %s", strings.TrimSpace(dash+f.Name+" "+value), text)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(&b, " (default %s)", f.DefValue)
		}
		b.WriteByte('\n')
	})
	return b.String()
}
