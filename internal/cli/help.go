package cli

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
)

var helpCommand = Command{
	Name:  "help",
	Usage: "[COMMAND]",
	Short: "explain a command",
	Long: `Help prints the manual of a command, or, without one, what commands there are.
"pldoctor COMMAND -h" does the same.
`,
	Run: runHelp,
}

// runHelp asks the command itself with -h, since only it knows its flags.
func runHelp(ctx context.Context, app *App, args []string) error {
	operands, err := parse(newFlags(), args)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return write(app.Out, app.overview())
	}
	c, rest, err := app.find(operands)
	if err != nil {
		return err
	}
	if err := expect(rest); err != nil {
		return err
	}
	wish, ok := wantsHelp(c.Run(ctx, app, []string{"-h"}))
	if !ok {
		return fmt.Errorf("%s has no help", c.Name)
	}
	return app.writeManual(c, wish.flags)
}

// writeManual writes the manual of a command.
func (a *App) writeManual(c Command, flags *flag.FlagSet) error {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n%s", strings.TrimSpace("pldoctor "+c.Name+" "+c.Usage), c.Long)
	if text := describe(flags); text != "" {
		b.WriteString("\nflags:\n" + text)
	}
	return write(a.Out, b.String())
}

// overview lists the commands and the exit statuses.
func (a *App) overview() string {
	var b strings.Builder
	b.WriteString(`pldoctor finds out which path a request from a client takes to an Azure Key
Vault, why not the private one, who has to act, and what to do.

usage: pldoctor COMMAND [ARGUMENTS]

commands:
`)
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, c := range a.commands {
		if c.Hidden {
			continue
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", c.Name, c.Short)
	}
	_ = w.Flush() // into memory
	b.WriteString("\nexit status:\n")
	for code, meaning := range meanings {
		if meaning != "" {
			fmt.Fprintf(&b, "  %d   %s\n", code, meaning)
		}
	}
	b.WriteString("\nrun \"pldoctor help COMMAND\" for the manual of a command\n")
	return b.String()
}
