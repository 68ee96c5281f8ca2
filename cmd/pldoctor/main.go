// Command pldoctor finds out which path a request takes to an Azure Key Vault,
// and why not the private one.
package main

import (
	"context"
	"os"
	"os/signal"

	"pldoctor/internal/cli"
)

// version is set by -ldflags "-X main.version=v1.2.3"; else it is what the
// build recorded.
var version string

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	return cli.Main(ctx, os.Args[1:], cli.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Env: os.Getenv, Environ: os.Environ(), Terminal: isTerminal(os.Stdout), Shown: isTerminal(os.Stderr), Version: version,
	})
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
