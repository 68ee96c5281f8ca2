package cli

import (
	"context"
	"errors"
	"fmt"

	"pldoctor/internal/attach"
	"pldoctor/internal/edge"
	"pldoctor/internal/lab"
	"pldoctor/internal/live"
	"pldoctor/internal/standin"
)

var labUpCommand = Command{
	Name:  "lab up",
	Usage: "SCENARIO [FLAGS]",
	Short: "keep a scenario running for several terminals (Linux)",
	Long: `Lab up makes a scenario live and serves it until Ctrl-C or "lab down". From
other terminals, "lab enter" puts a shell or a program on one of its hosts,
several at a time, which all see one world and the same DNS caches; "lab break"
brings a fault about while they run, "lab mend" takes it back or repairs it,
and "lab exercise" brings one about without naming it. DNS servers keep answers
for their TTL, so a change shows when the old answer has run out.

It takes no privilege. Nothing is left when it ends, however it ends, and all
that was entered ends with it. Only the same user can reach it.
`,
	Run: runLabUp,
}

// usualName is the name of a lab that was given none.
const usualName = "lab"

// namedFlag is the flag that says which lab is meant, for texts: "" for the usual one.
func namedFlag(name string) string {
	if name == usualName {
		return ""
	}
	return " --name " + name
}

func runLabUp(ctx context.Context, app *App, args []string) error {
	var name string
	var link edge.Conditions
	fs := newFlags()
	nameFlag(fs, &name)
	linkFlags(fs, &link)
	operands, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := expect(operands, "SCENARIO"); err != nil {
		return err
	}
	s, err := openScenario(operands[0])
	if err != nil {
		return err
	}
	if link.Latency < 0 {
		return usagef("--latency takes a time, not %v", link.Latency)
	}
	l := lab.Start(s.World, lab.Options{RTT: link.Latency, Caching: true})
	defer l.Close()
	crew, err := standin.Start(ctx, l, s, standin.Options{Init: labInit, Environ: app.Environ})
	if err != nil {
		return unshared(err, operands[0])
	}
	defer crew.Close()
	desk := live.NewDesk(s, l, namedFlag(name))
	server, err := live.Listen(name, desk, link)
	if err != nil {
		return unshared(err, operands[0])
	}
	if err := write(app.Out, desk.Welcome()); err != nil {
		return err
	}
	return server.Serve(ctx)
}

// unshared gives an error of a lab that others cannot use, or that is not there,
// its status.
func unshared(err error, scenario string) error {
	refused, forbidden := errors.AsType[*attach.ForbiddenError](err)
	_, absent := errors.AsType[*live.AbsentError](err)
	_, runs := errors.AsType[*live.RunsError](err)
	_, gone := errors.AsType[*live.EndedError](err)
	_, denied := errors.AsType[*live.RefusedError](err)
	switch {
	case forbidden:
		return &failure{statusUndetermined, errors.New(elsewhere(refused, scenario))}
	case gone:
		return &failure{statusUndetermined, err}
	case absent, runs, denied:
		return &failure{statusInput, err}
	case err == nil:
		return nil
	}
	return &failure{statusUndetermined, fmt.Errorf("the lab: %w", err)}
}
