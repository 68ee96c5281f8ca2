package cli

import (
	"cmp"
	"context"
	"errors"

	"pldoctor/internal/attach"
	"pldoctor/internal/live"
)

var labEnterCommand = Command{
	Name:  "lab enter",
	Usage: "HOST [FLAGS] [-- COMMAND [ARGUMENTS]]",
	Short: "run a program on a host of the lab that is up (Linux)",
	Long: `Lab enter runs a program as if on a host of the lab that "lab up" serves, and a
shell without one. It is as with "lab run", but that the lab outlives it. The
exit status is the program's. When the lab ends, so does the program.
`,
	Run: runLabEnter,
}

func runLabEnter(_ context.Context, app *App, args []string) error {
	var name, device string
	fs := newFlags()
	nameFlag(fs, &name)
	fs.StringVar(&device, "device", "", "")
	operands, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usagef("HOST is missing")
	}
	command := operands[1:]
	if len(command) == 0 {
		command = []string{cmp.Or(app.Env("SHELL"), "/bin/sh")}
	}
	ended, err := live.Stay(name, operands[0], attach.Options{
		Command: command, Environ: app.Environ, Init: labInit, Device: device, In: app.In, Out: app.Out, Err: app.Err,
	})
	if _, own := errors.AsType[*attach.CommandError](err); own {
		return err
	}
	if err != nil || ended == 0 {
		return unshared(err, "SCENARIO")
	}
	return &failure{status: status(ended)}
}
