package cli

import (
	"context"

	"pldoctor/internal/render"
	"pldoctor/internal/rule"
)

var explainCommand = Command{
	Name:  "explain",
	Usage: "[CODE]",
	Short: "explain a finding code, or list them all",
	Long: `Explain prints what a finding code means: the symptom, the cause, how it is told
from its neighbours, how to mend it and how to check it by hand. CODE is a code
such as PL603 or its name, zone-not-linked. Without one, all codes are listed.
`,
	Run: runExplain,
}

func runExplain(_ context.Context, app *App, args []string) error {
	operands, err := parse(newFlags(), args)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return write(app.Out, render.Codes(rule.All()))
	}
	if err := expect(operands, "CODE"); err != nil {
		return err
	}
	x, ok := rule.ByCode(operands[0])
	if !ok {
		var names []string
		for _, x := range rule.All() {
			names = append(names, x.Code, x.Slug)
		}
		return usagef("unknown code %q%s", operands[0], didYouMean(operands[0], names))
	}
	return write(app.Out, render.Explanation(x, app.style()))
}
