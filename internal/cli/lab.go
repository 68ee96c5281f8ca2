package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"pldoctor/internal/scenario"
)

var labListCommand = Command{
	Name:  "lab list",
	Usage: "[FLAGS]",
	Short: "list the scenarios that ship",
	Long: `Lab list prints the scenarios that ship with the program: their names, what they
show, and the hosts and vaults in them.
`,
	Run: runLabList,
}

var labShowCommand = Command{
	Name:  "lab show",
	Usage: "SCENARIO",
	Short: "print a scenario file that ships",
	Long: `Lab show prints a scenario file that ships with the program, to be read or to be
changed and used with "check --lab FILE".
`,
	Run: runLabShow,
}

func runLabList(_ context.Context, app *App, args []string) error {
	var output string
	fs := newFlags()
	outputFlag(fs, &output)
	operands, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := expect(operands); err != nil {
		return err
	}
	entries, err := scenario.Corpus()
	if err != nil {
		return &failure{statusInput, err}
	}
	switch output {
	case "json":
		return writeJSON(app, entries)
	case "text":
		return write(app.Out, listing(entries))
	}
	return usagef("unknown format %q; there are json, text", output)
}

func outputFlag(fs *flag.FlagSet, output *string) {
	fs.StringVar(output, "o", "text", "the output `FORMAT`: json, text")
}

func writeJSON(app *App, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return write(app.Out, string(data)+"\n")
}

func listing(entries []scenario.Entry) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", e.Name, e.Title)
	}
	_ = w.Flush() // into memory
	return b.String()
}

func runLabShow(_ context.Context, app *App, args []string) error {
	operands, err := parse(newFlags(), args)
	if err != nil {
		return err
	}
	if err := expect(operands, "SCENARIO"); err != nil {
		return err
	}
	text, err := scenario.Source(operands[0])
	if err != nil {
		return &failure{statusInput, err}
	}
	return write(app.Out, text)
}
