package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"

	"pldoctor/internal/live"
)

var labBreakCommand = Command{
	Name:  "lab break",
	Usage: "[FAULT] [FLAGS]",
	Short: "bring a fault about in the lab that is up",
	Long: `Lab break brings a fault about in the lab that "lab up" serves, while it runs.
FAULT is a finding's code or slug, such as PL604 or record-missing. Without it,
the faults are listed that fit, with the path that requests take then.
Connections that are open stay or break as they would in Azure.
`,
	Run: asking(live.Break, place, fault),
}

var labMendCommand = Command{
	Name:  "lab mend",
	Usage: "[FAULT] [FLAGS]",
	Short: "mend a fault in the lab that is up",
	Long: `Lab mend takes back a fault that "lab break" brought about, as if it had never
been; without FAULT, all that was done. With --repair, and where the fault came
otherwise, as in an exercise, it does what the finding's documentation says; if
that finding is not what is wrong, it says so and changes nothing.
`,
	Run: asking(live.Mend, place, fault, repair),
}

var labStatusCommand = Command{
	Name:  "lab status",
	Usage: "[FLAGS]",
	Short: "tell how the lab that is up is",
	Long: `Lab status tells which scenario is served and who is on its hosts; with
--spoil, what is broken as well.
`,
	Run: asking(live.Status, spoil),
}

var labExerciseCommand = Command{
	Name:  "lab exercise",
	Usage: "[NUMBER]",
	Short: "bring a problem about in the lab that is up, to be found",
	Long: `Lab exercise brings about one of the six problems of Microsoft's article
"Diagnose private links configuration issues on Azure Key Vault", without
saying what is wrong; each time with another cause, while there are others.
Without NUMBER, they are listed. What was broken before is as at the start.
Find the cause, mend it with "lab mend CODE", and ask with "lab solved".
`,
	Run: asking(live.Exercise, number),
}

var labSolvedCommand = Command{
	Name:  "lab solved",
	Usage: "[FLAGS]",
	Short: "tell whether the exercise is solved",
	Long: `Lab solved tells whether the exercise is solved: whether requests from its host
to its vault take the private path as things are, whatever caches still hold.
Without an exercise, or with --from or --vault, it tells which path they take.
The exit status is 1 where the answer is no.
`,
	Run: asking(live.Solved, place),
}

var labDownCommand = Command{
	Name:  "lab down",
	Usage: "[FLAGS]",
	Short: "end the lab that is up",
	Long: `Lab down ends the lab that "lab up" serves, and all that was entered.
`,
	Run: asking(live.Down),
}

func nameFlag(fs *flag.FlagSet, name *string) {
	fs.StringVar(name, "name", usualName, "the `NAME` of the lab, where several are up")
}

// A wording says how a part of a request is put on the command line: it declares
// flags, or reads an operand.
type wording struct {
	flags   func(*flag.FlagSet, *live.Request)
	operand func(string, *live.Request) error
}

var (
	place = wording{flags: func(fs *flag.FlagSet, r *live.Request) {
		fs.StringVar(&r.Host, "from", "", "the `HOST` whose requests are meant (the exercise's, or\n      the first client)")
		fs.StringVar(&r.Vault, "vault", "", "the `NAME` of the vault (the exercise's, or the first)")
	}}
	repair = wording{flags: func(fs *flag.FlagSet, r *live.Request) {
		fs.BoolVar(&r.Repair, "repair", false, "do what is documented, also where the fault can be taken back")
	}}
	spoil = wording{flags: func(fs *flag.FlagSet, r *live.Request) {
		fs.BoolVar(&r.Spoil, "spoil", false, "tell what is broken, also by an exercise")
	}}
	fault = wording{operand: func(text string, r *live.Request) error {
		r.Code = text
		return nil
	}}
	number = wording{operand: func(text string, r *live.Request) (err error) {
		if r.Number, err = strconv.Atoi(text); err != nil || r.Number < 1 {
			return usagef("%q is no number of an exercise", text)
		}
		return nil
	}}
)

// asking is a command that asks the lab that is up, and prints what it says.
func asking(verb live.Verb, wordings ...wording) func(context.Context, *App, []string) error {
	return func(_ context.Context, app *App, args []string) error {
		name, r := "", live.Request{Verb: verb}
		fs := newFlags()
		nameFlag(fs, &name)
		for _, w := range wordings {
			if w.flags != nil {
				w.flags(fs, &r)
			}
		}
		operands, err := parse(fs, args)
		if err != nil {
			return err
		}
		for _, w := range wordings {
			if w.operand == nil || len(operands) == 0 {
				continue
			}
			if err := w.operand(operands[0], &r); err != nil {
				return err
			}
			operands = operands[1:]
		}
		if err := expect(operands); err != nil {
			return err
		}
		return tell(app, name, r)
	}
}

func tell(app *App, name string, r live.Request) error {
	answer, err := live.Ask(name, r)
	switch {
	case err != nil:
		return unshared(err, "SCENARIO")
	case answer.Failed:
		return &failure{statusInput, errors.New(answer.Text)}
	}
	if err := write(app.Out, answer.Text); err != nil {
		return fmt.Errorf("the lab's answer: %w", err)
	}
	if answer.No {
		return &failure{status: statusFindings}
	}
	return nil
}
