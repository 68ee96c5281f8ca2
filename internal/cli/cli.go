// Package cli is the command line, as a library: streams and environment are
// handed in, and a status comes out. Each subcommand is one file, which parses
// its flags, makes one call and writes once, and one row in the table here.
package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Streams is what a process hands to the program.
type Streams struct {
	In       io.Reader
	Out      io.Writer                // takes the report, and nothing else
	Err      io.Writer                // takes progress, hints and errors
	Env      func(name string) string // reads an environment variable, "" when it is not set
	Environ  []string                 // all of them, for programs that are run
	Terminal bool                     // Out is a terminal
	Shown    bool                     // Err is a terminal: progress is shown there
	Version  string                   // the program's; "" means what the build recorded
}

// App is one run of the program.
type App struct {
	Streams
	commands []Command
}

// A Command is a subcommand.
type Command struct {
	Name  string // what is typed: one word, or two as in "lab list"
	Usage string // the operands, as in "VAULT [FLAGS]"
	Short string // one clause for the overview, without a full stop
	Long  string // the manual, at most 80 columns wide; the flags are added to it

	Hidden bool // it is not in the overview

	// Run parses args, the words behind the name, and does the work. Its error
	// says what the exit status is.
	Run func(ctx context.Context, app *App, args []string) error
}

// commands is the table of subcommands, in the order of the overview.
func commands() []Command {
	return []Command{
		checkCommand,
		collectCommand,
		auditCommand,
		labListCommand,
		labShowCommand,
		labRunCommand,
		labServeCommand,
		labUpCommand,
		labEnterCommand,
		labBreakCommand,
		labMendCommand,
		labStatusCommand,
		labExerciseCommand,
		labSolvedCommand,
		labDownCommand,
		labInitCommand,
		explainCommand,
		versionCommand,
		helpCommand,
		estateCommand,
	}
}

// Main runs the program with args, the words behind its name, and returns the
// exit status.
func Main(ctx context.Context, args []string, s Streams) int {
	app := &App{Streams: s, commands: commands()}
	app.Version = cmp.Or(s.Version, buildVersion())
	return app.run(ctx, args)
}

func (a *App) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		return a.conclude(Command{}, a.noCommand())
	}
	c, rest, err := a.find(args)
	if err == nil {
		err = c.Run(ctx, a, rest)
	}
	if help, ok := wantsHelp(err); ok {
		err = a.writeManual(c, help.flags)
	}
	return a.conclude(c, err)
}

// noCommand shows what there is: not as output, which nobody asked for.
func (a *App) noCommand() error {
	if err := write(a.Err, a.overview()); err != nil {
		return err
	}
	return &failure{status: statusUsage}
}

// find returns the command that args, of which there is one at least, begin
// with, and the words behind it.
func (a *App) find(args []string) (c Command, rest []string, err error) {
	switch args[0] {
	case "-h", "-help", "--help":
		args = slices.Concat([]string{"help"}, args[1:])
	case "-version", "--version":
		args = slices.Concat([]string{"version"}, args[1:])
	}
	for words := min(2, len(args)); words > 0; words-- {
		if c, ok := a.command(strings.Join(args[:words], " ")); ok {
			return c, args[words:], nil
		}
	}
	return Command{}, nil, a.unknown(args)
}

func (a *App) command(name string) (Command, bool) {
	i := slices.IndexFunc(a.commands, func(c Command) bool { return c.Name == name })
	if i < 0 {
		return Command{}, false
	}
	return a.commands[i], true
}

// unknown says what is wrong with args, which begin with no command's name.
func (a *App) unknown(args []string) error {
	var names, group []string
	for _, c := range a.commands {
		names = append(names, c.Name)
		if second, ok := strings.CutPrefix(c.Name, args[0]+" "); ok {
			group = append(group, second)
		}
	}
	switch {
	case len(group) == 0:
		return usagef("unknown command %q%s", args[0], didYouMean(args[0], names))
	case len(args) == 1 || strings.HasPrefix(args[1], "-"):
		return usagef("%s needs one of: %s", args[0], strings.Join(group, ", "))
	}
	return usagef("unknown command %q%s", args[0]+" "+args[1], didYouMean(args[1], group))
}

// write writes text to w as a whole.
func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}
